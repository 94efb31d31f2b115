"""Freezes what openTSNE 1.0, umap-learn 0.5 and scikit-learn 1.9 make of a few data sets: embedding.safetensors beside
this file. The sounds of ESC-10 lie in ../shared/data/esc10; what is frozen of them is figures.

    pip install openTSNE==1.0.4 umap-learn==0.5.12 scikit-learn==1.9.1 librosa safetensors && python generate.py ESC10
"""
import glob
import os
import sys
import warnings

import librosa
import numpy as np
import openTSNE
import umap
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier

warnings.filterwarnings("ignore")
random = np.random.default_rng(5)
out = {}
SEEDS, FITTED = 3, 700


def keep(name, value):
    value = np.asarray(value)
    out[name] = np.ascontiguousarray(value.astype(np.int64) if value.dtype == np.int32 else value)


def tsne(x, seed, **settings):
    return openTSNE.TSNE(random_state=seed, n_jobs=2, **settings).fit(x)


def trust(x, z):
    return trustworthiness(x, np.asarray(z), n_neighbors=15)


def figures(name, x):
    """Trustworthiness and divergence, the means over a few seeds."""
    found = [tsne(x, seed) for seed in range(SEEDS)]
    keep(f"{name}.tsne", np.array([np.mean([trust(x, z) for z in found]), np.mean([z.kl_divergence for z in found])]))
    keep(f"{name}.umap", np.array([np.mean([trust(x, umap.UMAP(random_state=seed).fit_transform(x))
                                            for seed in range(SEEDS)])]))
    print(name, out[f"{name}.tsne"], out[f"{name}.umap"], flush=True)


def right(z, y, new_z, new_y):
    return KNeighborsClassifier(5).fit(np.asarray(z), y).score(np.asarray(new_z), new_y)


# Neighbours and trustworthiness: rows far from the origin, some of them twice, one of zeros.
x = (random.normal(size=(240, 9)) * [1, 2, 1, 1, 5, 1, 1, 1, 0.1] + 7).astype(np.float32)
x[17] = x[3]
x[40] = 0
keep("x", x)
for metric in ("euclidean", "cosine", "manhattan"):
    apart = pairwise_distances(x.astype(np.float64), metric=metric)
    np.fill_diagonal(apart, np.inf)
    keep(f"neighbors.{metric}", np.sort(apart, axis=1)[:, :12])
z = random.normal(size=(240, 2)).astype(np.float32) + x[:, :2]
keep("z", z)
keep("trustworthiness", np.array([trustworthiness(x.astype(np.float64), z.astype(np.float64), n_neighbors=k)
                                  for k in (1, 5, 15, 119)]))

# Blobs, and half of scikit-learn's digits.
centers = random.normal(size=(6, 10)) * 4
blobs = (centers[random.integers(0, 6, 600)] + random.normal(size=(600, 10))).astype(np.float16)
keep("blobs", blobs)
figures("blobs", blobs.astype(np.float32))
digits, y = load_digits(return_X_y=True)
digits, y = digits[:900].astype(np.float32), y[:900]
keep("digits", digits.astype(np.uint8)), keep("digits.y", y)
figures("digits", digits)

# New rows among those fitted: how many get the right label from their five nearest places.
old, new = slice(0, FITTED), slice(FITTED, 900)
z = tsne(digits[old], 0)
model = umap.UMAP(random_state=0).fit(digits[old])
keep("digits.placed", np.array([right(z, y[old], z.transform(digits[new]), y[new]),
                                right(model.embedding_, y[old], model.transform(digits[new]), y[new])]))
print(out["digits.placed"])

# UMAP's curve for some min_dist and spread.
curves = [(0.1, 1.0), (0.0, 1.0), (0.5, 1.0), (0.25, 2.0), (0.99, 1.0)]
keep("curves", np.array([(m, s, *umap.umap_.find_ab_params(s, m)) for m, s in curves]))

# Means and deviations of 20 MFCC of the sounds of ESC-10.
rows = []
for path in sorted(glob.glob(os.path.join(sys.argv[1], "*", "*.ogg"))):
    mfcc = librosa.feature.mfcc(y=librosa.load(path)[0])
    rows.append(np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)]))
rows = np.array(rows)
figures("esc10", ((rows - rows.mean(axis=0)) / rows.std(axis=0)).astype(np.float32))

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "embedding.safetensors"))
