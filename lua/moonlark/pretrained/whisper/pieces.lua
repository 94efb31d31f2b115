--- Pieces: a text cut as GPT-2 cuts it before bytes are merged to tokens: words, numbers and signs, each with the blank
--- before it.
local unicode = require "moonlark.pretrained.whisper.unicode"

local pieces = {}

local endings = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

-- Kinds of the characters, and where each begins; one beyond the end is the end of the text.
local function characters(text)
  local kinds, starts = {}, {}
  for at, code in utf8.codes(text) do
    kinds[#kinds + 1], starts[#starts + 1] = unicode.kind(code), at
  end
  starts[#starts + 1] = #text + 1
  return kinds, starts
end

local function ending_at(text, at)
  for _, ending in ipairs(endings) do
    if text:sub(at, at + #ending - 1) == ending then return #ending end
  end
end

-- The end of the run of one kind that begins at character i.
local function run_of(kinds, i)
  local last = i
  while kinds[last + 1] == kinds[i] do last = last + 1 end
  return last
end

-- The last character of the piece that begins at character i.
local function end_of(text, kinds, starts, i)
  local ending = ending_at(text, starts[i])
  if ending then return i + ending - 1 end
  if kinds[i] ~= "space" then return run_of(kinds, i) end
  local blank = text:byte(starts[i]) == 32
  if blank and kinds[i + 1] and kinds[i + 1] ~= "space" then return run_of(kinds, i + 1) end
  local last = run_of(kinds, i)
  return kinds[last + 1] and last > i and last - 1 or last -- the last blank belongs to the word behind it
end

--- Cuts a text. Put together, the pieces are the text.
---     for _, piece in ipairs(pieces.of "It's 9 o'clock") do print(piece) end
---@param text string  UTF-8
---@return string[]
function pieces.of(text)
  local kinds, starts = characters(text)
  local list, i = {}, 1
  while kinds[i] do
    local last = end_of(text, kinds, starts, i)
    list[#list + 1] = text:sub(starts[i], starts[last + 1] - 1)
    i = last + 1
  end
  return list
end

return pieces
