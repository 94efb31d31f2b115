--- Writer: the tokens of what an encoder heard: prompt, first step, search; language and no-speech probability.
local rules = require "moonlark.pretrained.whisper.rules"
local search = require "moonlark.pretrained.whisper.search"
local tokenizer = require "moonlark.pretrained.whisper.tokenizer"
local torch = require "moonlark.torch"

---@class moonlark.pretrained.Writer
---@field decoder table  of models/whisper_decoder.lua
---@field tokens moonlark.pretrained.Tokenizer
---@field size integer  tokens that the network tells apart
---@field room integer  tokens that the decoder has room for
---@field package device string
---@field package rules table<string, moonlark.pretrained.Rules>
local Writer = {}
Writer.__index = Writer

local writer = {}

--- The writer of an opened model. Errors: its vocabulary is missing.
---@param model moonlark.Pretrained  with a decoder
---@return moonlark.pretrained.Writer
function writer.of(model)
  local decoder = model.net.decoder
  local o = model.card.options.decoder
  return setmetatable({decoder = decoder, device = model.device, size = o.vocabulary, room = o.length,
    tokens = tokenizer.of(model.found, o.vocabulary), rules = {}}, Writer)
end

function Writer:ids(rows) return torch.tensor(rows, {dtype = "int64", device = self.device}) end

--- What language each clip is in: its token, and the probability of every language by its code.
---     local id, probabilities = writer:language(states)
---@param states moonlark.Tensor  [1, frames, width], what the encoder gave
---@return integer id
---@return table<string, number> probabilities
function Writer:language(states)
  local tokens, decoder = self.tokens, self.decoder
  local x = decoder(self:ids {{tokens.sot}}, decoder:remember(states))
  local scores = decoder:logits(x):view {-1}:narrow(0, tokens.sot + 1, tokens.languages):softmax(0)
  local probabilities = {}
  for i, p in ipairs(scores:totable()) do probabilities[tokens:language_code(tokens.sot + i)] = p end
  return tokens.sot + 1 + scores:argmax():item(), probabilities
end

-- What stands before the text, and the place of the start of transcript in it, from 0. Of what was said before, the end
-- counts.
function Writer:prompt(o)
  local tokens, list = self.tokens, {}
  local most = self.room // 2 - 1
  if o.before and #o.before > 0 then
    list[1] = tokens.sot_prev
    table.move(o.before, math.max(1, #o.before - most + 1), #o.before, 2, list)
  end
  local start = #list
  list[#list + 1] = tokens.sot
  if tokens.multilingual then
    list[#list + 1] = o.language
    list[#list + 1] = o.task == "translate" and tokens.translate or tokens.transcribe
  end
  if not o.timestamps then list[#list + 1] = tokens.no_timestamps end
  return list, start
end

-- The rules for these options, made once.
function Writer:rules_for(o)
  local key = ("%s %s"):format(o.timestamps, o.suppress)
  self.rules[key] = self.rules[key] or rules.new(self.tokens, self.size, self.device, o)
  return self.rules[key]
end

-- What the search's rows have written.
local function written(found)
  local list = {}
  for i, row in ipairs(found.rows) do list[i] = row.ids end
  return list
end

-- The prompt's step, one row for each clip; then a row for each that the search keeps. Gives the logits of their first
-- token, and the probability of no speech for each clip.
function Writer:begin(memory, prompt, start, clips, group)
  local rows, sources = {}, {}
  for clip = 1, clips do
    rows[clip] = prompt
    for _ = 1, group do sources[#sources + 1] = clip - 1 end
  end
  local x = self.decoder(self:ids(rows), memory)
  local silence = self.decoder:logits(x:select(1, start)):softmax(-1):select(1, self.tokens.no_speech):totable()
  local logits = self.decoder:logits(x:select(1, -1))
  if group > 1 then
    self.decoder:choose(memory, sources)
    logits = logits:index_select(0, self:ids(sources))
  end
  return logits, silence
end

local function column(ids)
  local rows = {}
  for i, id in ipairs(ids) do rows[i] = {id} end
  return rows
end

--- The tokens of clips.
---     local said = writer:write(states, o)[1]
---@param states moonlark.Tensor  [clips, frames, width], what the encoder gave
---@param o table  timestamps, suppress, temperature, beam_size, best_of, patience, length_penalty, task, language (id),
--- before (tokens of what was said before)
---@return {tokens: integer[], avg_logprob: number, no_speech_prob: number}[]
function Writer:write(states, o)
  local prompt, start = self:prompt(o)
  local clips, eot, allowed = states:size(0), self.tokens.eot, self:rules_for(o)
  local beams = o.beam_size and o.temperature == 0
  local found = (beams and search.beams or search.single)(clips, eot, o)
  local memory = self.decoder:remember(states)
  local logits, silence = self:begin(memory, prompt, start, clips, found.group)
  for step = 1, self.room // 2 do
    allowed:apply(logits, written(found))
    local sources = found:step(logits)
    if found:done() or memory.length >= self.room or step == self.room // 2 then break end
    if sources then self.decoder:choose(memory, sources) end
    logits = self.decoder:logits(self.decoder(self:ids(column(found:last())), memory):squeeze(1))
  end
  local list = {}
  for clip = 1, clips do
    local ids, mean = search.best(found:candidates(clip), eot, o.length_penalty)
    list[clip] = {tokens = ids, avg_logprob = mean, no_speech_prob = silence[clip]}
  end
  return list
end

return writer
