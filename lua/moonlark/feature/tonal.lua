--- Features on scales of pitch: constant-Q transforms, chroma, tonal centroids, tuning.
local core = require "moonlark_core".feature
local engine = require "moonlark.feature.engine"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.feature
local tonal = {}

local tuning = options.describe("feature.estimate_tuning", {
  n_fft = options.integer(2048, {least = 8, most = 1 << 24}, "samples in a frame"),
  resolution = options.number(0.01, {least = 1e-6, most = 1}, "width of a class, as a share of a bin"),
  bins_per_octave = options.integer(12, {least = 1, most = 1 << 20}, "bins of which the answer is a share"),
})

--- Constant-Q transform, complex64: bins evenly spaced in pitch.
---
--- Shape n_bins × frames, frequencies in Hz. tuning = false estimates it; the axis then shows the untuned frequencies.
--- Source: librosa.cqt; Schörkhuber and Klapuri, 2010.
---     local C = feature.cqt(song, {bins_per_octave = 36, n_bins = 252})
tonal.cqt = engine.feature "cqt"

--- Variable-Q transform, complex64: the constant-Q transform with shorter filters for low pitches.
---
--- Shape n_bins × frames. A filter is gamma Hz wider than constant Q makes it; nil: 24.7·α/0.108 with α the relative
--- bandwidth, as the ear's; 0 is feature.cqt, whose other options it takes. Source: librosa.vqt; Schörkhuber,
--- Klapuri, Holighaus and Dörfler, 2014.
---     local V = feature.vqt(song, {gamma = 20})
tonal.vqt = engine.feature "vqt"

--- Magnitudes on a constant-Q scale, from one spectrogram for all pitches: no phase, blurred in time.
---
--- Shape n_bins × frames, float32, frequencies in Hz: the magnitudes of the constant-Q filters times those of a
--- short-time Fourier transform, with a Hann window as long as the longest filter (a power of 2, two hops or more).
--- Attacks are as blurred at high pitches as at low ones. Errors: bins beyond half the sample rate, windows of more
--- than 524 288 samples. Source: librosa.pseudo_cqt.
---     local C = feature.pseudo_cqt(song)
tonal.pseudo_cqt = engine.feature "pseudo_cqt"

--- Magnitudes of the constant-Q transform, its short filters replaced by the pseudo one.
---
--- Shape n_bins × frames, float32, frequencies in Hz. Bins whose filters are shorter than two hops, padded to a power
--- of 2, would skip samples between frames: they come from feature.pseudo_cqt, the lower ones from the magnitude of
--- feature.cqt, whose errors it has. Source: librosa.hybrid_cqt.
---     local C = feature.hybrid_cqt(song, {n_bins = 72})
tonal.hybrid_cqt = engine.feature "hybrid_cqt"

--- Energy of each pitch class, from the short-time Fourier transform.
---
--- Shape n_chroma × frames, rows C, C♯ … B. A silent frame stays 0. Octaves are weighted by a Gaussian, with
--- octwidth = false by none. Source: librosa.feature.chroma_stft; Ellis, 2007.
---     local chroma = feature.chroma_stft(song, {n_fft = 4096})
tonal.chroma_stft = engine.feature "chroma_stft"

--- Energy of each pitch class, from the constant-Q transform: sharper at low pitches than chroma_stft. Shape n_chroma ×
--- frames, rows C, C♯ … B: all octaves folded into one. Source: librosa.feature.chroma_cqt.
---     local chroma = feature.chroma_cqt(song, {threshold = 0.1})
tonal.chroma_cqt = engine.feature "chroma_cqt"

--- Chroma energy normalised statistics: chroma that no longer tells how loud or how exactly something was played.
---
--- Shape n_chroma × frames, rows C, C♯ … B: chroma_cqt's columns as shares, quantised at 5, 10, 20 and 40 %, smoothed
--- over win_len_smooth frames and brought to the norm. A frame depends on its neighbours, so the whole clip is
--- analysed. Source: librosa.feature.chroma_cens; Müller and Ewert, 2011.
---     local chroma = feature.chroma_cens(song)
tonal.chroma_cens = engine.feature "chroma_cens"

--- Tonal centroids: chroma_cqt on the circles of fifths, minor and major thirds. Shape 6 × frames: x and y on each
--- circle, within ±1 (major thirds: ±0.5). Source: librosa.feature.tonnetz; Harte, Sandler and Gasser, 2006.
---     local centroids = feature.tonnetz(song)
tonal.tonnetz = engine.feature "tonnetz"

--- How far a recording lies from A = 440 Hz, in fractions of a bin (of a semitone, by default): −0.5 to 0.5.
---
--- The fullest class of the strongest spectral peaks between 150 and 4000 Hz; 0 when there are none. Errors: a song of
--- several channels. Source: librosa.estimate_tuning.
---     local tuning = feature.estimate_tuning(song)
---@param song moonlark.Signal  waveform of one channel
---@param given moonlark.feature.estimate_tuning.Options?
---@return number
function tonal.estimate_tuning(song, given)
  local o, data = tuning:read(given), signal.channels(song)
  if data:size(0) > 1 then show.fail("song must have one channel, got %d: mix it down first", data:size(0)) end
  return core.tuning(data:select(0, 0), song.rate, o.n_fft, o.bins_per_octave, o.resolution)
end

return tonal
