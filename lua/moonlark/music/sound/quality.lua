--- Quality: what is wrong with a recording, or good to know before it is used.
local core = require "moonlark_core".sound
local heard = require "moonlark.music.hearing.heard"
local loudness = require "moonlark.music.sound.loudness"
local spectra = require "moonlark.music.sound.spectra"

---@class moonlark.music
local quality = {}

---@class moonlark.Quality
---@field faults string[]  in words, each with its figure; empty where none was found
---@field rate integer  Hz
---@field channels integer
---@field duration number  seconds
---@field true_peak_dbtp number?  -inf for silence
---@field loudness_lufs number?  integrated
---@field loudness_range_lu number?
---@field peak_to_loudness_db number?  true peak over integrated loudness
---@field crest_db number  peak over root mean square
---@field dynamic_range_db integer?  DR, of the Pleasurize Music Foundation's meter; nil for less than 6 s
---@field clipped_samples integer  in runs of three and more at a channel's peak
---@field dc number[]  of each channel; full scale is 1
---@field balance_db number?  first channel over second
---@field correlation number?  of the first two channels, -1..1
---@field same_channels boolean?  stereo that is mono
---@field silence_start_s number  under -60 dBFS
---@field silence_end_s number
---@field longest_gap_s number
---@field cutoff_hz number?  where the spectrum drops most, above 5 kHz
---@field cutoff_drop_db number?  how far, within 300 Hz
---@field snr_db number?  at least; of hiss that never stops
---@field noise_floor_dbfs number?
---@field hum_hz integer?  50 or 60, where its multiples stand out

local silence = 10 ^ (-60 / 20)

local function decibels(x) return x > 0 and 20 * math.log(x, 10) or -math.huge end

-- Hears levels of each channel, and the spectra of their mean.
heard.meter("quality", function(channels, rate)
  local self = {levels = core.levels(channels, rate, silence), spectra = spectra.new(rate)}
  function self:add(data)
    self.levels:add(data)
    self.spectra:add(data:size(0) > 1 and data:mean {0} or data:select(0, 0))
  end
  return self
end)

local function of_channels(found, out)
  local peak, square, ranges = 0, 0, 0
  out.dc, out.clipped_samples = {}, 0
  for i, channel in ipairs(found) do
    peak, square = math.max(peak, channel.peak), square + channel.rms ^ 2 / #found
    out.dc[i] = channel.dc
    out.clipped_samples = out.clipped_samples + math.tointeger(channel.clipped)
    ranges = ranges + channel.dr / #found
  end
  out.crest_db = square > 0 and decibels(peak) - decibels(math.sqrt(square)) or 0
  if ranges == ranges then out.dynamic_range_db = math.floor(ranges + 0.5) end
  if #found < 2 then return end
  out.correlation = found.correlation
  out.same_channels = square > 0 and found.difference_rms <= 1e-4 * math.sqrt(square)
  if found[1].rms > 0 and found[2].rms > 0 then
    out.balance_db = decibels(found[1].rms) - decibels(found[2].rms)
  end
end

local function of_silence(found, rate, out)
  local seconds = found.frames / rate
  out.duration = seconds
  out.silence_start_s = found.first_sound < 0 and seconds or found.first_sound / rate
  out.silence_end_s = found.first_sound < 0 and seconds or (found.frames - 1 - found.last_sound) / rate
  out.longest_gap_s = found.longest_gap / rate
end

local function of_spectrum(counted, found, out)
  out.cutoff_hz, out.cutoff_drop_db = counted:cutoff()
  local wall = out.cutoff_drop_db and out.cutoff_drop_db >= 25
  local noise = counted:noise(wall and out.cutoff_hz or nil)
  local power = 0
  for _, channel in ipairs(found) do power = power + channel.rms ^ 2 / #found end
  if noise and noise > 0 and power > 0 then
    out.noise_floor_dbfs = 10 * math.log(noise, 10)
    out.snr_db = 10 * math.log(math.max(power - noise, 1e-3 * noise) / noise, 10)
  end
  for _, mains in ipairs {50, 60} do
    local stands_out = counted:hum(mains)
    if stands_out and stands_out >= 12 and not out.hum_hz and (out.noise_floor_dbfs or -200) > -120 then
      out.hum_hz = mains
    end
  end
end

local function of_loudness(h, out)
  local measured, said = pcall(loudness.loudness, h)
  if not measured then return end -- more channels than it is defined for
  out.true_peak_dbtp, out.loudness_lufs, out.loudness_range_lu = said.true_peak, said.integrated, said.range
  if said.integrated > -math.huge then out.peak_to_loudness_db = said.true_peak - said.integrated end
end

local Quality = {__name = "moonlark.Quality"}

