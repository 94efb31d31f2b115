--- Writes one piece in a style: events for the mixer, and the truth about them.
---
--- The piece is an excerpt: time 0 falls anywhere within its first bar. Tempo and meter stay; the timing of
--- single notes is human within a few milliseconds, while the truth is the grid that they are played to.
local text = require "moonlark.base.text"
local theory = require "moonlark.corpus.theory"

local compose = {}

-- What plays in a section, beside the chords. drums: "main", "light" (kick and time-keepers) or "hats" (time-keepers
-- alone); lead: the share of bars in which it plays; open: a crash may open it.
local layers = {
  intro = {drums = "light", bass = false, lead = 0, level = 0.75},
  verse = {drums = "main", lead = 0.6, level = 0.9},
  chorus = {drums = "main", pad = true, lead = 0.9, level = 1, open = true},
  bridge = {drums = "light", pad = true, lead = 0.6, level = 0.85},
  solo = {drums = "main", lead = 1, level = 1},
  head = {drums = "main", pad = true, lead = 0.75, level = 0.95},
  ["break"] = {drums = "hats", pad = true, lead = 0.5, level = 0.75},
  build = {drums = "light", lead = 0.4, level = 0.85},
  drop = {drums = "main", pad = true, lead = 0.7, level = 1, open = true},
}

