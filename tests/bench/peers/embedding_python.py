"""tests/bench/embedding.lua in openTSNE and umap-learn: python embedding_python.py TABLE.npy tsne|umap PLACES.npy
prints seconds passed and seconds of all cores. What numba compiles is compiled before, on other rows."""
import resource
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
source, method, target = sys.argv[1:]
x = np.load(source)
if method == "tsne":
    import openTSNE


    def fit(rows, **settings):
        return openTSNE.TSNE(n_jobs=2, random_state=1, **settings).fit(rows)

    short = {"n_iter": 2, "early_exaggeration_iter": 2}
else:
    import umap

    def fit(rows, **settings):
        return umap.UMAP(n_jobs=2, **settings).fit_transform(rows)

    short = {"n_epochs": 2}


def used():
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


# With more than 4096 rows umap-learn searches trees, which is other code.
fit(np.random.default_rng(0).normal(size=(4200, x.shape[1])).astype(np.float32), **short)
wall, cpu = time.perf_counter(), used()
z = np.asarray(fit(x))
print(f"{time.perf_counter() - wall:.3f}\t{used() - cpu:.3f}")
np.save(target, z.astype(np.float32))
