"""Freezes how sure scikit-learn 1.9's SVC is of the wines that it did not see: svm.safetensors beside this file.

The probabilities depend on how rows are divided. Kept are their means over 20 seeds, and how far from these a seed is:
the mean distance, of the seed that is farthest away.

    pip install scikit-learn==1.9.1 safetensors && python generate.py
"""
import os
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

warnings.filterwarnings("ignore")
x, y = load_wine(return_X_y=True)
order = np.random.default_rng(0).permutation(len(x))
x, y = x[order], y[order].astype(np.int64)
half = len(x) // 2
scaler = StandardScaler().fit(x[:half])
x = scaler.transform(x).astype(np.float32)
out = {"x": x[:half], "y": y[:half], "test_x": x[half:], "test_y": y[half:]}
for name, given in {"rbf": {}, "linear": {"kernel": "linear", "C": 0.1}}.items():
    found = [SVC(probability=True, random_state=seed, tol=1e-6, **given).fit(out["x"], out["y"])
             .predict_proba(out["test_x"]) for seed in range(20)]
    mean = np.mean(found, 0)
    out[name] = mean
    out[f"{name}.apart"] = np.array([max(np.abs(one - mean).mean() for one in found)])
save_file({name: np.ascontiguousarray(value) for name, value in out.items()},
          os.path.join(os.path.dirname(os.path.abspath(__file__)), "svm.safetensors"))
