--- Family: how files of one kind of model from elsewhere are recognised, which network of models/ they fill, and what
--- that network is given to hear. A family is one file, `pretrained/family/NAME.lua`.
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local weights = require "moonlark.pretrained.weights"

local family = {}

--- What a network hears: how a song becomes its input.
---@class moonlark.pretrained.Front
---@field rate integer  Hz
---@field window number?  seconds of one input; nil: the whole song, at most `most` seconds at once
---@field most number?  seconds, where there is no window; default 30
---@field hop number?  seconds from window to window in a long song; default: the window
---@field fixed boolean?  a last window that is too short is padded with silence; else heard as long as it is
---@field drop boolean?  what is left behind the last whole window is not heard, unless it is all there is
---@field filled boolean?  features are always of a whole window: behind a shorter sound they are empty
---@field least integer?  samples that are needed at least
---@field at_once integer?  windows in one batch at most, for networks that hear long ones
---@field whole (fun(samples: moonlark.Tensor): moonlark.Tensor)?  what is done to a song [n] before it is cut: silence
--- around it, its level. Needs all of the song
---@field feature {[1]: string, [2]: table}?  a feature of the engine and its settings: computed where files are decoded,
--- then the input is [windows, rows, frames]
---@field compute fun(waves: moonlark.Tensor, net: moonlark.nn.Module): moonlark.Tensor  in place of `feature` or after
--- it: the network's input of windows [n, samples], or of their features [n, rows, frames]

--- How a classifier is saved for other programs.
---@class moonlark.pretrained.Export
---@field config fun(o: table, config: table?): table  what config.json says of a network with these options
---@field beside (fun(name: string): boolean)?  which tensors of a file that the network lacks are kept; default: none
---@field name (fun(name: string): string)?  a tensor's name there; default: as unname says

---@class moonlark.pretrained.Family
---@field name string
---@field about string  what such models are for, in a few words
---@field source string  paper and reference implementation
---@field types string[]?  `model_type` of config.json
---@field heads table<string, true>?  `architectures` of config.json that are handled; nil: all
---@field task "classes"|"tags"|nil|fun(found: moonlark.pretrained.Found, o: table): string?  what scores mean, where
--- config.json does not say it: one class of many (softmax), each tag for itself (sigmoid); nil: no scores, only embeddings
---@field architecture string  of models/; its option `classes`, where it has one, is how many scores it gives
---@field recognise fun(found: moonlark.pretrained.Found): table?  the architecture's options, by config or by names and
--- shapes of the tensors; nil: it is another kind of model. May raise where it is this kind, but not one that is handled
---@field rename (fun(name: string, found: moonlark.pretrained.Found): string?)?  the network's name of a file's tensor;
--- nil: it is left out
---@field unname (fun(name: string, found: moonlark.pretrained.Found): string)?  the reverse, for saving
---@field export moonlark.pretrained.Export?  of layouts that have a place for a head
---@field prepare (fun(tensors: table, found: moonlark.pretrained.Found, o: table): table)?  changes of tensors by their
--- new names
---@field labels (fun(found: moonlark.pretrained.Found, o: table): string[]?)?  names of the scores, where they are not
--- in config.json
---@field front fun(found: moonlark.pretrained.Found, o: table): moonlark.pretrained.Front
---@field frames number?  of networks that answer frame by frame, [n, frames, outputs]: frames a second
---@field margin integer?  frames at both ends of a window that are not used: windows overlap by twice as many
---@field summary (fun(p: moonlark.Tensor): moonlark.Tensor)?  of those that also tell classes: how the probabilities of
--- frames [n, frames, classes] become one answer [n, classes]
---@field track (fun(scores: moonlark.Tensor, curve: fun(name: string, data: moonlark.Tensor, axis: moonlark.Axis?):
--- moonlark.Signal, names: string[]?): table)?  what is heard over time, of a song's logits [frames, outputs]: Signals
--- by name (`curve` makes them of [rows, frames]), and `segments`
---@field ensemble boolean?  a folder with several such files is one model, the mean of them: the architecture has an
--- option `members`, and the file of member i, from 0, gives it the parameters `members.i.NAME`

local defined = {}

--- Defines a family; what its file returns.
---@param given moonlark.pretrained.Family
---@return moonlark.pretrained.Family
function family.define(given)
  assert(given.name and given.architecture and given.recognise and given.front, "a family lacks a field")
  return given
end

--- All families, by name.
---@return moonlark.pretrained.Family[]
function family.all()
  if #defined > 0 then return defined end
  local folder, names = files.join(moonlark.folder, "pretrained/family"), {}
  for _, name in ipairs(files.list(folder)) do names[#names + 1] = name:match "^([%w_]+)%.lua$" end
  table.sort(names)
  for i, name in ipairs(names) do defined[i] = require("moonlark.pretrained.family." .. name) end
  return defined
end

--- The family of a name. Errors: there is none.
---     local whisper = family.named "whisper"
---@param name string
---@return moonlark.pretrained.Family
function family.named(name)
  local names = {}
  for i, one in ipairs(family.all()) do
    if one.name == name then return one end
    names[i] = one.name
  end
  options.unknown("family", name, names)
end

local function of_type(found, wanted)
  local known = {}
  for _, one in ipairs(family.all()) do
    for _, name in ipairs(one.types or {}) do
      if name == wanted then return one end
      known[#known + 1] = name
    end
  end
  table.sort(known)
  found:fail("config.json says model_type '%s', which is not known here; known: %s",
    type(wanted) == "string" and wanted or show.text(wanted), table.concat(known, ", "))
end

-- The family whose files have such tensors, and the options of its architecture; nil and the names of all families
-- where there is none.
local function by_tensors(found)
  local names = {}
  for i, one in ipairs(family.all()) do
    local o = one.recognise(found)
    if o then return one, o end
    names[i] = one.name
  end
  return nil, names
end

-- The family of a folder of several files, which must all be the same kind of network.
local function of_members(found)
  local one, o, paths = nil, nil, {}
  for i, member in ipairs(found.members) do
    paths[i] = member.path
    local its, options = by_tensors(member)
    local fits = its and its.ensemble and (i == 1 or its == one and show.text(options) == show.text(o))
    if i == 1 then one, o = its, options end
    if not fits then one = nil end
  end
  if not one then weights.several(found.path, paths) end
  o.members = #paths
  return one, o
end

--- The family of what was found, and the options of its architecture. Errors: nobody knows it; what is known is said.
---@param found moonlark.pretrained.Found
---@return moonlark.pretrained.Family
---@return table options
function family.of(found)
  local wanted = found.config and found.config.model_type
  if wanted then
    local one = of_type(found, wanted)
    return one, one.recognise(found) or found:fail("its weights are not those of a %s", one.name)
  end
  if found.members then return of_members(found) end
  local one, options = by_tensors(found)
  if one then return one, options end
  local some, names = {}, options
  for name, tensor in pairs(found.tensors) do some[#some + 1] = name .. " " .. show.text(tensor:shape()) end
  table.sort(some)
  found:fail("no model that is known here has such tensors: %s … Known: %s",
    table.concat(some, ", ", 1, math.min(3, #some)), table.concat(names, ", "))
end

return family
