"""Freezes what librosa 0.11.0 makes of some signals: features.safetensors, read by tests/core/dsp/.

    python3 tests/reference/features/generate.py [../shared/data]

Names in the file:
    signal/NAME                           samples, int16 (to be divided by 32768) or float32
    case/NAME/RATE/FEATURE/PARAMETERS     rows, frames, then values; a single -1: an error
Large results are thinned to every STRIDE-th element modulo their size, up to KEPT of them, complex ones as pairs.
Recordings under ../shared/data are read at test time: their names are music:FILE:OFFSET:SAMPLES.
"""
import functools
import pathlib
import sys
import warnings

import librosa
import numpy as np
import soundfile
from safetensors.numpy import save_file

assert librosa.__version__ == "0.11.0"
warnings.simplefilter("ignore")
here = pathlib.Path(__file__).parent
data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here / "../../../../shared/data").resolve()

KEPT, STRIDE = 400, 104729


# --- signals ---

def quantised(y):
    return np.round(np.clip(y, -1, 32767 / 32768) * 32768).astype(np.int16)


def tones(sr, t, rng):
    y = np.zeros_like(t)
    for k, midi in enumerate([45, 57, 61, 64, 69]):  # A major, a quarter of a semitone sharp
        f = 440 * 2 ** ((midi + 0.25 - 69) / 12)
        for h in range(1, 6):
            if f * h < sr / 2:
                y += np.sin(2 * np.pi * f * h * t + k * h) * 0.1 / h * (1 + 0.5 * np.sin(2 * np.pi * (2 + k) * t))
    return y


def chirp(sr, t, rng):
    return 0.5 * np.sin(2 * np.pi * (60 * t + (0.45 * sr - 60) / (2 * t[-1]) * t ** 2))


def noise(sr, t, rng):
    return 0.1 * rng.standard_normal(len(t)) * (0.2 + np.abs(np.sin(2 * np.pi * 1.5 * t)))


def clicks(sr, t, rng):
    # Over a faint floor: the spectrum of a click alone is flat, and its peaks (hence its tuning) rounding errors.
    y = 0.002 * rng.standard_normal(len(t))
    y[::int(0.13 * sr)] = 0.9
    y[5::int(0.31 * sr)] = -0.5
    return y


def speech(sr, t, rng):
    pitch = 110 + 30 * np.sin(2 * np.pi * 1.3 * t)
    phase = np.cumsum(pitch) / sr
    source = np.diff(np.floor(phase), prepend=0) + 0.02 * rng.standard_normal(len(t))
    y = source
    for f, width in [(650, 80), (1080, 90), (2650, 120)]:  # resonances of a vowel
        r = np.exp(-np.pi * width / sr)
        out, a, b = np.zeros_like(y), 2 * r * np.cos(2 * np.pi * f / sr), -r * r
        for i in range(len(y)):
            out[i] = y[i] + a * (out[i - 1] if i else 0) + b * (out[i - 2] if i > 1 else 0)
        y = out
    y = y / np.abs(y).max() * 0.7
    y *= np.sin(2 * np.pi * 3 * t) > -0.6  # syllables
    return y + 0.002 * rng.standard_normal(len(t))


signals, rates = {}, {}
for make in (tones, chirp, noise, clicks, speech):
    for sr, seconds in ((22050, 1.1), (16000, 1.0), (44100, 0.8)):
        rng = np.random.default_rng(sr)
        name = f"{make.__name__}_{sr}"
        signals[name] = quantised(make(sr, np.arange(int(sr * seconds)) / sr, rng))
        rates[name] = sr
rng = np.random.default_rng(7)
odd = {
    "short_1500": 0.3 * rng.standard_normal(1500),
    "short_100": 0.3 * rng.standard_normal(100),
    "single": np.array([0.5]),
    "empty": np.zeros(0),
    "silence": np.zeros(9000),
    "half_silence": np.concatenate([np.zeros(5000), 0.3 * rng.standard_normal(5000)]),
    "faint": 1e-6 * rng.standard_normal(8000),
    "dc": np.full(8000, 0.25),
}
for name, y in odd.items():
    signals[name], rates[name] = y.astype(np.float32), 22050
music = [
    ("147793__setuniman__sweet-waltz-0i-22mi.ogg", 200000, 60000),
    ("Kevin_MacLeod_-_Vibe_Ace.ogg", 300000, 60000),
    ("sorohanro_-_solo-trumpet-06.ogg", 40000, 60000),
]


def floor(n):
    """Noise at -60 dB: decoders differ in the last bit of a float, which is all there is in a lossy file's empty bands."""
    seed, out = 1, np.zeros(n, np.float32)
    for i in range(n):
        seed = (seed * 1664525 + 1013904223) % 2 ** 32
        out[i] = np.float32((seed >> 8) / 2 ** 24 - 0.5) * np.float32(0.002)
    return out


@functools.cache
def samples(name):
    if name.startswith("music:"):
        _, file, offset, count = name.split(":")
        y, _ = soundfile.read(data / "music" / file, start=int(offset), frames=int(count), dtype="float32")
        return y + floor(len(y))
    y = signals[name]
    return (y / np.float32(32768)).astype(np.float32) if y.dtype == np.int16 else y


