--- Instruments: a note becomes a Lua table of samples.
---
--- Two families cover what the styles need: strings that are plucked, after Karplus and Strong (guitars, bass, banjo),
--- and tones, which have a spectrum and fade from a bright waveform to a dark one as the note ages (organ, piano,
--- strings, winds, synthesisers). Either may be driven through a soft clipper, chord by chord: the distorted guitar.
---
--- A note is rendered once for a pitch and reused; what shortens it (a release) belongs to the mixer.
local synth = {}

local TABLE, MASK = 4096, 4095
local CONTROL = 64          -- samples between changes of envelope, brightness and vibrato

local sine = {}
for i = 1, TABLE do sine[i] = math.sin(2 * math.pi * (i - 1) / TABLE) end

-- One cycle with the given strength of harmonics 1..n.
local function waveform(strength, n)
  local wave = {}
  for i = 1, TABLE do wave[i] = 0.0 end
  local power = 0
  for h = 1, n do
    local a = strength(h)
    if a ~= 0 then
      power = power + a * a
      -- Spread phases keep the crest low, as in real instruments.
      local index = (h * h * 977) & MASK
      for i = 1, TABLE do
        wave[i] = wave[i] + a * sine[index + 1]
        index = (index + h) & MASK
      end
    end
  end
  local scale = 1 / math.sqrt(power + 1e-12)
  for i = 1, TABLE do wave[i] = wave[i] * scale end
  return wave
end

-- Strength of harmonic h, by name; `tilt` is the exponent of the fall.
local spectra = {
  saw = function(h, tilt) return h ^ -tilt end,
  square = function(h, tilt) return h % 2 == 1 and h ^ -tilt or 0.04 * h ^ -tilt end,
  organ = function(h, tilt) return (h <= 4 or h == 6 or h == 8) and h ^ -(tilt * 0.5) or 0 end,
  reed = function(h, tilt)
    return (h % 2 == 1 and 1 or 0.55) * h ^ -tilt * (1 + 0.9 * math.exp(-((h - 5) / 2) ^ 2))
  end,
  bell = function(h, tilt)
    return h == 1 and 1 or (h == 4 or h == 7 or h == 14) and 0.5 * h ^ -(tilt * 0.5) or 0.05 * h ^ -tilt
  end,
  flute = function(h, tilt) return h == 1 and 1 or 0.35 * h ^ -tilt end,
}

local Instrument = {}
Instrument.__index = Instrument

--- Makes an instrument from its description in `sounds`, varied by a random generator.
function synth.instrument(sound, rng, rate)
  local own = {rate = rate, rng = rng, waves = {}, notes = {}, chords = {}}
  for key, value in pairs(sound) do
    own[key] = value
    if spectra[key] then own.spectrum, own.tilt = spectra[key], value end
  end
  own.release = own.release or 0.05
  own.detune = rng:uniform(0.7, 1.3) * (own.detune or 0)
  own.tilt = (own.tilt or 1) * rng:uniform(0.9, 1.12)
  own.decay = (own.decay or 1) * rng:uniform(0.75, 1.35)
  own.bright = rng:uniform(0.8, 1.2) * (own.bright or 0.5)
  own.drive = own.drive and own.drive * rng:uniform(0.7, 1.4)
  return setmetatable(own, Instrument)
end

-- Dark and bright waveforms for a pitch; neighbours share them.
function Instrument:waves_for(hz)
  local most = math.max(1, math.floor(0.42 * self.rate / hz))
  local n = 1
  while n * 1.3 + 1 <= most and n < 40 do n = math.floor(n * 1.3 + 1) end
  local pair = self.waves[n]
  if not pair then
    pair = {
      waveform(function(h) return self.spectrum(h, self.tilt + 0.9) end, n),
      waveform(function(h) return self.spectrum(h, self.tilt) end, n),
    }
    self.waves[n] = pair
  end
  return pair[1], pair[2]
end

-- One oscillator, added to `out`.
function Instrument:oscillate(out, n, hz, gain, phase)
  local rate = self.rate
  local dark, bright = self:waves_for(hz)
  local step = hz / rate * TABLE * 0x1p32
  local attack, sustain = math.max(1, (self.attack or 0.005) * rate), self.sustain or 0
  local fade = math.exp(-CONTROL / (self.decay * rate))
  local dim = math.exp(-CONTROL / ((self.bright_decay or self.decay * 0.5) * rate))
  local vibrato, vibrato_step = self.vibrato or 0, 2 * math.pi * (self.vibrato_hz or 5.3) * CONTROL / rate
  local tremolo, swing = self.tremolo or 0, 0
  local decayed, shine = 1.0, self.bright
  local level, index, angle = 0.0, phase << 32, 0.0
  for first = 1, n, CONTROL do
    local last = math.min(first + CONTROL - 1, n)
    decayed, shine, angle = decayed * fade, shine * dim, angle + vibrato_step
    swing = 1 - tremolo * (0.5 + 0.5 * math.sin(angle))
    local target = math.min(1, last / attack) * (sustain + (1 - sustain) * decayed) * swing * gain
    local slope = (target - level) / CONTROL
    -- Vibrato sets in after the attack.
    local bend = vibrato * math.min(1, first / (0.3 * rate)) * math.sin(angle)
    local add = math.floor(step * (1 + bend))
    for i = first, last do
      level = level + slope
      local at = (index >> 32 & MASK) + 1
      local d = dark[at]
      out[i] = out[i] + (d + (bright[at] - d) * shine) * level
      index = index + add
    end
  end
