"""Freezes what scikit-learn, SciPy and XGBoost make of tags and numbers: tasks.safetensors beside this file.

    pip install scikit-learn==1.9.1 scipy xgboost==1.7.4 safetensors && python generate.py
"""
import os

import numpy as np
import xgboost
from safetensors.numpy import save_file
from scipy import stats
from sklearn import metrics
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVC, SVR

random = np.random.default_rng(11)
out = {}


def keep(name, value):
    out[name] = np.ascontiguousarray(value)


# --- numbers: two targets of six columns, far from 0 -----------------------------------
n, d = 160, 6
x = (random.normal(size=(n, d)) * np.array([1, 3, 0.5, 1, 2, 1]) + np.array([0, 5, -2, 0, 1, 10])).astype(np.float32)
X = x.astype(np.float64)
y = np.stack([120 + 9 * X[:, 0] - 4 * np.sin(X[:, 1]) + random.normal(size=n),
              0.3 * X[:, 2] + 0.1 * X[:, 4] ** 2 + 0.2 * random.normal(size=n)], axis=1)
wide = random.normal(size=(20, 50)).astype(np.float32)
keep("x", x), keep("y", y), keep("wide", wide)
train, test = slice(0, 120), slice(120, None)

for alpha in (0.0, 1.0, 100.0):
    for intercept in (True, False):
        model = Ridge(alpha=alpha, fit_intercept=intercept).fit(X[train], y[train])
        name = f"ridge.{alpha:g}.{'with' if intercept else 'without'}"
        keep(name + ".weights", model.coef_), keep(name + ".intercepts", np.broadcast_to(model.intercept_, 2))
        keep(name + ".predicted", model.predict(X[test]))
model = Ridge(alpha=0.5).fit(wide.astype(np.float64), y[:20])
keep("ridge.wide.weights", model.coef_), keep("ridge.wide.intercepts", model.intercept_)

for kernel in ("rbf", "linear"):
    for C, epsilon in ((1.0, 0.1), (10.0, 1.0)):
        model = SVR(kernel=kernel, C=C, epsilon=epsilon, tol=1e-6).fit(X[train], y[train, 0])
        keep(f"svr.{kernel}.{C:g}.{epsilon:g}", model.predict(X[test]))

for weights in ("uniform", "distance"):
    model = KNeighborsRegressor(3, weights=weights).fit(X[train], y[train])
    keep("knn." + weights, model.predict(X[:130]))

model = xgboost.XGBRegressor(n_estimators=20, max_depth=3, learning_rate=0.3, tree_method="hist", max_bin=256,
                             base_score=float(y[train, 1].mean()), n_jobs=1, seed=0).fit(x[train], y[train, 1])
keep("boosted", model.predict(x[test]))

# --- metrics of numbers ------------------------------------------------------------------
predicted = np.round(y + random.normal(size=y.shape) * np.array([5, 0.5]), 1) # rounded: there are ties
keep("predicted", predicted)
figures = []
for t in range(2):
    a, b = y[:, t], predicted[:, t]
    ccc = 2 * np.cov(a, b, ddof=0)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    figures.append([metrics.r2_score(a, b), np.sqrt(metrics.mean_squared_error(a, b)),
                    metrics.mean_absolute_error(a, b), stats.pearsonr(a, b)[0], stats.spearmanr(a, b)[0], ccc])
keep("figures", np.array(figures))

# --- tags ----------------------------------------------------------------------------------
tags = np.stack([X[:, 0] > 0.3, X[:, 1] + random.normal(size=n) > 6, X[:, 4] > 4, random.random(n) < 0.3], axis=1)
keep("tags", tags.astype(np.float32))
for name, inner in (("logistic", LogisticRegression(tol=1e-10, max_iter=10000)), ("svm", SVC(C=3, tol=1e-6))):
    model = OneVsRestClassifier(inner).fit(X[train], tags[train])
    scores = model.predict_proba(X[test]) if name == "logistic" else model.decision_function(X[test])
    keep("ovr." + name, scores)

truth = (random.random((60, 5)) < np.array([0.5, 0.2, 0.1, 0.7, 0.4])).astype(np.int64)
scores = np.round(truth * 0.3 + random.random(truth.shape), 2)
decided = (scores > 0.6).astype(np.int64)
keep("truth", truth), keep("scores", scores), keep("decided", decided)
keep("map", metrics.average_precision_score(truth, scores, average=None))
keep("auc", metrics.roc_auc_score(truth, scores, average=None))
keep("f1", metrics.f1_score(truth, decided, average=None))
keep("means", np.array([
    metrics.average_precision_score(truth, scores), metrics.roc_auc_score(truth, scores),
    metrics.f1_score(truth, decided, average="macro"), metrics.f1_score(truth, decided, average="micro"),
    metrics.label_ranking_average_precision_score(truth, scores), metrics.coverage_error(truth, scores)]))
best = []
for t in range(5):
    candidates = [metrics.f1_score(truth[:, t], scores[:, t] >= s) for s in np.unique(scores[:, t])]
    best.append(max(candidates))
keep("best_f1", np.array(best))

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "tasks.safetensors"))
