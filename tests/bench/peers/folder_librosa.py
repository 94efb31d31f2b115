"""A folder of songs with librosa and a pool of processes:  folder_librosa.py FOLDER WORKERS COUNT

Prints how many seconds COUNT songs took, workers started and warmed up: load, the set, mean and std of each row.
"""
import glob
import multiprocessing
import os
import sys
import time

FOLDER, WORKERS, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{name}_NUM_THREADS"] = "1"


def extract(path, seconds=None):
    import librosa
    import numpy as np
    from sets import compute_set
    y, sr = librosa.load(path, sr=22050, duration=seconds)
    return [np.concatenate([values.mean(1), values.std(1)]) for values in map(np.atleast_2d, compute_set(y, sr).values())]


def warm_up(path):
    extract(path, 2)


if __name__ == "__main__":
    paths = sorted(glob.glob(f"{FOLDER}/songs/*/*.mp3"))[:COUNT]
    with multiprocessing.get_context("spawn").Pool(WORKERS, warm_up, paths[:1]) as pool:
        pool.map(warm_up, paths[:WORKERS], chunksize=1)
        start = time.perf_counter()
        pool.map(extract, paths, chunksize=1)
        print(time.perf_counter() - start)
