--- Head: what transformers' …ForSequenceClassification has on top of networks that hear speech: a projection, the
--- mean over time, a linear layer; where it says so, on a learned mean of all layers.
local head = {}

local parts = {projector = true, classifier = true, layer_weights = true}

--- The options of the head that the tensors have; none where they have none, or one for speech recognition, frames or
--- speakers, which is left out.
---     local o = head.options(found)         --> {classes = 10, projection = 256, weighted = false}
---@param found moonlark.pretrained.Found
---@return {classes: integer?, projection: integer?, weighted: boolean?}
function head.options(found)
  local last = found:shape "classifier.weight"
  if not (last and found:shape "projector.weight") or found:shape "tdnn.0.kernel.weight" then return {} end
  return {classes = last[1], projection = last[2], weighted = found.tensors.layer_weights ~= nil}
end

--- Whether a tensor of this name is part of the head.
---     if head.has "classifier.weight" then print "head" end
---@param name string
---@return boolean
function head.has(name) return parts[name:match "^[%w_]+"] or false end

return head
