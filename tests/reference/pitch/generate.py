"""Freezes what librosa 0.11.0 makes of some signals with a pitch or a pulse: pitch.safetensors, read by test_pitch.c.

    python3 tests/reference/pitch/generate.py

Names in the file:
    signal/NAME                           samples, int16 (to be divided by 32768)
    case/NAME/RATE/FEATURE/PARAMETERS     rows, frames, then values; a single -1: an error
Large results are thinned to every STRIDE-th element modulo their size, up to KEPT of them, complex ones as pairs.
"""
import pathlib
import warnings

import librosa
import numpy as np
from safetensors.numpy import save_file

assert librosa.__version__ == "0.11.0"
warnings.simplefilter("ignore")
here = pathlib.Path(__file__).parent

KEPT, STRIDE = 400, 104729


# --- signals ---

def harmonic(f0, sr, count=8, fall=1.2):
    phase = 2 * np.pi * np.cumsum(f0) / sr
    return sum(np.sin(k * phase + k) / k ** fall * (f0 * k < sr / 2) for k in range(1, count + 1))


def vibrato(sr, t, rng):
    return 0.4 * harmonic(440 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5.5 * t)), sr)


def glide(sr, t, rng):
    return 0.3 * harmonic(90 * 2 ** (3.5 * t / t[-1]), sr, 5)


def melody(sr, t, rng):
    notes = np.array([60, 67, 64, 0, 48, 72, 55, 60])
    step = 0.21
    which = np.minimum((t / step).astype(int), len(notes) - 1)
    age = t - which * step
    f0 = 440 * 2 ** ((np.maximum(notes[which], 30) - 69) / 12)
    return 0.4 * harmonic(f0, sr) * np.exp(-6 * age) * (notes[which] > 0) + 0.003 * rng.standard_normal(len(t))


def speech(sr, t, rng):
    pitch = 120 + 35 * np.sin(2 * np.pi * 1.7 * t) - 15 * t
    y = np.diff(np.floor(np.cumsum(pitch) / sr), prepend=0) + 0.02 * rng.standard_normal(len(t))
    for f, width in [(650, 80), (1080, 90), (2650, 120)]:  # resonances of a vowel
        r = np.exp(-np.pi * width / sr)
        out, a, b = np.zeros_like(y), 2 * r * np.cos(2 * np.pi * f / sr), -r * r
        for i in range(len(y)):
            out[i] = y[i] + a * (out[i - 1] if i else 0) + b * (out[i - 2] if i > 1 else 0)
        y = out
    syllable = np.sin(2 * np.pi * 3 * t) > -0.4
    return 0.7 * y / np.abs(y).max() * syllable + 0.01 * rng.standard_normal(len(t)) * (1 + 3 * ~syllable)


def noise(sr, t, rng):
    return 0.1 * rng.standard_normal(len(t)) * (0.2 + np.abs(np.sin(2 * np.pi * 1.5 * t)))


def clicks(sr, t, rng):
    y = 0.002 * rng.standard_normal(len(t))
    y[::int(0.13 * sr)] = 0.9
    y[5::int(0.31 * sr)] = -0.5
    return y


def quantised(y):
    return np.round(np.clip(y, -1, 32767 / 32768) * 32768).astype(np.int16)


signals, rates = {}, {}
for make in (vibrato, glide, melody, speech, noise, clicks):
    for sr, seconds in ((22050, 1.7), (16000, 1.3)):
        name = f"{make.__name__}_{sr}"
        signals[name] = quantised(make(sr, np.arange(int(sr * seconds)) / sr, np.random.default_rng(sr)))
        rates[name] = sr
rng = np.random.default_rng(7)
for name, y in {
    "short_1500": 0.3 * rng.standard_normal(1500),
    "short_100": 0.3 * rng.standard_normal(100),
    "single": np.array([0.5]),
    "silence": np.zeros(9000),
    "half_silence": np.concatenate([np.zeros(5000), vibrato(22050, np.arange(9000) / 22050, rng)]),
    "dc": np.full(8000, 0.25),
}.items():
    signals[name], rates[name] = quantised(y), 22050


def samples(name):
    return (signals[name] / np.float32(32768)).astype(np.float32)


# --- features ---

norms = {"inf": np.inf, "1": 1, "2": 2, "none": None}


