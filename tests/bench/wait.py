#!/usr/bin/env python3
"""How OpenMP's threads should wait, alone and beside one busy process; prints a table for TRAIN.md.

    python3 tests/bench/wait.py DATA --moonlark build/release/bin/moonlark [--rounds 3] [--epochs 8]

DATA is a folder with one folder a class; `moonlark corpus DATA` makes one. Epochs of res_cnn, features from the cache,
for each way to wait in turn; the least of the rounds. --counts adds rows for values of GOMP_SPINCOUNT.
"""
import argparse
import resource
import shutil
import tempfile
import time

from company import beside, output_of


def epochs(moonlark, data, count, environment):
    run = tempfile.mkdtemp(prefix="moonlark-wait-")
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    output_of([moonlark, "train", data, "--model", "res_cnn", "--epochs", str(count), "--run", run + "/net"], environment)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(run)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


WAYS = {"active": {"OMP_WAIT_POLICY": "active"}, "libgomp's own": {"OMP_WAIT_POLICY": ""},
        "passive": {"MOONLARK_WAIT": "passive"}, "auto": {"MOONLARK_WAIT": "auto"}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--moonlark", default="build/release/bin/moonlark")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--counts", default="", help="1000,5000")
    args = parser.parse_args()
    for count in filter(None, args.counts.split(",")):
        WAYS[f"{count} spins"] = {"GOMP_SPINCOUNT": count}
    epochs(args.moonlark, args.data, 1, {})  # fills the cache
    print(f"{args.epochs} epochs of res_cnn, seconds, the least of {args.rounds}: until done (processor time).\n")
    print("| threads wait | alone | beside one busy process |\n|---|---:|---:|")
    least = {}
    for busy in (False, True):
        with beside(busy):
            for _ in range(args.rounds):
                for name, environment in WAYS.items():
                    found = epochs(args.moonlark, args.data, args.epochs, environment)
                    least[name, busy] = min(found, least.get((name, busy), found))
    for name in WAYS:
        cells = [f"{least[name, busy][0]:.1f} ({least[name, busy][1]:.1f})" for busy in (False, True)]
        print(f"| {name} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
