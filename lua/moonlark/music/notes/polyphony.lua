--- Polyphony: notes that sound together, of the maps of a Basic Pitch model: how likely each key sounds and begins.
local show = require "moonlark.base.show"

local lowest = 21      -- MIDI number of the first key
local patience = 11    -- frames that a note may be silent and go on

-- Beginnings that the model missed: where a key's curve rises over two frames, as strong as the strongest beginning.
local function with_rises(onsets, frames)
  local torch = require "moonlark.torch"
  local least
  for back = 1, 2 do
    local before = frames:narrow(1, 0, math.max(0, frames:size(1) - back)):constant_pad_nd({back, 0}, 0)
    local rise = frames - before
    least = least and torch.minimum(least, rise) or rise
  end
  least = least:clamp_min(0)
  least:narrow(1, 0, math.min(2, least:size(1))):zero_()
  return torch.maximum(onsets, least * (onsets:max():item() / math.max(least:max():item(), 1e-9)))
end

-- {key, frame} of each local maximum over the threshold, latest first.
local function beginnings(onsets, threshold)
  local list = {}
  for key, row in ipairs(onsets:totable()) do
    for t = 2, #row - 1 do
      if row[t] >= threshold and row[t] > row[t - 1] and row[t] > row[t + 1] then list[#list + 1] = {key - 1, t - 1} end
    end
  end
  table.sort(list, function(a, b)
    if a[2] ~= b[2] then return a[2] > b[2] end
    return a[1] > b[1]
  end)
  return list
end

-- The frame behind the last one of a note that sounds from `start` on.
local function follow(row, start, step, threshold, last)
  local t, silent = start + step, 0
  while t ~= last and silent < patience do
    silent = row[t + 1] < threshold and silent + 1 or 0
    t = t + step
  end
  return t - step * silent
end

-- Takes a note and its neighbours a semitone beside out of what is left.
local function take(left, key, first, stop)
  for beside = math.max(0, key - 1), math.min(left:size(0) - 1, key + 1) do
    left:select(0, beside):narrow(0, first, stop - first):zero_()
  end
end

--- The notes of maps of keys × frames, as {key, first frame, frame behind the last, how sure}.
---     local found = events(notes, onsets, 0.5, 0.3, 11)
local function events(frames, onsets, onset_threshold, frame_threshold, least)
  local left, found, last = frames:clone(), {}, frames:size(1) - 1
  local function note(key, first, stop)
    found[#found + 1] = {key, first, stop, frames:select(0, key):narrow(0, first, stop - first):mean():item()}
  end
  for _, one in ipairs(beginnings(with_rises(onsets, frames), onset_threshold)) do
    local key, start = one[1], one[2]
    if start < last then
      local stop = follow(left:select(0, key):totable(), start, 1, frame_threshold, last)
      if stop - start > least then
        take(left, key, start, stop)
        note(key, start, stop)
      end
    end
  end
  -- What still sounds, the strongest first, without a beginning.
  while left:max():item() > frame_threshold do
    local at = left:flatten():argmax(0):item()
    local key, middle = at // left:size(1), at % left:size(1)
    local row = left:select(0, key):totable()
    local stop = middle < last and follow(row, middle, 1, frame_threshold, last) or middle
    local first = middle > 0 and follow(row, middle, -1, frame_threshold, 0) + 1 or middle
    first, stop = math.min(first, middle), math.max(stop, middle + 1)
    take(left, key, first, stop)
    if stop - first > least then note(key, first, stop) end
  end
  return found
end

--- Items of an annotation of the notes of a song.
---@param h moonlark.music.Heard
---@param o {model: string, least: number, onset_threshold: number, frame_threshold: number}
---@return moonlark.annotation.Item[]
return function(h, o)
  local tracked = require("moonlark.pretrained").open(o.model):track(h:waveform())
  if not (tracked.notes and tracked.onsets) then show.fail("model: %s hears no notes", o.model) end
  local curve, items = tracked.notes, {}
  local found = events(curve.data, tracked.onsets.data, o.onset_threshold, o.frame_threshold,
    math.floor(o.least * curve.rate + 0.5))
  for i, one in ipairs(found) do
    items[i] = {pitch = lowest + one[1], start = curve.start + one[2] / curve.rate, stop = curve.start + one[3] / curve.rate,
      velocity = math.min(1, one[4]), confidence = math.min(1, one[4])}
  end
  return items
end
