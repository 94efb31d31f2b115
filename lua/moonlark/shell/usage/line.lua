--- Line: how a command line goes on. Shells ask it, by `moonlark complete words -- WORD …`, when Tab is pressed.
---
---     for _, offer in ipairs(line.offers {"extract", "songs", "--feat"}) do print(offer.word, offer.says) end
---
--- What commands take is read from usage/commands.lua, so that no command is loaded, and no libtorch.
local commands = require "moonlark.shell.usage.commands"
local text = require "moonlark.base.text"

local line = {}

--- What may stand where the cursor is: words, and what files.
---@class moonlark.Offers
---@field [integer] {word: string, says: string?}
---@field files "none"|"file"|"folder"|nil  what the shell adds by itself
---@field endings string[]?  only files that end so, and folders

-- Options of the program itself; true: a word follows.
local program = {
  {word = "-e", says = "run CODE", value = true}, {word = "-l", says = "require NAME into a global", value = true},
  {word = "--warnings", says = "show, ignore or error", value = true, offers = {"show", "ignore", "error"}},
  {word = "-i", says = "go to the prompt afterwards"}, {word = "-v", says = "print the version"},
  {word = "--version", says = "print the version"}, {word = "-h", says = "print help"},
  {word = "--help", says = "print help"},
}

-- what a word may be, by its kind ---------------------------------------------------------------

