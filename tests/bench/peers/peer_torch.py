"""torch.stft with a mel matrix and what people write on top of it, in place of torchaudio, whose transforms are this."""
import math
import sys

import numpy as np
import soundfile
import soxr
import torch

import timing

samples, SR = soundfile.read(f"{sys.argv[1]}/clip.wav", dtype="float32")
y = torch.from_numpy(samples)
N_FFT, HOP = 2048, 512
window = torch.hann_window(N_FFT)
frequencies = torch.linspace(0, SR / 2, N_FFT // 2 + 1)[:, None]


def mel_bank(bands=128):
    """Slaney's scale and area norm."""
    top = 15 + 27 * math.log(SR / 2 / 1000) / math.log(6.4)
    steps = torch.linspace(0, top, bands + 2)
    hz = torch.where(steps < 15, steps * 200 / 3, 1000 * torch.exp((steps - 15) * math.log(6.4) / 27))
    low, mid, high = hz[:-2, None], hz[1:-1, None], hz[2:, None]
    line = frequencies[:, 0]
    rise, fall = (line - low) / (mid - low), (high - line) / (high - mid)
    return torch.clamp(torch.minimum(rise, fall), min=0) * 2 / (high - low)


def cosines(n_mfcc=20, bands=128):
    k, n = torch.arange(n_mfcc)[:, None], torch.arange(bands)
    matrix = torch.cos(math.pi / bands * (n + 0.5) * k) * math.sqrt(2 / bands)
    matrix[0] /= math.sqrt(2)
    return matrix


def chroma_bank():
    octaves = torch.log2(torch.clamp(frequencies[:, 0], min=1) / 440) * 12
    distance = (octaves[None] - torch.arange(12)[:, None] + 6) % 12 - 6
    return torch.exp(-2 * distance**2)


MEL, DCT, CHROMA = mel_bank(), cosines(), chroma_bank()
EDGES = [int(round(hz * N_FFT / SR)) for hz in (0, 200, 400, 800, 1600, 3200, 6400)] + [N_FFT // 2 + 1]


def complex_stft():
    return torch.stft(y, N_FFT, HOP, window=window, center=True, pad_mode="constant", return_complex=True)


def magnitude():
    return complex_stft().abs()


def power():
    made = torch.view_as_real(complex_stft())
    return made.square().sum(-1)


def mel(squares=None):
    return MEL @ (power() if squares is None else squares)


def decibel(values):
    made = 10 * torch.log10(torch.clamp(values, min=1e-10))
    return torch.maximum(made, made.max() - 80)


def mfcc(bands=None):
    return DCT @ decibel(mel() if bands is None else bands)


def chroma_stft(squares=None):
    made = CHROMA @ (power() if squares is None else squares)
    return made / torch.clamp(made.amax(0), min=1e-30)


def centroid(S=None):
    S = magnitude() if S is None else S
    return (frequencies * S).sum(0) / torch.clamp(S.sum(0), min=1e-30)


def bandwidth(S=None):
    S = magnitude() if S is None else S
    deviation = (frequencies - centroid(S)).square()
    return ((deviation * S).sum(0) / torch.clamp(S.sum(0), min=1e-30)).sqrt()


def rolloff(S=None):
    sums = (magnitude() if S is None else S).cumsum(0)
    return frequencies[(sums < 0.85 * sums[-1]).sum(0).clamp(max=N_FFT // 2), 0]


def flatness(squares=None):
    S = torch.clamp(power() if squares is None else squares, min=1e-10)
    return S.log().mean(0).exp() / S.mean(0)


def contrast(S=None):
    S = magnitude() if S is None else S
    rows = []
    for low, high in zip(EDGES, EDGES[1:]):
        band = S[low:high].sort(0).values
        n = max(1, round(0.02 * (high - low)))
        rows.append(10 * torch.log10(torch.clamp(band[-n:].mean(0), min=1e-10) / torch.clamp(band[:n].mean(0), min=1e-10)))
    return torch.stack(rows)


def zero_crossings():
    signs = torch.nn.functional.pad(torch.signbit(y).float().diff().abs(), (1025, 1024))
    return signs.unfold(0, N_FFT, HOP).mean(1)


def rms():
    padded = torch.nn.functional.pad(y, (1024, 1024))
    return padded.unfold(0, N_FFT, HOP).square().mean(1).sqrt()


def onset_strength(bands=None):
    return decibel(mel() if bands is None else bands).diff(dim=1).clamp(min=0).mean(0)


def time_stretch(rate=1.25):
    """The phase vocoder, as torchaudio has it."""
    spectrum = complex_stft()
    steps = torch.arange(0, spectrum.shape[1], rate)
    advance = torch.linspace(0, math.pi * HOP, N_FFT // 2 + 1)[:, None]
    padded = torch.nn.functional.pad(spectrum, (0, 2))
    here, after = padded[:, steps.long()], padded[:, steps.long() + 1]
    turn = after.angle() - here.angle() - advance
    turn = turn - 2 * math.pi * torch.round(turn / (2 * math.pi)) + advance
    phase = torch.cat([spectrum[:, :1].angle(), turn[:, :-1]], 1).cumsum(1)
    share = steps % 1
    stretched = torch.polar(share * after.abs() + (1 - share) * here.abs(), phase)
    return torch.istft(stretched, N_FFT, HOP, window=window, length=round(len(y) / rate))


def hpss():
    """Medians of 31 along time and along frequency, soft masks, two inverse transforms."""
    spectrum = complex_stft()
    S = spectrum.abs()[None]
    pad = torch.nn.functional.pad
    harmonic = pad(S, (15, 15), mode="replicate").unfold(2, 31, 1).median(-1).values
    percussive = pad(S.transpose(1, 2), (15, 15), mode="replicate").unfold(2, 31, 1).median(-1).values.transpose(1, 2)
    share = harmonic.square() / torch.clamp(harmonic.square() + percussive.square(), min=1e-30)
    return [torch.istft(spectrum * mask[0], N_FFT, HOP, window=window, length=len(y)) for mask in (share, 1 - share)]


def shared_set():
    """Without the constant-Q features, which torch and torchaudio lack."""
    squares = power()
    S, bands = squares.sqrt(), mel(squares)
    mfcc(bands), chroma_stft(squares), onset_strength(bands)
    centroid(S), bandwidth(S), rolloff(S), flatness(squares), contrast(S)
    zero_crossings(), rms()


def file_mel():
    """torch reads no files: soundfile and soxr do, as librosa.load has it."""
    sound, rate = soundfile.read(f"{sys.argv[1]}/song.mp3", dtype="float32")
    sound = torch.from_numpy(soxr.resample(sound.mean(1), rate, SR))
    spectrum = torch.stft(sound, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True)
    np.savez(f"{sys.argv[1]}/out.npz", mel=(MEL @ spectrum.abs().square()).numpy())


torch.set_grad_enabled(False)
timing.run({
    "file_mel": file_mel,
    "mel": mel, "mfcc": mfcc, "chroma_stft": chroma_stft, "spectral_centroid": centroid,
    "spectral_bandwidth": bandwidth, "spectral_rolloff": rolloff, "spectral_flatness": flatness,
    "spectral_contrast": contrast, "zero_crossing_rate": zero_crossings, "rms": rms, "onset_strength": onset_strength,
    "hpss": hpss, "time_stretch": time_stretch, "set_without_cq": shared_set,
})
