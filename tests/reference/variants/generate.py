"""Freezes what librosa 0.11.0 makes of some signals with the pseudo and hybrid constant-Q transforms, linear prediction,
mel filters of every kind and derivatives of every kind: variants.safetensors, read by
tests/core/dsp/test_variants.c.

    python3 tests/reference/variants/generate.py

Names in the file:
    signal/NAME                          samples: int16, to be divided by 32768
    case/NAME/RATE/FEATURE/PARAMETERS    rows, frames, then values; a single -1: an error
    matrix/NAME                          rows x frames, float32
    delta/NAME/PARAMETERS                the same shape; a single -1: an error
Large results are thinned to every STRIDE-th element modulo their size, up to KEPT of them.

librosa predicts and derives in the precision of its input; here that is double, as the engine's: in single, an eighth
derivative is off by half. It has no triangles that are straight in mel (Kaldi's): those are built here from their
formula and put in place of its filters.
"""
import pathlib
import warnings

import librosa
import numpy as np
from safetensors.numpy import save_file

assert librosa.__version__ == "0.11.0"
warnings.simplefilter("ignore")

KEPT, STRIDE = 600, 104729


# --- signals ---

def notes(t, sr, rng):
    beat = np.floor(4 * t)
    hz = 110 * 2 ** (np.mod(7 * beat, 24) / 12 + 0.013)
    y = sum(np.sin(2 * np.pi * k * hz * t) / k ** 2 for k in range(1, 6))
    return 0.4 * y * np.exp(-6 * (t - beat / 4)) + 1e-3 * rng.standard_normal(len(t))


def chirp(t, sr, rng):
    return 0.5 * np.sin(2 * np.pi * (60 * t + (0.45 * sr - 60) / (2 * t[-1]) * t ** 2)) + 1e-3 * rng.standard_normal(len(t))


def vowel(t, sr, rng):
    y = np.diff(np.floor(np.cumsum(110 + 30 * np.sin(8 * t)) / sr), prepend=0) + 0.02 * rng.standard_normal(len(t))
    for f, width in [(650, 80), (1080, 90), (2650, 120)]:
        r = np.exp(-np.pi * width / sr)
        out, a, b = np.zeros_like(y), 2 * r * np.cos(2 * np.pi * f / sr), -r * r
        for i in range(len(y)):
            out[i] = y[i] + a * (out[i - 1] if i else 0) + b * (out[i - 2] if i > 1 else 0)
        y = out
    return y / np.abs(y).max() * 0.7 * (np.sin(2 * np.pi * 3 * t) > -0.6) + 0.002 * rng.standard_normal(len(t))


def noise(t, sr, rng):
    return 0.1 * rng.standard_normal(len(t)) * (0.2 + np.abs(np.sin(9 * t)))


signals, rates = {}, {}


def add(name, y, sr):
    signals[name], rates[name] = np.round(np.clip(y, -1, 32767 / 32768) * 32768).astype(np.int16), sr


for make in (notes, chirp, vowel, noise):
    for sr, seconds in ((22050, 1.2), (44100, 0.8), (16000, 1.0)):
        add(f"{make.__name__}_{sr}", make(np.arange(int(sr * seconds)) / sr, sr, np.random.default_rng(sr)), sr)
rng = np.random.default_rng(5)
add("half_silence", np.concatenate([np.zeros(6000), 0.3 * rng.standard_normal(6000)]), 22050)
add("silence", np.zeros(5000), 22050)
add("dc", np.full(5000, 0.25), 22050)
add("short", 0.3 * rng.standard_normal(700), 22050)


def samples(name):
    return (signals[name] / np.float32(32768)).astype(np.float32)


# --- features ---

norms = {"inf": np.inf, "1": 1, "2": 2, "none": None, "slaney": "slaney"}


def constant_q(make, y, sr, p):
    if p.get("tuning") == "nil":
        p["tuning"] = None
    if "norm" in p:
        p["norm"] = norms[p["norm"]]
    return make(y, sr=sr, **p)


def lpc(y, order=16, frame_length=2048, hop_length=512, center=True, pad_mode="constant"):
    if center:
        y = np.pad(y, frame_length // 2, mode=pad_mode)
    frames = librosa.util.frame(y, frame_length=frame_length, hop_length=hop_length)
    return librosa.lpc(frames.astype(np.float64), order=order, axis=-2)


def straight_in_mel(sr, n_fft, n_mels, fmin, fmax, htk, norm):
    """librosa.filters.mel with triangles on the mel scale instead of in Hz."""
    hz = librosa.mel_frequencies(n_mels + 2, fmin=fmin, fmax=fmax, htk=htk)
    corner, at = librosa.hz_to_mel(hz, htk=htk), librosa.hz_to_mel(librosa.fft_frequencies(sr=sr, n_fft=n_fft), htk=htk)
    up = (at[None] - corner[:-2, None]) / (corner[1:-1] - corner[:-2])[:, None]
    down = (corner[2:, None] - at[None]) / (corner[2:] - corner[1:-1])[:, None]
    weights = np.maximum(0, np.minimum(up, down)).astype(np.float32)
    if norm == "slaney":
        return weights * (2 / (hz[2:] - hz[:-2]))[:, None]
    return librosa.util.normalize(weights, norm=norm, axis=-1)


def mel(y, sr, norm="slaney", triangles="hz", n_fft=2048, hop_length=512, n_mels=128, fmin=0.0, fmax=None, htk=False):
    S = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=hop_length)) ** 2
    given = dict(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax or sr / 2, htk=htk, norm=norms[norm])
    return (librosa.filters.mel(**given) if triangles == "hz" else straight_in_mel(**given)) @ S


