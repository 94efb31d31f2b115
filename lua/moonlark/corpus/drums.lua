--- Drums: each piece of a kit is a function of a few numbers that a clip varies.
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
  return out
end

-- Square waves in no harmonic relation, high-passed: the body of cymbals and cowbells.
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
  return out
end

local cymbal = {1.0, 1.5, 2.08, 2.72, 3.4, 4.1}

-- piece(rate, k, seed): k is the kit's own set of numbers around 1.
local pieces = {
  kick = function(rate, k, seed)
    local out = thump(rate, 190 * k.tune, 40 * k.tune, 0.035, 0.07 * k.decay, 0.8 * k.bright)
    return add_noise(out, rate, seed, 1200, 5000, 0.005, 0.35 * k.bright)
  end,
  kick_deep = function(rate, k, seed)
    local out = thump(rate, 150 * k.tune, 36 * k.tune, 0.07, 0.14 * k.decay, 0.5 * k.bright)
    return add_noise(out, rate, seed, 800, 4000, 0.005, 0.25 * k.bright)
  end,
  kick_tight = function(rate, k, seed)
    local out = thump(rate, 300 * k.tune, 42 * k.tune, 0.025, 0.05 * k.decay, 1.4 * k.bright)
    return add_noise(out, rate, seed, 1200, 8000, 0.009, 1.3 * k.bright)
  end,
  kick_soft = function(rate, k) return thump(rate, 130 * k.tune, 40 * k.tune, 0.04, 0.06 * k.decay, 0.4) end,
  snare = function(rate, k, seed)
    local out = thump(rate, 340 * k.tune, 160 * k.tune, 0.025, 0.035 * k.decay, 0.3)
    return add_noise(out, rate, seed, 900, 7000 * k.bright, 0.075 * k.decay, 1.1)
  end,
  snare_tight = function(rate, k, seed)
    local out = thump(rate, 400 * k.tune, 200 * k.tune, 0.02, 0.025 * k.decay, 0.3)
    return add_noise(out, rate, seed, 1500, 9000 * k.bright, 0.05 * k.decay, 1.2)
  end,
  brush = function(rate, k, seed) return add_noise({}, rate, seed, 1200, 6000 * k.bright, 0.07 * k.decay,
    0.6) end,
  swish = function(rate, k, seed)
    local out = add_noise({}, rate, seed, 1500, 5000 * k.bright, 0.12 * k.decay, 0.35)
    for i = 1, math.min(#out, 2600) do out[i] = out[i] * i / 2600 end
    return out
  end,
  clap = function(rate, k, seed)
    local out = add_noise({}, rate, seed, 900, 4500 * k.bright, 0.008, 0.8)
    add_noise(out, rate, seed + 1, 900, 4500 * k.bright, 0.008, 0.8, 0.011)
    return add_noise(out, rate, seed + 2, 900, 4500 * k.bright, 0.07 * k.decay, 1.0, 0.022)
  end,
  rim = function(rate, k, seed)
    local out = thump(rate, 900 * k.tune, 820 * k.tune, 0.01, 0.012, 0.6)
    return add_noise(out, rate, seed, 2000, 8000, 0.006, 0.5)
  end,
  hat = function(rate, k, seed)
    local out = add_metal({}, rate, cymbal, 800 * k.tune, 7000, 0.022 * k.decay, 0.35)
    return add_noise(out, rate, seed, 6000, 10500, 0.02 * k.decay, 0.9 * k.bright)
  end,
  open_hat = function(rate, k, seed)
    local out = add_metal({}, rate, cymbal, 800 * k.tune, 7000, 0.12 * k.decay, 0.35)
    return add_noise(out, rate, seed, 6000, 10500, 0.11 * k.decay, 0.8 * k.bright)
  end,
  ride = function(rate, k, seed)
    local out = add_metal({}, rate, cymbal, 620 * k.tune, 5000, 0.18 * k.decay, 0.4)
    return add_noise(out, rate, seed, 5000, 9500, 0.05 * k.decay, 0.5 * k.bright)
  end,
  crash = function(rate, k, seed)
    local out = add_metal({}, rate, cymbal, 500 * k.tune, 3500, 0.25 * k.decay, 0.35)
    return add_noise(out, rate, seed, 2500, 9500, 0.27 * k.decay, 0.8 * k.bright)
  end,
  shaker = function(rate, k, seed) return add_noise({}, rate, seed, 4500, 9000 * k.bright, 0.028 * k.decay,
    0.8) end,
  tambourine = function(rate, k, seed)
    local out = add_metal({}, rate, {3.05, 3.65, 4.45}, 900 * k.tune, 6000, 0.05 * k.decay, 0.3)
    return add_noise(out, rate, seed, 5000, 10000, 0.05 * k.decay, 0.6)
  end,
  cowbell = function(rate, k) return add_metal({}, rate, {1.0, 1.48}, 560 * k.tune, 400, 0.05 * k.decay,
    0.5) end,
  conga_low = function(rate, k, seed)
    local out = thump(rate, 240 * k.tune, 190 * k.tune, 0.02, 0.09 * k.decay, 0.2)
    return add_noise(out, rate, seed, 500, 3000, 0.01, 0.3)
  end,
  conga_high = function(rate, k, seed)
    local out = thump(rate, 340 * k.tune, 300 * k.tune, 0.01, 0.06 * k.decay, 0.3)
    return add_noise(out, rate, seed, 800, 4000, 0.01, 0.4)
  end,
  tom_low = function(rate, k, seed)
    local out = thump(rate, 150 * k.tune, 95 * k.tune, 0.06, 0.13 * k.decay, 0.3)
    return add_noise(out, rate, seed, 300, 3000, 0.02, 0.2)
  end,
  tom_high = function(rate, k, seed)
    local out = thump(rate, 240 * k.tune, 150 * k.tune, 0.05, 0.11 * k.decay, 0.3)
    return add_noise(out, rate, seed, 300, 3500, 0.02, 0.2)
  end,
}

--- A kit: pieces are rendered when first asked for.
---@param base {tune: number, decay: number, bright: number}  the style's kit; a clip's own lies around it
---@param rng moonlark.corpus.Random
---@param rate number
---@return fun(piece: string): number[]
function drums.kit(base, rng, rate)
  local numbers = {
    tune = base.tune * rng:uniform(0.9, 1.12), decay = base.decay * rng:uniform(0.85, 1.18),
    bright = base.bright * rng:uniform(0.9, 1.08),
  }
  local seed, made = rng:bits(), {}
  return function(piece)
    if not made[piece] then
      local make = pieces[piece] or error(("no drum is called '%s'"):format(piece), 0)
      local out = make(rate, numbers, seed)
      -- The tail ends at nothing, so that cutting it does not click.
      local tail = math.min(#out, 200)
      for i = 0, tail - 1 do out[#out - i] = out[#out - i] * i / tail end
      made[piece] = out
    end
    return made[piece]
  end
end

return drums
