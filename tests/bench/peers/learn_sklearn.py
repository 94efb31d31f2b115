"""tests/bench/learn.lua in scikit-learn: one line a case, name and least seconds."""
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")
random = np.random.default_rng(1)
narrow = (random.normal(size=(200000, 10)) + random.integers(0, 10, (200000, 1)) * 2).astype(np.float32)
wide = random.normal(size=(200000, 100)).astype(np.float32)
small = random.normal(size=(1000, 20)).astype(np.float32)


def measure(name, work, runs=3):
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    print(f"{name}\t{best:.6f}")


for covariance in ("full", "diag"):
    measure(f"GMM {covariance}, 200000 × 10, 10 components, 20 iterations", lambda: GaussianMixture(
        10, covariance_type=covariance, tol=0, max_iter=20, init_params="random_from_data", random_state=0).fit(narrow))
measure("k-means, 200000 × 100, 64 clusters, 10 iterations",
        lambda: KMeans(64, max_iter=10, tol=0, init=wide[:64], n_init=1, algorithm="lloyd").fit(wide))
measure("PCA, 200000 × 100, 10 components", lambda: PCA(10).fit(wide))
measure("k-means, 1000 × 20, 10 clusters, 10 iterations",
        lambda: KMeans(10, max_iter=10, tol=0, init=small[:10], n_init=1, algorithm="lloyd").fit(small), 50)
measure("PCA, 1000 × 20, 10 components", lambda: PCA(10).fit(small), 50)
y, scores = random.integers(0, 50, 100000), random.random((100000, 50))
scores /= scores.sum(1, keepdims=True)
measure("ROC AUC, 100000 × 50, one against the rest", lambda: roc_auc_score(y, scores, multi_class="ovr"), 2)
measure("ROC AUC, 100000 × 50, one against one", lambda: roc_auc_score(y, scores, multi_class="ovo"), 1)
