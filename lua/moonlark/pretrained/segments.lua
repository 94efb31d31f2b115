--- Segments: stretches of time, of what a network says frame by frame.
local segments = {}

---@class moonlark.pretrained.Segment
---@field start number  seconds
---@field stop number
---@field label string

-- Runs of frames {first, one behind the last}: a run begins at the threshold and lasts while the curve is not under
-- `low`; it goes on behind a gap that is short enough.
local function runs_of(values, threshold, low, gap)
  local runs, from = {}, nil
  for i = 1, #values + 1 do
    local value = values[i] or -math.huge
    if not from and value >= threshold then
      local last = runs[#runs]
      if last and i - last[2] <= gap then from, runs[#runs] = last[1], nil else from = i end
    elseif from and value < low then
      runs[#runs + 1], from = {from, i}, nil
    end
  end
  return runs
end

--- The stretches in which a curve lies over a threshold.
---     local speech = segments.above(curve, {threshold = 0.5, least = 0.25, label = "speech"})
---@param curve moonlark.Signal  1 × frames
---@param o {threshold: number, low: number?, gap: number?, least: number?, label: string}  a stretch lasts until the
--- curve is under `low` (default: the threshold); gaps of `gap` seconds (0) are bridged; those shorter than `least`
--- seconds (0) are left out
---@return moonlark.pretrained.Segment[]
function segments.above(curve, o)
  local list, rate = {}, curve.rate
  local values = curve.data:flatten():totable()
  for _, run in ipairs(runs_of(values, o.threshold, o.low or o.threshold, (o.gap or 0) * rate)) do
    if run[2] - run[1] >= (o.least or 0) * rate then
      list[#list + 1] = {start = curve.start + (run[1] - 1) / rate, stop = curve.start + (run[2] - 1) / rate,
        label = o.label}
    end
  end
  return list
end

--- Frames with the same label in a row, as stretches.
---     local chords = segments.runs({"C:maj", "C:maj", "N"}, 43.07, 0)
---@param labels string[]
---@param rate number  frames a second
---@param start number  seconds
---@return moonlark.pretrained.Segment[]
function segments.runs(labels, rate, start)
  local list = {}
  for i, label in ipairs(labels) do
    local last, stop = list[#list], start + i / rate
    if last and last.label == label then
      last.stop = stop
    else
      list[#list + 1] = {start = start + (i - 1) / rate, stop = stop, label = label}
    end
  end
  return list
end

return segments
