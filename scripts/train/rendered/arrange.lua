--- Arrange: a piece in a style, of a harmony that is made up or a song's: tracks for a synthesizer, and the truth about it.
local patterns = require "scripts.train.rendered.patterns"
local progressions = require "scripts.train.rendered.progressions"

local arrange = {}

local function weighted(random, list)
  local sum = 0
  for _, one in ipairs(list) do sum = sum + one.weight end
  local at = random:uniform(0, sum)
  for _, one in ipairs(list) do
    at = at - one.weight
    if at < 0 then return one end
  end
  return list[#list]
end

-- Seconds of each beat: a tempo that wanders a little, or much where there is no drum to keep it.
local function clock(random, bpm, beats, loose)
  local times, at, drift = {}, 0, 0
  for i = 0, beats do
    times[i] = at
    drift = 0.9 * drift + random:normal() * (loose and 0.012 or 0.0015)
    at = at + 60 / bpm * (1 + drift)
  end
  return function(beat)
    local whole = math.min(math.floor(beat), beats - 1)
    return times[whole] + (times[whole + 1] - times[whole]) * (beat - whole)
  end
end

local Piece = {}
Piece.__index = Piece

-- A note in beats, as hands play it: early or late, louder or softer.
function Piece:add(track, beat, length, pitch, velocity)
  if beat < 0 or beat >= self.beats or pitch < 12 or pitch > 108 then return end
  local random = self.random
  local start = self.seconds(beat) + random:normal() * self.looseness
  local stop = self.seconds(math.min(beat + length, self.beats)) - 0.01
  velocity = math.floor(math.max(20, math.min(127, velocity * self.loudness + random:normal() * 7)) + 0.5)
  table.insert(track.notes, {start = math.max(0, start), stop = math.max(stop, start + 0.03), pitch = math.floor(pitch),
    velocity = velocity})
end

function Piece:chord_at(beat)
  for _, chord in ipairs(self.chords) do
    if chord.start <= beat and beat < chord.start + chord.length then return chord end
  end
end

local function track_of(self, program, channel)
  local track = {program = program, channel = channel, notes = {}}
  self.tracks[#self.tracks + 1] = track
  return track
end

-- Which bars a part plays in: nearly always most of them, by groups of four; all those in which `other` rests.
local function bars_of(self, presence, other)
  local plays = {}
  for bar = 0, math.ceil(self.beats / self.meter) do
    if bar % 4 == 0 then plays.group = self.random:chance(presence) or other and not other[bar] end
    plays[bar] = plays.group
  end
  return plays
end

local function drums(self)
  local style, random = self.style, self.random
  if #style.drums == 0 then return end
  local track, plays = track_of(self, nil, 9), bars_of(self, 0.93)
  local pattern, other = random:pick(style.drums), random:pick(style.drums)
  local gain = random:uniform(0.7, 1.15)
  for bar, first in self:each_bar() do
    local now = bar % 8 == 7 and random:chance(0.5) and other or pattern
    for name, steps in pairs(now) do
      for i = 1, plays[bar] and #steps or 0 do
        local sign = steps:sub(i, i)
        if sign ~= "." and not random:chance(0.02) then
          self:add(track, first + (i - 1) * self.meter / #steps, 0.2, patterns.drums[name], (sign == "x" and 105 or 62) * gain)
        end
      end
    end
    if plays[bar] and bar % 8 == 0 and random:chance(0.5) then self:add(track, first, 1, patterns.drums.crash, 100 * gain) end
    if plays[bar] and bar % 4 == 3 and random:chance(0.35) then -- a fill
      for i = 0, 3 do self:add(track, first + self.meter - 1 + i / 4, 0.2, random:pick {38, 45, 47, 50}, 95 * gain) end
    end
  end
end

-- What drums play must not depend on the order in which a table is walked.
local function sorted_drums(self)
  for _, pattern in ipairs(self.style.drums) do
    if not getmetatable(pattern) then
      local names = {}
      for name in pairs(pattern) do names[#names + 1] = name end
      table.sort(names)
      setmetatable(pattern, {__pairs = function(t)
        local i = 0
        return function()
          i = i + 1
          if names[i] then return names[i], rawget(t, names[i]) end
        end
      end})
    end
  end
end

-- Says which bars it plays in.
local function bass(self)
  local random, name = self.random, self.random:pick(self.style.bass)
  if name == "none" then return {} end
  local track, plays = track_of(self, random:pick(patterns.programs.bass), 1), bars_of(self, 0.92)
  local velocity = random:uniform(75, 110)
  for bar, first in self:each_bar() do
    for _, step in ipairs(plays[bar] and patterns.bass[name] or {}) do
      local beat = first + step[1]
      local chord = step[1] < self.meter and self:chord_at(beat)
      if chord then
        local notes = progressions.notes[chord.quality] or progressions.notes.maj
        local over = ({root = 0, octave = 12, fifth = notes[3], third = notes[2], step = random:pick {-1, 2, 5, 9}})[step[3]]
        local pitch = 28 + (chord.root - 4) % 12 + over
        self:add(track, beat, math.min(step[2], chord.start + chord.length - beat), pitch, velocity)
      end
    end
  end
  return plays
end

-- The chord's notes around a middle pitch.
local function voicing(chord, middle, power)
  local notes = progressions.notes[chord.quality] or progressions.notes.maj
  local list = {}
  for i, over in ipairs(power and {0, 7, 12} or notes) do
    local pitch = chord.root + over
    list[i] = pitch + 12 * math.floor((middle - pitch) / 12 + 0.5)
  end
  if power then
    local root = 40 + (chord.root - 4) % 12
    return {root, root + 7, root + 12}
  end
  table.sort(list)
  return list
end

-- Accompaniment; where `bass` rests it does not, for a chord that is told must sound.
local function comp(self, channel, name, bass)
  local random, power = self.random, name == "power"
  local programs = power and patterns.programs.power or name == "pad" and patterns.programs.pad or patterns.programs.comp
  local track, plays = track_of(self, random:pick(programs), channel), bars_of(self, 0.88, bass)
  local middle, velocity, pattern = random:integer(55, 70), random:uniform(55, 95), patterns.comp[name]
  local function strike(beat, length, chord, order)
    local notes = voicing(chord, middle, power)
    if order then notes = {notes[order] or notes[1] + 12} end
    for k, pitch in ipairs(notes) do
      self:add(track, beat + (name == "strum" and 0.012 * k or 0), length, pitch, velocity)
    end
  end
  for bar, first in self:each_bar() do
    for i, step in ipairs(plays[bar] and pattern or {}) do
      local beat, stop = first + step[1], first + math.min(step[1] + step[2], self.meter)
      local chord = step[1] < self.meter and self:chord_at(beat)
      while chord and beat < stop do -- a chord that changes while another one is held is struck anew
        local change = math.min(stop, chord.start + chord.length)
        strike(beat, change - beat, chord, pattern.notes and pattern.notes[i])
        beat, chord = change, self:chord_at(change)
      end
    end
  end
end

local rhythms = {{0, 1, 2, 3}, {0, 0.5, 1, 2, 2.5, 3}, {0.5, 1, 1.5, 2.5, 3}, {0, 1.5, 2, 3.5}, {0, 2}, {0, 0.75, 1.5, 2, 2.75}}
local scales = {major = {0, 2, 4, 5, 7, 9, 11}, minor = {0, 2, 3, 5, 7, 8, 10}}

-- A line that walks in the scale and lands on the chord on strong beats.
local function melody(self)
  local random = self.random
  local track, plays = track_of(self, random:pick(patterns.programs.melody), 4), bars_of(self, 0.65)
  local pitch, velocity = random:integer(62, 76), random:uniform(75, 115)
  local rhythm = random:pick(rhythms)
  local inside = {}
  for _, degree in ipairs(scales[self.key.mode]) do inside[(self.key.tonic + degree) % 12] = true end
  local function nearest(wanted, fits)
    for off = 0, 6 do
      if fits[(wanted + off) % 12] then return wanted + off end
      if fits[(wanted - off) % 12] then return wanted - off end
    end
    return wanted
  end
  for bar, first in self:each_bar() do
    if bar % 2 == 0 and random:chance(0.4) then rhythm = random:pick(rhythms) end
    for i, at in ipairs(plays[bar] and rhythm or {}) do
      local chord = at < self.meter and self:chord_at(first + at)
      if chord then
        local tones = {}
        for _, over in ipairs(progressions.notes[chord.quality] or progressions.notes.maj) do tones[(chord.root + over) % 12] = true end
        pitch = math.max(57, math.min(84, pitch + random:pick {-4, -2, -1, 0, 1, 2, 4}))
        pitch = nearest(pitch, (at % 1 == 0 or random:chance(0.3)) and tones or inside)
        self:add(track, first + at, ((rhythm[i + 1] or self.meter) - at) * 0.9, pitch, velocity)
      end
    end
  end
end

-- A song's own notes, moved by as many semitones as its chords and its key.
local function played(self, notes, program, channel)
  local track = track_of(self, program, channel)
  for _, note in ipairs(notes) do
    if note.start >= self.from and note.start < self.from + self.beats then
      self:add(track, note.start - self.from, note.length, note.pitch + self.turned, note.velocity)
    end
  end
end

function Piece:each_bar()
  local bar = -1
  return function()
    bar = bar + 1
    local first = bar * self.meter - self.pickup
    if first < self.beats then return bar, first end
  end
end

-- The beat of a song at which a passage may begin: all its bars are whole as long as it lasts. nil where there is none.
local function beginning(self, song)
  local list = {}
  for _, run in ipairs(song.runs) do
    for first = run.start, run.stop - self.pickup - self.beats, self.meter do list[#list + 1] = first + self.pickup end
  end
  return #list > 0 and self.random:pick(list) or nil
end

-- The key that holds longest in a passage.
local function key_of(song, from, to)
  local best, longest = song.keys[1], 0
  for _, key in ipairs(song.keys) do
    local length = math.min(key.stop, to) - math.max(key.start, from)
    if length > longest then best, longest = key, length end
  end
  return best
end

-- The passage of a song from a beat on, transposed.
local function take(self, song, from)
  self.from, self.turned = from, self.random:integer(-6, 5)
  local key = key_of(song, from, from + self.beats)
  self.key, self.chords = {tonic = (key.tonic + self.turned) % 12, mode = key.mode}, {}
  for _, chord in ipairs(song.chords) do
    local start, stop = math.max(chord.start - from, 0), math.min(chord.start + chord.length - from, self.beats)
    if stop > start then
      table.insert(self.chords, {start = start, length = stop - start, root = (chord.root + self.turned) % 12,
        quality = chord.quality})
    end
  end
end

-- What stands in the truth: beats with places, chords, key, as JAMS names them.
local function truth_of(self, seconds)
  local beats, chords = {}, {}
  for beat = 0, self.beats - 1 do
    local time = self.seconds(beat)
    if time < seconds then beats[#beats + 1] = {time = time, value = (beat + self.pickup) % self.meter + 1} end
  end
  local at = 0
  local function put(from, to, label)
    if to > from then chords[#chords + 1] = {time = from, duration = to - from, value = label} end
  end
  for _, chord in ipairs(self.chords) do
    local from = math.min(self.seconds(chord.start), seconds)
    local to = math.min(self.seconds(math.min(chord.start + chord.length, self.beats)), seconds)
    put(at, from, "N")
    put(math.max(at, from), to, progressions.names[chord.root] .. ":" .. chord.quality)
    at = math.max(at, to)
  end
  put(at, seconds, "N")
  return {beats = beats, chords = chords, bpm = self.bpm, style = self.style.name,
    key = progressions.names[self.key.tonic] .. ":" .. self.key.mode}
end

--- A piece of so many seconds: its tracks (moonlark.base.midi) and the truth about it. `song`, of pop909.read, gives harmony,
--- melody and piano; without it, and where it has no passage of whole bars as long, they are made up.
---     local tracks, truth = arrange.piece(random, 30, song)
function arrange.piece(random, seconds, song)
  local style = weighted(random, patterns.styles)
  while song and (style.meter or 4) ~= song.meter do style = weighted(random, patterns.styles) end
  local bpm = random:uniform(style.bpm[1], style.bpm[2])
  local meter = style.meter or 4
  local self = setmetatable({random = random, style = style, bpm = bpm, meter = meter, tracks = {},
    beats = math.ceil(seconds * bpm / 60 * 1.03) + 4, pickup = random:chance(0.5) and random:integer(0, meter - 1) or 0,
    looseness = random:uniform(0.001, #style.drums > 0 and 0.010 or 0.016), loudness = random:uniform(0.8, 1.1)}, Piece)
  self.seconds = clock(random, bpm, self.beats, #style.drums == 0 and random:chance(0.7))
  local from = song and beginning(self, song)
  if from then
    take(self, song, from)
  else
    self.chords, self.key = progressions.make(random, self.beats, meter, self.pickup)
  end
  sorted_drums(self)
  drums(self)
  local only_drums = #style.drums > 0 and random:chance(0.03)
  if only_drums then
    self.chords = {}
  else
    local plays = bass(self)
    comp(self, 2, random:pick(style.comp), plays)
    if random:chance(0.5) then comp(self, 3, random:chance(0.6) and "pad" or random:pick(style.comp)) end
    if from then
      if song.melody and random:chance(0.8) then played(self, song.melody, random:pick(patterns.programs.melody), 4) end
      if random:chance(0.4) then played(self, song.piano, random:pick {0, 1, 4, 5, 25}, 5) end
    elseif random:chance(0.75) then
      melody(self)
    end
  end
  local truth = truth_of(self, seconds)
  if only_drums then truth.key = nil end
  return self.tracks, truth
end

return arrange
