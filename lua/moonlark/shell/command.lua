--- Commands: the scripts that `moonlark NAME` runs, and what they share. `parser` is always one of argparse.
local argparse = require "argparse"
local lfs = require "lfs"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local warning = require "moonlark.base.warning"

local command = {}

--- The commands there are, sorted: name, and the summary from the script's first line ("--- Does this."). Or what
--- another folder of scripts holds: "scripts/train".
---@param place string?  as seen from Moonlark's home
---@return {name: string, summary: string}[]
function command.list(place)
  local list, folder = {}, moonlark.home .. "/" .. (place or "scripts")
  if lfs.attributes(folder, "mode") ~= "directory" then return list end
  for file in lfs.dir(folder) do
    local name = file:match "^([%w_-]+)%.lua$"
    if name then
      local script <close> = io.open(folder .. "/" .. file)
      local first = script and script:read "l" or ""
      list[#list + 1] = {name = name, summary = first:match "^%-%-+%s*(.-)%s*$" or ""}
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- Prints the commands with their summaries: the end of `moonlark --help`.
function command.print_list()
  local list = command.list()
  if #list == 0 then return end
  print "\ncommands (moonlark NAME --help says more):"
  for _, entry in ipairs(list) do print(("  %-12s %s"):format(entry.name, entry.summary)) end
end

--- Says on standard error that there is no such command or file, and which name is near.
function command.unknown(name)
  local names = {}
  for _, entry in ipairs(command.list()) do names[#names + 1] = entry.name end
  local near = options.nearest(name, names)
  io.stderr:write(show.format("moonlark: there is no file and no command '%s'%s\nTry 'moonlark --help'.\n", name,
    near and (" (did you mean '%s'?)"):format(near) or ""))
end

local current -- the parser of the command that runs
local reader -- the coroutine of a script that is only asked for its parser
local otherwise = {k = "folds", n_clusters = "clusters", n_components = "components",
  beam_size = "beam"} -- what commands call them

-- The flag of a field of options, as the running command has it: "--batch-size"; nil where it has none.
local function flag_of(field)
  local wanted = "--" .. (otherwise[field] or field):gsub("_", "-")
  for _, option in ipairs(current and current._options or {}) do
    for _, alias in ipairs(option._aliases) do
      if alias == wanted then return wanted end
    end
  end
end

--- A message of the library in the words of the command that runs: `partial = "keep"` becomes `--partial keep`,
--- "feature.recipe: rate must be …" becomes "--rate must be …". Where no command runs, and where it has no such option,
--- it stays.
---@param message string
---@return string
function command.translate(message)
  if not current then return message end
  local function assigned(before, field, value)
    local flag = flag_of(field)
    return flag and ("%s%s %s"):format(before, flag, value) or nil
  end
  message = message:gsub("{([%a_][%w_]*) = ([^{}%s,]+)}", function(field, value) return assigned("", field, value) end)
  message = message:gsub('(%f[%w_])([%a_][%w_]*) = "([^"%s]*)"', assigned)
  message = message:gsub("(%f[%w_])([%a_][%w_]*) = (%-?[%d.]*%d)", assigned)
  local field, rest = message:gsub("^[%a_][%w_.:]*: ", ""):match "^([%a_][%w_]*)( %l.*)$"
  local needed, why = (rest or ""):match "^ needs ([%a_][%w_]*)(.*)$"
  if needed and flag_of(needed) then rest = (" needs %s%s"):format(flag_of(needed), why) end
  local flag = field and (rest:find "^ must " or needed) and flag_of(field)
  return flag and flag .. rest or message
end

-- The program's arguments, in which a number below 0 is joined to the option before it: argparse takes it for one.
local function arguments()
  local list = {}
  for i, word in ipairs(arg) do
    local before = list[#list]
    local joins = word:find "^%-%.?%d" and before and before:find "^%-%-[%w-]+$"
    if joins then list[#list] = before .. "=" .. word else list[#list + 1] = word end
  end
  return list
end

--- A command's parser of arguments (argparse). Wrong usage ends the program with exit code 2.
---@param name string  the command's name, "index"
---@param summary string  one line, the beginning of its --help
---@return table  an argparse parser
function command.parser(name, summary)
  local parser = argparse("moonlark " .. name, summary)
  current, warning.wording = parser, command.translate
  function parser.error(_, message)
    io.stderr:write(("moonlark %s: %s\nTry 'moonlark %s --help'.\n"):format(name, show.lines(message), name))
    os.exit(2, true)
  end
  local parse = parser.parse
  function parser:parse(words)
    if coroutine.running() == reader then coroutine.yield(self) end
    return parse(self, words or arguments())
  end
  parser:option("--warnings", "What becomes of warnings: show (default), ignore, or error, where the first ends the "
    .. "work."):argname "<policy>"
    :choices(warning.policies):action(function(_, _, policy) warning.policy(policy) end)
  return parser
end

--- The parser that a script makes. The script runs until it would read its arguments, and no further.
---@param path string
---@param words string[]?  the arguments that it sees: `moonlark train` looks for --model before it has a parser
---@return table  an argparse parser
function command.parser_of(path, words)
  local script = assert(loadfile(path))
  local before, said, running = arg, current, reader
  arg, reader = words or {}, coroutine.create(script)
  local ok, parser = coroutine.resume(reader)
  if ok then coroutine.close(reader) end
  arg, current, reader = before, said, running
  if not ok then error(parser, 0) end
  return parser or error(("%s has no parser"):format(path), 0)
end

--- For argparse's `convert`: words separated by commas, as a list.
---@param text string
---@return string[]?, string?
function command.words(text)
  local list = {}
  for word in (text .. ","):gmatch "%s*(.-)%s*," do
    if word == "" then return nil, ("has an empty word, got '%s'"):format(text) end
    list[#list + 1] = word
  end
  return list
end

-- options from descriptions -----------------------------------------------------------------

--- Says which words an option or argument may be given: Tab offers them, the pages of man list them.
---@param option table  of argparse
---@param words string[]
---@param many boolean?  several, separated by commas
---@return table option
function command.offer(option, words, many)
  option.offers, option.many = words, many
  return option
end

-- The words among what a parameter may be: of "mix", "left", "right" or a number the first three.
local function words_of(parameter, list)
  list = list or {}
  for _, word in ipairs(parameter.choices or {}) do
    if word then list[#list + 1] = tostring(word) end -- false, for none, is not offered
  end
  for _, kind in ipairs(parameter.kinds or {}) do words_of(kind, list) end
  return parameter.item and words_of(parameter.item, list) or list
end

--- What a parameter makes of a word that was typed: a number, true or false, a list with commas, or the word itself.
---@param parameter moonlark.Parameter
---@param text string
---@return any  nil where it is none of what the parameter allows
function command.value(parameter, text)
  for _, kind in ipairs(parameter.kinds or {}) do
    local value = command.value(kind, text)
    if value ~= nil then return value end
  end
  if parameter.item then
    local list, words = {}, command.words(text)
    if not words then return nil end
    for i, word in ipairs(words) do
      list[i] = command.value(parameter.item, word)
      if list[i] == nil then return nil end
    end
    return parameter.accept(list)
  end
  local plain = tonumber(text)
  if plain and parameter.kind == "value" then plain = math.tointeger(plain) or plain end
  if text == "true" or text == "false" then plain = text == "true" end
  local value
  if plain ~= nil then value = parameter.accept(plain) end
  if value == nil then return parameter.accept(text) end
  return value
end

local placeholders = {integer = "n", number = "x", list = "a,b"}

local function placeholder(name, parameter)
  if parameter.choices then return table.concat(words_of(parameter), "|") end
  local words = {}
  if parameter.unit or not parameter.kinds then return parameter.unit or placeholders[parameter.kind] or name end
  for _, kind in ipairs(parameter.kinds) do
    local word = placeholder(name, kind)
    if word ~= "" and word ~= name then words[#words + 1] = word end
  end
  return #words > 0 and table.concat(words, "|") or name
end

--- Adds an option by its parameter, which gives help and default and says what is refused. `batch_size` becomes
--- --batch-size; an option that is true or false becomes a flag.
---@param name string
---@param parameter moonlark.Parameter
---@param given {default: any, usual: string?, alias: string?}?  default: the command's own, false for none; usual: what
--- happens without; alias: another flag, "--model" beside --models
---@return table  the option or flag of argparse
function command.option(parser, name, parameter, given)
  given = given or {}
  local flag, default = "--" .. name:gsub("_", "-"), given.default
  if default == nil then default = parameter.default end
  local usual = given.usual or not default and parameter.usual
  local help = parameter.help:gsub("^%l", string.upper) .. (usual and "; default: " .. usual or "") .. "."
  if parameter.kind == "boolean" then return parser:flag(flag, help) end
  local option = parser:option(given.alias and flag .. " " .. given.alias or flag, help):argname("<" .. placeholder(name, parameter) .. ">")
  command.offer(option, words_of(parameter), parameter.item ~= nil)
  option:convert(function(text)
    local value = command.value(parameter, text)
    if value ~= nil then return value end
    local near = parameter.choices and options.nearest(text, parameter.choices)
    return nil, ("%s must be %s, got '%s'%s"):format(flag, parameter.allowed, text,
      near and (" (did you mean '%s'?)"):format(near) or "")
  end)
  if default then option:default(type(default) == "table" and table.concat(default, ",") or tostring(default)) end
  return option
end

--- Adds options of a function as options of a command.
---@param description moonlark.Description
---@param names string[]
---@param defaults table<string, any>?  the command's own; false for none
---@param aliases table<string, string>?  other flags
function command.options(parser, description, names, defaults, aliases)
  for _, name in ipairs(names) do
    command.option(parser, name, description.by_name[name], {default = (defaults or {})[name], alias = (aliases or {})[name]})
  end
end

--- Adds the option --workers N (0, the default: as many as there are cores).
function command.workers(parser)
  command.option(parser, "workers", require("moonlark.dataset.background").options.workers)
end

--- Adds --channel and --partial, which say what of each sound file is read: see moonlark.audio.reading.
---@param usual string?  what happens without them, where it differs from dataset:batches
function command.reading(parser, usual)
  local reading = require "moonlark.audio.reading"
  command.option(parser, "channel", reading.options.channel, {usual = usual})
  command.option(parser, "partial", reading.options.partial, {usual = usual})
end

--- Names files and reasons on standard error, a line for each.
---@param word string  what became of them: "rejected"
---@param list {path: string, reason: string}[]
function command.name_files(word, list)
  for _, bad in ipairs(list) do
    io.stderr:write(show.format("%s %s: %s\n", word, bad.path, command.translate(bad.reason)))
  end
end

--- For the end of a summary: how many files were kept in part, or nothing.
function command.in_part(partial)
  return #partial > 0 and ("  %d kept in part"):format(#partial) or ""
end

--- Adds the option --seed N (default 0).
function command.seed(parser)
  command.option(parser, "seed", options.integer(0, {least = 0}, "seed of all random numbers"))
end

--- Adds the flag --json.
function command.json(parser)
  parser:flag("--json", "Print the result as JSON.")
end

--- Adds the option --models FOLDER, which may stand several times: network.folder takes each.
function command.models(parser)
  parser:option("--models", "A folder of architectures of your own, NAME.lua each; their code runs."):argname "<folder>"
    :count "*":action(function(args, name, folder)
      require "moonlark.network".folder(folder)
      args[name] = args[name] or {}
      table.insert(args[name], folder)
    end)
end

return command
