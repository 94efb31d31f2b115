--- Rules: which tokens may come next (Radford et al., 2022; openai-whisper's filters of logits).
---
--- Never: signs that are no speech, and tokens that only stand in prompts. First: no blank and no end. With timestamps:
--- the first token is one, of the first second; they come in pairs, an end and the next start, and never decrease; and
--- one comes where all of them together are likelier than any word.
local torch = require "moonlark.torch"

local INITIAL_S, STEP_S = 1.0, 0.02

---@class moonlark.pretrained.Rules
---@field tokens moonlark.pretrained.Tokenizer
---@field with_timestamps boolean
---@field package size integer
---@field package always moonlark.Tensor
---@field package at_first moonlark.Tensor
local Rules = {}
Rules.__index = Rules

local rules = {}

-- What is added to logits: −∞ for these tokens, and for those that mean nothing.
local function forbidding(ids, tokens, size, device)
  local mask = torch.zeros({size}, {device = device})
  if size > tokens.count then mask:narrow(0, tokens.count, size - tokens.count):fill_(-math.huge) end
  return mask:index_fill_(0, torch.tensor(ids, {dtype = "int64", device = device}), -math.huge)
end

-- Tokens that are never chosen.
local function never(tokens, o)
  local list = o.suppress and tokens:non_speech() or {}
  for _, name in ipairs {"transcribe", "translate", "sot", "sot_prev", "sot_lm", "no_speech"} do
    list[#list + 1] = tokens[name]
  end
  if o.timestamps then list[#list + 1] = tokens.no_timestamps end
  return list
end

--- The rules of a model's tokens.
---@param tokens moonlark.pretrained.Tokenizer
---@param size integer  of the logits
---@param device string
---@param o {timestamps: boolean, suppress: boolean}
---@return moonlark.pretrained.Rules
function rules.new(tokens, size, device, o)
  local blank = tokens:encode " "
  blank[#blank + 1] = tokens.eot
  return setmetatable({
    tokens = tokens, with_timestamps = o.timestamps, size = size,
    always = forbidding(never(tokens, o), tokens, size, device),
    at_first = forbidding(blank, tokens, size, device),
  }, Rules)
end

-- Forbids the tokens from `first` to before `last`.
local function forbid(row, first, last)
  if last > first then row:narrow(-1, first, last - first):fill_(-math.huge) end
end

-- Whether the last token is a timestamp, whether the one before it is (or there is none), and the last timestamp.
local function seen(written, first)
  local n = #written
  local last, before = n >= 1 and written[n] >= first, n < 2 or written[n - 1] >= first
  for i = n, 1, -1 do
    if written[i] >= first then return last, before, written[i] end
  end
  return last, before, nil
end

-- Pairs that do not decrease, for one row.
function Rules:order(row, written)
  local first = self.tokens.timestamps
  local last, before, latest = seen(written, first)
  if last and before then forbid(row, first, self.size) end                -- a pair is whole: words come
  if last and not before then forbid(row, 0, self.tokens.eot) end          -- a segment has ended: the next, or the end
  if latest then forbid(row, first, last and not before and latest or latest + 1) end
end

-- Where all timestamps together are likelier than any word, one of them comes.
function Rules:weigh(logits)
  local first = self.tokens.timestamps
  local stamps = logits:narrow(1, first, self.size - first):logsumexp {1}
  local words = logits:narrow(1, 0, first):amax {1}
  for i, more in ipairs(stamps:gt(words):totable()) do
    if more then forbid(logits:select(0, i - 1), 0, first) end
  end
end

--- Forbids in place what may not come next.
---     rules:apply(logits, {{50363, 262}})
---@param logits moonlark.Tensor  [rows, tokens]
---@param written integer[][]  of each row, what it wrote so far
function Rules:apply(logits, written)
  local starts = #written[1] == 0
  logits:add_(self.always)
  if starts then logits:add_(self.at_first) end
  if not self.with_timestamps then return end
  for i, ids in ipairs(written) do self:order(logits:select(0, i - 1), ids) end
  if starts then
    local first = self.tokens.timestamps
    forbid(logits, 0, first)
    forbid(logits, math.min(self.size, first + math.floor(INITIAL_S / STEP_S + 0.5) + 1), self.size)
  end
  self:weigh(logits)
end

return rules
