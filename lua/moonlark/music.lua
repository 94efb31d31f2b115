--- What a piece is made of: its loudness, its repetitions, its alignment with another one.
---
---     local chroma = feature.chroma_cqt(song)
---     plot.map(music.recurrence_matrix(chroma, {mode = "affinity"})):show()
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"

local music = {}

-- The rows × frames of a Signal or a tensor.
local function frames_of(name, value)
  local torch = require "moonlark.torch"
  local data = signal.is(value) and value.data or value
  if not torch.is_tensor(data) then
    error(("%s must be a Signal or a tensor of rows × frames, got %s"):format(name, type(value)), 0)
  end
  if data:dim() == 1 then data = data:unsqueeze(0) end
  if data:dim() ~= 2 then
    error(("%s must have rows × frames, got a tensor of %d axes"):format(name, data:dim()), 0)
  end
  return data
end

-- A matrix of time by time, or of lag by time, as a Signal when the feature was one; else the tensor.
local function over_time(matrix, from, kind, axis, made)
  if not signal.is(from) then return matrix end
  local values, rows = {}, matrix:size(0)
  local start = axis == "time" and from.start or 0
  for i = 1, rows do values[i] = start + (i - 1) / from.rate end
  return signal.new {
    data = matrix, rate = from.rate, start = from.start, kind = kind, made = made,
    axis = {name = axis, unit = "s", values = values, scale = "linear"},
  }
end

local function as_waveform(song)
  if not signal.is(song) or song.kind ~= "waveform" then
    error(("song must be a path or a waveform Signal, got %s"):format(
      signal.is(song) and "a " .. song.kind .. " Signal" or type(song)), 0)
  end
  if math.tointeger(song.rate) == nil then
    error(("loudness needs a rate of whole Hz, got %g"):format(song.rate), 0)
  end
  return song.data:dim() == 1 and song.data:unsqueeze(0) or song.data
end

-- The meter after it has heard all of a file, a few seconds at a time, or a waveform; and where it began.
local function hear(song)
  if type(song) ~= "string" then
    local data = as_waveform(song)
    local meter = core.music.meter(data:size(0), math.tointeger(song.rate))
    meter:add(data)
    return meter, song.start
  end
  local audio = require "moonlark.audio"
  local info = audio.info(song)
  local meter = core.music.meter(info.channels, info.rate)
  for block in audio.blocks(song, {rate = "native", mono = false, seconds = 10}) do meter:add(block.data) end
  return meter, 0
end

--- Loudness by EBU R 128 (ITU-R BS.1770-4; EBU Tech 3341 and 3342), through libebur128.
---
--- A path is heard with all of its channels at its own rate, in bounded memory: prefer it, for a mixdown is quieter
--- than its channels. One channel counts as one loudspeaker: 3 LU less than the same sound from two. Six channels are
--- taken as L R C LFE Ls Rs.
---
--- Errors: a build without libebur128; sound that is not finite; more than 64 channels.
---@param song string|moonlark.Signal  a path, or a waveform
---@return {integrated: number, range: number, true_peak: number, sample_peak: number, momentary: moonlark.Signal, short_term: moonlark.Signal} loudness
--- integrated in LUFS (-inf when nothing passes the gate of -70 LUFS), range in LU, true_peak in dBTP and sample_peak
--- in dBFS of the loudest channel; momentary (400 ms) and short_term (3 s) in LUFS, ten values a second, each at the
--- middle of what it was measured over
function music.loudness(song)
  local meter, start = hear(song)
  local integrated, range, true_peak, sample_peak, rate, momentary, short_term = meter:result()
  local function curve(data, kind, window)
    return signal.new {data = data, rate = rate, start = start + window / 2 * 10 / rate, kind = kind, unit = "LUFS"}
  end
  return {
    integrated = integrated, range = range, true_peak = true_peak, sample_peak = sample_peak,
    momentary = curve(momentary, "momentary_loudness", 0.4), short_term = curve(short_term, "short_term_loudness", 3),
  }
