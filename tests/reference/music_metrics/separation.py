"""mir_eval 0.8 on made-up sources: separation.json, read by tests/lua/test_music_metrics.lua, which makes the same sounds.

    python3 tests/reference/music_metrics/separation.py
"""
import json
import pathlib
import warnings

import numpy as np
from mir_eval import separation

warnings.simplefilter("ignore")


def noise(seed, n):
    """A linear congruential generator, -1..1."""
    out = np.empty(n)
    for i in range(n):
        seed = (seed * 1103515245 + 12345) % 2 ** 31
        out[i] = seed / 2 ** 30 - 1
    return out


def source(seed, n, pole):
    """Noise through a filter of one pole."""
    out, last = noise(seed, n), 0.0
    for i in range(n):
        last = out[i] + pole * last
        out[i] = last
    return out


n = 6000
truth = np.stack([source(1, n, .9), source(2, n, -.5)])
delayed = np.pad(truth, ((0, 0), (3, 0)))[:, :n]
guess = np.stack([.8 * delayed[1] + .05 * truth[0] + .02 * noise(3, n), truth[0] + .1 * truth[1] + .03 * noise(4, n)])
images = np.stack([np.stack([a, .4 * delayed[i] + .1 * noise(5 + i, n)], 1) for i, a in enumerate(truth)])
heard = images + .1 * images[::-1] + .03 * np.stack([np.stack([noise(7 + i, n), noise(9 + i, n)], 1) for i in range(2)])


def lists(names, values):
    return {name: np.asarray(value, float).tolist() for name, value in zip(names, values)}


three, four = ["sdr", "sir", "sar", "permutation"], ["sdr", "isr", "sir", "sar", "permutation"]
out = {
    "sources": lists(three, separation.bss_eval_sources(truth, guess, True)),
    "fixed": lists(three, separation.bss_eval_sources(truth, guess[::-1], False)),
    "images": lists(four, separation.bss_eval_images(images, heard, True)),
    "framewise": lists(four, separation.bss_eval_images_framewise(images, heard, 4000, 2000)),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
