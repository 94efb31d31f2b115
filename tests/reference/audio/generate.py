"""Makes the small sound files and librosa's reading of them that the tests of core/audio compare with.

    pip install librosa==0.11.0 soundfile safetensors, and the ffmpeg and lame programs; then python generate.py
"""
import os
import subprocess

import librosa
import numpy as np
import soundfile
from safetensors.numpy import save_file

here = os.path.dirname(os.path.abspath(__file__))
out = {}

# 0.35 s of stereo: a rising tone with soft ends on the left, steady noise on the right.
rate, n = 44100, 15435
t = np.arange(n) / rate
random = np.random.default_rng(5)
left = 0.6 * np.sin(2 * np.pi * (300 * t + 2500 * t**2)) * np.hanning(n)
right = 0.2 * random.standard_normal(n).clip(-3, 3)
stereo = np.stack([left, right], axis=1).astype(np.float32)
wav = os.path.join(here, "tone.wav")
soundfile.write(wav, stereo, rate, subtype="PCM_16")
read, _ = soundfile.read(wav, dtype="float32")
out["tone"] = np.ascontiguousarray(read.T)

for name, settings in {
    "mono_22050": {},
    "mono_16000": {"sr": 16000},
    "mono_48000": {"sr": 48000},
    "native": {"sr": None},
    "part": {"sr": 22050, "offset": 0.1, "duration": 0.15},
    "part_native": {"sr": None, "offset": 0.0333, "duration": 0.2},
}.items():
    out[f"load.{name}"] = librosa.load(wav, **settings)[0]
stereo_8k, _ = librosa.load(wav, sr=8000, mono=False)
out["load.stereo_8000"] = stereo_8k

save_file(out, os.path.join(here, "audio.safetensors"))


def encode(name, *settings):
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-i", wav, *settings, "-map_metadata", "-1",
                    "-fflags", "+bitexact", "-flags:a", "+bitexact", os.path.join(here, name)], check=True)


encode("aac.m4a", "-c:a", "aac", "-b:a", "96k")
encode("alac.m4a", "-c:a", "alac")
encode("wma.wma", "-c:a", "wmav2", "-b:a", "96k")
encode("opus.webm", "-c:a", "libopus", "-b:a", "64k")
subprocess.run(["lame", "--quiet", "--resample", "44.1", "-b", "128", wav, os.path.join(here, "lame.mp3")], check=True)
