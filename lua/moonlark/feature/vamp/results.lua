--- Results: what a Vamp plugin found, as a Signal where it has values at a steady rate, else as an annotation.
local annotation = require "moonlark.annotation"
local signal = require "moonlark.signal"

local most_gaps = 10 -- places without a result for each that has one; with more of them there is no rate to speak of

-- The place of each result on the grid of a rate, from 0; nil where two share one, or hardly any is taken.
local function places_of(times, rate)
  local torch = require "moonlark.torch"
  local n = times:size(0)
  local places = ((times - times:select(0, 0)) * rate):round():to(torch.int64)
  if n > 1 and places:diff():min():item() < 1 then return nil end
  local last = places:select(0, n - 1):item()
  return last <= most_gaps * n and places or nil, last + 1
end

local function is_steady(found, about)
  if about.timing == "any" or (about.bins or 0) < 1 or found.times:size(0) == 0 then return false end
  return found.counts:eq(about.bins):all():item() and found.durations:isnan():all():item()
end

-- bins × frames; NaN where the plugin gave nothing.
local function on_grid(values, places, frames)
  local torch = require "moonlark.torch"
  if frames == values:size(0) then return values:t():contiguous() end
  return torch.full({frames, values:size(1)}, 0 / 0):index_copy(0, places, values):t():contiguous()
end

local function axis_of(about)
  if about.bins == 1 then return nil end
  local values = about.bin_names
  if not values or #values ~= about.bins then
    values = {}
    for i = 1, about.bins do values[i] = i - 1 end
  end
  return {name = "bin", values = values}
end

local function to_signal(found, about, song, made)
  local rate = about.timing == "rate" and about.rate or song.rate / about.step
  local places, frames = places_of(found.times, rate)
  if not places then return nil end
  return signal.new {
    data = on_grid(found.values:reshape {-1, about.bins}, places, frames), rate = rate,
    start = song.start + found.times:select(0, 0):item(), kind = about.id, unit = about.unit ~= "" and about.unit or nil,
    axis = axis_of(about), made = made,
  }
end

local function to_annotation(found, about, song, made)
  local times, durations, counts = found.times:totable(), found.durations:totable(), found.counts:totable()
  local values, at = found.values:totable(), 0
  local fields = {kind = about.id, duration = song.duration, made = made, unit = about.unit ~= "" and about.unit or nil}
  for i, time in ipairs(times) do
    local item = {start = song.start + time}
    if durations[i] == durations[i] then item.stop = item.start + math.max(0, durations[i]) end
    if found.labels[i] ~= "" then item.label = found.labels[i] end
    if counts[i] > 0 then item.value = values[at + 1] end
    if counts[i] > 1 then item.values = table.move(values, at + 1, at + counts[i], 1, {}) end
    at, fields[i] = at + counts[i], item
  end
  return annotation.new(fields)
end

--- What a session of a plugin gave, as a Signal or an annotation.
---@param found {times: moonlark.Tensor, durations: moonlark.Tensor, counts: moonlark.Tensor, values: moonlark.Tensor,
--- labels: string[]}
---@param about table  the output as its plugin describes it
---@param song {rate: integer, start: number, duration: number}
---@param made table
---@return moonlark.Signal|moonlark.Annotation
return function(found, about, song, made)
  return is_steady(found, about) and to_signal(found, about, song, made) or to_annotation(found, about, song, made)
end
