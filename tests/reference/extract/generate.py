"""Writes pooled values as numpy computes them: tests/reference/extract/pool.safetensors."""
import pathlib

import numpy as np
from safetensors.numpy import save_file

random = np.random.default_rng(7)
rows = {
    "one": np.array([3.25]),
    "two": np.array([-1.0, 5.0]),
    "constant": np.full(17, 0.1),
    "odd": random.normal(size=431),
    "even": random.lognormal(size=1292),
    "ties": random.integers(0, 4, size=100).astype(float),
    "offset": 1e4 + random.normal(size=1000),
}
tensors = {}
for name, row in rows.items():
    row = row.astype(np.float32)
    wide = row.astype(np.float64)
    tensors[f"{name}.row"] = row
    tensors[f"{name}.pooled"] = np.array(
        [wide.mean(), wide.std(), row.min(), row.max(), np.median(wide)]
        + [np.percentile(wide, p) for p in (0, 10, 25, 90, 97.5, 100)]
    )
save_file(tensors, pathlib.Path(__file__).with_name("pool.safetensors"))
