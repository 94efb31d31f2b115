--- Similarity: which frames of a piece resemble each other.
local core = require "moonlark_core".music
local frames_of = require "moonlark.music.form.frames"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.music
local similarity = {}

local recurrence_matrix = options.describe("music.recurrence_matrix", core.parameters.recurrence)
local self_similarity = options.describe("music.self_similarity", {
  metric = options.choice({"cosine", "euclidean"}, "cosine", "how two frames are compared"),
})
local recurrence_to_lag = options.describe("music.recurrence_to_lag", {
  pad = options.boolean(true, "add as many rows of zeros below, so that lags −n..n−1 stay apart"),
})

-- A matrix of time by time, or of lag by time: a Signal when the feature was one, else the tensor.
local function over_time(matrix, from, kind, axis, made)
  if not signal.is(from) then return matrix end
  local values, start = {}, axis == "time" and from.start or 0
  for i = 1, matrix:size(0) do values[i] = start + (i - 1) / from.rate end
  return signal.new {
    data = matrix, rate = from.rate, start = from.start, kind = kind, made = made,
    axis = {name = axis, unit = "s", values = values, scale = "linear"},
  }
end

--- Which frames resemble each other, as librosa.segment.recurrence_matrix (0.11).
---
--- Each frame is linked with its k nearest ones; column i holds the links of frame i. Of equally near frames the
--- earlier is taken. In the modes "distance" and "affinity" frames at a distance of exactly 0 are not linked;
--- "connectivity" links the k earliest of the k + 2·width nearest, as librosa does.
---     local R = music.recurrence_matrix(feature.chroma_cqt(song), {mode = "affinity"})
---@param S moonlark.Signal|moonlark.Tensor  rows × frames, 5 frames or more, finite
---@param given moonlark.music.recurrence_matrix.Options?
---@return moonlark.Signal|moonlark.Tensor recurrence  frames × frames: a Signal of time by time when S is one
function similarity.recurrence_matrix(S, given)
  local o = recurrence_matrix:read(given)
  return over_time(core.recurrence(frames_of("S", S), o), S, "recurrence", "time", o)
end

--- Every frame against every frame. metric = "cosine" gives the cosine of their angle, −1..1, 0 for a frame of zeros;
--- "euclidean" their distance, 0 where they are equal.
---     plot.map(music.self_similarity(feature.mfcc(song))):show()
---@param S moonlark.Signal|moonlark.Tensor  rows × frames, finite
---@param given moonlark.music.self_similarity.Options?
---@return moonlark.Signal|moonlark.Tensor similarity  frames × frames: a Signal of time by time when S is one
function similarity.self_similarity(S, given)
  local o = self_similarity:read(given)
  local data = frames_of("S", S)
  local matrix = core.distances(data, data, o.metric)
  if o.metric == "cosine" then matrix = 1 - matrix end
  return over_time(matrix:float(), S, "self_similarity", "time", o)
end

local function matrix_of(name, value)
  local data = frames_of(name, value)
  if data:size(0) < 1 or data:size(1) < 1 then show.fail("%s must not be empty", name) end
  return data
end

--- A recurrence matrix by lag: lag[(i − j) mod rows, j] = R[i, j]. Repetitions become level lines. Source:
--- librosa.segment.recurrence_to_lag (0.11).
---     local L = music.recurrence_to_lag(music.recurrence_matrix(chroma))
---@param R moonlark.Signal|moonlark.Tensor  frames × frames
---@param given moonlark.music.recurrence_to_lag.Options?
---@return moonlark.Signal|moonlark.Tensor lag  2·frames × frames, or frames × frames without pad
function similarity.recurrence_to_lag(R, given)
  local o = recurrence_to_lag:read(given)
  local data = matrix_of("R", R)
  local n = data:size(1)
  if data:size(0) ~= n then show.fail("R must be square, got %d × %d", data:size(0), n) end
  local ring = o.pad and 2 * n or n
  return over_time(core.shear(data, -1, ring, ring), R, "lag", "lag", o)
end

--- A lag matrix back as the recurrence matrix that music.recurrence_to_lag had.
---     local R = music.lag_to_recurrence(L)
---@param L moonlark.Signal|moonlark.Tensor  2·frames × frames, or frames × frames
---@return moonlark.Signal|moonlark.Tensor recurrence  frames × frames
function similarity.lag_to_recurrence(L)
  local data = matrix_of("L", L)
  local rows, n = data:size(0), data:size(1)
  if rows ~= n and rows ~= 2 * n then
    show.fail("L must be frames × frames or 2·frames × frames, got %d × %d", rows, n)
  end
  return over_time(core.shear(data, 1, rows, n), L, "recurrence", "time", {})
end

return similarity
