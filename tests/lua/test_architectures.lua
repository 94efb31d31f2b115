-- Which code a network's file may bring to run: that of Moonlark and of what the person named, and no other.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local sealed = require "moonlark.base.sealed"

local place = lib.folder()

local function write(name, text) return lib.write(files.join(place, name), text) end

-- A network's file whose card names an architecture, as anybody could make one.
local function forge(name, architecture, options)
  local path, state = write(name), nn.Linear(4, 2):state_dict()
  if architecture == "mine" then state = {["head.weight"] = state.weight, ["head.bias"] = state.bias} end
  sealed.write(path, state, "network", {
    architecture = architecture, options = options or {}, classes = {"a", "b"},
    input = {features = {mfcc = {n_mfcc = 4}}, segment = 0.5, batch_size = 4, normalize = false},
  })
  return path
end

local function moonlark(folder, ...) return lib.moonlark(files.join(place, folder), {"MOONLARK_CACHE="}, ...) end

local trap = "io.stderr:write 'TRAP' os.exit(99)\n"
local mine = [[
local network, nn = require "moonlark.network", require "moonlark.nn"
local Mine = nn.Module:extend "Mine"
function Mine:init(o) self.head = nn.Linear(o.n_mels, o.classes) end
function Mine:forward(x) return self.head(x:mean(2)) end
return network.architecture("mine", Mine, {n_mels = 64, classes = 2})
]]

TestArchitectures = {}

function TestArchitectures:test_a_card_runs_nothing_from_where_one_stands_or_the_file_lies()
  for _, folder in ipairs {"away", "away/models", "file", "file/models"} do write(folder .. "/evil.lua", trap) end
  local path = forge("file/net.safetensors", "evil")
  for _, words in ipairs {{"predict", path, "x.wav"}, {"evaluate", path, "songs"}} do
    local result = moonlark("away", table.unpack(words))
    lu.assertEquals(result.code, 1)
    lu.assertNotStrContains(result.err, "TRAP")
    lu.assertStrMatches(result.err, "[^\n]+file/net.safetensors is of the architecture 'evil', which is not in "
      .. "[^\n]+/models: name the folder that holds evil.lua %(%-%-models FOLDER[^\n]+\n")
  end
end

function TestArchitectures:test_a_name_leads_nowhere_else()
  write("outside.lua", trap)
  write("nets/empty.lua", "")
  for _, name in ipairs {"../outside", place .. "/outside", "models.cnn", "", "a b", "cnn/../../outside"} do
    local path = forge("names/net.safetensors", name)
    lu.assertErrorMsgMatches("[^\n]+names/net.safetensors: an architecture's name must be letters[^\n]+", network.load,
      path)
  end
  lu.assertErrorMsgContains("must be letters", network.register, "a/b", print)
  lu.assertErrorMsgContains("must be a function", network.register, "a", {})
  lu.assertErrorMsgContains("is no folder", network.folder, place .. "/nowhere")
end

function TestArchitectures:test_what_is_registered_is_found()
  local path = forge("own/net.safetensors", "linear")
  lu.assertErrorMsgContains("network.register", network.load, path)
  network.register("linear", function() return nn.Linear(4, 2) end)
  lu.assertEquals(network.load(path):describe(), "Linear(4, 2)")
end

function TestArchitectures:test_folders_are_named_to_the_commands()
  write("nets/mine.lua", mine)
  write("nets/cnn.lua", "error('the own cnn', 0)")
  write("songs/x.wav", "")
  forge("net.safetensors", "mine", {n_mels = 4})
  lu.assertStrContains(moonlark("", "predict", "net.safetensors", "songs").err, "not in /")
  lu.assertStrContains(moonlark("", "predict", "net.safetensors", "songs", "--models", "nets").err, "songs/x.wav")
  lu.assertStrContains(moonlark("", "predict", "net.safetensors", "songs", "--models", "nowhere").err,
    "nowhere is no folder")
  lu.assertStrContains(moonlark("", "train", "--model", "mine", "--models", "nets", "--help").out, "Trains mine")
  lu.assertStrContains(moonlark("", "train", "--model", "mine", "--help").err, "unknown model: 'mine'")
  -- A copy of Moonlark's that was changed comes before Moonlark's.
  forge("cnn.safetensors", "cnn", {n_mels = 4})
  lu.assertStrContains(moonlark("", "predict", "cnn.safetensors", "songs", "--models", "nets").err, "the own cnn")
end

function TestArchitectures:test_a_scripts_own_models_stay_its_own()
  write("project/models/mine.lua", mine)
  forge("project/net.safetensors", "mine", {n_mels = 4})
  write("project/run.lua", [[
    require "models.mine" -- its code has run by the script's own will: now files may name it
    print(require "moonlark.network".load(arg[1]).card.architecture)]])
  write("project/bare.lua", [[print(pcall(require "moonlark.network".load, arg[1]))]])
  lu.assertEquals(moonlark("", "project/run.lua", "project/net.safetensors").out, "mine\n")
  lu.assertStrContains(moonlark("", "project/bare.lua", "project/net.safetensors").out, "not in /")
end

function TestArchitectures:test_options_that_do_not_fit_are_said_in_one_line()
  for _, options in ipairs {{channels = "x"}, {nothing = 1}, {channels = {1}}, {classes = false}, {dropout = -7}} do
    local path = forge("options/net.safetensors", "cnn", options)
    lu.assertErrorMsgMatches("[^\n]+options/net.safetensors[^\n]+", network.load, path)
  end
end

lib.run()