end

--- Which frames resemble each other, as librosa.segment.recurrence_matrix (0.11): each frame is linked with its k
--- nearest ones; column i holds the links of frame i. Of equally near frames the earlier is taken. In the modes
--- "distance" and "affinity" frames at a distance of exactly 0 are not linked; "connectivity" links the k earliest of
--- the k + 2·width nearest, as librosa does.
---
--- Options: k (default 2·ceil(√(frames − 2·width + 1))); width (1): frames nearer in time than this are not linked,
--- 1..(frames − 1)//2 − 1; metric "euclidean" (default) or "cosine"; mode "connectivity" (default: 0 or 1),
--- "distance" or "affinity" (exp(−distance / bandwidth)); bandwidth (default: the median distance of the farthest
--- links); sym (false): only links that go both ways; self (false): each frame with itself; full (false): all pairs,
--- in the modes "distance" and "affinity".
---@param S moonlark.Signal|moonlark.Tensor  rows × frames, 5 frames or more, finite
---@param given {k?: integer, width?: integer, metric?: string, mode?: string, bandwidth?: number, sym?: boolean, self?: boolean, full?: boolean}?
---@return moonlark.Signal|moonlark.Tensor recurrence  frames × frames: a Signal of time by time when S is one
function music.recurrence_matrix(S, given)
  local read = options.read("recurrence_matrix", given, {
    k = options.none, width = 1, metric = "euclidean", mode = "connectivity", bandwidth = options.none, sym = false,
    self = false, full = false,
  })
  for _, name in ipairs {"k", "bandwidth"} do
    if read[name] ~= nil and not (type(read[name]) == "number" and read[name] > 0) then
      error(("%s must be a number above 0, got %s"):format(name, tostring(read[name])), 0)
    end
  end
  local matrix = core.music.recurrence(frames_of("S", S), read.metric, read.mode, read.k or 0, read.width, read.sym,
    read.self, read.full, read.bandwidth or 0)
  return over_time(matrix, S, "recurrence", "time", read)
end

--- Every frame against every frame. metric "cosine" (default): the cosine of their angle, −1..1, 0 for a frame of
--- zeros. "euclidean": their distance, 0 where they are equal.
---@param S moonlark.Signal|moonlark.Tensor  rows × frames, finite
---@param given {metric?: string}?
---@return moonlark.Signal|moonlark.Tensor similarity  frames × frames: a Signal of time by time when S is one
function music.self_similarity(S, given)
  local read = options.read("self_similarity", given, {metric = "cosine"})
  local data = frames_of("S", S)
  local matrix = core.music.distances(data, data, read.metric)
  if read.metric == "cosine" then matrix = 1 - matrix end
  return over_time(matrix:float(), S, "self_similarity", "time", read)
end

local function matrix_of(name, value)
  local data = frames_of(name, value)
  if data:size(0) < 1 or data:size(1) < 1 then error(name .. " must not be empty", 0) end
  return data
end

--- A recurrence matrix by lag: lag[(i − j) mod rows, j] = R[i, j], so that repetitions lie level (librosa 0.11).
---
--- Options: pad (true): as many rows of zeros are put below first, so that lags −n..n−1 keep apart.
---@param R moonlark.Signal|moonlark.Tensor  frames × frames
---@param given {pad?: boolean}?
---@return moonlark.Signal|moonlark.Tensor lag  2·frames × frames, or frames × frames without pad
function music.recurrence_to_lag(R, given)
  local read = options.read("recurrence_to_lag", given, {pad = true})
  local data = matrix_of("R", R)
  local n = data:size(1)
  if data:size(0) ~= n then error(("R must be square, got %d × %d"):format(data:size(0), n), 0) end
  local ring = read.pad and 2 * n or n
  return over_time(core.music.shear(data, -1, ring, ring), R, "lag", "lag", read)
