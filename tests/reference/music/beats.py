"""Flux, activation and beats as core/music/flux.c and bar_pointer.c compute them, written with numpy and scipy.

    python3 tests/reference/music/beats.py        writes beats.npz beside this file

The model of beats follows Krebs, Boeck and Widmer (2015); here every state and every transition is a number in a
matrix, so the shortcuts of the C code are not repeated.
"""
import pathlib

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, uniform_filter1d

RATE = 50


def flux(mel):
    before = maximum_filter1d(mel, 3, axis=0, mode="nearest")
    rise = np.zeros_like(mel)
    rise[:, 1:-1] = np.maximum(0, mel[:, 2:] - before[:, :-2])
    plain = np.zeros_like(mel)
    plain[:, 1:-1] = np.maximum(0, mel[:, 2:] - mel[:, :-2])
    groups = [rise[a:b].mean(0) for a, b in ((0, 8), (8, 24), (24, 48), (48, 80))]
    return np.stack(groups + [plain[:10].mean(0)])


def activation(f):
    f = f.astype(float)
    total = sum(w * x / (np.sqrt((x ** 2).mean()) + 1e-3) for w, x in zip((1.3, .9, .9, 1.), f))
    low = np.maximum(0, f[4] - uniform_filter1d(f[4], 51))
    total = total + .5 * low / (low.std() + 1e-3)
    total = np.maximum(0, total - uniform_filter1d(total, 51))
    total = gaussian_filter1d(total, 1)
    return np.minimum(.95, .7 * total / np.percentile(total, 99))


def beats(a, low=55, high=215, steadiness=70, usual=118, spread=.35, trust=20):
    intervals = np.arange(round(60 * RATE / high), round(60 * RATE / low) + 1)
    states = [(k, j) for k, n in enumerate(intervals) for j in range(n)]
    index = {s: i for i, s in enumerate(states)}
    change = np.exp(-steadiness * np.abs(intervals[None] / intervals[:, None] - 1))
    change = np.log(change / change.sum(1, keepdims=True))
    came = [[(index[k, j - 1], 0.)] if j else [(index[q, intervals[q] - 1], change[q, k]) for q in range(len(intervals))]
            for k, j in states]
    is_beat = np.array([j / intervals[k] < 1 / 16 for k, j in states])
    score = np.array([-.5 * trust * (np.log(60 * RATE / intervals[k] / usual) / spread) ** 2 for k, _ in states])
    heard = np.nonzero(a >= .05)[0]
    first, part = heard[0], np.clip(a[heard[0]:heard[-1] + 1], 1e-5, 1 - 1e-5)
    back = np.zeros((len(part), len(states)), int)
    for t, x in enumerate(part):
        new = np.empty(len(states))
        for i, options in enumerate(came):
            values = [score[s] + w for s, w in options]
            best = int(np.argmax(values))
            back[t, i], new[i] = options[best][0], values[best]
        score = new + np.where(is_beat, np.log(x), np.log((1 - x) / 15))
    path, s = [], int(np.argmax(score))
    for t in range(len(part) - 1, -1, -1):
        path.append(s)
        s = back[t, s]
    path = np.array(path[::-1])
    found, t = [], 0
    while t < len(path):
        if not is_beat[path[t]]:
            t += 1
            continue
        stop = t + 1
        while stop < len(path) and is_beat[path[stop]] and states[path[stop]][1] > 0:
            stop += 1
        peak = first + t + int(np.argmax(a[first + t:first + stop]))
        shift = 0.
        if 0 < peak < len(a) - 1:
            y0, y1, y2 = a[peak - 1:peak + 2]
            bend = y0 - 2 * y1 + y2
            if bend < -1e-9 and abs(.5 * (y0 - y2) / bend) <= .5:
                shift = .5 * (y0 - y2) / bend
        found.append((peak + shift, intervals[states[path[t]][0]]))
        t = stop
    return np.array(found, float)


def main():
    rng = np.random.default_rng(14)
    frames, mel = 600, np.zeros((80, 600), np.float32)
    mel += .3 * rng.random((80, frames), dtype=np.float32)
    at = 7.3
    while at < frames - 5:  # clicks that become slower, some of them left out
        if rng.random() < .8:
            t = int(round(at))
            mel[rng.integers(0, 40):, t:t + 4] += np.array([2, 1.4, .9, .4], np.float32) * rng.uniform(.5, 1)
        at += 22 + at / 100
    mel = mel.astype(np.float16).astype(np.float32)
    f = flux(mel).astype(np.float32)
    a = activation(f).astype(np.float32)
    out = pathlib.Path(__file__).with_suffix(".npz")
    np.savez_compressed(out, mel=mel.astype(np.float16), flux=f, activation=a, beats=beats(a.astype(float)))


main()
