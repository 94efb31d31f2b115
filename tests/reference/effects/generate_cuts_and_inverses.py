"""Freezes what librosa 0.11.0 makes of short sounds: cuts_and_inverses.safetensors, read by
tests/core/dsp/test_griffin_lim.c, tests/core/dsp/test_emphasis.c and tests/lua/test_effects.lua.

    python3 tests/reference/effects/generate_cuts_and_inverses.py

speech (2 x n: bursts in silence, the second channel quieter and later), speech.pre, speech.de (coef 0.97),
speech.trim_NAME (first and last sample), speech.split_NAME (m x 2 samples) for the settings below, speech.remix
(parts in samples: speech.parts). tone.S (magnitudes) and tone.S_odd (n_fft 511,
hop 100, win_length 400, not centred), tone.griffin_N: the sound after N iterations from zero phases, in float64;
tone.griffin_momentum0, tone.griffin_reflect, tone.griffin_length, tone.griffin_odd. tone.mel (64 bands of tone.S
squared) and tone.mel_inverse (magnitudes that librosa finds for them: others do as well, so distances are compared).
"""
import pathlib

import librosa
import numpy as np
from safetensors.numpy import save_file

assert librosa.__version__ == "0.11.0"
RATE = 22050
rng = np.random.default_rng(17)
n = 26000
t = np.arange(n) / RATE
envelope = np.zeros((2, n))
for first, last, loud in ((4000, 9000, 0.5), (12000, 13500, 0.004), (17000, 22500, 0.2)):
    envelope[0, first:last] = loud
    envelope[1, first + 1000:last + 1000] = loud / 3
speech = (envelope * np.sin(2 * np.pi * 220 * t + 3 * np.sin(9 * t)) + 1e-5 * rng.standard_normal((2, n))).astype(np.float32)
out = {"speech": speech}
out["speech.pre"] = librosa.effects.preemphasis(speech)
out["speech.de"] = librosa.effects.deemphasis(speech)
for name, settings in {"default": {}, "db30": {"top_db": 30}, "ref": {"ref": 0.01, "top_db": 20},
                       "short": {"frame_length": 512, "hop_length": 100, "top_db": 25},
                       "none": {"ref": 1.0, "top_db": 3}}.items():
    out[f"speech.trim_{name}"] = librosa.effects.trim(speech, **settings)[1]
    out[f"speech.split_{name}"] = librosa.effects.split(speech, **settings)
parts = np.array([[17000, 22222], [4321, 9000], [5000, 5003], [20000, n], [0, 777]])
out["speech.parts"] = parts
out["speech.remix"] = librosa.effects.remix(speech, parts)

tone = sum(0.2 / k * np.sin(2 * np.pi * 262 * k * t + 40 * k * t**2) for k in range(1, 6))[:11000]
tone[5000:] += 0.1 * rng.standard_normal(6000) * np.exp(-np.arange(6000) / 900)
S = np.abs(librosa.stft(tone, n_fft=1024, hop_length=256)).astype(np.float32)
S_odd = np.abs(librosa.stft(tone[:5000], n_fft=511, hop_length=100, win_length=400, center=False)).astype(np.float32)
out["tone.S"], out["tone.S_odd"] = S, S_odd


def griffin(S, **settings):
    return librosa.griffinlim(S.astype(np.float64), init=None, **settings)


for count in (0, 1, 2, 5, 32):
    out[f"tone.griffin_{count}"] = griffin(S, n_iter=count)
out["tone.griffin_momentum0"] = griffin(S, n_iter=4, momentum=0)
out["tone.griffin_reflect"] = griffin(S, n_iter=4, pad_mode="reflect")
out["tone.griffin_length"] = griffin(S, n_iter=4, length=len(tone))
out["tone.griffin_odd"] = griffin(S_odd, n_iter=4, n_fft=511, hop_length=100, win_length=400, center=False, window="hamming")
mel = librosa.feature.melspectrogram(S=S**2, sr=RATE, n_mels=64)
out["tone.mel"] = mel
out["tone.mel_inverse"] = librosa.feature.inverse.mel_to_stft(mel, sr=RATE, n_fft=1024)
save_file({k: np.ascontiguousarray(v, dtype=np.int64 if v.dtype.kind == "i" else np.float32) for k, v in out.items()},
          pathlib.Path(__file__).parent / "cuts_and_inverses.safetensors")
