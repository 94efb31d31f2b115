-- Models come from a hub whole or not at all, into the cache that other programs read. The hub is a server on the
-- loopback (tests/core/net/hub_server.c), which behaves as an address asks.
local choice = require "moonlark.hub.choice"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local hub = require "moonlark.hub"
local lib = require "lib"
local lfs = require "lfs"
local lu = require "luaunit"

if not core.system.libraries().libcurl then
  print "skipped: there is no libcurl"
  os.exit(77)
end

local COMMIT = "0123456789abcdef0123456789abcdef01234567"
local weights = ("weights"):rep(20000)

-- What the hub has.
local there = lib.folder()
for name, text in pairs {
  ["org/tiny/config.json"] = '{"model_type": "wav2vec2"}', ["org/tiny/model.safetensors"] = weights,
  ["org/tiny/pytorch_model.bin"] = "not this", ["org/tiny/tf_model.h5"] = "nor this",
  ["org/tiny/README.md"] = "---\nlicense: mit\npipeline_tag: audio-classification\n---\n",
  ["org/empty/config.json"] = "{}", ["org/odd/config.json"] = "{}", ["org/odd/a\\b.bin"] = "x",
} do
  lib.write(there .. "/" .. name, text)
end

-- The server, and its address.
local build = assert(os.getenv "MOONLARK_TEST_BUILD", "MOONLARK_TEST_BUILD names the build's folder")
local server = assert(io.popen(("exec '%s/bin/hub_server' '%s'"):format(build, there)))
local address = "http://127.0.0.1:" .. server:read "l"

-- The text of all requests since the last call.
local seen = 0
local function requests()
  local log = core.net.ask({url = address .. "/log"}).body
  local new = log:sub(seen + 1)
  seen = #log
  return new
end

TestHub = {}
lib.in_folder {TestHub}

-- Runs Lua in a process whose hub behaves as `how` says and whose cache is the test's folder.
function TestHub:run(how, code, ...)
  return lib.moonlark(nil, {"HF_ENDPOINT=" .. address .. "/" .. how, "HF_HUB_CACHE=" .. self.folder .. "/hub",
    "MOONLARK_HUB_PAUSE=0.01", "HF_TOKEN=", "HF_HUB_OFFLINE=", "TRANSFORMERS_OFFLINE=", "http_proxy=",
    "HF_HOME=" .. self.folder, "MOONLARK_MODELS=" .. self.folder .. "/models", ...}, "-e",
    'local hub = require "moonlark.hub" ' .. code)
end

-- The same; gives the one line of the error.
function TestHub:fails(how, code, words, ...)
  local result = self:run(how, code, ...)
  lu.assertEquals(result.code, 1, result.all)
  lu.assertStrContains(result.err, words)
  lu.assertEquals(select(2, result.err:gsub("\n", "")), 1, result.err)
end

local find = 'print(hub.find "org/tiny")'