-- Sections of whole bars that fill the piece: {label, first bar, bars}.
local function lay_out(rng, form, bars)
  local length = bars >= 10 and 4 or bars >= 5 and 2 or math.max(1, bars // 2)
  local sections, first, i = {}, 0, rng:integer(1, #form)
  while first < bars do
    local n = math.min(length, bars - first)
    -- A last bar alone belongs to the section before it.
    if bars - first - n == 1 and length > 1 then n = n + 1 end
    sections[#sections + 1] = {label = form[i], first = first, bars = n}
    first, i = first + n, i % #form + 1
    if form[i] == sections[#sections].label then i = i % #form + 1 end
  end
  return sections
end

-- A progression as a list of bars, each a list of chords.
local function read_progression(words, tonic, mode)
  local bars = {}
  for word in words:gmatch "%S+" do
    local chords = {}
    for one in word:gmatch "[^/]+" do chords[#chords + 1] = theory.chord(one, tonic, mode) end
    bars[#bars + 1] = chords
  end
  return bars
end

-- Writes events {at (seconds from the clip's start, may be negative), length (seconds until it is damped), gain, part
-- ("drums", "bass", "comp", "pad", "lead"), piece (of drums) or pitches (of the others)}.
local Writer = {}
Writer.__index = Writer

-- Adds an event at step `step` of `steps` in a bar, near its time and loudness: off-beats are delayed by swing, and
-- everyone leans on the beat a little.
function Writer:add(event, part, bar, step, steps, length, gain)
  local place, accent = step / steps * self.bar_s, step * self.style.meter % steps == 0 and 1.2 or 1
  if step % 2 == 1 and self.swing > 0.5 and steps % 8 == 0 then
    place = place + (2 * self.swing - 1) * self.bar_s / steps
  end
  event.at = self.start_s + bar * self.bar_s + place + self.style.jitter_s * 0.5 * self.rng:normal()
  event.length, event.part, event.gain = length, part, gain * accent * math.exp(0.12 * self.rng:normal())
  self.events[#self.events + 1] = event
end

-- Steps from `step` to the next character that ends what was struck there.
local function held(pattern, step)
  local last = step + 1
  while last < #pattern and pattern:sub(last + 1, last + 1) == "." do last = last + 1 end
  return last - step
end

local strokes = {X = 1.25, x = 1.0, o = 0.45}

function Writer:drum_bar(bar, pattern, only, gain)
  for _, piece in ipairs(text.keys(pattern)) do -- numbers are drawn in an order that is not the table's
    local steps = #pattern[piece]
    for step = 0, steps - 1 do
      local stroke = strokes[pattern[piece]:sub(step + 1, step + 1)]
      if stroke and (not only or only[piece]) then
        self:add({piece = piece}, "drums", bar, step, steps, 10, gain * stroke)
      end
    end
  end
end

-- The chord that sounds at a fraction of a bar.
local function chord_at(chords, fraction)
  return chords[math.min(#chords, math.floor(fraction * #chords + 1e-9) + 1)]
end

function Writer:bass_bar(bar, chords, next_chord, pattern, low, gain)
  local steps = #pattern
  for step = 0, steps - 1 do
    local tone = pattern:sub(step + 1, step + 1)
    local chord = chord_at(chords, step / steps)
    local root = theory.above(chord.root, low)
    local pitch
    if tone == "a" then
      local goal = theory.nearest(next_chord.root, root)
      pitch = goal + (self.rng:chance(0.5) and 1 or -1)
    elseif tone == "8" then
      pitch = root + 12
    elseif tone:match "[1357]" then
      local index = (tonumber(tone) + 1) // 2
      pitch = root + (chord.intervals[index] or (index == 4 and 9) or chord.intervals[2])
      if #chord.intervals == 2 and index == 3 then pitch = root + 7 end
    end
    -- A chord that changes within the bar is heard at its root.
    if pitch and step > 0 and chord ~= chord_at(chords, (step - 1) / steps) then pitch = root end
    if pitch then
      self:add({pitches = {pitch}}, "bass", bar, step, steps, held(pattern, step) * self.bar_s / steps, gain)
    end
  end
end

function Writer:comp_bar(bar, chords, pattern, part, center, gain)
  local steps = #pattern
  for step = 0, steps - 1 do
    local mark = pattern:sub(step + 1, step + 1)
    local chord = chord_at(chords, step / steps)
    local pitches = theory.voicing(chord, center)
    if self.style.comp.low and part == "comp" then
      local root = theory.above(chord.root, center - 6)
      pitches = {root, root + 7, root + 12}
    end
    local length = held(pattern, step)
    -- What is held across a change of chord is struck again.
    local change = step > 0 and mark == "." and chord ~= chord_at(chords, (step - 1) / steps)
    for later = step + 1, step + length - 1 do
      if chord_at(chords, later / steps) ~= chord then length = later - step break end
    end
    if mark == "x" or mark == "s" or change then
      local seconds = (mark == "s" and 0.7 or length) * self.bar_s / steps
      self:add({pitches = pitches}, part, bar, step, steps, seconds, gain * (mark == "s" and 1.1 or 1))
    elseif mark:match "%d" then
      local index, above = (tonumber(mark) - 1) % #pitches + 1, (tonumber(mark) - 1) // #pitches
      self:add({pitches = {pitches[index] + 12 * above}}, part, bar, step, steps, 1.5 * length * self.bar_s / steps,
        gain * 1.2)
    end
  end
end

function Writer:lead_bar(bar, chords, rhythm, scale, tonic, gain)
  local lead, steps = self.style.lead, #rhythm
  for step = 0, steps - 1 do
    if rhythm:sub(step + 1, step + 1) == "x" then
      local strong = step * 4 % steps == 0
      local chord = chord_at(chords, step / steps)
      self.melody = theory.melody_step(self.rng, self.melody, scale, tonic, chord, strong, lead.low, lead.high)
      local length = held(rhythm, step) * self.bar_s / steps
      self:add({pitches = {self.melody}}, "lead", bar, step, steps, math.min(length, 2), gain)
    end
  end
end

-- Small changes to a pattern that make it this clip's own.
local function vary(rng, pattern)
  local own = {}
  for piece, steps in pairs(pattern) do own[piece] = steps end
  local kick = own.kick or own.kick_deep
  if kick and rng:chance(0.5) then
    local at = rng:integer(#kick // 2, #kick - 1)
    local changed = kick:sub(1, at) .. (kick:sub(at + 1, at + 1) == "." and "x" or ".") .. kick:sub(at + 2)
    if own.kick then own.kick = changed else own.kick_deep = changed end
  end
  if own.hat and rng:chance(0.25) then own.ride, own.hat = own.ride or own.hat, nil end
  return own
end

-- Numbers are drawn in an order that must stay: the same seed gives the same piece.

-- Where the bars of a piece lie, and in which key: {mode, tonic, tempo, beat_s, bar_s, start_s, bars}.
local function draw_frame(style, rng, seconds)
  local frame = {mode = rng:chance(style.major) and "major" or "minor", tonic = rng:integer(0, 11)}
  frame.tempo = math.floor(rng:within(style.tempo) * 100 + 0.5) / 100
  frame.beat_s = 60 / frame.tempo
  frame.bar_s = frame.beat_s * style.meter
  frame.start_s = -rng:uniform(0, frame.bar_s)
  frame.bars = math.ceil((seconds - frame.start_s) / frame.bar_s)
  return frame
end

-- Who plays, and how loud: {pad_plays, balance, drums, center (of the comping), allowed (pieces of drums by layer)}.
local function draw_band(style, rng)
  local band = {pad_plays = rng:chance(style.pad.chance), balance = {}}
  for _, part in ipairs {"drums", "bass", "comp", "pad", "lead"} do
    band.balance[part] = math.exp(0.12 * rng:normal())
  end
  band.drums = vary(rng, rng:pick(style.drums))
  band.center = style.comp.center + rng:integer(-4, 4)
  local hats, light = {}, {kick = true, kick_deep = true, kick_tight = true, kick_soft = true}
  for _, piece in ipairs(style.light) do hats[piece], light[piece] = true, true end
  band.allowed = {hats = hats, light = light}
  return band
end

-- Progressions and patterns by label: each keeps its own when it comes again.
local function draw_patterns(style, rng, sections, frame)
  local progressions, patterns = {}, {}
  for _, section in ipairs(sections) do
    if not patterns[section.label] then
      progressions[section.label] = read_progression(rng:pick(style.progressions[frame.mode]), frame.tonic, frame.mode)
      patterns[section.label] = {bass = rng:pick(style.bass.patterns), comp = rng:pick(style.comp.patterns),
        lead = {rng:pick(style.lead.rhythms), rng:pick(style.lead.rhythms)}}
    end
  end
  return progressions, patterns
end

-- The chords of each bar, and of the one behind the last: a bass line looks ahead.
local function draw_chords(rng, sections, progressions, bars)
  local chords, offset = {}, rng:integer(0, 11)
  for _, section in ipairs(sections) do
    local progression = progressions[section.label]
    for bar = section.first, section.first + section.bars - 1 do
      chords[bar] = progression[(bar + offset) % #progression + 1]
    end
  end
  chords[bars] = chords[0]
  return chords
end

-- The drums of a bar: the pattern, a fill at the end of a section, a crash where one opens.
function Writer:drums_of(bar, section, plays)
  local style, band, gain = self.style, self.band, plays.level * self.band.balance.drums
  self:drum_bar(bar, band.drums, band.allowed[plays.drums], gain)
  local last = bar == section.first + section.bars - 1
  if last and section.bars > 1 and next(style.fill) and bar < self.bars - 1 then
    self:drum_bar(bar, style.fill, nil, 0.7 * plays.level * band.balance.drums)
  end
  if bar == section.first and plays.open and plays.drums == "main" and (style.crash or self.rng:chance(0.3)) then
    self:add({piece = "crash"}, "drums", bar, 0, 16, 10, 0.7 * band.balance.drums)
  end
end

-- All that plays in a bar.
function Writer:play(bar, section, pattern, frame)
  local style, band, plays = self.style, self.band, layers[section.label]
  local level, balance, chords = plays.level, band.balance, self.chords[bar]
  self:drums_of(bar, section, plays)
  if plays.bass ~= false then
    self:bass_bar(bar, chords, self.chords[bar + 1][1], pattern.bass, style.bass.low, level * balance.bass)
  end
  self:comp_bar(bar, chords, pattern.comp, "comp", band.center, level * balance.comp)
  if plays.pad and band.pad_plays then
    self:comp_bar(bar, chords, "x.......", "pad", style.pad.center, 0.6 * level * balance.pad)
  end
  if self.rng:chance(plays.lead) and not self.rng:chance(style.lead.rest) then
    local scale = theory.scales[style.scale[frame.mode]]
    self:lead_bar(bar, chords, pattern.lead[bar % 2 + 1], scale, frame.tonic, level * balance.lead)
  end
end

-- Beats within the clip: {time, position}, position 1 on downbeats.
local function beats_of(start_s, beat_s, meter, seconds)
  local beats, i = {}, math.ceil(-start_s / beat_s - 1e-9)
  while start_s + i * beat_s < seconds do
    beats[#beats + 1] = {time = math.max(0, start_s + i * beat_s), position = i % meter + 1}
    i = i + 1
  end
  return beats
end

-- Adds a span {time, duration, value} in seconds, cut to the clip; joins equal neighbours.
local function add_span(spans, from, to, value, seconds)
  from, to = math.max(0, from), math.min(seconds, to)
  if to - from < 1e-6 then return end
  local previous = spans[#spans]
  if previous and previous.value == value then
    previous.duration = to - previous.time
  else
    spans[#spans + 1] = {time = from, duration = to - from, value = value}
  end
end

local function chord_spans(chords, bars, start_s, bar_s, seconds)
  local spans = {}
  for bar = 0, bars - 1 do
    local n = #chords[bar]
    for i, chord in ipairs(chords[bar]) do
      local from = start_s + (bar + (i - 1) / n) * bar_s
      add_span(spans, from, from + bar_s / n, chord.label, seconds)
    end
  end
  return spans
end

local function section_spans(sections, start_s, bar_s, seconds)
  local spans = {}
  for _, section in ipairs(sections) do
    local from = start_s + section.first * bar_s
    add_span(spans, from, from + section.bars * bar_s, section.label, seconds)
  end
  return spans
end

--- Composes a piece in one of styles.lua: {events, tempo, meter, tonic, mode, key, duration, beats, chords, sections}.
--- The truth lies within [0, seconds].
function compose.piece(style, rng, seconds)
  local frame = draw_frame(style, rng, seconds)
  local writer = setmetatable({
    style = style, rng = rng:fork "performance", events = {}, bar_s = frame.bar_s, start_s = frame.start_s,
    bars = frame.bars, swing = rng:within(style.swing), melody = (style.lead.low + style.lead.high) // 2,
  }, Writer)
  local sections = lay_out(rng, rng:pick(style.forms), frame.bars)
  writer.band = draw_band(style, rng)
  local progressions, patterns = draw_patterns(style, rng, sections, frame)
  writer.chords = draw_chords(rng, sections, progressions, frame.bars)
  for _, section in ipairs(sections) do
    for bar = section.first, section.first + section.bars - 1 do
      writer:play(bar, section, patterns[section.label], frame)
    end
  end
  return {
    events = writer.events, tempo = frame.tempo, meter = style.meter, tonic = frame.tonic, mode = frame.mode,
    key = theory.key_name(frame.tonic, frame.mode), duration = seconds,
    beats = beats_of(frame.start_s, frame.beat_s, style.meter, seconds),
    chords = chord_spans(writer.chords, frame.bars, frame.start_s, frame.bar_s, seconds),
    sections = section_spans(sections, frame.start_s, frame.bar_s, seconds),
  }
end

return compose