-- Figures and how they are said; those that were not found are left out.
local sayings = {
  {"true_peak_dbtp", "true peak %.1f dBTP"}, {"loudness_lufs", "%.1f LUFS"}, {"loudness_range_lu", "range %.1f LU"},
  {"crest_db", "crest %.1f dB"}, {"dynamic_range_db", "DR %d"}, {"correlation", "correlation of the channels %.2f"},
  {"balance_db", "balance %+.1f dB"}, {"cutoff_hz", "spectrum drops most at %.0f Hz"}, {"cutoff_drop_db", "by %.0f dB"},
  {"snr_db", "noise at least %.0f dB below"}, {"noise_floor_dbfs", "floor %.0f dBFS"},
}

-- The faults, a line each, then what was measured.
function Quality:__tostring()
  local lines, words = #self.faults > 0 and table.move(self.faults, 1, #self.faults, 1, {}) or {"no fault found"}, {}
  words[1] = ("%d Hz, %d channel%s, %.1f s"):format(self.rate, self.channels, self.channels == 1 and "" or "s", self.duration)
  for _, saying in ipairs(sayings) do
    local value = self[saying[1]]
    if value and math.abs(value) < math.huge then words[#words + 1] = saying[2]:format(value) end
  end
  lines[#lines + 1] = table.concat(words, ", ")
  return table.concat(lines, "\n")
end

-- What is wrong, in words.
local checks = {
  function(q) return q.silence_start_s >= q.duration and "silence all through" end,
  function(q)
    local frames = math.max(1, q.duration * q.rate * q.channels)
    return q.clipped_samples > 1e-5 * frames and ("clipped: %d samples in flat tops"):format(q.clipped_samples)
  end,
  function(q)
    return (q.true_peak_dbtp or 0) > 0.05 and ("true peak of %+.1f dB over full scale"):format(q.true_peak_dbtp)
  end,
  function(q)
    for i, dc in ipairs(q.dc) do
      if math.abs(dc) > 0.003 then return ("DC offset of %.2f %% in channel %d"):format(100 * dc, i - 1) end
    end
  end,
  function(q) return q.same_channels and "stereo whose channels are the same" end,
  function(q) return (q.correlation or 0) < -0.3 and ("channels out of phase: correlation %.2f"):format(q.correlation) end,
  function(q)
    return math.abs(q.balance_db or 0) > 6 and ("off balance: left %+.1f dB over right"):format(q.balance_db)
  end,
  function(q)
    local wall = q.rate >= 44100 and q.cutoff_hz and q.cutoff_hz <= 20500 and q.cutoff_drop_db >= 25
    return wall and ("spectrum ends at %.1f kHz: lossy or resampled"):format(q.cutoff_hz / 1000)
  end,
  function(q) return (q.snr_db or 100) < 20 and ("noise: at least %.0f dB under the sound"):format(q.snr_db) end,
  function(q) return q.hum_hz and ("hum of %d Hz"):format(q.hum_hz) end,
  function(q)
    local before = q.silence_start_s
    return before > 2 and before < q.duration and ("%.1f s of silence before"):format(before)
  end,
  function(q)
    return q.silence_end_s > 4 and q.silence_end_s < q.duration and ("%.1f s of silence after"):format(q.silence_end_s)
  end,
  function(q) return q.longest_gap_s > 2 and ("a gap of %.1f s"):format(q.longest_gap_s) end,
}

--- What a recording's sound says of its making: peaks, loudness, dynamics, clipping, noise, bandwidth, offset, phase,
--- silence, and in `faults` what of it a listener or an engineer would object to, in words.
---
--- Prefer a path: a file is heard with all of its channels at its own rate, in bounded memory. Definitions: loudness and
--- true peak by EBU R 128; DR by the Pleasurize Music Foundation's meter (blocks of 3 s); clipping are runs of three and
--- more samples within 0.2 % of a channel's own peak, so it is found at any level, but not after lossy coding; noise is
--- the quietest 5 % of each frequency (hiss alone; white noise reads 1 to 2 dB too low); a wall of 25 dB in 300 Hz says
--- lossy or resampled, its absence says nothing. Errors: as of audio.load; a rate that is no whole number.
---     for _, fault in ipairs(music.quality("song.mp3").faults) do print(fault) end
---@param song string|moonlark.Signal  a path, or a waveform
---@return moonlark.Quality
function quality.quality(song)
  local h = heard.of(song)
  local meter, rate = h:meter "quality"
  local found, counted = meter.levels:result(), meter.spectra
  counted:finish()
  local out = {rate = rate, channels = #found, faults = {}}
  of_channels(found, out)
  of_silence(found, rate, out)
  of_spectrum(counted, found, out)
  of_loudness(h, out)
  for _, check in ipairs(checks) do
    local fault = check(out)
    if fault then table.insert(out.faults, fault) end
  end
  return setmetatable(out, Quality)
end

return quality
