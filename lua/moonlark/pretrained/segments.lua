--- Segments: stretches of time, of what a network says frame by frame.
local segments = {}

--- The stretches in which a curve lies over a threshold: gaps that are too short are bridged, then stretches that are
--- too short are left out.
---     local speech = segments.above(p:totable(), 31.25, {threshold = 0.5, gap = 0.1, least = 0.25, label = "speech"})
---@param curve number[]
---@param rate number  frames a second
---@param o {threshold: number, gap: number, least: number, label: string, start: number?}  seconds
---@return {start: number, stop: number, label: string}[]
function segments.above(curve, rate, o)
  local runs, from = {}, nil
  for i = 1, #curve + 1 do
    local on = i <= #curve and curve[i] >= o.threshold
    if on and not from then
      local last = runs[#runs]
      if last and (i - last[2]) / rate <= o.gap then from, runs[#runs] = last[1], nil else from = i end
    elseif from and not on then
      runs[#runs + 1], from = {from, i}, nil
    end
  end
  local list, begin = {}, o.start or 0
  for _, run in ipairs(runs) do
    if (run[2] - run[1]) / rate >= o.least then
      list[#list + 1] = {start = begin + (run[1] - 1) / rate, stop = begin + (run[2] - 1) / rate, label = o.label}
    end
  end
  return list
end

--- Frames with the same label in a row, as stretches.
---     local chords = segments.runs({"C:maj", "C:maj", "N"}, 43.07)
---@param labels string[]
---@param rate number  frames a second
---@param start number?  seconds, default 0
---@return {start: number, stop: number, label: string}[]
function segments.runs(labels, rate, start)
  local list, begin = {}, start or 0
  for i, label in ipairs(labels) do
    local last = list[#list]
    if last and last.label == label then
      last.stop = begin + i / rate
    else
      list[#list + 1] = {start = begin + (i - 1) / rate, stop = begin + i / rate, label = label}
    end
  end
  return list
end

return segments
