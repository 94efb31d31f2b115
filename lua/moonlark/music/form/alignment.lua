--- Alignment: how one piece goes along with another.
local core = require "moonlark_core".music
local frames_of = require "moonlark.music.form.frames"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.music
local alignment = {}

local function list(value) return type(value) == "table" and value or nil end

local dtw = options.describe("music.dtw", core.parameters.dtw, {
  step_sizes = options.value("integer[][]", "a list of pairs", list, nil, "{frames of X, frames of Y} of each step",
    {usual = "{{1, 1}, {0, 1}, {1, 0}}"}),
  weights_add = options.list(options.number(), nil, {usual = "0"}, "what each step costs beside the distance"),
  weights_mul = options.list(options.number(), nil, {usual = "1"}, "how often the distance each step costs"),
})

-- {rows, columns, add, times} of each step, for the engine.
local function steps_of(o)
  local add, times = o.weights_add or {}, o.weights_mul or {}
  local steps = {}
  for i, step in ipairs(o.step_sizes) do
    local whole = type(step) == "table" and math.tointeger(step[1]) and math.tointeger(step[2])
    if not whole then show.fail("step_sizes[%d] must be a pair of whole numbers, such as {1, 2}", i) end
    steps[i] = {step[1], step[2], add[i] or 0, times[i] or 1}
  end
  for name, weights in pairs {weights_add = o.weights_add, weights_mul = o.weights_mul} do
    if #weights ~= #steps then
      show.fail("%s must have one number for each of the %d steps, got %d", name, #steps, #weights)
    end
  end
  return steps
end

--- Dynamic time warping, as librosa.sequence.dtw (0.11): the cheapest way to go through two features together.
---
--- A step goes on by {frames of X, frames of Y} and costs weights_mul · distance + weights_add. Of equally cheap steps
--- the first wins. The band of global_constraints is round(band_rad · fewest frames) wide on both sides.
---
--- Errors: features of different numbers of rows; no way through the band by these steps; frames of zeros when the
--- metric is "cosine".
---     local cost, path = music.dtw(chroma, other_chroma)
---@param X moonlark.Signal|moonlark.Tensor  rows × n
---@param Y moonlark.Signal|moonlark.Tensor  rows × m
---@param given moonlark.music.dtw.Options?
---@return moonlark.Tensor cost  n × m (with subseq and n > m: m × n), float64: of the cheapest way to each pair
---@return moonlark.Tensor path  pairs (frame of X, frame of Y), int64, from the end to the beginning
function alignment.dtw(X, Y, given)
  local o = dtw:read(given)
  if o.weights_add or o.weights_mul then o.step_sizes = o.step_sizes or {{1, 1}, {0, 1}, {1, 0}} end
  local x, y = frames_of("X", X), frames_of("Y", Y)
  local swapped = o.subseq and x:size(1) > y:size(1)
  if swapped then x, y = y, x end
  local cost, path = core.dtw(x, y, o, o.step_sizes and steps_of(o))
  return cost, swapped and path:flip {1} or path
end

return alignment
