"""Freezes what scikit-learn 1.9 says of a few predictions: metrics.safetensors beside this file.

    pip install scikit-learn==1.9.1 safetensors && python generate.py
"""
import os
import warnings

import numpy as np
from safetensors.numpy import save_file
from scipy import stats
from sklearn import metrics
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")
random = np.random.default_rng(12)
out = {}


def keep(name, value):
    value = np.asarray(value)
    out[name] = np.ascontiguousarray(value.astype(np.float64 if value.dtype.kind == "f" else np.int64))


# Five classes of unlike sizes; class 3 occurs in neither list, class 4 is never predicted.
truth = random.choice([0, 1, 2, 4], 120, p=[0.5, 0.25, 0.2, 0.05])
guess = np.where(random.random(120) < 0.6, truth, random.integers(0, 3, 120))
guess[guess == 4] = 1
keep("truth", truth), keep("guess", guess)
report = metrics.classification_report(truth, guess, output_dict=True, zero_division=0)
for name in ("macro avg", "weighted avg"):
    keep(name, [report[name][key] for key in ("precision", "recall", "f1-score")])
keep("figures", [
    report["accuracy"], metrics.balanced_accuracy_score(truth, guess), metrics.cohen_kappa_score(truth, guess),
    metrics.cohen_kappa_score(truth, guess, weights="linear"),
    metrics.cohen_kappa_score(truth, guess, weights="quadratic"), metrics.matthews_corrcoef(truth, guess)])

# Four classes with probabilities on a coarse grid: many ties.
y = random.choice(4, 150, p=[0.4, 0.3, 0.2, 0.1])
scores = random.integers(0, 6, (150, 4)) + 4 * (random.random((150, 1)) < 0.5) * np.eye(4)[y] + 0.5
scores /= scores.sum(1, keepdims=True)
keep("y", y), keep("scores", scores)
keep("of_scores", [metrics.log_loss(y, scores), metrics.brier_score_loss(y, scores)])
keep("top_k", [metrics.top_k_accuracy_score(y, scores, k=k) for k in (1, 2, 3)])
keep("auc", [metrics.roc_auc_score(y, scores, multi_class=way, average=average)
             for way in ("ovr", "ovo") for average in ("macro", "weighted")])
keep("average_precision", [metrics.average_precision_score(np.eye(4)[y], scores, average=average)
                           for average in ("macro", "weighted")])
keep("average_precision.each", metrics.average_precision_score(np.eye(4)[y], scores, average=None))

# Two classes: without ties, with many, of the grid's ends, and a perfect order.
random_truth = random.integers(0, 2, 100)
noisy = random_truth * 0.3 + random.random(100)
cases = {
    "smooth": (random_truth, noisy / noisy.max()),
    "tied": (random_truth, np.round(noisy / noisy.max(), 1)),
    "constant": (random_truth, np.full(100, 0.4)),
    "ends": (random_truth, np.round(noisy / noisy.max())),
    "perfect": (np.sort(random_truth), np.linspace(0, 1, 100)),
    "few": (np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])),
}
for name, (target, score) in cases.items():
    keep(f"{name}.y", target), keep(f"{name}.scores", score)
    for drop in (True, False):
        fpr, tpr, thresholds = metrics.roc_curve(target, score, drop_intermediate=drop)
        keep(f"{name}.roc.{drop}", np.stack([fpr, tpr, np.nan_to_num(thresholds, posinf=1e300)]))
    precision, recall, thresholds = metrics.precision_recall_curve(target, score)
    keep(f"{name}.pr", np.stack([precision, recall])), keep(f"{name}.pr.thresholds", thresholds)
    keep(f"{name}.figures", [
        metrics.roc_auc_score(target, score), metrics.average_precision_score(target, score),
        metrics.log_loss(target, score), metrics.brier_score_loss(target, score)])
    for strategy in ("uniform", "quantile"):
        fraction, mean = calibration_curve(target, score, n_bins=5, strategy=strategy)
        keep(f"{name}.calibration.{strategy}", np.stack([mean, fraction]))

# Two models on 12 and on 9 folds: the corrected resampled t-test (Nadeau and Bengio 2003), and McNemar's exact test.
for k in (12, 9):
    a, b = random.random(k) * 0.2 + 0.7, random.random(k) * 0.2 + 0.65
    ratio = (1 / k) / (1 - 1 / k)
    error = np.sqrt((1 / k + ratio) * (a - b).var(ddof=1))
    t = (a - b).mean() / error
    low, high = stats.t.interval(0.95, k - 1, (a - b).mean(), error)
    keep(f"compare.{k}.a", a), keep(f"compare.{k}.b", b)
    keep(f"compare.{k}", [(a - b).mean(), t, 2 * stats.t.sf(abs(t), k - 1), low, high])
keep("mcnemar", [stats.binomtest(3, 13).pvalue, stats.binomtest(0, 5).pvalue, 1.0])

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.safetensors"))
