--- Search: how the next tokens are chosen: the likeliest, by chance, or by several beams at once.
---
--- A search keeps rows of tokens, `group` of them for each clip; step takes the logits of all rows. It gives the rows
--- from which the new ones go on, where they are others.
local torch = require "moonlark.torch"

---@class moonlark.pretrained.Row
---@field ids integer[]  what was written
---@field sum number  of log probabilities
---@field ended boolean?

local search = {}

local function new_rows(count)
  local rows = {}
  for i = 1, count do rows[i] = {ids = {}, sum = 0} end
  return rows
end

local function followed(ids, id)
  local longer = table.move(ids, 1, #ids, 1, {})
  longer[#longer + 1] = id
  return longer
end

-- --- one token for each row -------------------------------------------------------

local Single = {}
Single.__index = Single

--- One token for each row: the likeliest at temperature 0, else one drawn by softmax(logits / temperature).
---@param clips integer
---@param eot integer
---@param o {temperature: number, best_of: integer}  rows of a clip where tokens are drawn
---@return table
function search.single(clips, eot, o)
  local group = o.temperature > 0 and o.best_of or 1
  return setmetatable({group = group, temperature = o.temperature, eot = eot, rows = new_rows(clips * group)}, Single)
end

function Single:step(logits)
  local chosen
  if self.temperature == 0 then
    chosen = logits:argmax(-1, true)
  else
    chosen = torch.multinomial((logits / self.temperature):softmax(-1), 1)
  end
  local gained = logits:log_softmax(-1):gather(1, chosen):squeeze(1):totable()
  for i, id in ipairs(chosen:squeeze(1):totable()) do
    local row = self.rows[i]
    if not row.ended then
      row.sum, row.ended = row.sum + gained[i], id == self.eot
      row.ids[#row.ids + 1] = id
    end
  end
end

--- The token that each row is given next.
function Single:last()
  local ids = {}
  for i, row in ipairs(self.rows) do ids[i] = row.ended and self.eot or row.ids[#row.ids] end
  return ids
end

function Single:done()
  for _, row in ipairs(self.rows) do
    if not row.ended then return false end
  end
  return true
end

--- The rows of a clip (from 1), to choose from.
function Single:candidates(clip) return table.move(self.rows, (clip - 1) * self.group + 1, clip * self.group, 1, {}) end

-- --- beams --------------------------------------------------------------------------

local Beams = {}
Beams.__index = Beams

--- Beam search: the likeliest rows of each clip go on side by side, until `beam_size` × `patience` have ended.
---@param clips integer
---@param eot integer
---@param o {beam_size: integer, patience: number}
---@return table
function search.beams(clips, eot, o)
  local self = setmetatable({group = o.beam_size, eot = eot, rows = new_rows(clips * o.beam_size), ended = {},
    most = math.max(1, math.floor(o.beam_size * o.patience + 0.5))}, Beams)
  for clip = 1, clips do self.ended[clip] = {} end
  return self
end

-- How the rows of a clip may go on, the likeliest first. All rows begin alike: then the first one speaks for all.
local function continuations(rows, first, last, values, ids)
  local list = {}
  if #rows[first].ids == 0 then last = first end
  for i = first, last do
    for k, value in ipairs(values[i]) do
      list[#list + 1] = {from = i, id = ids[i][k], sum = rows[i].sum + value, order = #list}
    end
  end
  table.sort(list, function(a, b)
    if a.sum ~= b.sum then return a.sum > b.sum end
    return a.order < b.order
  end)
  return list
end

function Beams:step(logits)
  local values, ids = logits:log_softmax(-1):topk(self.group + 1)
  values, ids = values:totable(), ids:totable()
  local rows, sources = {}, {}
  for clip, ended in ipairs(self.ended) do
    local first, kept = (clip - 1) * self.group + 1, 0
    for _, one in ipairs(continuations(self.rows, first, first + self.group - 1, values, ids)) do
      local row = {ids = followed(self.rows[one.from].ids, one.id), sum = one.sum, ended = one.id == self.eot}
      if not row.ended then
        rows[#rows + 1], sources[#sources + 1], kept = row, one.from - 1, kept + 1
      elseif #ended < self.most then
        ended[#ended + 1] = row
      end
      if kept == self.group then break end
    end
  end
  self.rows = rows
  return sources
end

Beams.last = Single.last

function Beams:done()
  for _, ended in ipairs(self.ended) do
    if #ended < self.most then return false end
  end
  return true
end

function Beams:candidates(clip)
  local list, first = self.ended[clip], (clip - 1) * self.group + 1
  local open = table.move(self.rows, first, first + self.group - 1, 1, {})
  table.sort(open, function(a, b) return a.sum > b.sum end)
  for i = 1, #open do
    if #list >= self.group then break end
    list[#list + 1] = open[i]
  end
  return list
end

--- The best of some rows: the highest mean of log probabilities, or divided by ((5 + length) / 6) ^ penalty (Wu et al.,
--- 2016).
---@param rows moonlark.pretrained.Row[]
---@param eot integer
---@param penalty number?
---@return integer[] ids  without the end of text
---@return number mean  of the log probabilities, the end's among them
function search.best(rows, eot, penalty)
  local best, ids, highest
  for _, row in ipairs(rows) do
    local text = table.move(row.ids, 1, row.ids[#row.ids] == eot and #row.ids - 1 or #row.ids, 1, {})
    local score = row.sum / (penalty and ((5 + #text) / 6) ^ penalty or math.max(#text, 1))
    if not highest or score > highest then best, ids, highest = row, text, score end
  end
  return ids, best.sum / (#ids + 1)
end

return search
