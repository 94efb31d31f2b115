"""Freezes what scikit-learn 1.9 and SciPy 1.17 find in a few data sets: cluster.safetensors beside this file.

    pip install scikit-learn==1.9.1 scipy safetensors && python generate.py
"""
import os
import warnings

import numpy as np
from safetensors.numpy import save_file
from scipy.cluster import hierarchy
from sklearn import metrics
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans, AgglomerativeClustering, SpectralClustering
from sklearn.datasets import make_moons
from sklearn.decomposition import NMF
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

warnings.filterwarnings("ignore")
random = np.random.default_rng(11)
out = {}


def keep(name, value):
    value = np.asarray(value)
    out[name] = np.ascontiguousarray(value.astype(np.int64) if value.dtype == np.int32 else value)


# Clouds of unlike size and density, and some rows between them.
sizes, spreads = [40, 60, 25, 15], [0.3, 1.0, 0.15, 0.6]
centers = random.normal(size=(4, 5)) * 4
x = np.concatenate([c + s * random.normal(size=(n, 5)) for n, s, c in zip(sizes, spreads, centers)]
                   + [random.uniform(-8, 8, size=(20, 5))]).astype(np.float32)
x = x[random.permutation(len(x))]
X = x.astype(np.float64)
keep("x", x)

for linkage in ("ward", "average", "complete", "single"):
    keep(f"linkage.{linkage}", hierarchy.linkage(X, linkage))
    for k in (2, 5):
        keep(f"agglomerative.{linkage}.{k}", AgglomerativeClustering(k, linkage=linkage).fit_predict(X))
    model = AgglomerativeClustering(None, distance_threshold=6.0, linkage=linkage).fit(X)
    keep(f"agglomerative.{linkage}.threshold", model.labels_)

# HDBSCAN on the clouds, and on moons, where duplicates are as well.
moons = make_moons(200, noise=0.08, random_state=3)[0].astype(np.float32)
moons = np.concatenate([moons, moons[:10], moons[:10]])
keep("moons", moons)
# Of edges that are equally long the earlier one comes first, as in Moonlark: NumPy's usual sort leaves it open.
argsort = np.argsort
np.argsort = lambda a, **given: argsort(a, kind="stable")
for data, rows in (("x", X), ("moons", moons.astype(np.float64))):
    for name, given in (("usual", {}), ("leaf", {"cluster_selection_method": "leaf"}),
                        ("samples", {"min_cluster_size": 10, "min_samples": 3})):
        model = HDBSCAN(copy=True, **given).fit(rows)
        keep(f"hdbscan.{data}.{name}.labels", model.labels_)
        keep(f"hdbscan.{data}.{name}.probabilities", model.probabilities_)
np.argsort = argsort
for eps in (0.1, 0.2):
    keep(f"dbscan.{eps}", DBSCAN(eps=eps, min_samples=4).fit_predict(moons.astype(np.float64)))

for name, given in (("rbf", {"gamma": 0.05}), ("nearest_neighbors", {"affinity": "nearest_neighbors"})):
    keep(f"spectral.{name}", SpectralClustering(4, random_state=1, **given).fit_predict(X))

# Factors of a table that six spectra make, with noise; from a start that is given, and from scikit-learn's own.
S = random.gamma(0.5, size=(50, 6)) @ random.gamma(0.5, size=(6, 30)) + 0.05 * random.random((50, 30))
S = S.astype(np.float32)
keep("S", S)
W, H = random.random((50, 6)), random.random((6, 30))
keep("nmf.W0", W), keep("nmf.H0", H)
for name, given in (("given", {"init": "custom"}), ("sparse", {"init": "custom", "alpha_W": 0.01, "l1_ratio": 0.7}),
                    ("nndsvd", {"init": "nndsvd"}), ("nndsvda", {"init": "nndsvda"})):
    model = NMF(6, max_iter=300, random_state=0, **given)
    start = {"W": W.copy(), "H": H.copy()} if given["init"] == "custom" else {}
    keep(f"nmf.{name}.W", model.fit_transform(S.astype(np.float64), **start))
    keep(f"nmf.{name}.H", model.components_)
    keep(f"nmf.{name}.figures", np.array([model.reconstruction_err_, model.n_iter_]))
    keep(f"nmf.{name}.transformed", model.transform(S[:7].astype(np.float64)))

# Discriminant analysis of classes that overlap; of fewer rows than columns; of a column that never varies.
classes = random.integers(0, 4, 200)
rows = (random.normal(size=(200, 6)) @ random.normal(size=(6, 6)) + classes[:, None] * random.normal(size=6)
        + (classes[:, None] == 2) * random.normal(size=6)).astype(np.float32)
wide = (random.normal(size=(30, 40)) + (np.arange(30) % 3)[:, None]).astype(np.float32)
flat = rows.copy()
flat[:, 2] = 3
for name, table, y in (("rows", rows, classes), ("two", rows, classes % 2), ("wide", wide, np.arange(30) % 3),
                       ("flat", flat, classes)):
    keep(f"lda.{name}.x", table), keep(f"lda.{name}.y", y)
    model = LinearDiscriminantAnalysis().fit(table.astype(np.float64), y)
    keep(f"lda.{name}.proba", model.predict_proba(table.astype(np.float64)))
    keep(f"lda.{name}.z", model.transform(table.astype(np.float64)))
    keep(f"lda.{name}.ratio", model.explained_variance_ratio_)
    for shrinkage in ("auto", 0.3):
        model = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage).fit(table.astype(np.float64), y)
        keep(f"lda.{name}.{shrinkage}.proba", model.predict_proba(table.astype(np.float64)))
        z = model.transform(table.astype(np.float64))
        keep(f"lda.{name}.{shrinkage}.z", z - z.mean(0))
        keep(f"lda.{name}.{shrinkage}.ratio", model.explained_variance_ratio_)

keep("silhouettes", np.array([metrics.silhouette_score(X, KMeans(k, n_init=50, random_state=0).fit_predict(X))
                              for k in range(2, 7)]))

# Two labellings with a missing id and unlike sizes.
truth = random.integers(0, 5, 160)
guess = np.where(random.random(160) < 0.6, truth, random.integers(0, 7, 160))
guess[guess == 3] = 4
keep("truth", truth), keep("guess", guess)
keep("agreement", np.array([metrics.adjusted_mutual_info_score(truth, guess),
                            *metrics.homogeneity_completeness_v_measure(truth, guess)]))
keep("cohesion", np.array([metrics.calinski_harabasz_score(X, guess), metrics.davies_bouldin_score(X, guess),
                           metrics.silhouette_score(X, guess)]))
keep("silhouette_samples", metrics.silhouette_samples(X, guess))

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "cluster.safetensors"))
