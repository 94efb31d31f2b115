#!/usr/bin/env python3
"""Opening a gigabyte of weights, Moonlark beside torch.load and safetensors; prints a table.

    python3 tests/bench/weights.py --moonlark build/release/bin/moonlark [--rounds 3] [--megabytes 1000]

The python that runs this needs torch and safetensors. Each program opens the file alone, with the file in the system's
cache; seconds without starting and importing, the median of the rounds.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

PEER = """
import sys, time, torch
from safetensors.torch import load_file
resident = lambda: int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0]) / 1024
path, total = sys.argv[1], 0
torch.ones(8).sum().item()
start, before = time.perf_counter(), resident()
state = load_file(path) if path.endswith("safetensors") else torch.load(path)
if len(sys.argv) > 2:
    for tensor in state.values():
        total += tensor.sum().item()
print("%.4f\\t%.0f\\t%.6g" % (time.perf_counter() - start, resident() - before, total))
"""


def measure(command, rounds):
    rows = [[float(x) for x in subprocess.check_output(command, text=True).split()] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*rows)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moonlark", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=1000)
    args = parser.parse_args()
    import torch
    from safetensors.torch import save_file
    state = {"layer.%d.weight" % i: torch.randn(1000, 1000) for i in range(args.megabytes // 4)}
    here = pathlib.Path(__file__).parent
    print("| file | | Moonlark, s | MB | Python, s | MB |\n|---|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        files = [folder + "/x.safetensors", folder + "/zip.pt", folder + "/legacy.pt"]
        save_file(state, files[0])
        torch.save(state, files[1])
        torch.save(state, files[2], _use_new_zipfile_serialization=False)
        for path in files:
            for what in ([], ["sum"]):
                ours = measure([args.moonlark, str(here / "weights.lua"), path] + what, args.rounds)
                theirs = measure([sys.executable, "-c", PEER, path] + what, args.rounds)
                print("| %s | %s | %.3f | %.0f | %.3f | %.0f |" % (
                    path.split("/")[-1], "and summed" if what else "opened", ours[0], ours[1], theirs[0], theirs[1]))


main()
