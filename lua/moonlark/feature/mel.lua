--- Features on the mel scale, and the inputs of well-known networks.
local engine = require "moonlark.feature.engine"

---@class moonlark.feature
local mel = {}

--- Mel spectrogram: power in triangular bands, spaced as pitch is heard.
---
--- Shape n_mels × frames, band centres in Hz. norm says what a band's weights are divided by: "slaney" half its width
--- in Hz, "1" (or 1) their sum, "2" the root of the sum of their squares, "inf" (or math.huge) the largest, "none"
--- nothing: triangles of height 1. HTK's scale is 2595·log10(1 + f/700); htk = true, triangles = "mel", norm = "none"
--- are the filters of HTK itself, Kaldi and torchaudio.compliance.kaldi (feature.kaldi_fbank is Kaldi's whole front
--- end). Source: librosa.feature.melspectrogram; Slaney, Auditory Toolbox, 1998; Young and others, The HTK Book.
---     local mel = feature.mel(song, {n_mels = 64})
mel.mel = engine.feature "mel"

--- Mel spectrogram: feature.mel under librosa's name.
---     local mel = feature.melspectrogram(song)
mel.melspectrogram = engine.feature "mel"

--- Mel spectrogram in decibels: what most networks are fed with.
---
--- Shape n_mels × frames, in dB: feature.power_to_db of feature.mel. With top_db a frame's value depends on the whole
--- clip; top_db = false is for streaming. Source: librosa.power_to_db(librosa.feature.melspectrogram).
---     local input = feature.log_mel(song, {n_mels = 64, top_db = false})
mel.log_mel = engine.feature "log_mel"

--- Mel spectrogram with per-channel energy normalisation: robust to loudness and to steady noise.
---
--- Shape n_mels × frames. Each band M of the mel spectrogram times scale (2³¹: samples as 32-bit integers) becomes
--- (M / (eps + A)^gain + bias)^exponent − bias^exponent, where A is its average over time_constant seconds, from 1 on.
--- Source: librosa.pcen (exponent is its `power`); Wang et al., 2017.
---     local input = feature.pcen(song, {n_mels = 64})
mel.pcen = engine.feature "pcen"

--- Mel-frequency cepstral coefficients: timbre in a few numbers.
---
--- Shape n_mfcc × frames: the cosine transform of the mel spectrogram in dB, at most top_db under the clip's maximum.
--- lifter L > 0 multiplies coefficient i by 1 + L/2·sin(π(i+1)/L); mel_norm is feature.mel's norm. Source:
--- librosa.feature.mfcc; Davis and Mermelstein, 1980.
---     local timbre = feature.mfcc(song, {n_mfcc = 13})
mel.mfcc = engine.feature "mfcc"

--- First derivative of the MFCC along time, per frame: feature.delta of feature.mfcc, for recipes. Shape n_mfcc ×
--- frames. Errors: fewer than width frames with mode "interp". Source: librosa.feature.delta.
---     local change = feature.mfcc_delta(song, {width = 5})
mel.mfcc_delta = engine.feature "mfcc_delta"

--- Second derivative of the MFCC along time, per frame squared: feature.mfcc_delta with order 2.
---     local bend = feature.mfcc_delta2(song)
mel.mfcc_delta2 = engine.feature "mfcc_delta2"

--- Input of OpenAI's Whisper: the song at 16 kHz, cut or padded with silence to 30 s, as a log-mel spectrogram.
---
--- Shape n_mels × 3000 (100 frames/s); n_mels is 80, or 128 for large-v3. With pad = false the clip's own length,
--- n // 160 frames of more than 200 samples. Values end 8 decades (range) under the clip's maximum; scaled to about −1..1;
--- silence is −1.5. Errors: another rate than 16 000 Hz. Source: Radford et al., 2022 (log_mel_spectrogram).
---     local input = feature.whisper_mel(audio.load("a.wav", {rate = 16000}))
mel.whisper_mel = engine.feature "whisper_mel"

--- Input of Google's VGGish: natural logarithm of mel-weighted magnitudes, plus 0.01.
---
--- Shape 64 × 1 + (n − 400) // 160, bands from 125 to 7500 Hz at 16 kHz. The network takes 96 frames at a time, without
--- overlap. Errors: less than 400 samples, another rate. Source: Hershey et al., 2017 (vggish_input).
---     local input = feature.vggish_mel(audio.load("a.wav", {rate = 16000}))
mel.vggish_mel = engine.feature "vggish_mel"

--- Kaldi's log mel filter bank at 16 kHz; with its defaults the input of the Audio Spectrogram Transformer.
---
--- Shape n_mels × n_frames, cut or padded with zeros before they are normalised by AudioSet's mean and deviation (or
--- with n_frames = false the clip's 1 + (n − 400) // 160). Samples stay within ±1. Frames of 25 ms each 10 ms: mean
--- removed, pre-emphasis, window, power, triangles on the mel scale 1127·ln(1 + f/700), logarithm. No dither. Source:
--- Kaldi's fbank; Gong, Chung and Glass, 2021.
---     local input = feature.kaldi_fbank(audio.load("a.wav", {rate = 16000}))
mel.kaldi_fbank = engine.feature "kaldi_fbank"

--- Input of the music transformer MAEST: log10(1 + 10000·mel) at 16 kHz, normalised.
---
--- Shape 96 × n_frames, cut or padded: 316, 626, 1256 or 1876 for the models of 5, 10, 20 and 30 s (or with n_frames =
--- false the clip's 1 + n // 256). Source: Alonso-Jiménez, Serra and Bogdanov, 2023.
---     local input = feature.maest_mel(audio.load("a.wav", {rate = 16000}))
mel.maest_mel = engine.feature "maest_mel"

return mel
