--- Family: how files of one kind of model from elsewhere are recognised, which network of models/ they fill, and what
--- that network is given to hear. A family is one file, `pretrained/family/NAME.lua`.
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local show = require "moonlark.base.show"

local family = {}

--- What a network hears: how a song becomes its input.
---@class moonlark.pretrained.Front
---@field rate integer  Hz
---@field window number?  seconds of one input; nil: the whole song, at most `most` seconds at once
---@field most number?  seconds, where there is no window; default 30
---@field hop number?  seconds from window to window in a long song; default: the window
---@field fixed boolean?  a last window that is too short is padded with silence; else heard as long as it is
---@field least integer?  samples that are needed at least
---@field feature {[1]: string, [2]: table}?  a feature of the engine and its settings: computed where files are decoded,
--- then the input is [windows, rows, frames]
---@field compute fun(waves: moonlark.Tensor, net: moonlark.nn.Module): moonlark.Tensor  in place of `feature` or after
--- it: the network's input of windows [n, samples], or of their features [n, rows, frames]

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
---@field prepare (fun(tensors: table, found: moonlark.pretrained.Found, o: table): table)?  changes of tensors by their
--- new names
---@field labels (fun(found: moonlark.pretrained.Found, o: table): string[]?)?  names of the scores, where they are not
--- in config.json
---@field front fun(found: moonlark.pretrained.Found, o: table): moonlark.pretrained.Front

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
  local folder, names = files.join(moonlark.home, "lua/moonlark/pretrained/family"), {}
  for _, name in ipairs(files.list(folder)) do names[#names + 1] = name:match "^([%w_]+)%.lua$" end
  table.sort(names)
  for i, name in ipairs(names) do defined[i] = require("moonlark.pretrained.family." .. name) end
  return defined
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
  found:fail("config.json says model_type '%s', which is not known here; known: %s", wanted, table.concat(known, ", "))
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
  local names = {}
  for i, one in ipairs(family.all()) do
    local options = one.recognise(found)
    if options then return one, options end
    names[i] = one.name
  end
  local some = {}
  for name, tensor in pairs(found.tensors) do some[#some + 1] = name .. " " .. show.text(tensor:shape()) end
  table.sort(some)
  found:fail("no model that is known here has such tensors: %s … Known: %s",
    table.concat(some, ", ", 1, math.min(3, #some)), table.concat(names, ", "))
end

return family
