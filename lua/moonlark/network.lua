--- Network: the architectures of models/, and trained networks as files that know what they are to hear.
---
---     local network = require "moonlark.network"
---     local net = require("models.cnn") {classes = 10}
---     train.fit(net, {train = parts.train:batches(input)})
---     net:save "genre.safetensors"
---     local same = network.load "genre.safetensors"     -- same.card: classes, input, options
---
--- moonlark.nn.file says what a file holds. It names its architecture, and never brings code: the name is looked up in
--- the folders that the person named (network.folder, or --models of the commands), among the architectures that this
--- program has defined (network.architecture, network.register), and in Moonlark's own models/.
local cards = require "moonlark.base.card"
local files = require "moonlark.base.files"
local file = require "moonlark.nn.file"
local moonlark = require "moonlark"
local module = require "moonlark.nn.module"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local network = {}

local registered = {} -- name -> constructor, of this program
local folders = {}    -- that the person named, in the order of looking
local made_by = {}    -- path of a file -> constructor
local paths = setmetatable({}, {__mode = "k"}) -- of networks that were loaded

-- An architecture's name is part of a file's: it must not lead out of the folder.
local function check_name(name)
  if type(name) ~= "string" or not name:find "^[%w_-]+$" then
    show.fail("an architecture's name must be letters, digits, _ and -, got %s",
      type(name) == "string" and name or type(name))
  end
  return name
end

--- Makes an architecture known to network.load under a name; it comes before Moonlark's own of that name.
---     network.register("linear", function(given) return nn.Linear(given.from, given.to) end)
---@param name string  letters, digits, _ and -
---@param make fun(given: table?): moonlark.nn.Module  from options to an untrained network
function network.register(name, make)
  if type(make) ~= "function" then show.fail("make must be a function, got %s", type(make)) end
  registered[check_name(name)] = make
end

--- Names a folder of architectures: NAME.lua in it, which returns what network.architecture gives, is known as NAME
--- from now on, before those of folders named earlier, those of the program and Moonlark's own. Its code runs when such
--- a network is loaded or trained.
---     network.folder "nets"
---@param path string
function network.folder(path)
  if files.kind(path) ~= "directory" then show.fail("models: %s is no folder", tostring(path)) end
  table.insert(folders, 1, path)
end

-- What a folder's file of an architecture returns, run once; nil where there is none.
local function from_folder(folder, name)
  local path = files.join(folder, name .. ".lua")
  if not files.exists(path) then return nil end
  if made_by[path] then return made_by[path] end
  local chunk, why = loadfile(path, "t")
  if not chunk then show.fail("%s", why) end
  local make = chunk()
  if type(make) ~= "function" then
    show.fail("%s must return a function that makes a network (network.architecture), got %s", path, type(make))
  end
  made_by[path] = make
  return make
end

--- The constructor of an architecture; nil, and in words where it was looked for, when nobody knows it.
---@param name string
---@return (fun(given: table?): moonlark.nn.Module)?
---@return string? places
function network.find(name)
  check_name(name)
  for _, folder in ipairs(folders) do
    local make = from_folder(folder, name)
    if make then return make end
  end
  local own = files.join(moonlark.home, "models")
  local make = registered[name] or from_folder(own, name)
  return make, not make and table.concat(folders, ", ") .. (#folders > 0 and " and " or "") .. own or nil
end

--- Defines an architecture, and registers it under its name: the function that models/NAME.lua returns.
---     return network.architecture("mine", Mine, {classes = 10, n_mels = 64})
---@param name string
---@param class table  made by nn.Module:extend; its init is given the options
---@param fields table  its options, as options.describe takes them: described, or plain defaults
---@return fun(given: table?): moonlark.nn.Module
function network.architecture(name, class, fields)
  local parameters = options.describe("models." .. check_name(name), fields)
  local function make(given)
    local o = parameters:read(given)
    local net = class(o)
    net.card = {architecture = name, options = o}
    return net
  end
  network.register(name, make)
  return make
end

--- Saves a network with its card; PATH.json beside it is the card for people to read. Errors: it has no card.
---     network.save(net, "genre.safetensors")
---@param net moonlark.nn.Module
---@param path string  ends in .safetensors
function network.save(net, path)
  if not net.card then
    error("the network has no card: it is not of models/, and was not trained by train.fit", 0)
  end
  file.write(path, net:state_dict(), net.card)
end

-- The option that an architecture cannot be made with: with its default, or 1 where it has none, all is well.
local function odd_option(make, given)
  for _, name in ipairs(text.keys(given)) do
    local others = {}
    for key, value in pairs(given) do others[key] = value end
    others[name] = nil
    local fine = pcall(make, others)
    others[name] = 1
    if fine or pcall(make, others) then
      return ("%s = %s"):format(name, show.text(given[name], {depth = 1, count = 4, width = 80, string = 40}))
    end
  end
end

-- An untrained network of the card's architecture.
local function build(path, card)
  if not card.architecture then
    show.fail("%s is a network of one's own, whose classes and input it knows, but not its code: make the network and "
      .. "give it, network.load(path, {net = net})", path)
  end
  local name = card.architecture
  local named, make, places = pcall(network.find, name)
  if not named then show.fail("%s: %s", path, make) end
  if not make then
    show.fail("%s is of the architecture '%s', which is not in %s: name the folder that holds %s.lua (--models FOLDER, "
      .. "or network.folder), or define it first (network.register)", path, name, places, name)
  end
  local made, net = pcall(make, card.options)
  if not made then
    if type(net) ~= "string" then error(net, 0) end
    if net:find("attempt to", 1, true) then net = "a value is of another kind" end -- a fault within its code
    local odd = odd_option(make, card.options)
    show.fail("%s: its %s no '%s': %s", path, odd and ("option %s makes"):format(odd) or "options make", name, net)
  end
  return net
end

local load_parameters = options.describe("network.load", {
  device = options.text("cpu", 'where its weights go: "cpu", "cuda:0"'),
  net = options.value("moonlark.nn.Module", "a network",
    function(value) return module.is_module(value) and value or nil end, nil,
    "what to fill; needed for networks that are not of models/", {usual = "made by the card's architecture"}),
})

--- Reads a network that was saved with its card, ready to predict.
---     local net = network.load "genre.safetensors"
---@param path string  a .safetensors file, or a run folder that holds model.safetensors
---@param given moonlark.network.load.Options?
---@return moonlark.nn.Module
function network.load(path, given)
  local o = load_parameters:read(given)
  path = cards.file_at(path)
  local tensors, card = file.read(path)
  local net = o.net or build(path, card)
  local ok, why = pcall(net.load_state_dict, net, tensors)
  if not ok then error(show.format("%s: ", path) .. why, 0) end
  net.card = card
  paths[net] = path
  return net:to(o.device):eval()
end

--- The file that a network was loaded from; nil for one that was made here.
---@param net moonlark.nn.Module
---@return string?
function network.path(net) return paths[net] end

return network