# --- features ---

def choice(p, key, table):
    if key in p:
        p[key] = table[str(p[key])]
    return p


norms = {"inf": np.inf, "1": 1, "2": 2, "none": None}
slaney = {"slaney": "slaney", "none": None}


def reference(feature, y, sr, given):
    p = dict(given)
    f = librosa.feature
    if feature == "stft":
        return librosa.stft(y, **p)
    if feature == "istft":  # of the spectrum of the same settings
        length = p.pop("length", None)
        return librosa.istft(librosa.stft(y, **p), length=length, **p)
    if feature == "tuning":
        return np.array([librosa.estimate_tuning(y=y, sr=sr, **p)])
    if feature == "spectrogram":
        power = p.pop("power", 1)
        return np.abs(librosa.stft(y, **p)) ** power
    if feature == "mel":
        return f.melspectrogram(y=y, sr=sr, **choice(p, "norm", slaney))
    if feature == "log_mel":
        db = {k: p.pop(k) for k in ("ref", "amin", "top_db") if k in p}
        if db.get("top_db") == "nil":
            db["top_db"] = None
        return librosa.power_to_db(f.melspectrogram(y=y, sr=sr, **choice(p, "norm", slaney)), **db)
    if feature == "pcen":
        keys = {"gain": "gain", "bias": "bias", "exponent": "power", "time_constant": "time_constant", "eps": "eps"}
        own = {keys[k]: p.pop(k) for k in list(p) if k in keys}
        S = p.pop("scale", 2.0 ** 31) * f.melspectrogram(y=y, sr=sr, **p).astype(np.float64)
        return librosa.pcen(S, sr=sr, hop_length=p.get("hop_length", 512), **own)
    if feature == "spectral_flux":
        rise = np.maximum(0, np.diff(np.abs(librosa.stft(y, **p)).astype(np.float64), axis=1, prepend=np.nan))
        return np.sqrt(np.nansum(rise ** 2, axis=0, keepdims=True))
    if feature == "spectral_entropy":  # Misra and others, 2004, over its largest value
        power, amin = p.pop("power", 2), p.pop("amin", 1e-10)
        S = np.maximum(np.abs(librosa.stft(y, **p)).astype(np.float64) ** power, amin)
        share = S / S.sum(axis=0)
        return -(share * np.log(share)).sum(axis=0, keepdims=True) / np.log(len(S))
    if feature.startswith("mfcc"):
        deltas = {k: p.pop(k) for k in ("width", "order", "mode") if k in p}
        if "mel_norm" in p:
            p["mel_norm"] = slaney[p["mel_norm"]]
        m = f.mfcc(y=y, sr=sr, **choice(p, "norm", {"ortho": "ortho", "none": None}))
        if feature == "mfcc":
            return m
        deltas.setdefault("order", 2 if feature == "mfcc_delta2" else 1)
        return f.delta(m, **deltas)
    if feature == "chroma_stft":
        if p.get("octwidth") == "nil":
            p["octwidth"] = None
        return f.chroma_stft(y=y, sr=sr, **choice(p, "norm", norms))
    if feature == "cqt":
        if p.get("tuning") == "nil":
            p["tuning"] = None
        return librosa.cqt(y, sr=sr, **choice(p, "norm", norms))
    if feature == "vqt":
        if p.get("gamma") == "nil":
            p["gamma"] = None
        return librosa.vqt(y, sr=sr, **choice(p, "norm", norms))
    if feature == "chroma_cens":
        if p.get("win_len_smooth") == 0:
            p["win_len_smooth"] = None
        return f.chroma_cens(y=y, sr=sr, **choice(p, "norm", norms))
    if feature == "chroma_cqt":
        return f.chroma_cqt(y=y, sr=sr, **choice(p, "norm", norms))
    if feature == "tonnetz":
        return f.tonnetz(y=y, sr=sr, **p)
    if feature == "zero_crossing_rate":
        return f.zero_crossing_rate(y, **p)
    if feature == "rms":
        return f.rms(y=y, **p)
    return getattr(f, feature)(**({"y": y, "sr": sr} if feature != "spectral_flatness" else {"y": y}), **p)


