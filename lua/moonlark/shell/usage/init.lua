--- Usage: how each command is called, as data that its own parser gives: pages of man and Tab in a shell come from it.
---
---     for _, option in ipairs(usage.of "extract".options) do print(option.names[1], option.help) end
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local moonlark = require "moonlark"

local usage = {}

--- How a command is called. Variants are scripts that it runs with the other words: the models of `moonlark train`, the
--- experiments of `moonlark experiment`.
---@class moonlark.Usage
---@field name string  "extract", "experiment workflow"
---@field summary string  a line
---@field description string
---@field epilog string?  the end of --help: examples, paragraphs, exit codes
---@field arguments moonlark.UsageItem[]
---@field options moonlark.UsageItem[]
---@field variants moonlark.Usage[]?
---@field settings moonlark.UsageItem[]?  of a model: what --option may say to it

--- An argument or an option.
---@class moonlark.UsageItem
---@field names string[]  "--out", "-o"; an argument has one
---@field value string?  what follows it: "<folder>"; nil of flags
---@field help string
---@field default string?
---@field kind string?  what to offer: "file", "sound" … (kind_of)
---@field offers string[]?  words that it may be
---@field many boolean  offers may be joined by commas
---@field least integer  how many there must be
---@field repeats boolean  there may be several

-- What a word of a value, or the name of an argument, means to who completes it.
local kinds = {
  song = "sound", songs = "sound", folder = "folder", model = "model", names = "published", device = "device",
  source = "sound", data = "file", reference = "file", estimate = "file", map = "file", file = "file", path = "file",
  ["list.csv"] = "file", ["file.csv"] = "file", ["file.jams"] = "file", ["file.html"] = "file", ["file.db"] = "file",
  ["file.m3u8"] = "file", ["file.lua"] = "file",
  ["feature.name=value"] = "setting", ["name=value"] = "option",
}

-- What to offer for "<folder|list.csv>" or the argument "songs": the widest of its words.
local function kind_of(words)
  local kind
  for word in words:gmatch "[^<>|]+" do
    local found = kinds[word]
    if kind and found and kind ~= found then found = "file" end
    kind = found or kind
  end
  return kind
end

local function item_of(element)
  local names, value = element._aliases, nil
  if not names or #names == 0 then
    names = {element._name}
  elseif element._maxargs > 0 then
    value = element._argname or "<" .. names[1]:gsub("^%-+", "") .. ">"
  end
  local default = element._show_default and type(element._default) == "string" and element._default or nil
  local least = element._aliases and element._mincount or element._minargs
  return {
    names = names, value = value, help = element._description or "", default = default,
    offers = element._choices or element.offers and #element.offers > 0 and element.offers or nil,
    many = element.many or false, least = least,
    kind = kind_of(value or not element._aliases and (element._argname or element._name) or ""),
    repeats = (element._aliases and element._maxcount or element._maxargs) > 1,
  }
end

local function of_parser(parser, name, summary)
  local made = {name = name, summary = summary, description = parser._description or summary, epilog = parser._epilog,
    arguments = {}, options = {}}
  for i, argument in ipairs(parser._arguments) do made.arguments[i] = item_of(argument) end
  for _, option in ipairs(parser._options) do
    if not option._hidden then made.options[#made.options + 1] = item_of(option) end
  end
  return made
end

local function script_of(folder, name) return files.join(moonlark.home, folder, name .. ".lua") end

-- A command that runs another script, with the usages of all.
local function with_variants(name, summary, folder, words)
  local made = {name = name, summary = summary, description = summary, variants = {}}
  for i, entry in ipairs(command.list(folder)) do
    local parser = command.parser_of(script_of("scripts", name), words(entry.name))
    made.variants[i] = of_parser(parser, entry.name, entry.summary)
  end
  return made
end

-- The option or argument that says which variant is meant.
local function choice_of(made, names, help, value)
  local words = {}
  for i, variant in ipairs(made.variants) do words[i] = variant.name end
  return {names = names, value = value, help = help, offers = words, many = false, least = 1, repeats = false}
end

local function settings_of(model)
  local list = {}
  for i, parameter in ipairs(require "moonlark.shell.train.arguments".of_model(model)) do
    list[i] = {names = {parameter.name}, help = ("%s (%s)"):format(parameter.help or "", parameter:facts()),
      many = false, least = 0, repeats = false}
  end
  return list
end

-- The commands whose parsers are those of other scripts.
local families = {}

-- All models are trained with the same options; what sets them apart are those of --option.
function families.train(name, summary)
  local made = with_variants(name, summary, "scripts/train", function(model) return {"--model", model} end)
  local first = made.variants[1]
  made.arguments, made.options = first.arguments, first.options
  local choice = choice_of(made, {"--model", "-m"}, "The architecture, and how it is trained.", "<name>")
  table.insert(made.options, 2, choice)
  for _, variant in ipairs(made.variants) do
    variant.settings, variant.options, variant.arguments = settings_of(variant.name), {}, {}
  end
  return made
end

-- Takes out of all variants the options that are the same in each.
local function take_common(variants)
  local counts, common = {}, {}
  local function key(option) return table.concat({option.names[1], option.help, option.default or ""}, "\0") end
  for _, variant in ipairs(variants) do
    for _, option in ipairs(variant.options) do counts[key(option)] = (counts[key(option)] or 0) + 1 end
  end
  for i, variant in ipairs(variants) do
    local own = {}
    for _, option in ipairs(variant.options) do
      local shared = counts[key(option)] == #variants
      if shared and i == 1 then common[#common + 1] = option elseif not shared then own[#own + 1] = option end
    end
    variant.options = own
  end
  return common
end

function families.experiment(name, summary)
  local made = with_variants(name, summary, "scripts/experiments", function(experiment) return {experiment} end)
  made.arguments = {choice_of(made, {"name"}, "The experiment."), table.unpack(made.variants[1].arguments)}
  made.options = take_common(made.variants)
  for _, variant in ipairs(made.variants) do variant.arguments = {} end
  return made
end

--- How a command is called.
---     print(usage.of "extract".summary)
---@param name string  one of moonlark.shell.command's list
---@return moonlark.Usage
function usage.of(name)
  local summary
  for _, entry in ipairs(command.list()) do
    if entry.name == name then summary = entry.summary end
  end
  if families[name] then return families[name](name, summary) end
  return of_parser(command.parser_of(script_of("scripts", name)), name, summary)
end

--- How all commands are called, in the order of their names.
---@return moonlark.Usage[]
function usage.all()
  local list = {}
  for i, entry in ipairs(command.list()) do list[i] = usage.of(entry.name) end
  return list
end

return usage
