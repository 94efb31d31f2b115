--- Example: a piece of code with what it printed and drew, as HTML; and whether it keeps what its comments promise.
---
---     local html = example.html(code, stage:run(code, "feature.mel"), pictures, "feature.mel")
local code_of = require "moonlark.manual.code"
local escape = require "moonlark.base.html".escape
local show = require "moonlark.base.show"

local example = {}

local most_lines = 18
local limits = {depth = 2, count = 12, width = 84, string = 80}

local function is_module(value)
  for _, loaded in pairs(package.loaded) do if rawequal(loaded, value) then return true end end
  return false
end

-- The first lines of a text.
local function beginning(text)
  local lines = {}
  for line in (text:gsub("\n+$", "") .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = line
    if #lines > most_lines then
      lines[#lines] = "…"
      break
    end
  end
  return table.concat(lines, "\n")
end

-- A value as the prompt prints it, after its name.
local function line_of(name, value)
  local words = show.text(value, limits)
  return words:find "\n" and name .. "\n" .. beginning(words) or name .. "  " .. words
end

-- What the example made, a line each; pictures are shown below.
local function values(result)
  local lines = {}
  for _, made in ipairs(result.values) do
    local value = made.value
    local meta = debug.getmetatable(value)
    local is_figure = type(meta) == "table" and meta.__name == "moonlark.Figure"
    local dull = value == nil or type(value) == "function" or is_figure or type(value) == "table" and is_module(value)
    if not dull and made.name ~= "_" then lines[#lines + 1] = line_of(made.name, value) end
  end
  return table.concat(lines, "\n")
end

-- A promised word beside a printed one. Numbers agree to the digits that are promised; "…" stands for the rest.
local function same_word(promised, printed)
  if promised == printed then return true end
  local start = promised:match "^(.-)…$"
  if start then return printed:sub(1, #start) == start end
  local decimals = #(promised:match "^%-?%d+%.(%d+)$" or "")
  local number = tonumber(printed)
  return decimals > 0 and number ~= nil and ("%." .. decimals .. "f"):format(number) == promised
end

local function words_of(text)
  local words = {}
  for word in text:gmatch "[^%s]+" do words[#words + 1] = word end
  return words
end

-- Whether what was printed begins with what was promised; a last word "…" stands for anything.
local function keeps(promise, printed)
  local promised, got = words_of(promise), words_of(printed)
  for i, word in ipairs(promised) do
    if word == "…" then return true end
    if not (got[i] and same_word(word, got[i])) then return false end
  end
  return promised[#promised]:sub(-3) == "…" or #promised == #got
end

--- What is wrong with an example: its error, or a promise (`--> text` at a line's end) that it does not keep.
---@param code string
---@param result moonlark.manual.Result
---@return string?
function example.fault(code, result)
  if result.left_out then return nil end
  if result.failure then return result.failure end
  local number = 0
  for line in (code .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local promise = line:match "%-%->%s*(.-)%s*$"
    local printed = result.lines[number]
    if promise and not (printed and keeps(promise, printed)) then
      return ("line %d promises '%s', and printed '%s'"):format(number, promise, printed or "nothing")
    end
  end
end

local function figure_of(shown, pictures, words)
  if shown["image/png"] then
    local name, width, height = pictures:add(shown["image/png"])
    return ('<img src="%s" alt="%s" width="%d" height="%d" loading="lazy">'):format(name, escape(words), width, height)
  end
  local sound = shown["audio/ogg"]
  if sound then return ('<audio controls preload="none" src="%s"></audio>'):format((pictures:add(sound, ".ogg"))) end
  return shown["text/html"] and '<div class="shown">' .. shown["text/html"] .. "</div>" or nil
end

--- An example as HTML.
---@param code string
---@param result moonlark.manual.Result
---@param pictures table  of moonlark.manual.pictures: keeps the bytes
---@param words string  what the pictures show
---@return string
function example.html(code, result, pictures, words)
  local parts = {'<div class="example">', code_of.block(code)}
  if result.failure then parts[#parts + 1] = "<p>This example fails: " .. escape(result.failure) .. "</p>" end
  local said = result.printed ~= "" and beginning(result.printed) or values(result)
  if said ~= "" then
    parts[#parts + 1] = '<pre class="result" tabindex="0"><samp>' .. escape(said) .. "</samp></pre>"
  end
  for _, shown in ipairs(result.shown) do parts[#parts + 1] = figure_of(shown, pictures, words) end
  parts[#parts + 1] = "</div>"
  return table.concat(parts, "\n")
end

return example
