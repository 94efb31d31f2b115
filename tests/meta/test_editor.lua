-- Settings for editors, and what lua-language-server says of scripts under them: of $LUA_LANGUAGE_SERVER, or of the
-- program of that name on PATH. Neither npm nor PyPI has it, so that nothing here installs it.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local text = require "moonlark.base.text"

TestSettings = {}
lib.in_folder {TestSettings}

function TestSettings:test_settings_name_the_library()
  local made = lib.moonlark(self.folder, nil, "editor", "--print")
  local settings = json.decode(made.out)
  lu.assertEquals(settings["runtime.version"], "Lua 5.4")
  lu.assertTrue(files.exists(settings["workspace.library"][1] .. "/lua/meta/options.lua"))
  lu.assertFalse(files.exists(self.folder .. "/.luarc.json"))
  lu.assertEquals(lib.moonlark(self.folder, nil, "editor").out, "wrote ./.luarc.json\n")
  lu.assertEquals(files.read(self.folder .. "/.luarc.json"), made.out)
end

function TestSettings:test_a_file_of_one_s_own_stays()
  lib.write(self.folder .. "/.luarc.json", "{}")
  local refused = lib.moonlark(nil, nil, "editor", self.folder)
  lu.assertEquals(refused.code, 1)
  lu.assertStrContains(refused.err, "/.luarc.json is there already: --print shows")
  lu.assertEquals(files.read(self.folder .. "/.luarc.json"), "{}")
  lu.assertEquals(lib.moonlark(nil, nil, "editor", self.folder, "--overwrite").code, 0)
  lu.assertStrContains(files.read(self.folder .. "/.luarc.json"), "workspace.library")
  lu.assertStrContains(lib.moonlark(nil, nil, "editor", self.folder .. "/nowhere").err, "is no folder")
end

TestServer = {}
lib.in_folder {TestServer}

-- What the server finds in a folder: {file = {message …}}.
local function check(folder)
  local server = os.getenv "LUA_LANGUAGE_SERVER" or "lua-language-server"
  if lib.shell("command -v \"$0\"", server).code ~= 0 then lu.skip "lua-language-server is not here" end
  lu.assertEquals(lib.moonlark(folder, nil, "editor").code, 0)
  local place = lib.folder()
  local said = core.process.run({server, "--check", folder, "--check_format=json",
    ("--check_out_path=%s/found"):format(place), "--logpath=" .. place, "--metapath=" .. place}, 280)
  if said and said.out:find "no problems found" then return {} end
  local found = {}
  for file, list in pairs(json.decode(files.read(place .. "/found"))) do
    local name = select(2, files.split(file))
    found[name] = {}
    for i, one in ipairs(list) do
      found[name][i] = ("%d: %s: %s"):format(one.range.start.line + 1, one.code, one.message)
    end
  end
  return found
end

local function copy(from, to)
  for _, name in ipairs(files.list(from)) do
    if name:find "%.lua$" then lib.write(to .. "/" .. name, files.read(from .. "/" .. name)) end
  end
end

-- Without a require, as at the prompt and with -i.
local prompt = [[
song = audio.load "song.mp3"
print(song, song.rate, #song)
mel = feature.mel(song, {n_mels = 64})
plot.map(feature.power_to_db(mel), {title = "Mel"}):save "mel.png"
loud = (mel + 1e-10):log():mean():item()
tune, drums = effects.hpss(song)
audio.play(drums)
for _, chord in ipairs(music.chords "song.mp3") do print(chord.start, chord.stop, chord.label) end
local net = nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.Flatten(), nn.Linear(16, 10))
print(net(torch.zeros {1, 1, 4, 4}):softmax(1):double(), metrics.beat.f_measure({1}, {1}))
help "audio.load"
time(net.forward, net, torch.zeros {1, 1, 4, 4})
]]

local faulty = [[
local audio, feature = require "moonlark.audio", require "moonlark.feature"
local song = audio.load("song.mp3", {rate = "fast"})
print(song:slyce(0, 1), feature.mel "song.mp3")
]]

function TestServer:test_scripts_have_no_warning()
  copy("examples", self.folder .. "/examples")
  copy("scripts/experiments", self.folder .. "/experiments")
  for _, name in ipairs {"cnn", "cnn_mel", "crnn", "lstm", "mlp", "res_cnn"} do -- as one would write one's own
    lib.write(("%s/nets/%s.lua"):format(self.folder, name), files.read(("models/%s.lua"):format(name)))
  end
  lib.write(self.folder .. "/prompt.lua", prompt)
  lu.assertEquals(check(self.folder), {})
end

-- They go on from each other, so that names may be those of a block before.
function TestServer:test_blocks_of_the_readme_have_no_warning()
  local count = 0
  for block in files.read "README.md":gmatch "```lua\n(.-)```" do
    count = count + 1
    lib.write(("%s/block%d.lua"):format(self.folder, count), "---@diagnostic disable: undefined-global\n" .. block)
  end
  lu.assertTrue(count > 5)
  lu.assertEquals(check(self.folder), {})
end

-- A line for each name that a module or a tensor has when the program runs.
local function naming_all()
  local moonlark, lines = require "moonlark", {"local x = torch.zeros {3}"}
  local owners = {x = require "moonlark.torch".Tensor}
  for _, name in ipairs(moonlark.modules) do owners[name] = moonlark.module(name) end
  for _, owner in ipairs(text.keys(owners)) do
    for _, name in ipairs(text.keys(type(owners[owner]) == "table" and owners[owner] or {})) do
      local public = not name:find "^_" and load("return " .. name) -- `repeat` is a word of Lua
      if public then lines[#lines + 1] = ("print(%s.%s)"):format(owner, name) end
    end
  end
  return lines
end

function TestServer:test_every_name_is_known()
  local lines = naming_all()
  lu.assertTrue(#lines > 300)
  lib.write(self.folder .. "/all.lua", table.concat(lines, "\n") .. "\n")
  lu.assertEquals(check(self.folder), {})
end

function TestServer:test_mistakes_are_seen()
  lib.write(self.folder .. "/faulty.lua", faulty)
  local found = table.concat(check(self.folder)["faulty.lua"] or {}, "\n")
  lu.assertStrContains(found, "2: assign-type-mismatch")
  lu.assertStrContains(found, "3: undefined-field: Undefined field `slyce`")
  lu.assertStrContains(found, "3: param-type-mismatch")
end

lib.run()
