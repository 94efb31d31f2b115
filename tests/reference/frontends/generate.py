"""Freezes the front ends of Whisper, VGGish, AST and MAEST, computed here from their formulas in double precision:
frontends.safetensors, read by tests/core/dsp/test_frontends.c.

    python3 tests/reference/frontends/generate.py

Names in the file: signal/NAME (int16, over 32768) and case/NAME/FEATURE/PARAMETERS: rows, frames, then every
STRIDE-th value modulo their number, up to KEPT of them.
"""
import pathlib

import numpy as np
from safetensors.numpy import save_file

KEPT, STRIDE, RATE = 2000, 104729, 16000


def hann(n, periodic):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / (n if periodic else n - 1))


def frames(x, length, hop):
    count = 1 + (len(x) - length) // hop
    return np.stack([x[i * hop:i * hop + length] for i in range(count)])


def slaney_to_hz(m):
    return np.where(m < 15, m * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (m - 15)))


def slaney_from_hz(f):
    return f * 3 / 200 if f < 1000 else 15 + 27 * np.log(f / 1000) / np.log(6.4)


def slaney_bank(n_mels, n_fft, fmax):
    edges = slaney_to_hz(np.linspace(0, slaney_from_hz(fmax), n_mels + 2))
    hz = np.arange(n_fft // 2 + 1) * RATE / n_fft
    up = (hz[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - hz[None]) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def mel_bank(n_mels, n_fft, fmin, fmax):
    """Triangles straight on the mel scale, nothing from DC."""
    scale = lambda f: 1127 * np.log(1 + f / 700)
    edges = np.linspace(scale(fmin), scale(fmax), n_mels + 2)
    mel = scale(np.arange(n_fft // 2 + 1) * RATE / n_fft)
    up = (mel[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - mel[None]) / (edges[2:] - edges[1:-1])[:, None]
    bank = np.maximum(0, np.minimum(up, down))
    bank[:, 0] = 0
    return bank


def fit(x, count):
    return np.pad(x[:, :count], ((0, 0), (0, max(0, count - x.shape[1]))))


def whisper_mel(x, n_mels=80, pad=True):
    if pad:
        x = np.pad(x[:480000], (0, max(0, 480000 - len(x))))
    elif len(x) <= 200:
        raise ValueError
    spectrum = np.fft.rfft(frames(np.pad(x, 200, mode="reflect"), 400, 160) * hann(400, True))[:-1]
    bands = slaney_bank(n_mels, 400, 8000) @ (np.abs(spectrum) ** 2).T
    log = np.log10(np.maximum(bands, 1e-10))
    return (np.maximum(log, log.max() - 8) + 4) / 4


def vggish_mel(x):
    spectrum = np.fft.rfft(frames(x, 400, 160) * hann(400, True), 512)
    return np.log(mel_bank(64, 512, 125, 7500) @ np.abs(spectrum).T + 0.01)


def kaldi_fbank(x, n_mels=128, window="hann", n_frames=1024, normalize=True, preemphasis=0.97, scale=1):
    w = {"hann": hann(400, False), "povey": hann(400, False) ** 0.85,
         "hamming": 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 399)}[window]
    f = frames(x * scale, 400, 160)
    f = f - f.mean(1, keepdims=True)
    f = f - preemphasis * np.concatenate([f[:, :1], f[:, :-1]], 1)
    power = np.abs(np.fft.rfft(f * w, 512)) ** 2
    log = np.log(np.maximum(mel_bank(n_mels, 512, 20, 8000) @ power.T, 1.1920929e-7))
    log = fit(log, n_frames) if n_frames else log
    return (log + 4.2677393) / (2 * 4.5689974) if normalize else log


def maest_mel(x, n_frames=1876, normalize=True):
    spectrum = np.fft.rfft(frames(np.pad(x, 256), 512, 256) * hann(512, True))
    log = np.log10(1 + 10000 * slaney_bank(96, 512, 8000) @ (np.abs(spectrum) ** 2).T)
    log = fit(log, n_frames) if n_frames else log
    return (log - 2.06755686098554) / (2 * 1.268292820667291) if normalize else log


def signals():
    rng = np.random.default_rng(3)
    t = np.arange(int(1.7 * RATE)) / RATE
    yield "music", sum(0.2 / k * np.sin(2 * np.pi * 220 * k * t + k) for k in range(1, 9)) * (0.6 + 0.4 * np.sin(9 * t))
    yield "chirp", 0.5 * np.sin(2 * np.pi * (50 * t + 2300 * t ** 2))
    yield "noise", 0.1 * rng.standard_normal(len(t)) * np.exp(-2 * t)
    yield "clicks", 0.9 * (np.arange(len(t)) % 1700 == 0) + 0.05
    yield "silence", np.zeros(5000)
    yield "short", 0.3 * rng.standard_normal(401)
    yield "shorter", 0.3 * rng.standard_normal(150)


cases = [(whisper_mel, {}), (whisper_mel, dict(n_mels=128, pad=False)), (vggish_mel, {}), (kaldi_fbank, {}),
         (kaldi_fbank, dict(n_mels=80, window="povey", n_frames=None, normalize=False)),
         (kaldi_fbank, dict(window="hamming", preemphasis=0, n_frames=100)),
         (kaldi_fbank, dict(n_mels=80, window="povey", n_frames=None, normalize=False, scale=32768)),
         (maest_mel, {}), (maest_mel, dict(n_frames=None, normalize=False)), (maest_mel, dict(n_frames=50))]


def spelled(p):
    return ",".join(f"{k}={'nil' if v is None else str(v).lower() if isinstance(v, bool) else v}" for k, v in p.items())


out = {}
for name, y in signals():
    stored = np.round(np.clip(y, -1, 32767 / 32768) * 32768).astype(np.int16)
    out[f"signal/{name}"] = stored
    for feature, p in cases:
        try:
            made = feature(stored / 32768, **p)
            flat = made.ravel()
            if len(flat) > KEPT:
                flat = flat[(np.arange(KEPT) * STRIDE) % len(flat)]
            values = np.concatenate([made.shape, flat]).astype(np.float32)
        except ValueError:
            values = np.float32([-1])
        out[f"case/{name}/{feature.__name__}/{spelled(p)}"] = values
save_file(out, pathlib.Path(__file__).parent / "frontends.safetensors")