end

--- The recurrence matrix that recurrence_to_lag made a lag matrix of.
---@param L moonlark.Signal|moonlark.Tensor  2·frames × frames, or frames × frames
---@return moonlark.Signal|moonlark.Tensor recurrence  frames × frames
function music.lag_to_recurrence(L)
  local data = matrix_of("L", L)
  local rows, n = data:size(0), data:size(1)
  if rows ~= n and rows ~= 2 * n then
    error(("L must be frames × frames or 2·frames × frames, got %d × %d"):format(rows, n), 0)
  end
  return over_time(core.music.shear(data, 1, rows, n), L, "recurrence", "time", {})
end

-- {rows, columns, add, times} of each step, for the engine.
local function steps_of(read)
  local add, times = read.weights_add or {}, read.weights_mul or {}
  local steps = {}
  for i, step in ipairs(read.step_sizes) do
    local whole = type(step) == "table" and math.tointeger(step[1]) and math.tointeger(step[2])
    if not whole then error(("step_sizes[%d] must be a pair of whole numbers, such as {1, 2}"):format(i), 0) end
    steps[i] = {step[1], step[2], add[i] or 0, times[i] or 1}
  end
  for name, weights in pairs {weights_add = read.weights_add, weights_mul = read.weights_mul} do
    if #weights ~= #steps then
      error(("%s must have one number for each of the %d steps, got %d"):format(name, #steps, #weights), 0)
    end
  end
  return steps
end

--- Dynamic time warping, as librosa.sequence.dtw (0.11): the cheapest way to go through two features together.
---
--- Options: metric "euclidean" (default) or "cosine"; step_sizes, a list of {frames of X, frames of Y} (default
--- {{1, 1}, {0, 1}, {1, 0}}; of equally cheap steps the first wins), with weights_add (default 0) and weights_mul
--- (default 1), one for each: a step costs weights_mul · distance + weights_add; subseq (false): the shorter feature
--- anywhere within the longer; global_constraints (false) with band_rad (0.25, 0..1): only within a band of
--- round(band_rad · fewest frames) about the diagonal.
---
--- Errors: features of different numbers of rows, no way through the band by these steps, frames of zeros when the
--- metric is "cosine".
---@param X moonlark.Signal|moonlark.Tensor  rows × n
---@param Y moonlark.Signal|moonlark.Tensor  rows × m
---@param given {metric?: string, step_sizes?: integer[][], weights_add?: number[], weights_mul?: number[], subseq?: boolean, global_constraints?: boolean, band_rad?: number}?
---@return moonlark.Tensor cost  n × m (with subseq and n > m: m × n), float64: of the cheapest way to each pair
---@return moonlark.Tensor path  pairs (frame of X, frame of Y), int64, from the end to the beginning
function music.dtw(X, Y, given)
  local read = options.read("dtw", given, {
    metric = "euclidean", step_sizes = options.none, weights_add = options.none, weights_mul = options.none,
    subseq = false, global_constraints = false, band_rad = 0.25,
  })
  for _, name in ipairs {"step_sizes", "weights_add", "weights_mul"} do
    if read[name] ~= nil and type(read[name]) ~= "table" then
      error(("%s must be a list, got %s"):format(name, type(read[name])), 0)
    end
  end
  if not read.step_sizes and (read.weights_add or read.weights_mul) then
    read.step_sizes = {{1, 1}, {0, 1}, {1, 0}}
  end
  local x, y = frames_of("X", X), frames_of("Y", Y)
  local swapped = read.subseq and x:size(1) > y:size(1)
  if swapped then x, y = y, x end
  local cost, path = core.music.dtw(x, y, read.metric, read.step_sizes and steps_of(read), read.subseq,
    read.global_constraints and read.band_rad or nil)
  return cost, swapped and path:flip {1} or path
end

return music
