--- Vocabulary: which bytes each token stands for, from the files that lie beside a model's weights.
---
--- Read are tokenizer.json, vocab.json (Hugging Face; bytes as GPT-2's letters) and *.tiktoken (OpenAI; base64). Merges
--- need no file of their own: in these vocabularies a pair's rank is the id of what it becomes.
local base64 = require "moonlark.base.base64"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

---@class moonlark.pretrained.Vocabulary
---@field file string
---@field bytes table<integer, string>  of each token of text, from id 0
---@field ids table<string, integer>  the reverse
---@field size integer  tokens of text; the special ones follow
---@field special table<string, integer>  ids of special tokens that the files name, as "<|notimestamps|>"
local vocabulary = {}

local end_of_text = "<|endoftext|>"

-- GPT-2 writes bytes as letters: those that can be seen stand for themselves, the others for U+0100 and on.
local byte_of = {}
do
  local hidden = 0
  for byte = 0, 255 do
    local seen = byte >= 33 and byte <= 126 or byte >= 161 and byte <= 172 or byte >= 174
    byte_of[utf8.char(seen and byte or 256 + hidden)] = string.char(byte)
    if not seen then hidden = hidden + 1 end
  end
end

-- Letters of ASCII stand for themselves.
local function bytes_of(word, file)
  return (word:gsub("[\xC2-\xF4][\x80-\xBF]*", function(char)
    return byte_of[char] or show.fail("%s: the token '%s' is none of bytes", file, word)
  end))
end

local function id_of(id, name, file)
  id = math.tointeger(id)
  if not id or id < 0 or id >= 1 << 24 then show.fail("%s: the id of the token '%s' is no id", file, name) end
  return id
end

-- Tokens of text are those before <|endoftext|>; all others are special.
local function assemble(file, words, special, decode)
  local limit = words[end_of_text] or special[end_of_text] or math.huge
  local self = {file = file, bytes = {}, ids = {}, special = special, size = 0}
  for word, id in pairs(words) do
    id = id_of(id, word, file)
    if id < limit then
      local bytes = decode(word, file)
      self.bytes[id], self.ids[bytes], self.size = bytes, id, math.max(self.size, id + 1)
    end
  end
  if self.size == 0 then show.fail("%s holds no tokens", file) end
  return self
end

local function check_table(value, file, what)
  if type(value) ~= "table" then show.fail("%s: %s is missing, or no object", file, what) end
  return value
end

local function of_tokenizer(file)
  local read = check_table(json.read(file), file, "the tokenizer")
  local model, special = check_table(read.model, file, "model"), {}
  if model.type and model.type ~= "BPE" then
    show.fail("%s: its tokenizer is a '%s'; known: BPE", file, tostring(model.type))
  end
  for _, one in ipairs(type(read.added_tokens) == "table" and read.added_tokens or {}) do
    if type(one) == "table" and type(one.content) == "string" then
      special[one.content] = id_of(one.id, one.content, file)
    end
  end
  return assemble(file, check_table(model.vocab, file, "model.vocab"), special, bytes_of)
end

local function of_words(file)
  local words, beside = check_table(json.read(file), file, "the vocabulary"), {}
  local added = files.join((files.split(file)), "added_tokens.json")
  if files.exists(added) then
    for name, id in pairs(check_table(json.read(added), added, "the list")) do beside[name] = id_of(id, name, added) end
  end
  return assemble(file, words, beside, bytes_of)
end

local function of_tiktoken(file)
  local words = {}
  for line in files.read(file):gmatch "[^\r\n]+" do
    local letters, rank = line:match "^(%S*) (%d+)$"
    local bytes = letters and base64.decode(letters)
    if not bytes then show.fail("%s: a line is no token and rank: '%s'", file, line) end
    words[bytes] = tonumber(rank)
  end
  return assemble(file, words, {}, function(bytes) return bytes end)
end

-- The files that a folder may have, as {reader, path}.
local function candidates(folder)
  local list = {}
  for _, one in ipairs {{of_tokenizer, "tokenizer.json"}, {of_words, "vocab.json"}} do
    local path = files.join(folder, one[2])
    if files.exists(path) then list[#list + 1] = {one[1], path} end
  end
  for _, name in ipairs(files.list(folder)) do
    if name:find "%.tiktoken$" then list[#list + 1] = {of_tiktoken, files.join(folder, name)} end
  end
  return list
end

--- The vocabulary beside a model: the first that fits. Errors: there is none, or none fits.
---@param found moonlark.pretrained.Found
---@param fits fun(words: moonlark.pretrained.Vocabulary): boolean
---@return moonlark.pretrained.Vocabulary
function vocabulary.beside(found, fits)
  local list = candidates(found.folder)
  for _, one in ipairs(list) do
    local words = one[1](one[2])
    if fits(words) then return words end
  end
  if #list == 0 then
    found:fail("to write text it needs the vocabulary beside the weights: tokenizer.json, vocab.json or a .tiktoken "
      .. "file (OpenAI's are multilingual.tiktoken, and gpt2.tiktoken for English models)")
  end
  found:fail("%s is the vocabulary of another model: its tokens are not those of the network", list[#list][2])
end

return vocabulary
