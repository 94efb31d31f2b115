"""Boundaries of sections beside a regular grid and librosa's agglomerative segmentation, on songs whose form is known.

    moonlark corpus songs --clips 2 --seconds 110 --seed 5
    python3 tests/bench/sections.py songs MOONLARK

F of boundaries within 0.5 and 3 s, and of pairs of labels, as mir_eval has them (trimmed), with the 90 % interval of the mean.
"""
import glob
import json
import subprocess
import sys

import librosa
import mir_eval
import numpy as np

folder, moonlark = sys.argv[1], sys.argv[2]
script = """local music, json = require "moonlark.music", require "moonlark.base.json"
for i = 2, #arg do
  local list = json.array {}
  for k, one in ipairs(music.sections(arg[i], {method = arg[1]})) do list[k] = {one.start, one.stop, one.label} end
  print(json.encode(list))
end"""
paths = sorted(glob.glob(folder + "/**/*.wav", recursive=True))


def ours(method):
    out = subprocess.run([moonlark, "-", method, *paths], input=script, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def grid(duration, step=16):
    times = list(np.arange(0, duration, step)) + [duration]
    return [[a, b, str(i)] for i, (a, b) in enumerate(zip(times, times[1:]))]


def agglomerative(path, duration):
    y, sr = librosa.load(path)
    _, beats = librosa.beat.beat_track(y=y, sr=sr)
    mfcc = librosa.util.sync(librosa.feature.mfcc(y=y, sr=sr), beats)
    cuts = librosa.segment.agglomerative(mfcc, max(2, round(duration / 16)))
    frames = np.r_[0, beats][cuts]
    times = list(librosa.frames_to_time(frames, sr=sr)) + [duration]
    return [[a, b, str(i)] for i, (a, b) in enumerate(zip(times, times[1:]))]


truths = []
for path in paths:
    jams = json.load(open(path[:-4] + ".jams"))
    data = [a["data"] for a in jams["annotations"] if a["namespace"] == "segment_open"][0]
    intervals = np.array([[d["time"], d["time"] + d["duration"]] for d in data])
    intervals[:-1, 1] = intervals[1:, 0]
    truths.append((intervals, [d["value"] for d in data]))

found = {"music.sections": ours("novelty"), 'music.sections, method = "spectral"': ours("spectral"),
         "a boundary every 16 s": [grid(t[0][-1, 1]) for t in truths],
         "librosa.segment.agglomerative, MFCC by beats": [agglomerative(p, t[0][-1, 1]) for p, t in zip(paths, truths)]}
rng = np.random.default_rng(0)
print(len(paths), "songs")
for name, songs in found.items():
    rows = []
    for (truth, labels), song in zip(truths, songs):
        made, names = np.array([s[:2] for s in song]), [s[2] for s in song]
        rows.append([mir_eval.segment.detection(truth, made, window=w, trim=True)[2] for w in (.5, 3)])
        a, la = mir_eval.util.adjust_intervals(truth, labels, 0, made[-1, 1])
        b, lb = mir_eval.util.adjust_intervals(made, names, 0, made[-1, 1])
        rows[-1].append(mir_eval.segment.pairwise(a, la, b, lb)[2])
    rows = np.array(rows)
    means = rows[rng.integers(0, len(rows), (2000, len(rows)))].mean(1)
    cells = ["%.3f (%.3f to %.3f)" % (m, *np.percentile(means[:, i], [5, 95])) for i, m in enumerate(rows.mean(0))]
    print("|", name, "|", " | ".join(cells), "|")