variants = {
    "stft": [dict(n_fft=512, hop_length=100, win_length=400, window="hamming"), dict(n_fft=1023, hop_length=300),
             dict(n_fft=1024, hop_length=256, center=False), dict(pad_mode="reflect"),
             dict(pad_mode="edge", window="blackman", n_fft=600, hop_length=150)],
    "istft": [dict(n_fft=512, hop_length=100, win_length=400, window="hamming"), dict(length=7000), dict(length=30000),
              dict(center=False, n_fft=1024, hop_length=256)],
    "tuning": [dict(bins_per_octave=36)],
    "spectrogram": [dict(power=1.5, n_fft=1024, hop_length=256)],
    "mel": [dict(n_mels=40, fmin=100, fmax=6000), dict(htk=True, n_fft=1024, hop_length=256), dict(power=1, n_mels=64),
            dict(norm="none", win_length=1200), dict(center=False, n_fft=512, hop_length=160, n_mels=26)],
    "log_mel": [dict(top_db="nil"), dict(ref=0.5, amin=1e-6, top_db=40, n_mels=64)],
    "mfcc": [dict(n_mfcc=13, lifter=22, n_mels=40), dict(dct_type=3), dict(norm="none", n_mfcc=40),
             dict(mel_norm="none", htk=True, n_fft=1024, hop_length=128)],
    "mfcc_delta": [dict(width=5), dict(width=7, mode="nearest"), dict(mode="mirror"), dict(mode="wrap"),
                   dict(mode="constant"), dict(order=3, width=11)],
    "mfcc_delta2": [dict(n_mfcc=13)],
    "chroma_stft": [dict(tuning=0.2, norm="2"), dict(n_chroma=24, norm="1"), dict(base_c=False, octwidth="nil"),
                    dict(n_fft=4096, hop_length=1024, ctroct=4, norm="none")],
    "cqt": [dict(n_bins=60, bins_per_octave=24, fmin=110.0), dict(tuning="nil"), dict(hop_length=256, n_bins=50),
            dict(filter_scale=0.5, scale=False), dict(norm="2", sparsity=0.05, window="hamming"),
            dict(hop_length=300, n_bins=48), dict(n_bins=7), dict(fmin=55.0, n_bins=1), dict(pad_mode="reflect"),
            dict(hop_length=1024, n_bins=48, scale=False), dict(hop_length=500, n_bins=40)],
    "chroma_cqt": [dict(norm="2", threshold=0.05), dict(n_octaves=5, bins_per_octave=24, n_chroma=24, tuning=0.0),
                   dict(fmin=55.0, n_octaves=6), dict(hop_length=1024, norm="none")],
    "vqt": [dict(gamma=0.0, n_bins=60), dict(gamma=20.0, bins_per_octave=24, n_bins=96, fmin=60.0),
            dict(hop_length=256, scale=False, n_bins=48)],
    "chroma_cens": [dict(win_len_smooth=0, norm="inf"), dict(win_len_smooth=10, tuning=0.0), dict(n_octaves=5, hop_length=1024)],
    "tonnetz": [dict(tuning=0.1, hop_length=256, n_octaves=6)],
    "spectral_centroid": [dict(n_fft=1024, hop_length=200)],
    "spectral_bandwidth": [dict(p=3), dict(norm=False, n_fft=1024)],
    "spectral_rolloff": [dict(roll_percent=0.5), dict(roll_percent=0.99, n_fft=1024)],
    "spectral_flatness": [dict(amin=1e-5, power=1), dict(n_fft=512, hop_length=128)],
    "spectral_entropy": [dict(amin=1e-5, power=1), dict(n_fft=512, hop_length=128), dict(power=3, window="hamming")],
    "spectral_contrast": [dict(linear=True), dict(n_bands=4, fmin=300.0, quantile=0.1),
                          dict(quantile=0.5, n_fft=4096)],
    "spectral_flux": [dict(n_fft=512, hop_length=200)],
    "poly_features": [dict(order=0), dict(order=3), dict(order=2, n_fft=512, hop_length=160)],
    "pcen": [dict(power=1, n_mels=40), dict(gain=0.8, bias=10.0, exponent=0.25, time_constant=0.06),
             dict(exponent=0), dict(bias=0.0, scale=1.0), dict(hop_length=256, eps=1e-3)],
    "zero_crossing_rate": [dict(frame_length=512, hop_length=128, center=False), dict(threshold=0.01)],
    "rms": [dict(frame_length=1000, hop_length=250), dict(center=False), dict(pad_mode="reflect")],
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
        return np.float32([-1]), type(error).__name__
    if not np.all(np.isfinite(made)):
        return np.float32([-1]), "not finite"
    return thin(np.atleast_2d(made).astype(np.complex64 if np.iscomplexobj(made) else np.float32)), None


def cases():
    everywhere = [(name, rates[name]) for name in signals]
    everywhere += [(f"music:{file}:{offset}:{count}", 22050) for file, offset, count in music]
    for feature, special in variants.items():
        for name, sr in everywhere:
            yield name, sr, feature, {}
        for i, p in enumerate(special):
            for name, sr in (everywhere[(3 * i + 1) % 15], everywhere[(3 * i + 9) % 15], everywhere[-1 - i % 3]):
                yield name, sr, feature, p


def main():
    out = {f"signal/{name}": y for name, y in signals.items()}
    for name, sr, feature, p in cases():
        values, why = outcome(feature, samples(name), sr, p)
        out[f"case/{name}/{sr}/{feature}/{spelled(p)}"] = values
        if why:
            print(f"{feature} ({spelled(p)}) of {name}: {why}")
    save_file(out, here / "features.safetensors", metadata={"librosa": librosa.__version__})
    print(sum(1 for key in out if key.startswith("case/")), "cases")


if __name__ == "__main__":
    main()
