--- Votes: what a network says of the windows of a song becomes one answer.
---@class moonlark.pretrained.Votes: moonlark.pretrained.Listener
---@field package model moonlark.Pretrained
---@field package average string
---@field package groups moonlark.pretrained.Groups?
---@field package segments table[]?
---@field package names string[]
---@field package count integer
---@field package total moonlark.Tensor?
local Votes = {}
Votes.__index = Votes

local votes = {}

-- Of logits: one class of many (softmax), or each tag for itself (sigmoid).
local function probabilities_of(model, logits)
  return model.card.task == "tags" and logits:sigmoid() or logits:softmax(-1)
end

-- Logits [n, classes] of a network's outputs. Networks that answer frame by frame, [n, frames, classes], say how frames
-- become one answer.
local function logits_of(model, output)
  if output:dim() == 2 then return output end
  local p = model.family.summary(probabilities_of(model, output))
  return model.card.task == "tags" and p:logit() or p:log()
end

--- A listener that gives {probabilities, segments}: probabilities [classes] of the song, float64; segments where they
--- are asked for.
---@param model moonlark.Pretrained
---@param o {average: "probabilities"|"logits"|"max", segments: boolean, groups: moonlark.pretrained.Groups?}
---@return moonlark.pretrained.Votes
function votes.new(model, o)
  return setmetatable({model = model, average = o.average, groups = o.groups, segments = o.segments and {} or nil,
    names = o.groups and o.groups.names or model.names, count = 0}, Votes)
end

-- Notes what each window sounds like.
local function note_segments(self, probabilities, starts)
  local values, ids = probabilities:max(-1)
  local rows = probabilities:totable()
  values, ids = values:totable(), ids:totable()
  for i, start in ipairs(starts) do
    local all = {}
    for k, name in ipairs(self.names) do all[name] = rows[i][k] end
    table.insert(self.segments,
      {start = start, label = self.names[ids[i] + 1], probability = values[i], probabilities = all})
  end
end

function Votes:add(rows, starts)
  local logits = logits_of(self.model, rows)
  local probabilities = probabilities_of(self.model, logits)
  if self.groups then probabilities = self.groups:of(probabilities) end
  if self.segments then note_segments(self, probabilities, starts) end
  local voices = (self.average == "logits" and logits or probabilities):double()
  local joined = self.average == "max" and voices:amax {0} or voices:sum {0}
  if not self.total then
    self.total = joined
  else
    self.total = self.average == "max" and self.total:maximum(joined) or self.total + joined
  end
  self.count = self.count + #starts
end

function Votes:finish()
  local joined = self.average == "max" and self.total or self.total / self.count
  if self.average == "logits" then joined = probabilities_of(self.model, joined) end
  if self.segments then table.sort(self.segments, function(a, b) return a.start < b.start end) end
  return {probabilities = joined, segments = self.segments}
end

return votes
