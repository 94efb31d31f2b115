#!/usr/bin/env python3
"""What vamp-simple-host (Vamp SDK 2.10) says of the SDK's example plugins: host.json.

python3 tests/reference/vamp/generate.py, where Debian's vamp-plugin-sdk and vamp-examples are installed.
Two seconds of sound by formula, of 16 bits, which tests/lua/test_vamp.lua makes in the same way. Of outputs with many
values the first eight are kept. Left out: fixedtempo's outputs at a rate of their own, whose times that host rounds to the
rate that the plugin said before it knew its step.
"""
import json
import os
import subprocess
import sys
import tempfile
import wave

import numpy as np

RATE, SECONDS = 22050, 2
OUTPUTS = {  # and how many values their results have
    "amplitudefollower:amplitude": 1, "zerocrossing:counts": 1, "percussiononsets:onsets": 0,
    "percussiononsets:detectionfunction": 1, "spectralcentroid:linearcentroid": 1, "powerspectrum:powerspectrum": 513,
    "fixedtempo:tempo": 1}


def sound():
    t = np.arange(SECONDS * RATE) / RATE
    x = np.sin(2 * np.pi * 440 * t) * np.exp(-12 * (t % 0.5)) + 0.1 * np.sin(2 * np.pi * 3000 * t)
    return np.round(x * 16000).astype("<i2")


def heard(path, output, n):
    text = subprocess.run(["vamp-simple-host", f"vamp-example-plugins:{output}", path], check=True,
                          capture_output=True, text=True).stdout
    rows = []
    for line in text.splitlines():
        head, _, rest = line.partition(":")
        words = rest.split()
        rows.append({"times": [float(word) for word in head.split(",")], "values": [float(w) for w in words[:n]][:8],
                     "label": " ".join(words[n:])})
    return rows[:60]


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sound.wav")
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(sound().tobytes())
        found = {output: heard(path, output, n) for output, n in OUTPUTS.items()}
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "host.json")
    with open(target, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    sys.exit(main())
