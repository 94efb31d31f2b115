--- Features of the short-time Fourier transform, and of frames as they are.
local engine = require "moonlark.feature.engine"

---@class moonlark.feature
local spectral = {}

--- Short-time Fourier transform, complex64. Shape 1 + n_fft/2 × frames, frequencies in Hz. feature.magnitude and
--- feature.phase take it apart, feature.istft inverts it. Source: librosa.stft.
---     local S = feature.stft(song, {n_fft = 1024, hop_length = 256})
spectral.stft = engine.feature "stft"

--- Magnitude of the short-time Fourier transform, raised to a power (2: power spectrogram). Shape 1 + n_fft/2 ×
--- frames, frequencies in Hz. Source: |librosa.stft| ^ power.
---     local db = feature.power_to_db(feature.spectrogram(song, {power = 2}))
spectral.spectrogram = engine.feature "spectrogram"

--- Centre of gravity of the spectrum, in Hz: brightness. Shape 1 × frames; 0 for a silent frame. Source:
--- librosa.feature.spectral_centroid.
---     local brightness = feature.spectral_centroid(song)
spectral.spectral_centroid = engine.feature "spectral_centroid"

--- Spread of the spectrum around its centroid, in Hz: (Σ m·|f − centroid|^p)^(1/p), m the magnitudes of a frame. Shape
--- 1 × frames. Source: librosa.feature.spectral_bandwidth.
---     local spread = feature.spectral_bandwidth(song, {p = 1})
spectral.spectral_bandwidth = engine.feature "spectral_bandwidth"

--- The frequency, in Hz, below which roll_percent of the spectrum's magnitude lies. Shape 1 × frames; 0 for a silent
--- frame. Source: librosa.feature.spectral_rolloff.
---     local edge = feature.spectral_rolloff(song, {roll_percent = 0.95})
spectral.spectral_rolloff = engine.feature "spectral_rolloff"

--- Geometric over arithmetic mean of the spectrum: near 0 for a tone, 1 for white noise (and for silence). Shape 1 ×
--- frames. Source: librosa.feature.spectral_flatness.
---     local noisiness = feature.spectral_flatness(song)
spectral.spectral_flatness = engine.feature "spectral_flatness"

--- How evenly the spectrum is spread: near 0 when all of it is in one frequency, 1 for the flattest.
---
--- Shape 1 × frames. Shannon's entropy −Σ p·log p of the frame's spectrum brought to sum 1, over log(1 + n_fft/2), its
--- largest value. Silence gives 1, as the faint noise of a quiet recording does. Source: Misra and others, Spectral
--- entropy based feature for robust ASR, 2004; normalised as in antropy.spectral_entropy.
---     local evenness = feature.spectral_entropy(song)
spectral.spectral_entropy = engine.feature "spectral_entropy"

--- Peak against valley in octave bands, in dB: tones stand out, noise does not.
---
--- Shape n_bands + 1 × frames; rows are bands from 0, fmin, 2·fmin … Hz, the last one up to half the sample rate.
--- Source: librosa.feature.spectral_contrast; Jiang and others, 2002.
---     local contrast = feature.spectral_contrast(song, {n_bands = 4})
spectral.spectral_contrast = engine.feature "spectral_contrast"

--- How much the spectrum rises from one frame to the next.
---
--- One row: the root of the sum over bins of max(0, |X[t]| − |X[t − 1]|)²; the first frame is 0. Source: Dixon, 2006
--- (half-wave rectified, L2); mel-wise and in decibels it is feature.onset_strength.
---     local rise = feature.spectral_flux(song)
spectral.spectral_flux = engine.feature "spectral_flux"

--- Coefficients of a polynomial of frequency (Hz) through each magnitude spectrum, by least squares.
---
--- Shape order + 1 × frames, highest power first. order = 0 is the mean, 1 gives the spectrum's tilt. Source:
--- librosa.feature.poly_features.
---     local tilt = feature.poly_features(song, {order = 1})
spectral.poly_features = engine.feature "poly_features"

--- Linear prediction coefficients of each frame: its spectrum's envelope, resonances (formants) and all, as a filter.
---
--- Shape order + 1 × frames: 1, a[1] … a[order], the filter whose output x[i] + a[1]·x[i − 1] + … has the least energy;
--- 1 / |A| is the envelope. By Burg's method, so all poles lie within the unit circle. What is predicted without an
--- error needs no further coefficients: a silent frame gives 1, 0 … 0, a constant one 1, −1, 0 … 0. center = false
--- gives the frames of librosa.util.frame. Errors: order not below frame_length. Source: librosa.lpc, in double
--- precision; Marple, 1980.
---     local envelope = feature.lpc(song, {order = 12, center = false})
spectral.lpc = engine.feature "lpc"

--- Share of a frame's samples at which the waveform changes its sign. Shape 1 × frames, 0 to 1. 0 counts as positive;
--- centred frames see the clip's edges repeated. Source: librosa.feature.zero_crossing_rate.
---     local rate = feature.zero_crossing_rate(song)
spectral.zero_crossing_rate = engine.feature "zero_crossing_rate"

--- Loudness: the root of the mean square of each frame. Shape 1 × frames, in the waveform's unit (1 is full scale).
--- Source: librosa.feature.rms.
---     local loudness = feature.rms(song, {hop_length = 1024})
spectral.rms = engine.feature "rms"

--- The waveform itself, sample by sample: what networks that hear sound as it is are given, in batches. Shape 1 ×
--- samples.
---     local wave = feature.samples(song).data[0]
spectral.samples = engine.feature "samples"

return spectral