def onset(y, sr, p):
    mel = {"norm": {"slaney": "slaney", "none": None}[p.pop("norm")]} if "norm" in p else {}
    if "aggregate" in p:
        p["aggregate"] = {"mean": np.mean, "median": np.median}[p["aggregate"]]
    n_channels = p.pop("n_channels", None)
    if n_channels is None:
        return librosa.onset.onset_strength(y=y, sr=sr, **p, **mel)
    n_mels = p.get("n_mels", 128)
    edges = [c * n_mels // n_channels for c in range(n_channels + 1)]
    return librosa.onset.onset_strength_multi(y=y, sr=sr, channels=edges, **p, **mel)


def reference(feature, y, sr, given):
    p = dict(given)
    if feature == "onset_strength":
        return onset(y, sr, p)
    if feature == "onset_strength_multi":
        return onset(y, sr, {"n_channels": 4, **p})
    if feature == "tempogram":
        if "norm" in p:
            p["norm"] = norms[p["norm"]]
        return librosa.feature.tempogram(y=y, sr=sr, **p)
    if feature == "fourier_tempogram":
        return librosa.feature.fourier_tempogram(y=y, sr=sr, **p)
    p = {"fmin": librosa.note_to_hz("C2"), "fmax": librosa.note_to_hz("C7"), "hop_length": 512, **p}
    if feature == "yin":
        return librosa.yin(y, sr=sr, **p)
    p["fill_na"] = None if p.pop("best_guess", False) else np.nan if p.get("fill_na") == "nil" else p.get("fill_na", 0)
    p["beta_parameters"] = (p.pop("beta_a", 2), p.pop("beta_b", 18))
    return librosa.pyin(y, sr=sr, **p)[["pyin", "voiced_flag", "voiced_probability"].index(feature)]


variants = {
    "onset_strength": [dict(lag=2), dict(lag=3, max_size=3), dict(max_size=4, center=False), dict(detrend=True),
                       dict(aggregate="median"), dict(aggregate="median", max_size=5, n_mels=41),
                       dict(hop_length=128), dict(n_fft=1024, hop_length=160, fmax=6000, n_mels=40, htk=True),
                       dict(lag=2, center=False, detrend=True), dict(norm="none", power=1)],
    "onset_strength_multi": [dict(n_channels=1), dict(n_channels=7, lag=2), dict(n_channels=3, aggregate="median"),
                             dict(n_channels=6, n_mels=40, max_size=3, detrend=True)],
    "tempogram": [dict(win_length=50), dict(win_length=33, norm="1"), dict(hop_length=128, norm="2"),
                  dict(win_length=20, center=False), dict(win_length=80, norm="none", window="hamming"),
                  dict(win_length=2), dict(win_length=384, center=False), dict(win_length=21, hop_length=100)],
    "fourier_tempogram": [dict(win_length=50), dict(win_length=33, window="blackman"), dict(hop_length=128),
                          dict(win_length=20, center=False), dict(win_length=384, center=False)],
    "yin": [dict(fmin=100, fmax=1000), dict(trough_threshold=0.3), dict(frame_length=1024, hop_length=300),
            dict(center=False), dict(pad_mode="reflect", hop_length=256), dict(pad_mode="edge", fmin=30, fmax=8000),
            dict(frame_length=300), dict(fmax=9000)],
    "pyin": [dict(fill_na="nil"), dict(fmin=80, fmax=500), dict(resolution=0.2), dict(resolution=0.35, hop_length=256),
             dict(frame_length=1024, center=False), dict(hop_length=1000), dict(beta_a=1, beta_b=18),
             dict(beta_a=3.5, beta_b=7.25, n_thresholds=37), dict(boltzmann_parameter=0.5, no_trough_prob=0.2),
             dict(switch_prob=0.3), dict(switch_prob=0), dict(max_transition_rate=5), dict(max_transition_rate=0),
             dict(pad_mode="edge", fill_na=-1), dict(frame_length=300), dict(hop_length=8192)],
    "voiced_flag": [dict(switch_prob=0.1), dict(n_thresholds=20)],
    "voiced_probability": [dict(n_thresholds=33), dict(beta_a=1, beta_b=8), dict(fmin=200, fmax=800)],
}


def spelled(p):
    return ",".join(f"{k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in p.items())


def thin(x):
    flat = np.ascontiguousarray(x).ravel()
    if len(flat) > KEPT:
        flat = flat[(np.arange(KEPT) * STRIDE) % len(flat)]
    values = flat.view(np.float32) if np.iscomplexobj(flat) else flat
    return np.concatenate([np.float32(x.shape), values.astype(np.float32)])


def outcome(feature, y, sr, p):
    try:
        made = reference(feature, y, sr, p)
    except Exception as error:
        return np.float32([-1]), f"{type(error).__name__} {error}"
    return thin(np.atleast_2d(made).astype(np.complex64 if np.iscomplexobj(made) else np.float32)), None


def cases():
    everywhere = list(rates.items())
    for feature, special in variants.items():
        for name, sr in everywhere:
            yield name, sr, feature, {}
        for i, p in enumerate(special):
            for k in (5 * i, 5 * i + 7, 3 * i + 2):
                yield *everywhere[k % len(everywhere)], feature, p


def main():
    out = {f"signal/{name}": y for name, y in signals.items()}
    for name, sr, feature, p in cases():
        values, why = outcome(feature, samples(name), sr, p)
        out[f"case/{name}/{sr}/{feature}/{spelled(p)}"] = values
        if why:
            print(f"{feature} ({spelled(p)}) of {name}: {why}")
    save_file(out, here / "pitch.safetensors", metadata={"librosa": librosa.__version__})
    print(sum(1 for key in out if key.startswith("case/")), "cases")


if __name__ == "__main__":
    main()
