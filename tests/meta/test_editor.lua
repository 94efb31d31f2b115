-- Settings for editors, and what lua-language-server says of scripts under them: of $LUA_LANGUAGE_SERVER, or of the
-- program of that name on PATH. Neither npm nor PyPI has it, so that nothing here installs it.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"

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

function TestServer:test_mistakes_are_seen()
  lib.write(self.folder .. "/faulty.lua", faulty)
  local found = table.concat(check(self.folder)["faulty.lua"] or {}, "\n")
  lu.assertStrContains(found, "2: assign-type-mismatch")
  lu.assertStrContains(found, "3: undefined-field: Undefined field `slyce`")
  lu.assertStrContains(found, "3: param-type-mismatch")
end

lib.run()
