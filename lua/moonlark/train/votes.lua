--- Votes: what a network says of segments, gathered to whole tracks: the outputs of a track's segments are averaged.
--- In training as in validation accuracies of tracks and of segments come from here, so that they can be compared.
local torch = require "moonlark.torch"

local Votes = {}
Votes.__index = Votes

local votes = {}

--- An empty box for so many tracks.
---@param tracks integer
---@param classes boolean  outputs are probabilities of classes; right ones are counted
function votes.new(tracks, classes)
  return setmetatable({classes = classes, segments = 0, right = 0, segments_of = torch.zeros {tracks}}, Votes)
end

--- Adds what the network says of a batch's segments. Of tags and values the truth is kept by track.
---@param y moonlark.Tensor?
---@param tracks integer[]  the track of each segment, from 1
---@param outputs moonlark.Tensor  segments × outputs, on the CPU
function Votes:add(y, tracks, outputs)
  local ids, n = torch.tensor(tracks) - 1, self.segments_of:size(0)
  self.outputs = self.outputs or torch.zeros {n, outputs:size(1)}
  self.outputs:index_add_(0, ids, outputs)
  self.segments_of:index_add_(0, ids, torch.ones {#tracks})
  if not y then return end
  if self.classes then
    if y:dim() == 2 then y = y:argmax(1) end -- shares of a mixture: the larger one counts
    self.segments = self.segments + #tracks
    self.right = self.right + outputs:argmax(1):eq(y):sum():item()
  else
    self.truth = self.truth or torch.zeros {n, y:size(1)}
    self.truth:index_copy_(0, ids, y:float())
  end
end

--- The mean outputs of each track, tracks × outputs; nil before the first batch. Tracks without a segment have zeros.
function Votes:means()
  return self.outputs and self.outputs / self.segments_of:clamp_min(1):unsqueeze(1)
end

--- The share of segments that are classified as they should be; nil where tracks are not cut into several.
function Votes:segment_accuracy()
  local tracks = self.segments_of:gt(0):sum():item()
  return self.classes and self.segments > tracks and self.right / self.segments or nil
end

--- The share of tracks that are, among those that had a segment; nil without any.
---@param y moonlark.Tensor  the class of each track, from 0
function Votes:accuracy(y)
  local heard = self.segments_of:gt(0)
  local count = heard:sum():item()
  if not self.outputs or count == 0 then return nil end
  return self.outputs:argmax(1):eq(y):logical_and(heard):sum():item() / count
end

return votes
