--- Drums: each piece of a kit is a row of numbers, some of which a clip varies.
local drums = {}

local exp, sin, pi = math.exp, math.sin, math.pi

-- A falling sine with a click: kick, toms, congas.
local function thump(rate, from_hz, to_hz, sweep_s, decay_s, click)
  local n = math.floor(decay_s * 5 * rate)
  local out, phase = {}, 0
  local level, fall, extra, drop = 1.0, exp(-1 / (decay_s * rate)), from_hz - to_hz, exp(-1 / (sweep_s * rate))
  for i = 1, n do
    phase = phase + 2 * pi * (to_hz + extra) / rate
    extra, level = extra * drop, level * fall
    out[i] = sin(phase) * level + (i < 60 and click * (1 - i / 60) * sin(i * 1.3) or 0)
  end
  return out
end

-- Noise between two frequencies that dies away, added to `out`.
local function add_noise(out, rate, seed, low_hz, high_hz, decay_s, gain, delay_s)
  local n, start = math.floor(decay_s * 6 * rate), math.floor((delay_s or 0) * rate)
  local a, b = 1 - exp(-2 * pi * high_hz / rate), 1 - exp(-2 * pi * low_hz / rate)
  local level, fall = gain, exp(-1 / (decay_s * rate))
  local state, smooth, low = seed, 0.0, 0.0
  for i = #out + 1, start + n do out[i] = 0.0 end
  for i = start + 1, start + n do
    state = state * 6364136223846793005 + 1442695040888963407
    smooth = smooth + a * ((state >> 40) * 0x1p-23 - 1 - smooth)
    low = low + b * (smooth - low)
    out[i] = out[i] + (smooth - low) * level
    level = level * fall
  end
end

-- Square waves in no harmonic relation, high-passed, added to `out`: the body of cymbals and cowbells.
local function add_metal(out, rate, ratios, base_hz, high_pass_hz, decay_s, gain)
  local n = math.floor(decay_s * 6 * rate)
  for i = #out + 1, n do out[i] = 0.0 end
  local b = 1 - exp(-2 * pi * high_pass_hz / rate)
  local fall = exp(-1 / (decay_s * rate))
  for _, ratio in ipairs(ratios) do
    local step = math.floor(base_hz * ratio / rate * 0x1p64)
    local phase, low, level = 0, 0.0, gain / #ratios
    for i = 1, n do
      phase = phase + step
      local x = phase < 0 and -1.0 or 1.0
      low = low + b * (x - low)
      out[i] = out[i] + (x - low) * level
      level = level * fall
    end
  end
end

local cymbal = {1.0, 1.5, 2.08, 2.72, 3.4, 4.1}

-- What each piece is made of, by a kit's own numbers around 1: of tune, decay and brightness. The rows:
--   thump {from Hz, to Hz, seconds of the fall, of the decay, click}
--   metal {ratios, base Hz, high-pass Hz, seconds of the decay, gain}
--   and noises {low Hz, high Hz, seconds of the decay, gain, delay in seconds}; `swell` samples they take to rise
local function pieces(t, d, b)
  return {
    kick = {thump = {190 * t, 40 * t, 0.035, 0.07 * d, 0.8 * b}, {1200, 5000, 0.005, 0.35 * b}},
    kick_deep = {thump = {150 * t, 36 * t, 0.07, 0.14 * d, 0.5 * b}, {800, 4000, 0.005, 0.25 * b}},
    kick_tight = {thump = {300 * t, 42 * t, 0.025, 0.05 * d, 1.4 * b}, {1200, 8000, 0.009, 1.3 * b}},
    kick_soft = {thump = {130 * t, 40 * t, 0.04, 0.06 * d, 0.4}},
    snare = {thump = {340 * t, 160 * t, 0.025, 0.035 * d, 0.3}, {900, 7000 * b, 0.075 * d, 1.1}},
    snare_tight = {thump = {400 * t, 200 * t, 0.02, 0.025 * d, 0.3}, {1500, 9000 * b, 0.05 * d, 1.2}},
    brush = {{1200, 6000 * b, 0.07 * d, 0.6}},
    swish = {{1500, 5000 * b, 0.12 * d, 0.35}, swell = 2600},
    clap = {{900, 4500 * b, 0.008, 0.8}, {900, 4500 * b, 0.008, 0.8, 0.011}, {900, 4500 * b, 0.07 * d, 1.0, 0.022}},
    rim = {thump = {900 * t, 820 * t, 0.01, 0.012, 0.6}, {2000, 8000, 0.006, 0.5}},
    hat = {metal = {cymbal, 800 * t, 7000, 0.022 * d, 0.35}, {6000, 10500, 0.02 * d, 0.9 * b}},
    open_hat = {metal = {cymbal, 800 * t, 7000, 0.12 * d, 0.35}, {6000, 10500, 0.11 * d, 0.8 * b}},
    ride = {metal = {cymbal, 620 * t, 5000, 0.18 * d, 0.4}, {5000, 9500, 0.05 * d, 0.5 * b}},
    crash = {metal = {cymbal, 500 * t, 3500, 0.25 * d, 0.35}, {2500, 9500, 0.27 * d, 0.8 * b}},
    shaker = {{4500, 9000 * b, 0.028 * d, 0.8}},
    tambourine = {metal = {{3.05, 3.65, 4.45}, 900 * t, 6000, 0.05 * d, 0.3}, {5000, 10000, 0.05 * d, 0.6}},
    cowbell = {metal = {{1.0, 1.48}, 560 * t, 400, 0.05 * d, 0.5}},
    conga_low = {thump = {240 * t, 190 * t, 0.02, 0.09 * d, 0.2}, {500, 3000, 0.01, 0.3}},
    conga_high = {thump = {340 * t, 300 * t, 0.01, 0.06 * d, 0.3}, {800, 4000, 0.01, 0.4}},
    tom_low = {thump = {150 * t, 95 * t, 0.06, 0.13 * d, 0.3}, {300, 3000, 0.02, 0.2}},
    tom_high = {thump = {240 * t, 150 * t, 0.05, 0.11 * d, 0.3}, {300, 3500, 0.02, 0.2}},
  }
end

local function render(piece, rate, seed)
  local out = piece.thump and thump(rate, table.unpack(piece.thump)) or {}
  if piece.metal then add_metal(out, rate, table.unpack(piece.metal)) end
  for i, noise in ipairs(piece) do add_noise(out, rate, seed + i - 1, table.unpack(noise)) end
  for i = 1, math.min(#out, piece.swell or 0) do out[i] = out[i] * i / piece.swell end
  -- The tail ends at nothing, so that cutting it does not click.
  local tail = math.min(#out, 200)
  for i = 0, tail - 1 do out[#out - i] = out[#out - i] * i / tail end
  return out
end

--- A kit: a function of a piece's name that gives its samples, rendered when first asked for. `base` is the style's
--- kit {tune, decay, bright}; a clip's own lies around it.
function drums.kit(base, rng, rate)
  local known = pieces(base.tune * rng:uniform(0.9, 1.12), base.decay * rng:uniform(0.85, 1.18),
    base.bright * rng:uniform(0.9, 1.08))
  local seed, made = rng:bits(), {}
  return function(name)
    made[name] = made[name] or render(known[name] or error(("no drum is called '%s'"):format(name), 0), rate, seed)
    return made[name]
  end
end

return drums