def reference(feature, y, sr, p):
    if feature == "lpc":
        return lpc(y, **p)
    if feature == "mel":
        return mel(y, sr, **p)
    if feature == "mfcc":
        p["norm"] = p.pop("mel_norm")
        return librosa.feature.mfcc(S=librosa.power_to_db(mel(y, sr, **p)))
    return constant_q({"pseudo_cqt": librosa.pseudo_cqt, "hybrid_cqt": librosa.hybrid_cqt}[feature], y, sr, p)


constant_q_variants = [
    dict(n_bins=60, bins_per_octave=24, fmin=110.0), dict(tuning="nil"), dict(tuning=0.3, n_bins=60), dict(hop_length=256),
    dict(filter_scale=0.5, scale=False), dict(norm="2", sparsity=0.05, window="hamming"), dict(hop_length=300, n_bins=72),
    dict(fmin=880.0, n_bins=1), dict(pad_mode="reflect", norm="none"), dict(hop_length=2048, n_bins=80),
    dict(n_bins=12, hop_length=64), dict(fmin=1000.0, n_bins=20, hop_length=1024, norm="inf"),
]
variants = {
    "pseudo_cqt": constant_q_variants,
    "hybrid_cqt": constant_q_variants,
    "lpc": [dict(order=2), dict(order=10, frame_length=400, hop_length=160), dict(order=40, hop_length=1000),
            dict(center=False, frame_length=512, hop_length=256), dict(pad_mode="edge", order=12),
            dict(order=7, frame_length=8, hop_length=300, pad_mode="reflect"), dict(frame_length=1001)],
    "mel": [dict(norm="1"), dict(norm="2", n_mels=40), dict(norm="inf", n_fft=512, hop_length=200),
            dict(norm="1", htk=True, fmin=50.0, fmax=7000.0, n_mels=64), dict(norm="inf", htk=True, n_mels=200),
            dict(triangles="mel", htk=True, norm="none", n_mels=80, fmin=20.0), dict(triangles="mel"),
            dict(triangles="mel", htk=True, norm="2", n_fft=512), dict(triangles="mel", n_mels=40, norm="1", fmin=300.0)],
    "mfcc": [dict(mel_norm="1"), dict(mel_norm="2", htk=True), dict(mel_norm="none", htk=True, triangles="mel", n_mels=80)],
}

# --- derivatives ---

matrices = {
    "walk": np.cumsum(rng.standard_normal((4, 60)), axis=1), "short": rng.standard_normal((3, 7)),
    "cubic": np.float64(np.arange(20))[None] ** 3 / 100, "single": rng.standard_normal((2, 1)),
}
deltas = [dict(width=w, order=o, mode=m) for m in ("interp", "nearest", "mirror", "constant", "wrap")
          for w, o in ((3, 1), (9, 1), (5, 2), (9, 2), (7, 3), (11, 3), (15, 5), (9, 8))]


# --- freezing ---

def spelled(p):
    return ",".join(f"{k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in p.items())


def thin(x):
    flat = np.ascontiguousarray(x).ravel()
    if len(flat) > KEPT:
        flat = flat[(np.arange(KEPT) * STRIDE) % len(flat)]
    return np.concatenate([np.float32(x.shape), flat.astype(np.float32)])


def outcome(compute, why):
    try:
        made = compute()
        assert np.all(np.isfinite(made))
        return made
    except Exception as error:
        print(f"{why}: {type(error).__name__} {error}")


def main():
    out = {f"signal/{name}": y for name, y in signals.items()}
    names = list(signals)
    for feature, special in variants.items():
        chosen = [(name, {}) for name in names] if feature not in ("mel", "mfcc") else []
        for i, p in enumerate(special):
            chosen += [(names[(5 * i + k) % 12], p) for k in (0, 4, 11)] + [(names[12 + i % 4], p)]
        for name, p in chosen:
            key = f"case/{name}/{rates[name]}/{feature}/{spelled(p)}"
            made = outcome(lambda: reference(feature, samples(name), rates[name], dict(p)), key)
            out[key] = np.float32([-1]) if made is None else thin(made)
    for name, data in matrices.items():
        data = out[f"matrix/{name}"] = data.astype(np.float32)
        for p in deltas:
            key = f"delta/{name}/{spelled(p)}"
            made = outcome(lambda: librosa.feature.delta(data.astype(np.float64), **p), key)
            out[key] = np.float32([-1]) if made is None else np.ascontiguousarray(made, dtype=np.float32)
    save_file(out, pathlib.Path(__file__).parent / "variants.safetensors", metadata={"librosa": librosa.__version__})
    print(sum(key.startswith(("case/", "delta/")) for key in out), "cases")


if __name__ == "__main__":
    main()
