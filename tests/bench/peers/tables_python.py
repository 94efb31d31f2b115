"""The cases of tables.lua by pandas, numpy, scipy and h5py: name, least seconds and least seconds of processors a line.
With --write it makes the files instead."""
import sys
import time

import h5py
import numpy as np
import pandas as pd
import scipy.io


def write(folder):
    random = np.random.default_rng(1)
    x = random.standard_normal((100000, 60))
    labels = random.choice(["rock", "jazz", "hip hop"], 100000)
    names = [f"f{i}" for i in range(60)]
    frame = pd.DataFrame(x, columns=names).assign(label=labels)
    frame.to_csv(f"{folder}/long.csv", index=False)
    frame.to_csv(f"{folder}/short.csv", index=False, float_format="%.9g")
    frame[names].to_csv(f"{folder}/numbers.csv", index=False, header=False)
    frame[:20000].to_json(f"{folder}/table.jsonl", orient="records", lines=True)
    small = frame[[f"f{i}" for i in range(57)] + ["label"]][:1000]
    small.insert(0, "filename", [f"rock.{i:05d}.wav" for i in range(1000)])
    small.to_csv(f"{folder}/gtzan.csv", index=False)
    wide = pd.DataFrame(random.standard_normal((100000, 500)).astype("f4"))
    wide.columns = [f"f{i}" for i in range(500)]
    wide.to_csv(f"{folder}/wide.csv", index=False, float_format="%.9g")
    np.savez(f"{folder}/table.npz", x=x, label=labels)
    scipy.io.savemat(f"{folder}/table.mat", {"x": x})
    with h5py.File(f"{folder}/table.h5", "w") as out:
        out["x"] = x
        out["label"] = labels.astype(h5py.string_dtype())


def clock(name, work):
    best = least = float("inf")
    for _ in range(3):
        start, used = time.perf_counter(), time.process_time()
        work()
        best, least = min(best, time.perf_counter() - start), min(least, time.process_time() - used)
    print(f"{name}\t{best:.6f}\t{least:.6f}")


def read_npz(path):
    with np.load(path) as file:
        return [file[name] for name in file]


def read_hdf5(path):
    with h5py.File(path) as file:
        return file["x"][:], file["label"].asstr()[:]


def main():
    folder = sys.argv[1]
    if "--write" in sys.argv:
        return write(folder)
    clock("CSV, 100000 × 60 of 17 digits and a label", lambda: pd.read_csv(f"{folder}/long.csv"))
    clock("CSV, 100000 × 60 of 9 digits and a label", lambda: pd.read_csv(f"{folder}/short.csv"))
    clock("CSV, 1000 × 57 and two texts (GTZAN's features)", lambda: pd.read_csv(f"{folder}/gtzan.csv"))
    clock("CSV, 100000 × 500 of 9 digits", lambda: pd.read_csv(f"{folder}/wide.csv"))
    clock("CSV of numbers as one array, 100000 × 60", lambda: np.loadtxt(f"{folder}/numbers.csv", delimiter=","))
    clock("JSONL, 20000 × 60 and a label", lambda: pd.read_json(f"{folder}/table.jsonl", lines=True))
    clock("npz, 100000 × 60 and labels", lambda: read_npz(f"{folder}/table.npz"))
    clock("MATLAB, 100000 × 60", lambda: scipy.io.loadmat(f"{folder}/table.mat"))
    clock("HDF5, 100000 × 60 and labels", lambda: read_hdf5(f"{folder}/table.h5"))


main()