end

function Instrument:tone(hz, n)
  local out = {}
  for i = 1, n do out[i] = 0.0 end
  local voices = self.voices or 1
  for v = 1, voices do
    local cents = voices > 1 and self.detune * (2 * (v - 1) / (voices - 1) - 1) or 0
    self:oscillate(out, n, hz * 2 ^ (cents / 1200), 0.35 / math.sqrt(voices), self.rng:integer(0, TABLE - 1))
  end
  return out
end

-- The pick: noise, low-passed, less what bounced off the bridge.
function Instrument:picked(length)
  local line, state = {}, 0.0
  local color = math.min(1, 0.25 + self.bright)
  local noise = self.rng:bits()
  for i = 1, length do
    noise = noise * 6364136223846793005 + 1442695040888963407
    state = state + color * ((noise >> 40) * 0x1p-23 - 1 - state)
    line[i] = state
  end
  local pick = math.max(1, math.floor(length * (self.pick or 0.2)))
  local picked, mean = {}, 0
  for i = 1, length do picked[i] = line[i] - line[(i - 1 - pick) % length + 1]; mean = mean + picked[i] end
  local power = 1e-9
  mean = mean / length
  for i = 1, length do picked[i] = picked[i] - mean; power = power + picked[i] ^ 2 end
  local scale = 0.45 / math.sqrt(power / length)
  for i = 1, length do picked[i] = picked[i] * scale end
  return picked
end

-- A plucked string: a delay line that loses its highs; an all-pass tunes it between samples.
function Instrument:pluck(hz, n)
  local rate = self.rate
  local blend = 0.5 * math.min(1, math.max(0.06, 1 - self.bright)) -- weight of the older sample: the damping of highs
  local period = rate / hz - blend
  local length = math.floor(period - 0.2)
  local fraction = period - length
  local c = (1 - fraction) / (1 + fraction)
  local loss = 10 ^ (-3 / (self.decay * hz * (hz / 220) ^ 0.3 + 1))
  local line, out = self:picked(length), {}
  local at, last, tuned_in, tuned = 1, 0.0, 0.0, 0.0
  local new, old = (1 - blend) * loss, blend * loss
  for i = 1, n do
    local x = line[at]
    local damped = new * x + old * last
    last = x
    tuned = c * damped + tuned_in - c * tuned
    tuned_in = damped
    line[at] = tuned
    out[i] = tuned
    at = at + 1
    if at > length then at = 1 end
  end
  local soften = math.min(n, 40)
  for i = 1, soften do out[i] = out[i] * i / soften end
  return out
end

-- The end of a note comes down to nothing: a string that is cut while it rings would click.
local function fade_end(samples, count)
  local n = #samples
  count = math.min(n, count)
  for i = 0, count - 1 do samples[n - i] = samples[n - i] * i / count end
end

-- Samples of a note of so many seconds, unless it has died away before.
function Instrument:length(seconds)
  return math.floor(math.min(seconds + self.release, self.longest or 20) * self.rate)
end

--- The samples of one pitch (MIDI), at least `seconds` long unless it has died away before.
function Instrument:note(pitch, seconds)
  local known = self.notes[pitch]
  local n = self:length(seconds)
  if not known or #known < n then
    known = self[self.spectrum and "tone" or "pluck"](self, 440 * 2 ^ ((pitch - 69) / 12), n)
    fade_end(known, math.floor(self.release * self.rate))
    self.notes[pitch] = known
  end
  return known
end

-- The soft clipper and the loudspeaker of a guitar amplifier.
local function amplify(samples, drive, rate)
  local c = 1 - math.exp(-2 * math.pi * 3200 / rate)
  local h = 1 - math.exp(-2 * math.pi * 90 / rate)
  local low1, low2, rumble = 0.0, 0.0, 0.0
  for i = 1, #samples do
    local x = samples[i]
    rumble = rumble + h * (x - rumble)
    x = (x - rumble) * drive
    x = x / (1 + (x < 0 and -x or x))
    low1 = low1 + c * (x - low1)
    low2 = low2 + c * (low1 - low2)
    samples[i] = 0.55 * low2
  end
end