local function add(offers, word, says) offers[#offers + 1] = {word = word, says = says} end

-- "mel,mf": what stands before the last comma stays, and is not offered again.
local function add_words(offers, item, typed)
  local kept = item.many and typed:match "^(.*,)" or ""
  local taken = {}
  for word in kept:gmatch "[^,]+" do taken[word] = true end
  for _, word in ipairs(item.offers) do
    if not taken[word] then add(offers, kept .. word) end
  end
end

-- "mel.n_mels=64": settings of the features that the line names, else of all; then the words that the setting may be.
local function add_settings(offers, typed, state)
  local engine = require "moonlark.feature.engine"
  local given = {}
  for name in (state.values["--features"] or ""):gmatch "[^,]+" do given[#given + 1] = name end
  for _, feature in ipairs(#given > 0 and given or engine.names()) do
    local known, parameters = pcall(engine.parameters, feature)
    for _, p in ipairs(known and parameters or {}) do
      local key = ("%s.%s="):format(feature, p.name)
      if typed:sub(1, #key) ~= key then
        add(offers, key, p.help)
      else
        for _, choice in ipairs(p.choices or p.kind == "boolean" and {"true", "false"} or {}) do
          add(offers, key .. tostring(choice))
        end
      end
    end
  end
end

local function add_models(offers)
  local got, hub = require "moonlark.hub.got", require "moonlark.hub.cache"
  for _, names in ipairs {got.names, hub.names} do
    local fine, list = pcall(names) -- no home, no such folder: nothing to offer
    for _, name in ipairs(fine and list or {}) do add(offers, name) end
  end
end

local kinds = {}

function kinds.file(offers) offers.files = "file" end

function kinds.folder(offers) offers.files = "folder" end

function kinds.sound(offers)
  offers.files, offers.endings = "file", require "moonlark.dataset.scan".extensions
end

function kinds.model(offers)
  add_models(offers)
  offers.files = "file"
end

kinds.setting = add_settings

-- Options of the model that --model names.
function kinds.option(offers, _, state)
  for _, setting in ipairs(state.variant and state.variant.settings or {}) do
    add(offers, setting.names[1] .. "=", setting.says)
  end
end

function kinds.device(offers)
  add(offers, "cpu")
  add(offers, "cuda")
end

-- Names that `moonlark models` takes: known ones to get, those that are here to remove.
function kinds.published(offers, _, state)
  if state.positional[1] == "remove" then return add_models(offers) end
  for _, entry in ipairs(require "moonlark.hub.catalogue".entries) do add(offers, entry.name, entry.about) end
end

local function add_values(offers, item, typed, state)
  if item.offers then add_words(offers, item, typed) end
  if kinds[item.kind] then kinds[item.kind](offers, typed, state) end
end

-- where the cursor is --------------------------------------------------------------------------

local function variant_of(command, name)
  for _, variant in ipairs(command.variants or {}) do
    if variant.name == name then return variant end
  end
end

local function options_of(state)
  local own = state.variant and state.variant.options or {}
  return table.move(own, 1, #own, #state.command.options + 1, {table.unpack(state.command.options)})
end

local function option_named(state, word)
  for _, option in ipairs(options_of(state)) do
    for _, name in ipairs(option.names) do
      if name == word then return option end
    end
  end
end

-- What the words before the cursor say: the values of options, the arguments, and the option that waits for its value.
local function read(command, words)
  local state = {command = command, values = {}, positional = {}}
  for _, word in ipairs(words) do
    local name, joined = word:match "^(%-%-[^=]+)=(.*)$"
    local option = not state.ended and option_named(state, name or word)
    if state.waiting then
      state.values[state.waiting.names[1]], state.waiting = word, nil
    elseif word == "--" and not state.ended then
      state.ended = true
    elseif option then
      state.values[option.names[1]] = joined or word
      state.waiting = option.value and not joined and option or nil
    elseif state.ended or word:sub(1, 1) ~= "-" then
      table.insert(state.positional, word)
    end
    state.variant = variant_of(command, state.values["--model"] or state.positional[1])
  end
  return state
end

local function add_options(offers, state)
  for _, option in ipairs(options_of(state)) do
    local given = false
    for _, name in ipairs(option.names) do given = given or state.values[name] ~= nil end
    if not given or option.repeats then
      for _, name in ipairs(option.names) do add(offers, name, option.says) end
    end
  end
end

-- "--format=np": the value of an option that is joined to it.
local function add_joined(offers, state, typed)
  local name, value = typed:match "^(%-%-[^=]+)=(.*)$"
  local option = name and option_named(state, name)
  if not option or not option.value then return end
  local inner = {}
  add_values(inner, option, value, state)
  for _, offer in ipairs(inner) do add(offers, name .. "=" .. offer.word, offer.says) end
  offers.files, offers.endings = inner.files, inner.endings
end

local function of_command(offers, command, words, typed)
  local state = read(command, words)
  if state.waiting then return add_values(offers, state.waiting, typed, state) end
  if typed:find "^%-" and not state.ended then
    if typed:find "=" then return add_joined(offers, state, typed) end
    return add_options(offers, state)
  end
  local item = command.arguments[#state.positional + 1]
  local last = command.arguments[#command.arguments]
  if not item and last and last.repeats then item = last end
  if item then add_values(offers, item, typed, state) end
end

local function of_program(offers, waiting, typed)
  if waiting then
    for _, word in ipairs(waiting.offers or {}) do add(offers, word) end
  elseif typed:find "^%-" then
    for _, option in ipairs(program) do add(offers, option.word, option.says) end
  else
    for _, name in ipairs(text.keys(commands)) do add(offers, name, commands[name].says) end
    offers.files, offers.endings = "file", {"lua"}
  end
end

local function program_option(word)
  for _, option in ipairs(program) do
    if option.word == word then return option end
  end
end

-- Only what begins with what is typed; each word once.
local function matching(offers, typed)
  local kept, seen = {files = offers.files or "none", endings = offers.endings}, {}
  for _, offer in ipairs(offers) do
    if offer.word:sub(1, #typed) == typed and not seen[offer.word] then
      seen[offer.word] = true
      kept[#kept + 1] = offer
    end
  end
  return kept
end

--- What may stand in place of the last word of a line.
---@param words string[]  after the program's name; the last is the word at the cursor, "" for a new one
---@return moonlark.Offers
function line.offers(words)
  local offers, typed, at = {}, words[#words] or "", 1
  local waiting
  while at < #words and (waiting or words[at]:find "^%-.") do -- options before the command
    waiting = not waiting and (program_option(words[at]) or {}).value and program_option(words[at]) or nil
    at = at + 1
  end
  if at >= #words then
    of_program(offers, waiting, typed)
  elseif commands[words[at]] then
    of_command(offers, commands[words[at]], {table.unpack(words, at + 1, #words - 1)}, typed)
  else
    offers.files = "file" -- a script's own arguments
  end
  return matching(offers, typed)
end

return line
