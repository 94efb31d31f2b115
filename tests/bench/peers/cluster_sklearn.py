"""Makes the tables of tests/bench/cluster.py in a folder and times scikit-learn on them: a line a case, its name, the
seconds it took, the processor seconds of all threads, and a figure of the result.

    python cluster_sklearn.py FOLDER
"""
import sys
import time
import warnings

import numpy as np
from sklearn import metrics
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans, SpectralClustering
from sklearn.decomposition import NMF
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

warnings.filterwarnings("ignore")
folder = sys.argv[1]
random = np.random.default_rng(1)


def clouds(rows, columns, count):
    y = random.integers(0, count, rows)
    x = random.normal(size=(rows, columns)) * random.uniform(0.5, 1.5, (count, 1))[y]
    return (x + 2 * random.normal(size=(count, columns))[y]).astype(np.float32), y


wide, labels = clouds(10000, 100, 20)
narrow, _ = clouds(10000, 10, 20)
S = random.gamma(0.3, size=(1025, 24)) @ random.gamma(0.3, size=(24, 2000)) + 0.01 * random.random((1025, 2000))
S = S.astype(np.float32)
for name, table in (("wide", wide), ("narrow", narrow), ("S", S), ("labels", labels)):
    np.save(f"{folder}/{name}.npy", table)


def measure(name, work):
    start, processor = time.perf_counter(), time.process_time()
    result = work()
    print(f"{name}\t{time.perf_counter() - start:.6f}\t{time.process_time() - processor:.6f}\t{result:.6g}", flush=True)


def clusters(model, x):
    return model.fit(x).labels_.max() + 1


measure("k-means, 10000 × 100, 20 clusters, 10 starts: inertia",
        lambda: KMeans(20, n_init=10, random_state=0).fit(wide).inertia_)
measure("agglomerative, ward, 5000 × 100: last distance", lambda: AgglomerativeClustering(
    20, compute_distances=True).fit(wide[:5000]).distances_[-1])
measure("agglomerative, average, 5000 × 100: last distance", lambda: AgglomerativeClustering(
    20, linkage="average", compute_distances=True).fit(wide[:5000]).distances_[-1])
measure("HDBSCAN, 10000 × 100: clusters", lambda: clusters(HDBSCAN(copy=True), wide))
measure("HDBSCAN, 10000 × 10: clusters", lambda: clusters(HDBSCAN(copy=True), narrow))
measure("spectral, 10 neighbours, 5000 × 100: ARI", lambda: metrics.adjusted_rand_score(labels[:5000], SpectralClustering(
    20, affinity="nearest_neighbors", random_state=0).fit_predict(wide[:5000])))
measure("NMF, 1025 × 2000, 24 components, 100 passes: error", lambda: NMF(
    24, init="nndsvda", tol=0, max_iter=100, random_state=0).fit(S).reconstruction_err_)
measure("LDA, 10000 × 100, 20 classes: accuracy", lambda: LinearDiscriminantAnalysis().fit(wide, labels).score(wide, labels))
measure("silhouette, 10000 × 100: value", lambda: metrics.silhouette_score(wide, labels))
