"""Beats and pulses of librosa 0.11.0 for the samples of onsets.npz, and beats of random curves: pulses.npz.

    python3 tests/reference/music/pulses.py

beats: frames, tempo: BPM, of librosa.beat.beat_track; plp: its pulse; plp_slow: of tempi of 40 to 100 BPM in 256 frames.
curveN, periodN, beatsN: an onset strength, frames between two beats, frames of the beats at that tempo.
"""
import pathlib

import librosa
import numpy as np

assert librosa.__version__ == "0.11.0"
rate, hop = 22050, 512
here = pathlib.Path(__file__)
x = np.load(here.with_name("onsets.npz"))["samples"].astype(np.float32) / 32768
tempo, beats = librosa.beat.beat_track(y=x, sr=rate)
out = {
    "tempo": tempo, "beats": beats, "plp": librosa.beat.plp(y=x, sr=rate),
    "plp_slow": librosa.beat.plp(y=x, sr=rate, win_length=256, tempo_min=40, tempo_max=100),
}
rng = np.random.default_rng(14)
for i, period in enumerate((8, 9, 21, 22, 43, 90)):
    n = 30 * period + i
    curve = rng.exponential(.3, n) * (rng.random(n) < .6)
    at = np.cumsum(period * rng.uniform(.9, 1.1, 29)).astype(int)
    curve[at[at < n]] += rng.uniform(0, 3, (at < n).sum())
    curve[:3] = 0
    if i % 2:
        curve[-3 * period:] *= .001  # a quiet end
    curve = curve.astype(np.float32)
    bpm = 60 * rate / hop / period
    _, found = librosa.beat.beat_track(onset_envelope=curve, sr=rate, bpm=bpm)
    out |= {f"curve{i}": curve, f"period{i}": period, f"beats{i}": found}
np.savez_compressed(here.with_suffix(".npz"), **out)