-- Files of a model's folder, by their path in it; links with what they lead to.
local function contents(folder)
  local found = {}
  for _, path in ipairs((files.tree(folder))) do
    found[path:sub(#folder + 2)] = lfs.symlinkattributes(path, "target") or "file"
  end
  return found
end

function TestHub:assert_whole()
  local folder = self.folder .. "/hub/models--org--tiny"
  local found, blobs = contents(folder), 0
  for name, target in pairs(found) do
    local own = name:match("^snapshots/" .. COMMIT .. "/(.*)$")
    if own then
      lu.assertEquals(files.read(folder .. "/" .. name), files.read(there .. "/org/tiny/" .. own))
      lu.assertStrMatches(target, "%.%./%.%./blobs/%x+")
    elseif name:find "^blobs/" then
      blobs = blobs + 1
    end
  end
  lu.assertEquals(blobs, 3)
  lu.assertEquals(files.read(folder .. "/refs/main"), COMMIT)
  for _, name in ipairs {"config.json", "model.safetensors", "README.md"} do
    lu.assertNotNil(found["snapshots/" .. COMMIT .. "/" .. name])
  end
end

-- No content lies under its final name that is not whole, and no snapshot claims to hold the weights.
function TestHub:assert_nothing_half()
  local folder = self.folder .. "/hub/models--org--tiny"
  lu.assertFalse(files.exists(("%s/snapshots/%s/model.safetensors"):format(folder, COMMIT)))
  lu.assertFalse(files.exists(folder .. "/refs/main"))
  for _, path in ipairs(files.exists(folder .. "/blobs") and files.tree(folder .. "/blobs") or {}) do
    if not path:find "%.incomplete$" then
      local digest = core.net.digest(path, #path:match "%x+$" == 64 and "sha256" or "git-sha1")
      lu.assertEquals(path:match "%x+$", digest)
    end
  end
end

function TestHub:test_a_model_is_fetched_once()
  requests()
  local result = self:run("good", find)
  lu.assertEquals(result.code, 0, result.all)
  lu.assertEquals(result.out, ("%s/hub/models--org--tiny/snapshots/%s\n"):format(self.folder, COMMIT))
  self:assert_whole()
  local log = requests()
  lu.assertNotStrContains(log, "tf_model")
  lu.assertNotStrContains(log, "pytorch_model")
  lu.assertEquals(self:run("500", find).out, result.out) -- nobody is asked again
  lu.assertEquals(self:run("500", find, "HF_HUB_OFFLINE=1").out, result.out)
  lu.assertEquals(self:run("good", 'print(hub.get("org/tiny", {revision = "v2"}))').out, result.out)
  lu.assertNotStrContains(requests(), "GET /good/store")
end

function TestHub:test_troubles_that_pass()
  for _, how in ipairs {"cut", "flaky", "busy"} do
    local result = self:run(how, find)
    lu.assertEquals(result.code, 0, how .. ": " .. result.all)
    self:assert_whole()
    files.remove(self.folder .. "/hub")
  end
end

function TestHub:test_troubles_that_stay()
  for how, words in pairs {
    ["401"] = "needs a valid token (HF_TOKEN)", ["403"] = "forbidden", ["404"] = "not found (status 404)",
    ["429"] = "too many requests", ["500"] = "the server fails", loop = "more than 10 redirections",
    garbage = "cannot fetch", other = "damaged or another file", stingy = "cannot fetch",
    longer = "and it must be", shorter = "damaged or another file",
  } do
    self:fails(how, find, words)
    self:assert_nothing_half()
  end
  lu.assertEquals(self:run("good", find).code, 0)
  self:assert_whole()
end

function TestHub:test_what_is_not_there()
  self:fails("good", 'hub.find "org/nobody"', "there is no such model, or it is private")
  self:fails("good", 'hub.find "org/empty"', "has no weights that are read here")
  self:fails("good", 'hub.find "org/odd"', "a file of a model may not be called")
  self:fails("good", find, "nothing is fetched offline", "HF_HUB_OFFLINE=yes")
  self:fails("good", 'hub.find("org/tiny", {offline = true})', "org/tiny: it is not in the cache")
  self:fails("good", find, "HF_ENDPOINT must be an http address", "HF_ENDPOINT=ftp://x")
end

function TestHub:test_names_lead_nowhere_else()
  for _, name in ipairs {"../x", "a/..", "org/na me", "/etc/passwd", "a/b/c", "tiny", "org/..", "-org/x", "a--b/c",
    ""} do
    lu.assertFalse(hub.is_name(name))
    lu.assertErrorMsgContains("must be ORG/NAME", hub.find, name)
  end
  lu.assertTrue(hub.is_name "openai/whisper-tiny.en")
  lu.assertFalse(hub.is_name "lua/moonlark")
  for _, revision in ipairs {"../x", "/x", "a//b", "a\nb", "a/../b", "", ".x"} do
    lu.assertErrorMsgContains("a revision may not be called", hub.find, "org/tiny", {revision = revision})
  end
end

function TestHub:test_the_token_goes_to_the_hub_alone()
  requests()
  files.write(self.folder .. "/token", "hf_of_the_file\n")
  lu.assertEquals(self:run("good", find).code, 0)
  local log = requests()
  lu.assertStrContains(log, "GET /good/api/models/org/tiny/revision/main - Bearer hf_of_the_file")
  lu.assertNil(log:find "/store/[^\n]*hf_of_the_file")
  files.remove(self.folder .. "/hub")
  lu.assertEquals(self:run("good", find, "HF_TOKEN=hf_mine").code, 0)
  lu.assertStrContains(requests(), "Bearer hf_mine")
  files.remove(self.folder .. "/hub")
  self:fails("good", find, "must be one word", "HF_TOKEN=two words")
end

-- Two processes at once: one fetches, the other waits for it.
function TestHub:test_two_at_once()
  local code = 'local a = io.popen("%s -e \'print(require[[moonlark.hub]].find[[org/tiny]])\'") ' .. find ..
    ' print(a:read "a")'
  local result = self:run("good", (code:gsub("%%s", lib.program)))
  lu.assertEquals(result.code, 0, result.all)
  lu.assertEquals(select(2, result.out:gsub("/snapshots/", "")), 2)
  self:assert_whole()
end

-- Weights once, and no copies for other programs.
function TestHub:test_which_files_are_fetched()
  local function wanted(text)
    local names = {}
    for name in text:gmatch "%S+" do names[#names + 1] = name end
    local list, n = choice.of(names)
    return table.concat(list, " "), n
  end
  for there, taken in pairs {
    ["config.json model.safetensors pytorch_model.bin flax_model.msgpack tf_model.h5 onnx/model.onnx"] =
      "config.json model.safetensors",
    ["pytorch_model.bin README.md .gitattributes"] = "README.md pytorch_model.bin",
    ["model.safetensors.index.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors x.safetensors"] =
      "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json",
    ["tiny.en.pt multilingual.tiktoken vocab.json merges.txt notes.txt"] =
      "merges.txt multilingual.tiktoken tiny.en.pt vocab.json",
    ["config.json a.pt b.pt"] = "config.json",
  } do
    local list, n = wanted(there)
    lu.assertEquals(list, taken)
    lu.assertEquals(n > 0, taken ~= "config.json")
  end
end

function TestHub:test_a_cache_with_a_missing_shard()
  lib.write(there .. "/org/big/config.json", "{}")
  lib.write(there .. "/org/big/model-00001-of-00002.safetensors", weights)
  lib.write(there .. "/org/big/model-00002-of-00002.safetensors", weights .. "2")
  lib.write(there .. "/org/big/model.safetensors.index.json",
    '{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}')
  local code = 'print(hub.find "org/big")'
  local folder = self:run("good", code).out:match "%S+"
  lu.assertNotNil(folder)
  files.remove(folder .. "/model-00002-of-00002.safetensors")
  self:fails("good", code, "the cache lacks its weights model-00002-of-00002.safetensors", "HF_HUB_OFFLINE=1")
  lu.assertEquals(self:run("good", code).code, 0)
  lu.assertEquals(files.read(folder .. "/model-00002-of-00002.safetensors"), weights .. "2")
end

TestPlace = {}

function TestPlace:test_without_a_home_nothing_is_here()
  local result = lib.shell('env -i PATH="$PATH" "$0" -e "$1"', lib.program,
    'print(require "moonlark.hub".known "yamnet")  require "moonlark.hub".get "yamnet"')
  lu.assertEquals(result.out, "nil\n")
  lu.assertStrContains(result.err, "there is no folder for models: HOME is not set")
end

lib.run(false, function() pcall(core.net.ask, {url = address .. "/quit"}) end)
