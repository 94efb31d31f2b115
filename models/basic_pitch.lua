--- basic_pitch: notes of any instrument, several at once: convolutions on stacked harmonics of a constant-Q transform.
---
---     local net = require("models.basic_pitch") {}
---     net(x)                  -- [n, 43844] samples, to logits [n, 172, 440]: 88 notes, 88 onsets, 264 contours
---
--- Bittner, Bosch, Rubinstein, Meseguer-Brocal and Ewert (2022), "A lightweight instrument-agnostic model for polyphonic
--- note transcription and multipitch estimation". The transform is nnAudio's of 2010; its filters are part of the weights.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local torch = require "moonlark.torch"

local bins, per_octave, octaves, hop, length = 309, 36, 9, 256, 256
local harmonics = {-36, 0, 36, 57, 72, 84, 93, 101} -- bins from the fundamental
local contours = 264

local BasicPitch = nn.Module:extend "BasicPitch"

function BasicPitch:init()
  local zeros = nn.functional.zeros
  self:register_buffer("cqt_real", zeros {per_octave, 1, length})
  self:register_buffer("cqt_imaginary", zeros {per_octave, 1, length})
  self:register_buffer("lowpass", zeros {1, 1, length})
  self:register_buffer("scale", zeros {bins})
  self:register_buffer("norm_weight", zeros {1})
  self:register_buffer("norm_bias", zeros {1})
  self.contour1 = nn.Conv2d(#harmonics, 8, {3, 39}, {padding = {1, 19}})
  self.contour2 = nn.Conv2d(8, 1, 5, {padding = 2})
  self.note1 = nn.Conv2d(1, 32, 7, {stride = {1, 3}, padding = {3, 2}})
  self.note2 = nn.Conv2d(32, 1, {7, 3}, {padding = {3, 1}})
  self.onset1 = nn.Conv2d(#harmonics, 32, 5, {stride = {1, 3}, padding = {2, 1}})
  self.onset2 = nn.Conv2d(33, 1, 3, {padding = 1})
end

--- The constant-Q transform of samples [n, m]: [n, frames, 309]. The filters of the highest octave serve all of them:
--- from one to the next the samples are halved.
function BasicPitch:cqt(x)
  local parts = {}
  x = x:unsqueeze(1)
  for octave = 0, octaves - 1 do
    if octave > 0 then x = x:constant_pad_nd({127, 127}, 0):conv1d(self.lowpass, nil, {2}) end
    local around = x:reflection_pad1d({length // 2, length // 2})
    local real = around:conv1d(self.cqt_real, nil, {hop >> octave})
    local imaginary = around:conv1d(self.cqt_imaginary, nil, {hop >> octave})
    table.insert(parts, 1, torch.stack({real, imaginary}, -1))
  end
  local all = torch.cat(parts, 1)
  all = all:narrow(1, all:size(1) - bins, bins) * self.scale:reshape {-1, 1, 1}
  return all:square():sum({-1}):sqrt():transpose(1, 2)
end

-- Decibels, from 0 at the window's least to 1 at its largest.
local function normalised(x)
  local db = (x:square() + 1e-10):log10() * 10
  db = db - db:amin({1, 2}, true)
  return db / db:amax({1, 2}, true):clamp_min(1e-30)
end

-- Each bin beside those of its harmonics: [n, frames, 309] to [n, 8, frames, 264].
local function stacked(x)
  local list = {}
  for i, shift in ipairs(harmonics) do list[i] = x:constant_pad_nd({-shift, shift}, 0):narrow(2, 0, contours) end
  return torch.stack(list, 1)
end

function BasicPitch:forward(x)
  local db = normalised(self:cqt(x:float())) -- buffers are float32 whatever the precision
  local h = stacked(db * self.norm_weight + self.norm_bias):to(self.contour1.weight:dtype())
  local contour = self.contour2(self.contour1(h):relu())
  local note = self.note2(self.note1(contour:sigmoid()):relu())
  local onset = self.onset2(torch.cat({note:sigmoid(), self.onset1(h):relu()}, 1))
  return torch.cat({note, onset, contour}, -1):squeeze(1)
end

return network.architecture("basic_pitch", BasicPitch, {})
