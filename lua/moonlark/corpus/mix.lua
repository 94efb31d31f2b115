--- From events to a finished clip: instruments play, a room answers, tape and limiter leave their marks.
local drums = require "moonlark.corpus.drums"
local synth = require "moonlark.corpus.synth"

local mix = {}

local exp, floor, max, min, pi = math.exp, math.floor, math.max, math.min, math.pi

-- How loud a part is before a clip's own balance.
local part_gain = {drums = 0.45, bass = 0.55, comp = 0.5, pad = 0.26, lead = 0.4}

-- Adds a note to the track: damped after `length` seconds by a ramp of `release` seconds.
local function add(track, rate, note, at_s, length_s, release_s, gain)
  local start = floor(at_s * rate + 0.5)
  local first = max(1, 1 - start)
  local stop = min(#note, floor(length_s * rate), #track - start)
  for i = first, stop do
    track[start + i] = track[start + i] + gain * note[i]
  end
  local ramp = max(16, floor(release_s * rate))
  local slope = gain / ramp
  local level = gain
  for i = max(first, stop + 1), min(#note, stop + ramp, #track - start) do
    level = level - slope
    track[start + i] = track[start + i] + level * note[i]
  end
end

-- One comb filter with damped feedback, added to `out`.
local function add_comb(out, track, delay, feedback, damp)
  local line, at, low = {}, 1, 0.0
  for i = 1, delay do line[i] = 0.0 end
  for i = 1, #track do
    local y = line[at]
    low = y + damp * (low - y)
    line[at] = track[i] + feedback * low
    out[i] = out[i] + y
    at = at + 1
    if at > delay then at = 1 end
  end
end

local function all_pass(track, delay)
  local line, at = {}, 1
  for i = 1, delay do line[i] = 0.0 end
  for i = 1, #track do
    local delayed, x = line[at], track[i]
    local y = delayed - 0.5 * x
    line[at] = x + 0.5 * y
    track[i] = y
    at = at + 1
    if at > delay then at = 1 end
  end
end

-- Schroeder's reverberator: four combs, two all-passes.
local function reverberate(track, rate, wet, seconds, rng)
  local echo = {}
  for i = 1, #track do echo[i] = 0.0 end
  local scale = rng:uniform(0.85, 1.15)
  for _, delay_s in ipairs {0.0297, 0.0371, 0.0411, 0.0437} do
    local delay = floor(delay_s * scale * rate)
    add_comb(echo, track, delay, 10 ^ (-3 * delay / rate / seconds), 0.35)
  end
  all_pass(echo, floor(0.005 * rate))
  all_pass(echo, floor(0.0017 * rate))
  local dry, gain = 1 - 0.5 * wet, wet * 0.45
  for i = 1, #track do track[i] = dry * track[i] + gain * echo[i] end
end

-- Hiss, and the crackle of a worn record; levels against the clip's own.
local function add_noise(track, rate, rng, rms, noise_db, crackle)
  local gain = rms * 10 ^ (noise_db / 20) * 4
  local color = 1 - exp(-2 * pi * rng:uniform(3500, 5500) / rate)
  local state, low = rng:bits(), 0.0
  for i = 1, #track do
    state = state * 6364136223846793005 + 1442695040888963407
    low = low + color * ((state >> 40) * 0x1p-23 - 1 - low)
    track[i] = track[i] + gain * low
  end
  local clicks = floor(crackle * #track / rate)
  for _ = 1, clicks do
    local at, level = rng:integer(1, #track - 40), rms * rng:uniform(0.1, 0.8)
    for k = 0, 30 do track[at + k] = track[at + k] + level * exp(-k / 6) * (k % 2 == 0 and 1 or -0.7) end
  end
end

-- Tone control, removal of what lies under 25 Hz, and a limiter, in one pass. Returns the peak.
local function master(track, rate, tilt_db, glue, rms)
  local split = 1 - exp(-2 * pi * 900 / rate)
  local under = 1 - exp(-2 * pi * 25 / rate)
  local high = 10 ^ (tilt_db / 20)
  local low, dc, peak = 0.0, 0.0, 1e-9
  local drive = 0.3 * glue / rms
  for i = 1, #track do
    local x = track[i]
    low = low + split * (x - low)
    x = low + high * (x - low)
    dc = dc + under * (x - dc)
    x = (x - dc) * drive
    x = x / (1 + (x < 0 and -x or x) * 0.6)
    track[i] = x
    if x > peak then peak = x elseif -x > peak then peak = -x end
  end
  return peak
end

local function rms_of(track)
  local sum = 0.0
  for i = 1, #track do local x = track[i] sum = sum + x * x end
  return math.sqrt(sum / #track) + 1e-9
end

-- Numbers are drawn in an order that must stay: the same seed gives the same samples.

-- Who plays: {kit, players by part, strum_s, echo}, and the sounds that were drawn by part.
local function draw_band(style, rng, rate)
  local band, made = {kit = drums.kit(style.kit, rng, rate), players = {}}, {}
  for _, part in ipairs {"bass", "comp", "pad", "lead"} do
    made[part] = rng:pick(style[part].sounds)
    band.players[part] = synth.instrument(synth.sounds[made[part]], rng:fork(part), rate)
  end
  band.strum_s = rng:within(style.comp.strum_s)
  band.echo = style.comp.echo and rng:chance(0.6) and style.comp.echo or 0
  return band, made
end

-- Longest notes first, so that shorter ones find theirs ready.
local function longest_first(events)
  local list = table.move(events, 1, #events, 1, {})
  table.sort(list, function(a, b)
    if a.length ~= b.length then return a.length > b.length end
    if a.at ~= b.at then return a.at < b.at end
    return (a.piece or a.part) < (b.piece or b.part)
  end)
  return list
end

local function play_event(track, rate, event, band, tempo)
  local gain = event.gain * part_gain[event.part]
  if event.part == "drums" then return add(track, rate, band.kit(event.piece), event.at, 10, 0.01, gain) end
  local player, is_comp = band.players[event.part], event.part == "comp"
  local note = player:chord(event.pitches, event.length, is_comp and band.strum_s or 0)
  add(track, rate, note, event.at, event.length, player.release, gain)
  if is_comp and band.echo > 0 then
    local delay = 0.75 * 60 / tempo
    add(track, rate, note, event.at + delay, event.length, player.release, gain * band.echo)
    add(track, rate, note, event.at + 2 * delay, event.length, player.release, gain * band.echo ^ 2)
  end
end

-- The room, the noise and the mastering; what was drawn goes into `made`.
local function finish(track, rate, rng, settings, made)
  made.reverb, made.room_s = rng:within(settings.reverb), rng:within(settings.room_s)
  made.noise_db, made.tilt_db = rng:within(settings.noise_db), rng:within(settings.tilt_db)
  made.glue, made.peak_db = rng:within(settings.glue), rng:uniform(-6, -0.3)
  reverberate(track, rate, made.reverb, made.room_s, rng)
  add_noise(track, rate, rng, rms_of(track), made.noise_db, rng:within(settings.crackle or 0))
  local peak = master(track, rate, made.tilt_db, made.glue, rms_of(track))
  local n, gain = #track, 10 ^ (made.peak_db / 20) / peak
  for i = 1, n do track[i] = track[i] * gain end
  -- An excerpt begins and ends in the middle of the music: 10 ms ramps keep the cut from clicking.
  local ramp = min(floor(0.01 * rate), n // 2)
  for i = 1, ramp do
    track[i] = track[i] * (i - 1) / ramp
    track[n + 1 - i] = track[n + 1 - i] * (i - 1) / ramp
  end
end

--- Plays a piece that compose.piece wrote: samples whose peak lies between -6 and -0.3 dB of full scale, and a table of
--- the instruments and settings that were drawn.
function mix.play(piece, style, rng, rate)
  local track = {}
  for i = 1, floor(piece.duration * rate + 0.5) do track[i] = 0.0 end
  local band, made = draw_band(style, rng, rate)
  for _, event in ipairs(longest_first(piece.events)) do play_event(track, rate, event, band, piece.tempo) end
  finish(track, rate, rng, style.mix, made)
  made.echo = band.echo
  return track, made
end

return mix
