--- Tokenizer: Whisper's tokens from a text and back, and its special tokens.
---
--- Behind the tokens of text stand, in this order: end of text, start of transcript, the languages, translate,
--- transcribe, start of a language model's text, start of what was said before, no speech, no timestamps, and 1501
--- timestamps 0.02 s apart (Radford et al., 2022; openai-whisper).
local languages = require "moonlark.pretrained.whisper.languages"
local pieces = require "moonlark.pretrained.whisper.pieces"
local show = require "moonlark.base.show"
local vocabulary = require "moonlark.pretrained.whisper.vocabulary"

local TIMESTAMPS, SPECIAL = 1501, 8 -- special tokens beside languages and timestamps

---@class moonlark.pretrained.Tokenizer
---@field words moonlark.pretrained.Vocabulary
---@field multilingual boolean  else it writes English only, and takes no language and no task
---@field languages integer  how many
---@field eot integer  end of text
---@field sot integer  start of transcript
---@field translate integer
---@field transcribe integer
---@field sot_lm integer
---@field sot_prev integer
---@field no_speech integer
---@field no_timestamps integer
---@field timestamps integer  the first: 0.00 s
---@field count integer  all tokens that have a meaning
local Tokenizer = {}
Tokenizer.__index = Tokenizer
Tokenizer.__name = "moonlark.pretrained.Tokenizer"

local tokenizer = {}

-- How many languages there are, by the id of <|notimestamps|> or by the number of all tokens.
local function languages_of(words, count)
  local named = words.special["<|notimestamps|>"]
  return named and named - words.size - (SPECIAL - 1) or count - words.size - SPECIAL - TIMESTAMPS
end

local function fits(words, count)
  local n = languages_of(words, count)
  return n >= 1 and n <= #languages.codes and words.size + SPECIAL + n + TIMESTAMPS <= count
end

-- Names the special tokens, from the end of text on.
local function number(self, first, n)
  self.eot, self.sot, self.languages = first, first + 1, n
  for i, name in ipairs {"translate", "transcribe", "sot_lm", "sot_prev", "no_speech", "no_timestamps", "timestamps"} do
    self[name] = first + n + 1 + i
  end
  self.count = self.timestamps + TIMESTAMPS
end

--- The tokenizer of an opened model. Errors: its vocabulary is not there, or that of another.
---     local tokens = tokenizer.of(model.found, 51864)
---@param found moonlark.pretrained.Found
---@param count integer  tokens that its network tells apart
---@return moonlark.pretrained.Tokenizer
function tokenizer.of(found, count)
  local words = vocabulary.beside(found, function(words) return fits(words, count) end)
  local said = not found.extra.dims and found:json "generation_config.json"
  local multilingual = type(said) == "table" and said.is_multilingual
  if type(multilingual) ~= "boolean" then multilingual = count >= 51865 end
  local self = setmetatable({words = words, multilingual = multilingual}, Tokenizer)
  number(self, words.size, languages_of(words, count))
  return self
end

-- The ids of some bytes: pairs are joined, that of the lowest id first, until no pair is a token.
local function merged(ids, bytes)
  local parts = {}
  for i = 1, #bytes do parts[i] = bytes:sub(i, i) end
  while #parts > 1 do
    local best, place = math.huge, nil
    for i = 1, #parts - 1 do
      local id = ids[parts[i] .. parts[i + 1]]
      if id and id < best then best, place = id, i end
    end
    if not place then break end
    parts[place] = parts[place] .. table.remove(parts, place + 1)
  end
  return parts
end

--- The tokens of a text. Errors: it is no UTF-8.
---     local ids = tokens:encode " Miss Tilney"
---@param text string
---@return integer[]
function Tokenizer:encode(text)
  if not utf8.len(text) then show.fail("the text must be UTF-8, got '%s'", text) end
  local list, ids = {}, self.words.ids
  for _, piece in ipairs(pieces.of(text)) do
    for _, part in ipairs(ids[piece] and {piece} or merged(ids, piece)) do
      list[#list + 1] = ids[part] or show.fail("%s has no token for the byte %d", self.words.file, part:byte())
    end
  end
  return list
end

-- Bytes as UTF-8: what is none becomes U+FFFD, one for each broken character.
local function readable(bytes)
  local parts, from = {}, 1
  while true do
    local fine, bad = utf8.len(bytes, from)
    if fine then break end
    local lead = bytes:byte(bad)
    local length = lead >= 0xF0 and 4 or lead >= 0xE0 and 3 or lead >= 0xC0 and 2 or 1
    local broken = bytes:sub(bad, bad + length - 1):match "^.[\x80-\xBF]*"
    parts[#parts + 1] = bytes:sub(from, bad - 1) .. "\u{FFFD}"
    from = bad + #broken
  end
  return table.concat(parts) .. bytes:sub(from)
end

--- The text of tokens; special tokens are left out.
---     print(tokens:decode(ids))
---@param ids integer[]
---@return string  UTF-8
function Tokenizer:decode(ids)
  local parts = {}
  for _, id in ipairs(ids) do parts[#parts + 1] = self.words.bytes[id] or "" end
  return readable(table.concat(parts))
end

--- The token of a language. Errors: the model does not know it.
---     local id = tokens:language "de"
---@param word string  a code or an English name
---@return integer
function Tokenizer:language(word)
  local place = languages.place(word)
  if not place or place > self.languages then
    show.fail("language must be one that the model knows (en, de … or english, german …), got '%s'", word)
  end
  return self.sot + place
end

--- The code of a language's token.
---     print(tokens:language_code(tokens:language "german"))      --> de
---@param id integer
---@return string
function Tokenizer:language_code(id) return languages.codes[id - self.sot] end

-- Signs by which captions say what is no speech; notes are one token or begin with that of their first bytes.
local signs = [[" # ( ) * + / : ; < = > @ [ \ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< >>> -- --- -( -[ (' (" (( )) ((( )))
  [[ ]].."]] {{ }} ♪♪ ♪♪♪"
local notes = "♩ ♪ ♫ ♬ ♭ ♮ ♯"

--- Tokens that are never said: brackets, notes and other signs with which captions tell what is no speech; hyphens and
--- quotes only where a word would begin with them.
---     local forbidden = tokens:non_speech()
---@return integer[]
function Tokenizer:non_speech()
  local list = {self:encode(" -")[1], self:encode(" '")[1]}
  for _, set in ipairs {signs, notes} do
    for sign in set:gmatch "%S+" do
      for _, ids in ipairs {self:encode(sign), self:encode(" " .. sign)} do
        if #ids == 1 or set == notes then list[#list + 1] = ids[1] end
      end
    end
  end
  return list
end

return tokenizer
