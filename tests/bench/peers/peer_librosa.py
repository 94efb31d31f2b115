"""librosa, function by function, and the set written by hand around what its functions let one share."""
import sys

import librosa
import numpy as np
import soundfile

import timing
from sets import SET, compute_set

FOLDER = sys.argv[1]
y, SR = soundfile.read(f"{FOLDER}/clip.wav", dtype="float32")
feature = librosa.feature


def shared_set():
    """What the functions let one pass on: one magnitude, one mel spectrogram, one chromagram."""
    magnitude = np.abs(librosa.stft(y))
    power = magnitude**2
    mel = feature.melspectrogram(S=power, sr=SR)
    decibel = librosa.power_to_db(mel)
    feature.mfcc(S=decibel)
    feature.chroma_stft(S=power, sr=SR)
    chroma = feature.chroma_cqt(y=y, sr=SR)
    feature.tonnetz(chroma=chroma, sr=SR)
    feature.spectral_centroid(S=magnitude, sr=SR)
    feature.spectral_bandwidth(S=magnitude, sr=SR)
    feature.spectral_rolloff(S=magnitude, sr=SR)
    feature.spectral_flatness(S=magnitude)
    feature.spectral_contrast(S=magnitude, sr=SR)
    feature.zero_crossing_rate(y)
    feature.rms(y=y)
    librosa.onset.onset_strength(S=decibel, sr=SR)


def file_mel():
    sound, rate = librosa.load(f"{FOLDER}/song.mp3", sr=22050)
    np.savez(f"{FOLDER}/out.npz", mel=feature.melspectrogram(y=sound, sr=rate))


def file_set():
    sound, rate = librosa.load(f"{FOLDER}/song.mp3", sr=22050)
    np.savez(f"{FOLDER}/out.npz", **compute_set(sound, rate))


timing.run({
    **{name: lambda compute=compute: compute(y, SR) for name, compute in SET.items()},
    "cqt": lambda: librosa.cqt(y, sr=SR),
    "hpss": lambda: librosa.effects.hpss(y),
    "time_stretch": lambda: librosa.effects.time_stretch(y, rate=1.25),
    "pitch_shift": lambda: librosa.effects.pitch_shift(y, sr=SR, n_steps=3),
    "pyin": lambda: librosa.pyin(y, fmin=65.40639132514966, fmax=2093.004522404789, sr=SR),
    "load_ogg": lambda: librosa.load(f"{FOLDER}/song.ogg", sr=22050),
    "load_mp3": lambda: librosa.load(f"{FOLDER}/song.mp3", sr=22050),
    "set": lambda: compute_set(y, SR),
    "set_by_hand": shared_set,
    "file_mel": file_mel,
    "file_set": file_set,
})
