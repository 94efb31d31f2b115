--- MIDI: Standard MIDI Files (format 0 and 1), as notes and beats with their times.
local show = require "moonlark.base.show"

local midi = {}

---@class moonlark.midi.Note
---@field start number  seconds
---@field stop number
---@field pitch integer  0..127, 69 is 440 Hz
---@field velocity integer  1..127
---
---@class moonlark.midi.Track
---@field name string?
---@field program integer?  0..127, General MIDI's sound
---@field channel integer  0..15; 9 are drums
---@field notes moonlark.midi.Note[]

-- writing ----------------------------------------------------------------------------------

local usual_us = 500000 -- of a quarter note: 120 BPM
local division, ticks_per_second = 500, 1000 -- a quarter note of 0.5 s: a tick is a millisecond

local function quantity(n)
  local bytes = string.char(n & 127)
  n = n >> 7
  while n > 0 do
    bytes = string.char(n & 127 | 128) .. bytes
    n = n >> 7
  end
  return bytes
end

local function chunk(name, data) return name .. (">s4"):pack(data) end

-- Notes that stop come before those that start at the same tick, so a repeated note sounds again.
local function events_of(track)
  local events = {}
  for i, note in ipairs(track.notes) do
    local start = math.max(0, math.floor(note.start * ticks_per_second + 0.5))
    local stop = math.max(start + 1, math.floor(note.stop * ticks_per_second + 0.5))
    events[#events + 1] = {tick = start, order = 1, serial = i, on = true, note = note}
    events[#events + 1] = {tick = stop, order = 0, serial = i, note = note}
  end
  table.sort(events, function(a, b)
    if a.tick ~= b.tick then return a.tick < b.tick end
    if a.order ~= b.order then return a.order < b.order end
    return a.serial < b.serial
  end)
  return events
end

local function track_bytes(track)
  local parts, at = {}, 0
  if track.program then parts[1] = "\0" .. string.char(0xC0 | track.channel, track.program) end
  for _, event in ipairs(events_of(track)) do
    parts[#parts + 1] = quantity(event.tick - at) .. string.char((event.on and 0x90 or 0x80) | track.channel,
      event.note.pitch, event.on and event.note.velocity or 64)
    at = event.tick
  end
  parts[#parts + 1] = "\0\xFF\x2F\0"
  return chunk("MTrk", table.concat(parts))
end

-- Bars of beats: a new one on each downbeat; without places in the bar all beats are one.
local function bars_of(beats)
  local bars = {}
  for i, beat in ipairs(beats) do
    if i == 1 or beat.position == 1 then bars[#bars + 1] = {first = i, length = 0} end
    bars[#bars].length = bars[#bars].length + 1
  end
  return bars
end

local most_us = 0xFFFFFF -- of a quarter note: 16.8 s

-- The quarter notes before the first beat are as few as tempi allow.
local function lead_in(first) return first > 0 and math.ceil(first * 1e6 / most_us) or 0 end

-- The tempo of each quarter note, so that beats fall on quarter notes. Each is rounded so that errors do not add up.
local function tempo_events(beats, events)
  local told, at, tick = 0, beats[1].start, 0
  local function quarter_to(time)
    local us = math.floor((time * 1e6 - told) + 0.5)
    if us < 1 or us > most_us then
      show.fail("beats in MIDI lie 1 µs to %.1f s apart, got %g s before %g s", most_us / 1e6, us / 1e6, time)
    end
    events[#events + 1] = {tick = tick, bytes = "\xFF\x51\3" .. (">I3"):pack(us)}
    told, tick = told + us, tick + division
  end
  local before = lead_in(at)
  for i = 1, before do quarter_to(at * i / before) end
  for i = 2, #beats do quarter_to(beats[i].start) end
  return tick
end

-- Signatures of bars, where their length changes. A last bar that is cut off changes nothing.
local function bar_events(beats, events)
  local before, length = lead_in(beats[1].start), nil
  local bars = bars_of(beats)
  for i, bar in ipairs(bars) do
    local cut_off = i == #bars and length and bar.length < length
    if bar.length ~= length and not cut_off then
      length = math.min(bar.length, 255)
      local tick = (before + bar.first - 1) * division
      events[#events + 1] = {tick = tick, bytes = "\xFF\x58\4" .. string.char(length, 2, 24, 8)}
    end
  end
end

-- The track with tempi and signatures. A marker says which quarter note is the first beat, and its place in the bar.
local function beat_track(beats)
  local events, before = {}, lead_in(beats[1].start)
  local words = "first beat " .. (beats[1].position or "")
  events[1] = {tick = before * division, bytes = "\xFF\6" .. quantity(#words) .. words}
  if beats[1].position then bar_events(beats, events) end
  local last = tempo_events(beats, events)
  for i, event in ipairs(events) do event.serial = i end
  table.sort(events, function(a, b)
    if a.tick ~= b.tick then return a.tick < b.tick end
    return a.serial < b.serial
  end)
  local parts, at = {}, 0
  for _, event in ipairs(events) do
    parts[#parts + 1], at = quantity(event.tick - at) .. event.bytes, event.tick
  end
  return chunk("MTrk", table.concat(parts) .. quantity(last - at) .. "\xFF\x2F\0")
end

--- The bytes of a file whose quarter notes are these beats, to the microsecond; the bars are its time signatures.
---
--- Errors: beats more than 16.7 s apart.
---     files.write("beats.mid", midi.write_beats(beats))
---@param beats {start: number, position: integer?}[]
---@return string
function midi.write_beats(beats)
  local head = chunk("MThd", (">I2I2I2"):pack(1, 1, division))
  return head .. (beats[1] and beat_track(beats) or chunk("MTrk", "\0\xFF\x2F\0"))
end

--- The bytes of a file with these tracks; times are kept to the millisecond.
---     files.write("song.mid", midi.write {{channel = 0, program = 0, notes = {{start = 0, stop = 1, pitch = 60, velocity = 90}}}})
---@param tracks moonlark.midi.Track[]
---@return string
function midi.write(tracks)
  local parts = {chunk("MThd", (">I2I2I2"):pack(1, #tracks + 1, division)),
    chunk("MTrk", "\0\xFF\x51\3" .. (">I3"):pack(usual_us) .. "\0\xFF\x2F\0")}
  for _, track in ipairs(tracks) do parts[#parts + 1] = track_bytes(track) end
  return table.concat(parts)
end

-- reading ----------------------------------------------------------------------------------

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  local b = self.text:byte(self.at)
  if not b or self.at > self.stop then show.fail("%s is damaged: a track ends in the middle of an event", self.path) end
  self.at = self.at + 1
  return b
end

function Reader:quantity()
  local n = 0
  for _ = 1, 4 do
    local b = self:byte()
    n = n << 7 | b & 127
    if b < 128 then return n end
  end
  return show.fail("%s is damaged: a number of more than four bytes", self.path)
end

function Reader:skip(n)
  if self.at + n - 1 > self.stop then show.fail("%s is damaged: a track ends in the middle of an event", self.path) end
  local bytes = self.text:sub(self.at, self.at + n - 1)
  self.at = self.at + n
  return bytes
end

local data_bytes = {[0x8] = 2, [0x9] = 2, [0xA] = 2, [0xB] = 2, [0xC] = 1, [0xD] = 1, [0xE] = 2}

-- What is said about the whole piece.
local function note_meta(kind, bytes, tick, piece)
  if kind == 0x51 and #bytes == 3 then
    table.insert(piece.tempi, {tick = tick, us = (">I3"):unpack(bytes), serial = #piece.tempi})
  elseif kind == 0x58 and #bytes >= 2 and bytes:byte(1) > 0 then
    table.insert(piece.meters, {tick = tick, beats = bytes:byte(1), of = 2 ^ math.min(bytes:byte(2), 7),
      serial = #piece.meters})
  elseif kind == 0x06 and bytes:find "^first beat %d*$" then
    piece.first = {tick = tick, position = math.tointeger(tonumber(bytes:match "%d+"))}
  end
end

-- What of a track counts: notes on and off, programs, its name and tempi, each with its tick.
local function read_track(reader, piece)
  local track, tick, running = {events = {}}, 0, nil
  while reader.at <= reader.stop do
    tick = tick + reader:quantity()
    local status = reader.text:byte(reader.at) or 0
    if status >= 128 then reader.at = reader.at + 1 else status = running end
    if not status then show.fail("%s is damaged: an event without a status", reader.path) end
    if status == 0xFF then
      local kind = reader:byte()
      local bytes = reader:skip(reader:quantity())
      if kind == 0x2F then break end
      if kind == 0x03 then track.name = bytes end
      note_meta(kind, bytes, tick, piece)
    elseif status >= 0xF0 then
      reader:skip(reader:quantity())
    else
      running = status
      local a = reader:byte()
      local b = data_bytes[status >> 4] == 2 and reader:byte() or nil
      table.insert(track.events, {tick = tick, kind = status >> 4, channel = status & 15, a = a & 127, b = b and b & 127})
    end
  end
  piece.last = math.max(piece.last, tick)
  return track
end

local function by_tick(a, b)
  if a.tick ~= b.tick then return a.tick < b.tick end
  return a.serial < b.serial
end

-- From ticks to seconds, by the tempi of all tracks.
local function clock_of(tempi, ticks)
  table.sort(tempi, by_tick)
  local points = {{tick = 0, seconds = 0, us = usual_us}}
  for _, one in ipairs(tempi) do
    local last = points[#points]
    local seconds = last.seconds + (one.tick - last.tick) * last.us / 1e6 / ticks
    points[#points + 1] = {tick = one.tick, seconds = seconds, us = one.us}
  end
  return function(tick)
    local low, high = 1, #points
    while low < high do
      local middle = (low + high + 1) // 2
      if points[middle].tick <= tick then low = middle else high = middle - 1 end
    end
    local point = points[low]
    return point.seconds + (tick - point.tick) * point.us / 1e6 / ticks
  end
end

-- A track's notes, channel by channel; a note that never stops ends with the track.
local function notes_of(track, seconds)
  local made, open, last = {}, {}, 0
  for _, event in ipairs(track.events) do
    local key = event.channel << 8 | event.a
    last = event.tick
    if event.kind == 9 and event.b > 0 then
      open[key] = open[key] or {}
      table.insert(open[key], {start = seconds(event.tick), pitch = event.a, velocity = event.b, channel = event.channel})
    elseif (event.kind == 8 or event.kind == 9) and open[key] and #open[key] > 0 then
      local note = table.remove(open[key], 1)
      note.stop = seconds(event.tick)
      made[#made + 1] = note
    elseif event.kind == 12 then
      track.program = track.program or event.a
    end
  end
  for _, notes in pairs(open) do
    for _, note in ipairs(notes) do
      note.stop = seconds(last)
      made[#made + 1] = note
    end
  end
  table.sort(made, function(a, b)
    if a.start ~= b.start then return a.start < b.start end
    return a.channel << 8 | a.pitch < b.channel << 8 | b.pitch
  end)
  return made
end

-- How many ticks a beat has: three of the note's value in compound meters (6/8, 12/8), else one. In files
-- of midi.write_beats each note is a beat.
local function beat_of(meter, ticks, simple)
  local compound = not simple and meter.beats % 3 == 0 and meter.beats > 3
  return ticks * 4 / meter.of * (compound and 3 or 1), compound and meter.beats // 3 or meter.beats
end

local most_beats = 1000000 -- more are no music, but a damaged file

-- Beats by the tempi and signatures, from the first tick to the last; places in the bar where there are signatures.
local function beats_of(piece, ticks, seconds)
  local beats, first = {}, piece.first
  local usual = #piece.tempi == 0 or #piece.tempi == 1 and piece.tempi[1].us == usual_us
  if usual and #piece.meters == 0 and not first then return beats end
  table.sort(piece.meters, by_tick)
  local told = #piece.meters > 0
  local meters = {{tick = 0, beats = 4, of = 4}, table.unpack(piece.meters)}
  for i, meter in ipairs(meters) do
    local step, length = beat_of(meter, ticks, first)
    local stop, tick, position = meters[i + 1] and meters[i + 1].tick or piece.last + 1, meter.tick, 1
    while tick < stop and #beats < most_beats do
      if first and tick == first.tick and first.position then position = first.position end
      if not first or tick >= first.tick then
        beats[#beats + 1] = {start = seconds(tick), position = told and position or nil}
      end
      tick, position = tick + step, position % length + 1
    end
  end
  return beats
end

--- The tracks of a file, with their notes in seconds, its tempi, and its beats: by its tempi and time signatures, none
--- where it has nothing but MIDI's usual tempo; compound meters such as 6/8 have beats of three notes.
---
--- Errors: no MIDI file; SMPTE time; a file that ends too early; an event that makes no sense.
---     local tracks, tempi, beats = midi.read(files.read "song.mid", "song.mid")
---@param text string
---@param path string  for errors
---@return moonlark.midi.Track[]
---@return {start: number, bpm: number}[]
---@return {start: number, position: integer?}[]
function midi.read(text, path)
  if text:sub(1, 4) ~= "MThd" or #text < 14 then show.fail("%s is no MIDI file", path) end
  local length, _, count, ticks = (">I4I2I2I2"):unpack(text, 5)
  if ticks >= 0x8000 or ticks == 0 then show.fail("%s counts time in frames of film, which is not read", path) end
  local at, tracks, piece = 9 + length, {}, {tempi = {}, meters = {}, last = 0}
  while #tracks < count and at + 8 <= #text do
    local size = (">I4"):unpack(text, at + 4)
    if text:sub(at, at + 3) == "MTrk" then
      local reader = setmetatable({text = text, at = at + 8, stop = math.min(#text, at + 7 + size), path = path}, Reader)
      tracks[#tracks + 1] = read_track(reader, piece)
    end
    at = at + 8 + size
  end
  local seconds, list = clock_of(piece.tempi, ticks), {}
  for i, track in ipairs(tracks) do
    local notes = notes_of(track, seconds)
    list[i] = {name = track.name, program = track.program, channel = notes[1] and notes[1].channel or 0, notes = notes}
  end
  local told = {}
  for i, one in ipairs(piece.tempi) do told[i] = {start = seconds(one.tick), bpm = 6e7 / math.max(1, one.us)} end
  return list, told, beats_of(piece, ticks, seconds)
end

return midi
