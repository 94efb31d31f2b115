"""Freezes recurrence matrices and alignments of librosa 0.11.0: music.safetensors, read by tests/core/music/.

    python3 tests/reference/music/generate.py

Names in the file:
    frames/NAME                                              a feature, float32
    recurrence/FRAMES/MODE/METRIC/K/WIDTH/SYM/SELF/FULL      its matrix
    cost, path /X/Y/METRIC/SUBSEQ/RADIUS/STEPS               alignment (radius -1: no band)
"""
import pathlib

import librosa
import numpy as np
from safetensors.numpy import save_file

assert librosa.__version__ == "0.11.0"
rng = np.random.default_rng(4)
out = {}


def smooth(d, n):
    x = np.cumsum(rng.standard_normal((d, n)), axis=1)
    return (x - x.mean(1, keepdims=True)).astype(np.float32)


frames = {
    "walk": smooth(12, 60), "noise": rng.standard_normal((20, 41)).astype(np.float32), "short": smooth(3, 7),
    "repeated": np.tile(smooth(5, 15), (1, 3)),  # distances of exactly 0, and ties
}
frames["slower"] = np.repeat(frames["walk"], 2, axis=1)[:, 5:90]
frames["part"] = frames["walk"][:, 20:38] + rng.standard_normal((12, 18)).astype(np.float32) * np.float32(0.1)
for name, x in frames.items():
    out["frames/" + name] = x

for name, metrics in (("walk", ("euclidean", "cosine")), ("noise", ("euclidean", "cosine")), ("short", ("euclidean",)),
                      ("repeated", ("euclidean",))):
    for metric in metrics:
        for mode in ("connectivity", "distance", "affinity"):
            # Which of equally near frames a tree finds first is its own affair: ties are left to distances.
            if name == "repeated" and mode == "connectivity":
                continue
            # The reference's documentation says that full does nothing to connectivity; its code keeps k + 2 width links.
            for k, width, sym, own, full in ((0, 1, 0, 0, 0), (3, 1, 0, 1, 0), (5, 2, 1, 0, 0), (4, 1, 1, 1, 0), (4, 1, 0, 0, 1)):
                if mode == "connectivity" and full:
                    continue
                if name == "repeated" and sym:  # which of the ties were taken decides what is mutual
                    continue
                if width >= (frames[name].shape[1] - 1) // 2:
                    continue
                r = librosa.segment.recurrence_matrix(
                    frames[name].astype(np.float64), k=k or None, width=width, metric=metric, sym=bool(sym), mode=mode,
                    self=bool(own), full=bool(full))
                out[f"recurrence/{name}/{mode}/{metric}/{k}/{width}/{sym}/{own}/{full}"] = r.astype(np.float32)

skipping = np.array([[1, 1], [1, 2], [2, 1]])
for x, y, metric, subseq, radius, steps in (
        ("walk", "slower", "euclidean", 0, -1, 0), ("walk", "slower", "cosine", 0, -1, 0),
        ("slower", "walk", "euclidean", 0, 0.3, 0), ("walk", "slower", "euclidean", 0, 0.1, 0),
        ("part", "walk", "euclidean", 1, -1, 0), ("part", "walk", "cosine", 1, -1, 1),
        ("walk", "slower", "euclidean", 0, -1, 1), ("walk", "part", "euclidean", 1, -1, 0)):
    options = {}
    if steps:
        options = dict(step_sizes_sigma=skipping, weights_add=np.array([0, 0.5, 0.25]), weights_mul=np.array([1, 2, 1.5]))
    cost, path = librosa.sequence.dtw(
        frames[x].astype(np.float64), frames[y].astype(np.float64), metric=metric, subseq=bool(subseq),
        global_constraints=radius >= 0, band_rad=radius, **options)
    name = f"{x}/{y}/{metric}/{subseq}/{radius}/{steps}"
    out["cost/" + name], out["path/" + name] = np.ascontiguousarray(cost), np.ascontiguousarray(path.astype(np.int64))

save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, pathlib.Path(__file__).parent / "music.safetensors")