--- The samples of several pitches struck together, or strummed with `strum` seconds between the strings.
function Instrument:chord(pitches, seconds, strum)
  if #pitches == 1 and not self.drive then return self:note(pitches[1], seconds) end
  local key = table.concat(pitches, " ") .. ("/%.4f"):format(strum or 0)
  local known = self.chords[key]
  local n = self:length(seconds)
  if known and #known >= n then return known end
  local gap = math.floor((strum or 0) * self.rate)
  local gain = 1 / math.sqrt(#pitches)
  local out = {}
  for i = 1, n do out[i] = 0.0 end
  for k, pitch in ipairs(pitches) do
    local shift = (k - 1) * gap
    local note = self:note(pitch, seconds)
    for i = 1, math.min(#note, n - shift) do out[i + shift] = out[i + shift] + gain * note[i] end
  end
  if self.drive then amplify(out, self.drive, self.rate) end
  fade_end(out, math.floor(self.release * self.rate))
  self.chords[key] = out
  return out
end

--- The instruments that styles name. A tone has the name of its spectrum, with the exponent of the fall.
synth.sounds = {
  bass_finger = {decay = 2.5, bright = 0.45, pick = 0.3, release = 0.06, longest = 2},
  bass_pick = {decay = 2.5, bright = 0.75, pick = 0.12, release = 0.05, longest = 2},
  bass_upright = {decay = 1.0, bright = 0.3, pick = 0.4, release = 0.09, longest = 1.2},
  bass_sub = {flute = 2.4, decay = 1.2, sustain = 0.5, attack = 0.006, bright = 0.5, release = 0.05},
  bass_synth = {saw = 1.0, decay = 0.35, sustain = 0.35, bright = 0.9, bright_decay = 0.12, release = 0.03},
  cello = {saw = 1.3, attack = 0.07, sustain = 0.9, voices = 2, detune = 5, vibrato = 0.003, bright_decay = 3,
    release = 0.15},
  guitar_steel = {decay = 2.2, bright = 0.8, pick = 0.15, release = 0.08, longest = 2.5},
  guitar_nylon = {decay = 1.2, bright = 0.5, pick = 0.35, release = 0.1, longest = 1.8},
  guitar_clean = {decay = 1.6, bright = 0.65, pick = 0.22, release = 0.05, longest = 2},
  guitar_muted = {decay = 0.16, bright = 0.55, pick = 0.15, release = 0.02, longest = 0.3},
  guitar_crunch = {decay = 3, bright = 0.7, pick = 0.15, drive = 3, release = 0.05, longest = 3},
  guitar_drive = {saw = 0.7, decay = 2.2, sustain = 0.6, attack = 0.003, voices = 2, detune = 6, drive = 9,
    release = 0.03},
  guitar_chug = {saw = 0.9, decay = 0.07, sustain = 0, attack = 0.002, voices = 2, detune = 5, drive = 9,
    release = 0.02, longest = 0.35},
  banjo = {decay = 0.5, bright = 0.95, pick = 0.08, release = 0.05, longest = 0.8},
  steel_lead = {saw = 1.5, attack = 0.05, decay = 2, sustain = 0.7, vibrato = 0.006, release = 0.12},
  piano = {saw = 1.35, decay = 0.9, sustain = 0.02, attack = 0.003, voices = 2, detune = 1.5, bright = 0.9,
    bright_decay = 0.15, release = 0.12, longest = 3},
  electric_piano = {bell = 1.2, decay = 1.1, sustain = 0.05, attack = 0.003, bright = 0.7, bright_decay = 0.25,
    tremolo = 0.25, release = 0.1, longest = 3},
  organ = {organ = 0.8, attack = 0.008, sustain = 1, bright = 0.7, bright_decay = 20, vibrato = 0.0025,
    vibrato_hz = 6.3, release = 0.03},
  strings = {saw = 1.15, attack = 0.12, sustain = 0.95, voices = 3, detune = 9, vibrato = 0.002, bright_decay = 4,
    release = 0.25},
  violin = {saw = 1.05, attack = 0.06, sustain = 0.9, vibrato = 0.006, bright_decay = 3, release = 0.12},
  flute = {flute = 1.4, attack = 0.05, sustain = 0.9, vibrato = 0.005, bright_decay = 5, release = 0.08},
  pad = {saw = 1.5, attack = 0.25, sustain = 1, voices = 3, detune = 12, bright_decay = 3, release = 0.35},
  stab = {saw = 0.9, attack = 0.003, decay = 0.25, sustain = 0.1, voices = 3, detune = 10, bright = 0.9,
    bright_decay = 0.1, release = 0.05, longest = 0.8},
  lead_synth = {square = 1.0, attack = 0.006, decay = 0.5, sustain = 0.5, voices = 2, detune = 7, vibrato = 0.004,
    release = 0.06},
  sax = {reed = 1.1, attack = 0.03, decay = 0.8, sustain = 0.75, vibrato = 0.006, bright_decay = 1.5, release = 0.07},
  brass = {saw = 1.2, attack = 0.035, decay = 0.6, sustain = 0.7, bright = 0.9, bright_decay = 0.4, voices = 2,
    detune = 4, release = 0.06},
  harmonica = {reed = 0.9, attack = 0.025, sustain = 0.85, tremolo = 0.3, vibrato = 0.004, bright_decay = 4,
    release = 0.06},
  lead_drive = {saw = 0.8, decay = 2.5, sustain = 0.7, attack = 0.005, vibrato = 0.007, drive = 7, release = 0.05},
}

return synth
