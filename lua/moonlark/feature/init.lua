--- Features: from a waveform to what a person or a model can compare.
---
---     local mel = feature.mel(song, {n_mels = 64})
---     local db = feature.power_to_db(mel, {ref = "max"})
---     print(mel)                      --> mel  64 × 1292  43.07 Hz  30.000 s
---
--- Each function takes a waveform Signal and a table of options, with librosa's names and defaults, and gives a
--- Signal: rows × frames, rate = sample rate / hop_length, what the rows are in `axis`, every setting in `made`.
--- The numbers are those of librosa 0.11.0; transforms run in double precision, results are float32.
---
--- A waveform of several channels gives channels × rows × frames, each channel analysed by itself; mix down first
--- (audio.load's default) for one. NaN or infinity in the samples is an error that names the first. An option
--- whose default is nil, or that may be switched off, takes `false` for nil: top_db = false.
---
--- feature.stft and feature.cqt are complex: feature.magnitude makes them real; a recipe pools their magnitude.
---
--- The options of the short-time Fourier transform, which most features share: n_fft samples a frame, every
--- hop_length samples one; win_length ≤ n_fft samples of window ("hann", "hamming", "blackman", "bartlett",
--- "ones"), centred in the frame; with center, frame t lies around sample t·hop_length, and beyond the clip's ends
--- there is what pad_mode says: "constant" zeros, "reflect" or "edge".
local core = require "moonlark_core".feature
local engine = require "moonlark.feature.engine"
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"

local feature = {}

feature.names, feature.parameters, feature.settings = engine.names, engine.parameters, engine.settings
feature.signal = engine.signal

-- Samples × one tensor for each channel.
local function channels(song)
  signal.check("song", song, "waveform")
  local data, list = song.data, {}
  if data:dim() == 1 then return {data} end
  for c = 0, data:size(0) - 1 do list[c + 1] = data:select(0, c) end
  if #list == 0 then error("song must have at least one channel, got none", 0) end
  return list
end

--- A feature by its name: feature.compute("mel", song, options) is feature.mel(song, options).
---@param name string
---@param song moonlark.Signal  waveform
---@param given table?
---@return moonlark.Signal
function feature.compute(name, song, given)
  engine.check_names(engine.row(name).name, given)
  local parts, rate, start = {}, nil, nil
  for i, samples in ipairs(channels(song)) do
    parts[i], rate, start = core.compute(name, given, samples, song.rate)
  end
  local data = #parts == 1 and parts[1] or require "moonlark.torch".stack(parts)
  return feature.signal(name, given, {data = data, rate = rate, start = song.start + start}, song.rate)
end

--- Short-time Fourier transform, complex64.
---
--- Shape 1 + n_fft/2 × frames, frequencies in Hz. feature.magnitude and feature.phase take it apart, feature.istft
--- inverts it. Source: librosa.stft.
--- Options: n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann", center = true,
--- pad_mode = "constant".
---@param song moonlark.Signal
---@param given {n_fft?: integer, hop_length?: integer, win_length?: integer, window?: string, center?: boolean, pad_mode?: string}?
---@return moonlark.Signal
function feature.stft(song, given) return feature.compute("stft", song, given) end

--- Magnitude of the short-time Fourier transform, raised to a power (2: power spectrogram).
---
--- Shape 1 + n_fft/2 × frames, frequencies in Hz. Source: |librosa.stft| ^ power.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant"); power = 1.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.spectrogram(song, given) return feature.compute("spectrogram", song, given) end

--- Mel spectrogram: power in triangular bands, spaced as pitch is heard.
---
--- Shape n_mels × frames, band centres in Hz. power is the exponent of the magnitude (1: magnitude); bands reach
--- from fmin to fmax Hz (nil: half the sample rate) on Slaney's scale, or HTK's, 2595·log10(1 + f/700). norm says what
--- a band's weights are divided by: "slaney" half its width in Hz, 1 (or "1") their sum, 2 the root of the sum of their
--- squares, math.huge (or "inf") the largest, "none" nothing: triangles of height 1. The triangles are straight in Hz,
--- as librosa's, or with triangles = "mel" on the mel scale: htk = true, triangles = "mel", norm = "none" are the
--- filters of HTK itself, Kaldi and torchaudio.compliance.kaldi (feature.kaldi_fbank is Kaldi's whole front end).
--- Source: librosa.feature.melspectrogram; Slaney, Auditory Toolbox, 1998; Young and others, The HTK Book.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant"); power = 2, n_mels = 128, fmin = 0, fmax = nil, htk = false,
--- triangles = "hz", norm = "slaney".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.mel(song, given) return feature.compute("mel", song, given) end

--- Mel spectrogram: feature.mel under librosa's name.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.melspectrogram(song, given) return feature.compute("mel", song, given) end

--- Mel spectrogram in decibels: what most networks are fed with.
---
--- Shape n_mels × frames, in dB: feature.power_to_db of feature.mel. top_db lifts everything to that many dB under
--- the clip's maximum, so a frame's value depends on the whole clip; top_db = false for streaming. Source:
--- librosa.power_to_db(librosa.feature.melspectrogram).
--- Options: those of feature.mel (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant", power = 2, n_mels = 128, fmin = 0, fmax = nil, htk = false,
--- triangles = "hz", norm = "slaney"); ref = 1, amin = 1e-10, top_db = 80.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.log_mel(song, given) return feature.compute("log_mel", song, given) end

--- Mel spectrogram with per-channel energy normalisation: robust to loudness and to steady noise.
---
--- Shape n_mels × frames. Each band M of the mel spectrogram times scale (2³¹: samples as 32-bit integers) becomes
--- (M / (eps + A)^gain + bias)^exponent − bias^exponent, where A is its average over time_constant seconds, from 1 on.
--- The average runs through the clip, so recipes analyse it whole. Source: librosa.pcen (exponent is its `power`);
--- Wang et al., 2017.
--- Options: scale = 2147483648, gain = 0.98, bias = 2, exponent = 0.5, time_constant = 0.4, eps = 1e-6, power = 2 of
--- the spectrum (1 is usual for speech), n_mels = 128, fmin = 0, fmax = nil (half the rate), htk = false,
--- triangles = "hz", norm = "slaney"; n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.pcen(song, given) return feature.compute("pcen", song, given) end

--- Mel-frequency cepstral coefficients: timbre in a few numbers.
---
--- Shape n_mfcc × frames. The cosine transform (dct_type 2 or 3, norm "ortho" or "none") of the mel spectrogram in
--- dB (top_db 80 under the clip's maximum); lifter L > 0 multiplies coefficient i by 1 + L/2·sin(π(i+1)/L).
--- mel_norm is feature.mel's norm. Source: librosa.feature.mfcc; Davis and Mermelstein, 1980.
--- Options: n_mfcc = 20, dct_type = 2, norm = "ortho", lifter = 0; those of feature.mel (n_fft = 2048,
--- hop_length = 512, win_length = n_fft, window = "hann", center = true, pad_mode = "constant", power = 2,
--- n_mels = 128, fmin = 0, fmax = nil, htk = false, triangles = "hz"), mel_norm = "slaney".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.mfcc(song, given) return feature.compute("mfcc", song, given) end

--- First derivative of the MFCC along time: feature.delta of feature.mfcc, for recipes.
---
--- Shape n_mfcc × frames, per frame. Fewer than width frames is an error, unless mode is another than "interp".
--- Source: librosa.feature.delta.
--- Options: those of feature.mfcc (n_mfcc = 20, dct_type = 2, norm = "ortho", lifter = 0, n_fft = 2048,
--- hop_length = 512, win_length = n_fft, window = "hann", center = true, pad_mode = "constant", power = 2,
--- n_mels = 128, fmin = 0, fmax = nil, htk = false, triangles = "hz", mel_norm = "slaney"); width = 9, order = 1,
--- mode = "interp".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.mfcc_delta(song, given) return feature.compute("mfcc_delta", song, given) end

--- Second derivative of the MFCC along time: feature.delta of feature.mfcc with order 2, for recipes.
---
--- Shape n_mfcc × frames, per frame squared. Source: librosa.feature.delta.
--- Options: those of feature.mfcc (n_mfcc = 20, dct_type = 2, norm = "ortho", lifter = 0, n_fft = 2048,
--- hop_length = 512, win_length = n_fft, window = "hann", center = true, pad_mode = "constant", power = 2,
--- n_mels = 128, fmin = 0, fmax = nil, htk = false, triangles = "hz", mel_norm = "slaney"); width = 9, order = 2,
--- mode = "interp".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.mfcc_delta2(song, given) return feature.compute("mfcc_delta2", song, given) end

--- Input of OpenAI's Whisper: the song at 16 kHz, cut or padded with silence to 30 s, as a log-mel spectrogram.
---
--- Shape n_mels × 3000 (100 frames/s); n_mels is 80, or 128 for large-v3. With pad = false the clip's own length,
--- n // 160 frames of more than 200 samples. 8 decades under the clip's maximum, scaled to about −1..1; silence is
--- −1.5. Another rate than 16 000 Hz is an error. Source: Radford et al., 2022 (log_mel_spectrogram).
--- Options: n_mels = 80, pad = true; fixed: hop_length = 160.
---@param song moonlark.Signal  waveform of 16 000 Hz
---@param given {n_mels?: integer, pad?: boolean}?
---@return moonlark.Signal
function feature.whisper_mel(song, given) return feature.compute("whisper_mel", song, given) end

--- Input of Google's VGGish: natural logarithm of mel-weighted magnitudes, plus 0.01.
---
--- Shape 64 × 1 + (n − 400) // 160, bands from 125 to 7500 Hz at 16 kHz. The network takes 96 frames at a time, without
--- overlap. Less than 400 samples or another rate is an error. Source: Hershey et al., 2017 (vggish_input).
--- Options: none; fixed: hop_length = 160.
---@param song moonlark.Signal  waveform of 16 000 Hz
---@param given table?
---@return moonlark.Signal
function feature.vggish_mel(song, given) return feature.compute("vggish_mel", song, given) end

--- Kaldi's log mel filter bank at 16 kHz; with its defaults the input of the Audio Spectrogram Transformer.
---
--- Shape n_mels × n_frames, cut or padded with zeros before they are normalised by AudioSet's mean and deviation (or
--- with n_frames = false the clip's 1 + (n − 400) // 160). Samples stay within ±1. Frames of 25 ms each 10 ms: mean
--- removed (remove_dc_offset), pre-emphasis, window "hann", "povey" or "hamming", power, triangles on the mel scale
--- 1127·ln(1 + f/700), logarithm. No dither. Source: Kaldi's fbank; Gong, Chung and Glass, 2021.
--- Options: n_mels = 128, fmin = 20, fmax = 8000, window = "hann", remove_dc_offset = true, preemphasis = 0.97,
--- n_frames = 1024, normalize = true; fixed: hop_length = 160.
---@param song moonlark.Signal  waveform of 16 000 Hz
---@param given table?
---@return moonlark.Signal
function feature.kaldi_fbank(song, given) return feature.compute("kaldi_fbank", song, given) end

--- Input of the music transformer MAEST: log10(1 + 10000·mel) at 16 kHz, normalised.
---
--- Shape 96 × n_frames, cut or padded: 316, 626, 1256 or 1876 for the models of 5, 10, 20 and 30 s (or with n_frames =
--- false the clip's 1 + n // 256). Source: Alonso-Jiménez, Serra and Bogdanov, 2023.
--- Options: n_frames = 1876, normalize = true; fixed: hop_length = 256.
---@param song moonlark.Signal  waveform of 16 000 Hz
---@param given {n_frames?: integer|false, normalize?: boolean}?
---@return moonlark.Signal
function feature.maest_mel(song, given) return feature.compute("maest_mel", song, given) end

--- Energy of each pitch class, from the short-time Fourier transform.
---
--- Shape n_chroma × frames, rows C, C♯ … B (from A with base_c = false). Columns are brought to norm "inf" (largest
--- value 1), "1", "2" or "none"; a silent frame stays 0. tuning is in fractions of a chroma bin; nil estimates it.
--- Bins are weighted by a Gaussian over octaves: centre ctroct above A0, width octwidth (false: none). Source:
--- librosa.feature.chroma_stft; Ellis, 2007.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant"); norm = "inf", tuning = nil, n_chroma = 12, ctroct = 5, octwidth = 2,
--- base_c = true.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.chroma_stft(song, given) return feature.compute("chroma_stft", song, given) end

--- Constant-Q transform, complex64: bins evenly spaced in pitch.
---
--- Shape n_bins × frames, frequencies in Hz from fmin (nil: C1, 32.7 Hz), bins_per_octave of them an octave. tuning
--- is in fractions of a bin (false: estimated; the axis then shows the untuned frequencies). filter_scale < 1
--- shortens the filters; norm ("1", "2", "inf", "none") is theirs; sparsity is the share of a filter that may be
--- dropped; scale divides by the root of their length. Source: librosa.cqt; Schörkhuber and Klapuri, 2010.
--- Options: hop_length = 512, fmin = nil, n_bins = 84, bins_per_octave = 12, tuning = 0, filter_scale = 1,
--- norm = "1", sparsity = 0.01, window = "hann", scale = true, pad_mode = "constant".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.cqt(song, given) return feature.compute("cqt", song, given) end

--- Variable-Q transform, complex64: the constant-Q transform with shorter filters for low pitches.
---
--- Shape n_bins × frames. A filter is gamma Hz wider than constant Q makes it; nil: 24.7·α/0.108 with α the relative
--- bandwidth, as the ear's; 0 is feature.cqt, whose other options it takes. Source: librosa.vqt; Schörkhuber,
--- Klapuri, Holighaus and Dörfler, 2014.
--- Options: gamma = nil, hop_length = 512, fmin = nil, n_bins = 84, bins_per_octave = 12, tuning = 0,
--- filter_scale = 1, norm = "1", sparsity = 0.01, window = "hann", scale = true, pad_mode = "constant".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.vqt(song, given) return feature.compute("vqt", song, given) end

--- Magnitudes on a constant-Q scale, from one spectrogram for all pitches: no phase, blurred in time.
---
--- Shape n_bins × frames, float32, frequencies in Hz: the magnitudes of the constant-Q filters times those of a
--- short-time Fourier transform, with a Hann window as long as the longest filter (a power of 2, two hops or more).
--- Attacks are as blurred at high pitches as at low ones. Its options are feature.cqt's. Bins beyond half the sample
--- rate are an error, as they are there, and so are windows of more than 524 288 samples. Source: librosa.pseudo_cqt.
--- Options: hop_length = 512, fmin = nil, n_bins = 84, bins_per_octave = 12, tuning = 0, filter_scale = 1,
--- norm = "1", sparsity = 0.01, window = "hann" of the filters, scale = true, pad_mode = "constant".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.pseudo_cqt(song, given) return feature.compute("pseudo_cqt", song, given) end

--- Magnitudes of the constant-Q transform, its short filters replaced by the pseudo one.
---
--- Shape n_bins × frames, float32, frequencies in Hz. Bins whose filters are shorter than two hops, padded to a power
--- of 2, would skip samples between frames: they come from feature.pseudo_cqt, the lower ones from the magnitude of
--- feature.cqt, whose options and errors it has. Source: librosa.hybrid_cqt.
--- Options: hop_length = 512, fmin = nil, n_bins = 84, bins_per_octave = 12, tuning = 0, filter_scale = 1,
--- norm = "1", sparsity = 0.01, window = "hann", scale = true, pad_mode = "constant".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.hybrid_cqt(song, given) return feature.compute("hybrid_cqt", song, given) end

--- Energy of each pitch class, from the constant-Q transform: sharper at low pitches than chroma_stft.
---
--- Shape n_chroma × frames, rows C, C♯ … B. n_octaves from fmin (nil: C1) with bins_per_octave bins (a multiple of
--- n_chroma) are folded; values under threshold become 0; columns are brought to norm "inf", "1", "2" or "none".
--- tuning is in fractions of a bin; nil estimates it. Source: librosa.feature.chroma_cqt.
--- Options: hop_length = 512, fmin = nil, n_octaves = 7, bins_per_octave = 36, tuning = nil, n_chroma = 12,
--- norm = "inf", threshold = 0.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.chroma_cqt(song, given) return feature.compute("chroma_cqt", song, given) end

--- Chroma energy normalised statistics: chroma that no longer tells how loud or how exactly something was played.
---
--- Shape n_chroma × frames, rows C, C♯ … B: chroma_cqt's columns as shares, quantised at 5, 10, 20 and 40 %, smoothed
--- by a window of win_len_smooth frames (0: not) and brought to norm "2", "inf", "1" or "none". A frame depends on its
--- neighbours, so the whole clip is analysed. Source: librosa.feature.chroma_cens; Müller and Ewert, 2011.
--- Options: hop_length = 512, fmin = nil, n_octaves = 7, bins_per_octave = 36, tuning = nil, n_chroma = 12, norm = "2",
--- win_len_smooth = 41, smoothing_window = "hann".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.chroma_cens(song, given) return feature.compute("chroma_cens", song, given) end

--- Tonal centroids: chroma on the circles of fifths, minor and major thirds.
---
--- Shape 6 × frames: x and y on each circle, within ±1 (thirds: major ±0.5). Made from chroma_cqt of the same
--- options. Source: librosa.feature.tonnetz; Harte, Sandler and Gasser, 2006.
--- Options: hop_length = 512, fmin = nil, n_octaves = 7, bins_per_octave = 36, tuning = nil.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.tonnetz(song, given) return feature.compute("tonnetz", song, given) end

--- Centre of gravity of the spectrum, in Hz: brightness.
---
--- Shape 1 × frames; 0 for a silent frame. Source: librosa.feature.spectral_centroid.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant").
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.spectral_centroid(song, given) return feature.compute("spectral_centroid", song, given) end

--- Spread of the spectrum around its centroid, in Hz: (Σ m·|f − centroid|^p)^(1/p).
---
--- Shape 1 × frames. norm brings the magnitudes m of a frame to sum 1 first. Source:
--- librosa.feature.spectral_bandwidth.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant"); norm = true, p = 2.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.spectral_bandwidth(song, given) return feature.compute("spectral_bandwidth", song, given) end

--- The frequency, in Hz, below which roll_percent of the spectrum's magnitude lies.
---
--- Shape 1 × frames; 0 for a silent frame. Source: librosa.feature.spectral_rolloff.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant"); roll_percent = 0.85.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.spectral_rolloff(song, given) return feature.compute("spectral_rolloff", song, given) end

--- Geometric over arithmetic mean of the spectrum: near 0 for a tone, 1 for white noise (and for silence).
---
--- Shape 1 × frames. power is the exponent of the magnitude; values under amin count as amin. Source:
--- librosa.feature.spectral_flatness.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant"); amin = 1e-10, power = 2.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.spectral_flatness(song, given) return feature.compute("spectral_flatness", song, given) end

--- Peak against valley in octave bands, in dB: tones stand out, noise does not.
---
--- Shape n_bands + 1 × frames; rows are bands from 0, fmin, 2·fmin … Hz, the last one up to half the sample rate.
--- Peak and valley are means of the quantile largest and smallest bins of a band; linear subtracts them without dB.
--- Source: librosa.feature.spectral_contrast; Jiang and others, 2002.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant"); fmin = 200, n_bands = 6, quantile = 0.02, linear = false.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.spectral_contrast(song, given) return feature.compute("spectral_contrast", song, given) end

--- How much the spectrum rises from one frame to the next.
---
--- One row: the root of the sum over bins of max(0, |X[t]| − |X[t − 1]|)²; the first frame is 0. It needs the frame
--- before, so recipes analyse the whole clip. Source: Dixon, 2006 (half-wave rectified, L2); mel-wise and in decibels
--- it is feature.onset_strength.
--- Options: those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann",
--- center = true, pad_mode = "constant").
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.spectral_flux(song, given) return feature.compute("spectral_flux", song, given) end

--- Coefficients of a polynomial of frequency (Hz) through each magnitude spectrum, by least squares.
---
--- Shape order + 1 × frames (order ≤ 16), highest power first. order = 0 is the mean, 1 gives the spectrum's tilt.
--- Source: librosa.feature.poly_features.
--- Options: order = 1, and those of feature.stft (n_fft = 2048, hop_length = 512, win_length = n_fft,
--- window = "hann", center = true, pad_mode = "constant").
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.poly_features(song, given) return feature.compute("poly_features", song, given) end

--- Linear prediction coefficients of each frame: its spectrum's envelope, resonances (formants) and all, as a filter.
---
--- Shape order + 1 × frames: 1, a[1] … a[order], the filter whose output x[i] + a[1]·x[i − 1] + … has the least energy;
--- 1 / |A| is the envelope. By Burg's method, so all poles lie within the unit circle. What is predicted without an
--- error needs no further coefficients: a silent frame gives 1, 0 … 0, a constant one 1, −1, 0 … 0. order must lie below
--- frame_length. librosa takes frames as they are: center = false gives those of librosa.util.frame; by default frame
--- t lies around sample t·hop_length, as in other features. Source: librosa.lpc, in double precision; Marple, 1980.
--- Options: order = 16, frame_length = 2048, hop_length = 512, center = true, pad_mode = "constant".
---@param song moonlark.Signal
---@param given {order?: integer, frame_length?: integer, hop_length?: integer, center?: boolean, pad_mode?: string}?
---@return moonlark.Signal
function feature.lpc(song, given) return feature.compute("lpc", song, given) end

-- --- onsets and tempi ------------------------------------------------------------

-- What the onset strength takes besides what its spectrogram is made with.
local onset_options = {lag = 1, max_size = 1, detrend = false, center = true, aggregate = "mean"}
local onset_names = {"lag", "max_size", "detrend", "center", "aggregate", "channels"}

-- apply(part) -> part for each rows × frames part of the data; several are put together again.
local function each(data, rank, apply)
  if data:dim() == rank then return apply(data) end
  local parts = {}
  for c = 0, data:size(0) - 1 do parts[c + 1] = each(data:select(0, c), rank, apply) end
  return require "moonlark.torch".stack(parts)
end

local function in_decibels(value)
  return signal.is(value) and value.unit == "dB" and value.axis ~= nil
end

-- The rise of a spectrogram in dB within ranges of its rows.
local function onsets_of(name, spectrogram, given, channels)
  local read = options.read(name .. " of a spectrogram", given, onset_options)
  local made, rows = spectrogram.made, spectrogram.data:size(-2)
  channels = channels or {0, rows}
  if type(channels) ~= "table" then error(("channels must be a table of bands, got %s"):format(type(channels)), 0) end
  local delay = read.center and (made.n_fft or 2048) // (2 * (made.hop_length or 512)) or 0
  local data = each(spectrogram.data, 2, function(part)
    return core.onset_strength(part, channels, read.lag, read.max_size, delay, read.detrend, read.aggregate)
  end)
  local axis
  if name == "onset_strength_multi" then
    local values = {}
    for c = 1, #channels - 1 do values[c] = spectrogram.axis.values[channels[c] + 1] end
    axis = {name = "bands from", unit = spectrogram.axis.unit, scale = spectrogram.axis.scale, values = values}
    read.channels = channels
  end
  for key, setting in pairs(made) do if read[key] == nil then read[key] = setting end end
  read.feature = name
  return signal.new {
    data = data, rate = spectrogram.rate, start = spectrogram.start, kind = name, unit = "dB", axis = axis, made = read,
  }
end

local function is_onsets(value)
  return signal.is(value) and (value.kind == "onset_strength" or value.kind == "onset_strength_multi")
end

-- apply(curve, settings) -> rows × frames, of an onset strength's one curve or each of its curves.
local function tempi_of(name, onsets, given, apply)
  engine.check_names(name, given)
  if given and given.hop_length then
    error("hop_length is the onset strength's, which is given: leave it out", 0)
  end
  local read = core.settings(name, given)
  local data = onsets.data
  if data:size(-2) == 1 then data = data:squeeze(-2) end
  local made = each(data, 1, function(curve) return apply(curve, read) end)
  local steps = {hop_length = 1} -- so that the axis counts the curve's frames
  for key, value in pairs(given or {}) do steps[key] = value end
  for key, setting in pairs(onsets.made) do if read[key] == nil then read[key] = setting end end
  read.feature, read.hop_length = name, onsets.made.hop_length
  return signal.new {
    data = made, rate = onsets.rate, start = onsets.start, kind = engine.row(name).kind, made = read,
    axis = core.axis(name, steps, onsets.rate, made:size(-2)),
  }
end

--- Onset strength: how much the mel spectrogram in dB rises from frame to frame, over all bands: high where notes and
--- drums begin.
---
--- Shape 1 × frames, in dB. Frame t holds the aggregate ("mean" or "median") over bands of
--- max(0, D[t] − reference[t − lag]), where the reference is D or, with max_size > 1, its maximum over max_size
--- bands around (vibrato is then no onset). center shifts the curve by n_fft / (2·hop_length) frames, to where the
--- attacks sound; detrend takes its constant part out. D is lifted to 80 dB under the clip's maximum, so a value
--- depends on the whole clip. In place of a waveform, a spectrogram in dB (a log_mel Signal, say) may be given, with
--- the options lag to aggregate and center. Source: librosa.onset.onset_strength; Böck and Widmer, 2013.
--- Options: lag = 1, max_size = 1, detrend = false, aggregate = "mean"; those of feature.mel (n_fft = 2048,
--- hop_length = 512, win_length = n_fft, window = "hann", center = true, pad_mode = "constant", power = 2,
--- n_mels = 128, fmin = 0, fmax = nil, htk = false, triangles = "hz", norm = "slaney").
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.onset_strength(song, given)
  if not in_decibels(song) then return feature.compute("onset_strength", song, given) end
  return onsets_of("onset_strength", song, given, {0, song.data:size(-2)})
end

--- Onset strength in n_channels ranges of mel bands, lowest first: kick, snare and cymbals apart.
---
--- Shape n_channels × frames, in dB; the axis holds the centre of each range's lowest band. Range c (from 0) covers
--- the bands from c·n_mels // n_channels to the next range; in place of n_channels, channels = {0, 10, 40, 128} says
--- at which bands the ranges begin and end (not in recipes). A spectrogram in dB may be given as for
--- feature.onset_strength. Source: librosa.onset.onset_strength_multi.
--- Options: n_channels = 4; those of feature.onset_strength (lag = 1, max_size = 1, detrend = false,
--- aggregate = "mean", n_fft = 2048, hop_length = 512, win_length = n_fft, window = "hann", center = true,
--- pad_mode = "constant", power = 2, n_mels = 128, fmin = 0, fmax = nil, htk = false, triangles = "hz",
--- norm = "slaney").
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.onset_strength_multi(song, given)
  local of_spectrogram = in_decibels(song)
  if not of_spectrogram and not (type(given) == "table" and given.channels) then
    return feature.compute("onset_strength_multi", song, given)
  end
  local own, mel = {}, {}
  for key, value in pairs(given or {}) do
    local target = (key == "channels" or onset_options[key] ~= nil) and own or mel
    target[key] = value
  end
  if of_spectrogram then
    if next(mel) then options.unknown("option of onset_strength_multi of a spectrogram", next(mel), onset_names) end
  else
    song = feature.log_mel(song, mel)
  end
  local channels = own.channels
  own.channels = nil
  return onsets_of("onset_strength_multi", song, own, channels)
end

--- Tempogram: how the onsets around each frame repeat, as the autocorrelation of the onset strength.
---
--- Shape win_length × frames; row k is a lag of k·hop_length / sample rate seconds, so a beat of B per minute stands
--- out at 60/B seconds and its multiples. win_length is in frames (384 at 22 050 Hz: 8.9 s); with center, the curve
--- falls to 0 in straight ramps beyond the clip's ends; columns are brought to norm "inf", "1", "2" or "none". The
--- onset strength has the defaults of feature.onset_strength, but for hop_length; or it is given, as a Signal, in
--- place of the waveform. Source: librosa.feature.tempogram; Grosche, Müller and Kurth, 2010.
--- Options: hop_length = 512, win_length = 384, window = "hann", center = true, norm = "inf".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.tempogram(song, given)
  if not is_onsets(song) then return feature.compute("tempogram", song, given) end
  return tempi_of("tempogram", song, given, function(curve, read)
    return core.tempogram(curve, read.win_length, read.window, read.center, read.norm)
  end)
end

--- Fourier tempogram, complex64: how strongly, and with which phase, the onsets pulse at each tempo.
---
--- Shape 1 + win_length/2 × frames, rows in beats per minute: k·60·sample rate / (hop_length·win_length). It is the
--- short-time Fourier transform of the onset strength, one frame at a time; with center and an even win_length, it
--- has one frame more than that curve. An onset strength may be given as for feature.tempogram. Source:
--- librosa.feature.fourier_tempogram; Grosche, Müller and Kurth, 2010.
--- Options: hop_length = 512, win_length = 384, window = "hann", center = true.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.fourier_tempogram(song, given)
  if not is_onsets(song) then return feature.compute("fourier_tempogram", song, given) end
  return tempi_of("fourier_tempogram", song, given, function(curve, read)
    return core.fourier_tempogram(curve, read.win_length, read.window, read.center)
  end)
end

--- Pitch of each frame by itself, by YIN: quick, and always a number, voiced or not.
---
--- Shape 1 × frames, in Hz between about fmin and fmax (C2 and C7 by default; librosa has no default). Of the
--- difference between a frame and itself some samples later, normalised to 1 on average, the first trough under
--- trough_threshold is taken for the period, else its lowest value, refined by a parabola. A silent frame gives the
--- largest pitch. frame_length must hold more than a period of fmin, better two. Source: librosa.yin; de Cheveigné
--- and Kawahara, 2002.
--- Options: fmin = 65.4063913251, fmax = 2093.0045224, frame_length = 2048, hop_length = 512, center = true,
--- pad_mode = "constant", trough_threshold = 0.1.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.yin(song, given) return feature.compute("yin", song, given) end

--- Pitch of one voice or instrument over a clip, by pYIN: the likeliest path through pitches, and where it sounds.
---
---     local pitch, voiced, probability = feature.pyin(song, {fill_na = false})
---
--- Three Signals of shape 1 × frames: the pitch in Hz, feature.voiced_flag (1 or 0) and feature.voiced_probability.
--- Unvoiced frames hold fill_na; false: NaN, as librosa has it by default. Here it is 0, because a recipe's mean over
--- NaN would be NaN: pool voiced_flag beside it, or take best_guess = true, which leaves the pitch that the path has
--- there (librosa's fill_na = None).
--- Each of n_thresholds thresholds of feature.yin votes, weighted by a Beta(beta_a, beta_b) distribution (librosa's
--- beta_parameters), for the troughs below it, for the k-th with a weight of exp(−boltzmann_parameter·k); the lowest
--- gets no_trough_prob of the votes that find none. Pitches lie on bins of resolution semitones between fmin and fmax
--- (C2 and C7 by default; librosa has no default), move at most max_transition_rate octaves a second, and change
--- voicing from frame to frame with probability switch_prob. The path is found over the whole clip. Source:
--- librosa.pyin; Mauch and Dixon, 2014.
--- Options: fmin = 65.4063913251, fmax = 2093.0045224, frame_length = 2048, hop_length = 512, center = true,
--- pad_mode = "constant", n_thresholds = 100, beta_a = 2, beta_b = 18, boltzmann_parameter = 2, resolution = 0.1,
--- max_transition_rate = 35.92, switch_prob = 0.01, no_trough_prob = 0.01, fill_na = 0, best_guess = false.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal pitch
---@return moonlark.Signal voiced_flag
---@return moonlark.Signal voiced_probability
function feature.pyin(song, given)
  engine.check_names("pyin", given)
  local parts, rate, start = {{}, {}, {}}, nil, nil
  for c, samples in ipairs(channels(song)) do
    parts[1][c], parts[2][c], parts[3][c], rate, start = core.pyin(given, samples, song.rate)
  end
  local voicing = {}
  for _, parameter in ipairs(engine.parameters "voiced_flag") do
    voicing[parameter.name] = given and given[parameter.name]
  end
  local function made(name, i, settings)
    local data = #parts[i] == 1 and parts[i][1] or require "moonlark.torch".stack(parts[i])
    return feature.signal(name, settings, {data = data, rate = rate, start = song.start + start}, song.rate)
  end
  return made("pyin", 1, given), made("voiced_flag", 2, voicing), made("voiced_probability", 3, voicing)
end

--- 1 where feature.pyin hears a voice, else 0: the mean of a recipe is the share of voiced frames.
---
--- Shape 1 × frames. Source: librosa.pyin's voiced_flag.
--- Options, of the same meaning as feature.pyin's: fmin = 65.4063913251, fmax = 2093.0045224, frame_length = 2048,
--- hop_length = 512, center = true, pad_mode = "constant", n_thresholds = 100, beta_a = 2, beta_b = 18,
--- boltzmann_parameter = 2, resolution = 0.1, max_transition_rate = 35.92, switch_prob = 0.01,
--- no_trough_prob = 0.01.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.voiced_flag(song, given) return feature.compute("voiced_flag", song, given) end

--- How likely each frame is voiced, 0 to 1, before feature.pyin looks at the frames around it.
---
--- Shape 1 × frames. Source: librosa.pyin's voiced_prob.
--- Options, of the same meaning as feature.pyin's: fmin = 65.4063913251, fmax = 2093.0045224, frame_length = 2048,
--- hop_length = 512, center = true, pad_mode = "constant", n_thresholds = 100, beta_a = 2, beta_b = 18,
--- boltzmann_parameter = 2, resolution = 0.1, max_transition_rate = 35.92, switch_prob = 0.01,
--- no_trough_prob = 0.01.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.voiced_probability(song, given) return feature.compute("voiced_probability", song, given) end

--- Share of a frame's samples at which the waveform changes its sign.
---
--- Shape 1 × frames, 0 to 1. Magnitudes up to threshold count as 0, and 0 as positive; centred frames see the
--- clip's edges repeated. Source: librosa.feature.zero_crossing_rate.
--- Options: frame_length = 2048, hop_length = 512, center = true, threshold = 1e-10.
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.zero_crossing_rate(song, given) return feature.compute("zero_crossing_rate", song, given) end

--- Loudness: the root of the mean square of each frame.
---
--- Shape 1 × frames, in the waveform's unit (1 is full scale). Source: librosa.feature.rms.
--- Options: frame_length = 2048, hop_length = 512, center = true, pad_mode = "constant".
---@param song moonlark.Signal
---@param given table?
---@return moonlark.Signal
function feature.rms(song, given) return feature.compute("rms", song, given) end

-- --- what follows a feature -----------------------------------------------------

-- Takes a Signal or a tensor and gives the same back: apply(data) -> data; changes: fields of the new Signal.
local function follow(name, value, apply, changes)
  if not signal.is(value) then
    if type(value) ~= "userdata" then
      error(("%s must be a Signal or a tensor, got %s"):format(name, type(value)), 0)
    end
    return apply(value)
  end
  changes.data = apply(value.data)
  local made = {}
  for key, setting in pairs(value.made) do made[key] = setting end
  for key, setting in pairs(changes.made or {}) do made[key] = setting end
  changes.made = made
  return value:with(changes)
end

local function is_complex(data)
  return data:dtype():find "complex" ~= nil
end

local function reference_of(ref, data)
  if ref == "max" then return data:numel() > 0 and data:max():item() or 1 end
  if type(ref) == "function" then ref = ref(data) end
  if type(ref) ~= "number" then
    error(("ref must be a number, \"max\" or a function of the data, got %s"):format(tostring(ref)), 0)
  end
  return math.abs(ref)
end

--- Power to decibels: 10·log10(max(S, amin) / max(ref, amin)).
---
--- Values more than top_db under the largest of the whole array are lifted to there; top_db = false leaves them, as
--- streaming needs. ref may be a number, "max" (the largest value becomes 0 dB) or a function of the tensor.
--- Source: librosa.power_to_db.
--- Options: ref = 1, amin = 1e-10, top_db = 80.
---@param S moonlark.Signal|moonlark.Tensor
---@param given {ref?: number|string|function, amin?: number, top_db?: number|false}?
---@return moonlark.Signal|moonlark.Tensor  as S, float32
function feature.power_to_db(S, given)
  local read = options.read("power_to_db", given, {ref = options.none, amin = 1e-10, top_db = options.none})
  local top_db = read.top_db == nil and 80 or read.top_db or nil
  local ref
  return follow("S", S, function(data)
    if is_complex(data) then
      error("S must hold powers, got complex numbers: take feature.magnitude and amplitude_to_db", 0)
    end
    ref = reference_of(read.ref or 1, data)
    return core.power_to_db(data, ref, read.amin, top_db)
  end, {unit = "dB", made = {db = "power", amin = read.amin, top_db = top_db}})
end

--- Amplitude to decibels: 20·log10(max(S, amin) / max(ref, amin)); complex values by their magnitude.
---
--- As feature.power_to_db. Source: librosa.amplitude_to_db.
--- Options: ref = 1, amin = 1e-5, top_db = 80.
---@param S moonlark.Signal|moonlark.Tensor
---@param given {ref?: number|string|function, amin?: number, top_db?: number|false}?
---@return moonlark.Signal|moonlark.Tensor  as S, float32
function feature.amplitude_to_db(S, given)
  local read = options.read("amplitude_to_db", given, {ref = options.none, amin = 1e-5, top_db = options.none})
  local top_db = read.top_db == nil and 80 or read.top_db or nil
  return follow("S", S, function(data)
    local magnitude = data:abs()
    local ref = reference_of(read.ref or 1, magnitude)
    return core.power_to_db(magnitude * magnitude, ref * ref, read.amin * read.amin, top_db)
  end, {unit = "dB", made = {db = "amplitude", amin = read.amin, top_db = top_db}})
end

local function no_unit(value)
  if signal.is(value) then value.unit, value.made.db = nil, nil end
  return value
end

--- Decibels to power: ref·10^(S_db/10). Source: librosa.db_to_power.
--- Options: ref = 1.
---@param S_db moonlark.Signal|moonlark.Tensor
---@param given {ref?: number}?
---@return moonlark.Signal|moonlark.Tensor
function feature.db_to_power(S_db, given)
  local read = options.read("db_to_power", given, {ref = 1})
  return no_unit(follow("S_db", S_db, function(data) return core.db_to_power(data, read.ref) end, {}))
end

--- Decibels to amplitude: ref·10^(S_db/20). Source: librosa.db_to_amplitude.
--- Options: ref = 1.
---@param S_db moonlark.Signal|moonlark.Tensor
---@param given {ref?: number}?
---@return moonlark.Signal|moonlark.Tensor
function feature.db_to_amplitude(S_db, given)
  local read = options.read("db_to_amplitude", given, {ref = 1})
  return no_unit(follow("S_db", S_db, function(data)
    return core.db_to_power(data, read.ref * read.ref):sqrt()
  end, {}))
end

--- Derivative along time, per frame: a polynomial of degree `order` fitted to `width` frames around each.
---
--- Shape as given; any order below width: 1 is the slope, 2 the curvature, 3 … mode says what lies beyond the ends:
--- "interp" (the outer frames take the first or last fit; needs width frames), "nearest", "mirror", "constant" (0) or
--- "wrap". In double precision. Source: librosa.feature.delta; Savitzky and Golay, 1964.
--- Options: width = 9 (odd), order = 1, mode = "interp".
---@param data moonlark.Signal|moonlark.Tensor  time last
---@param given {width?: integer, order?: integer, mode?: string}?
---@return moonlark.Signal|moonlark.Tensor
function feature.delta(data, given)
  local read = options.read("delta", given, {width = 9, order = 1, mode = "interp"})
  local changes = {made = {delta = {width = read.width, order = read.order, mode = read.mode}}}
  if signal.is(data) then changes.kind = data.kind .. "_delta" end
  return follow("data", data, function(values)
    return core.delta(values, read.width, read.order, read.mode)
  end, changes)
end

--- Magnitude of a complex transform, such as feature.stft or feature.cqt.
---@param S moonlark.Signal|moonlark.Tensor
---@return moonlark.Signal|moonlark.Tensor  float32
function feature.magnitude(S)
  return follow("S", S, function(data) return data:abs() end, {})
end

--- Phase of a complex transform, in radians, −π to π.
---@param S moonlark.Signal|moonlark.Tensor
---@return moonlark.Signal|moonlark.Tensor  float32
function feature.phase(S)
  return follow("S", S, function(data) return data:angle() end, {unit = "rad"})
end

--- A waveform from its short-time Fourier transform: overlap and add, divided by the sum of squared windows.
---
--- A Signal that feature.stft made brings its settings along, and gives a waveform Signal of channels × samples; a
--- tensor of rows × frames gives a tensor of samples. With length, the result is cut or padded to so many samples;
--- else a clip loses what is beyond its last whole hop. Source: librosa.istft.
--- Options: n_fft = 2·(rows − 1), hop_length = win_length/4, win_length = n_fft, window = "hann", center = true,
--- length = nil.
---@param S moonlark.Signal|moonlark.Tensor  complex
---@param given {n_fft?: integer, hop_length?: integer, win_length?: integer, window?: string, center?: boolean, length?: integer}?
---@return moonlark.Signal|moonlark.Tensor
function feature.istft(S, given)
  local made = signal.is(S) and signal.check("S", S, "stft").made or {}
  local read = options.read("istft", given, {
    n_fft = options.none, hop_length = options.none, win_length = options.none, window = options.none,
    center = options.none, length = options.none,
  })
  local data = signal.is(S) and S.data or S
  if type(data) ~= "userdata" then error(("S must be a Signal or a tensor, got %s"):format(type(S)), 0) end
  local rows = data:size(-2)
  local n_fft = read.n_fft or made.n_fft or 2 * (rows - 1)
  local win_length = read.win_length or made.win_length or n_fft
  local hop_length = read.hop_length or made.hop_length or win_length // 4
  local window = read.window or made.window or "hann"
  local center = read.center
  if center == nil then center = made.center end
  if center == nil then center = true end
  local function invert(bins)
    return core.istft(bins, n_fft, hop_length, win_length, window, center, read.length)
  end
  if not signal.is(S) then return invert(data) end

  local torch = require "moonlark.torch"
  local parts = {}
  if data:dim() == 2 then parts[1] = invert(data) end
  for c = 0, data:dim() == 3 and data:size(0) - 1 or -1 do parts[c + 1] = invert(data:select(0, c)) end
  local rate = S.rate * hop_length
  return signal.new {
    data = torch.stack(parts), rate = made.sample_rate or rate, kind = "waveform",
    start = S.start - (center and 0 or n_fft // 2 / rate), made = {istft = true, n_fft = n_fft, hop_length = hop_length},
  }
end

--- How far a recording lies from A = 440 Hz, in fractions of a bin (of a semitone, by default): −0.5 to 0.5.
---
--- The fullest class of the strongest spectral peaks between 150 and 4000 Hz; 0 when there are none. Source:
--- librosa.estimate_tuning.
--- Options: n_fft = 2048, resolution = 0.01, bins_per_octave = 12.
---@param song moonlark.Signal  waveform of one channel
---@param given {n_fft?: integer, resolution?: number, bins_per_octave?: integer}?
---@return number
function feature.estimate_tuning(song, given)
  local read = options.read("estimate_tuning", given, {n_fft = 2048, resolution = 0.01, bins_per_octave = 12})
  local list = channels(song)
  if #list > 1 then error(("song must have one channel, got %d: mix it down first"):format(#list), 0) end
  return core.tuning(list[1], song.rate, read.n_fft, read.bins_per_octave, read.resolution)
end

--- Several features to be made together, from one decode and shared transforms: see moonlark.feature.recipe.
---@param given table  {features = {mel = {}, mfcc = {n_mfcc = 13}}, rate = 22050, pool = {"mean", "std"} …}
---@return moonlark.Recipe
function feature.recipe(given)
  return require "moonlark.feature.recipe".new(given)
end

return feature
