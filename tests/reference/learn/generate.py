"""Freezes what scikit-learn 1.9 makes of a few data sets: learn.safetensors beside this file.

    pip install scikit-learn==1.9.1 safetensors && python generate.py
"""
import os
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

warnings.filterwarnings("ignore")
random = np.random.default_rng(7)
out = {}


def keep(name, value):
    value = np.asarray(value)
    if value.dtype in (np.int32, np.bool_):
        value = value.astype(np.int64)
    out[name] = np.ascontiguousarray(value)


# Four overlapping, elongated clouds far from the origin, on scales of very different size.
k, d, n = 4, 6, 400
mixing = random.normal(size=(k, d, d))
means = random.normal(size=(k, d)) * 3 + 50
y = random.integers(0, k, n)
x = np.stack([means[c] + mixing[c] @ random.normal(size=d) for c in y]) * np.array([1, 10, 0.1, 1, 1, 100])
x = x.astype(np.float32)
keep("x", x), keep("y", y.astype(np.int64))
wide = random.normal(size=(20, 50)).astype(np.float32)
keep("wide", wide)
X = x.astype(np.float64)

scaler = StandardScaler().fit(X)
z = scaler.transform(X).astype(np.float32)
keep("scaler.mean", scaler.mean_), keep("scaler.variance", scaler.var_), keep("z", z)
Z = z.astype(np.float64)

for name, data in (("pca", X), ("pca_wide", wide.astype(np.float64))):
    pca = PCA(n_components=5, svd_solver="full").fit(data)
    keep(f"{name}.mean", pca.mean_), keep(f"{name}.components", pca.components_)
    keep(f"{name}.explained_variance", pca.explained_variance_)
    keep(f"{name}.explained_variance_ratio", pca.explained_variance_ratio_)
    keep(f"{name}.transformed", pca.transform(data))
    keep(f"{name}.whitened", PCA(n_components=5, svd_solver="full", whiten=True).fit_transform(data))

start = Z[:k].copy()
kmeans = KMeans(k, init=start, n_init=1, algorithm="lloyd").fit(Z)
keep("kmeans.start", start), keep("kmeans.centers", kmeans.cluster_centers_)
keep("kmeans.labels", kmeans.labels_), keep("kmeans.inertia", np.array([kmeans.inertia_]))

labels = KMeans(k, n_init=1, random_state=3).fit(Z).labels_
keep("gmm.start", labels)
onehot = np.eye(k)[labels]
for covariance in ("full", "tied", "diag", "spherical"):
    gmm = GaussianMixture(k, covariance_type=covariance, max_iter=100)
    gmm._initialize_parameters = lambda data, random_state, xp=None, gmm=gmm: gmm._initialize(data, onehot)
    gmm.fit(Z)
    keep(f"gmm.{covariance}.weights", gmm.weights_), keep(f"gmm.{covariance}.means", gmm.means_)
    keep(f"gmm.{covariance}.covariances", gmm.covariances_)
    keep(f"gmm.{covariance}.proba", gmm.predict_proba(Z))
    keep(f"gmm.{covariance}.score_samples", gmm.score_samples(Z))
    keep(f"gmm.{covariance}.figures", np.array([gmm.bic(Z), gmm.aic(Z), gmm.score(Z), gmm.n_iter_]))

train, test = slice(0, 300), slice(300, None)
two = y % 2
for name, target in (("logistic", y), ("logistic2", two)):
    for C in (1.0, 0.01):
        model = LogisticRegression(C=C, tol=1e-10, max_iter=10000).fit(Z[train], target[train])
        keep(f"{name}.{C:g}.weights", model.coef_), keep(f"{name}.{C:g}.intercepts", model.intercept_)
        keep(f"{name}.{C:g}.proba", model.predict_proba(Z[test]))

for weights in ("uniform", "distance"):
    model = KNeighborsClassifier(7, weights=weights).fit(Z[train], y[train])
    keep(f"knn.{weights}.proba", model.predict_proba(Z[test])), keep(f"knn.{weights}.labels", model.predict(Z[test]))

for name, target, settings in (("svm.rbf", y, {}), ("svm.C10", y, {"C": 10, "gamma": 0.05}),
                               ("svm.linear", y, {"kernel": "linear"}), ("svm.two", two, {})):
    model = SVC(decision_function_shape="ovo", tol=1e-6, **settings).fit(Z[train], target[train])
    decisions = model.decision_function(Z[test])
    keep(f"{name}.decisions", decisions.reshape(len(decisions), -1) * (-1 if decisions.ndim == 1 else 1))
    keep(f"{name}.labels", model.predict(Z[test]))

# Two labellings with a missing id and unlike sizes.
truth = random.integers(0, 5, 200)
guess = np.where(random.random(200) < 0.6, truth, random.integers(0, 7, 200))
guess[guess == 3] = 4
keep("metrics.truth", truth), keep("metrics.guess", guess)
keep("metrics.figures", np.array([
    metrics.accuracy_score(truth, guess), metrics.adjusted_rand_score(truth, guess),
    metrics.normalized_mutual_info_score(truth, guess), metrics.silhouette_score(Z, y)]))
keep("metrics.confusion", metrics.confusion_matrix(truth, guess, labels=range(7)))
rows = metrics.precision_recall_fscore_support(truth, guess, labels=range(7), zero_division=0)
keep("metrics.per_class", np.stack(rows).T.astype(np.float64))
keep("metrics.weighted", np.array(metrics.precision_recall_fscore_support(
    truth, guess, labels=range(7), average="weighted", zero_division=0)[:3]))

# Class weights: balanced, and given for two of the classes.
uneven = np.where((y == 0) | (random.random(n) < 0.3), y, 1)
keep("weights.y", uneven)
for name, weight in (("balanced", "balanced"), ("given", {0: 3.0, 2: 0.5})):
    model = LogisticRegression(tol=1e-10, max_iter=10000, class_weight=weight).fit(Z[train], uneven[train])
    keep(f"weights.{name}.logistic", model.predict_proba(Z[test]))
    model = SVC(decision_function_shape="ovo", tol=1e-6, class_weight=weight).fit(Z[train], uneven[train])
    keep(f"weights.{name}.svm", model.decision_function(Z[test]))

model = SVC(tol=1e-6).fit(Z[train], y[train])
keep("svm.ovr", model.decision_function(Z[test]))

for name, model in (("naive_bayes", GaussianNB()), ("qda", QuadraticDiscriminantAnalysis()),
                    ("qda.regularised", QuadraticDiscriminantAnalysis(reg_param=0.3))):
    keep(f"{name}.proba", model.fit(Z[train], y[train]).predict_proba(Z[test]))

# Nested cross-validation by given folds: the search within each leaves one of the other folds out in turn.
folds, chosen, predicted = np.arange(n) % 4, [], np.zeros(n, int)
grid = {"n_neighbors": [1, 3, 7, 15, 31], "weights": ["uniform", "distance"]}
for fold in range(4):
    inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
    inner = LeaveOneGroupOut().split(Z[inside], y[inside], folds[inside])
    search = GridSearchCV(KNeighborsClassifier(), grid, cv=inner)
    search.fit(Z[inside], y[inside])
    predicted[outside] = search.predict(Z[outside])
    chosen.append([search.best_params_["n_neighbors"], search.best_params_["weights"] == "distance"])
keep("nested.predicted", predicted), keep("nested.chosen", np.array(chosen).astype(int))

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "learn.safetensors"))
