#!/usr/bin/env python3
"""Clustering and PCA, Moonlark beside scikit-learn, alone and beside one busy process; writes LEARN.md.

    python3 tests/bench/learn.py --moonlark build/release/bin/moonlark [--moonlark OTHER] --python python3 [--rounds 5]

Each round runs both programs, each case the best of some runs; the tables have the medians over the rounds.
"""
import argparse
import statistics

from company import HERE, beside, heading, output_of, spread


def run(command):
    lines = [line.split("\t") for line in output_of(command).splitlines()]
    return {name: float(seconds) for name, seconds in lines}


def table(moonlark, args, busy):
    with beside(busy):
        rounds = [(run([moonlark, str(HERE / "learn.lua")]), run([args.python, str(HERE / "peers/learn_sklearn.py")]))
                  for _ in range(args.rounds)]
    text = "| what | Moonlark | scikit-learn | Moonlark ÷ scikit-learn |\n|---|---:|---:|---:|\n"
    for name in rounds[0][0]:
        a, b = [1e3 * ours[name] for ours, _ in rounds], [1e3 * theirs[name] for _, theirs in rounds]
        text += f"| {name} | {spread(a)} | {spread(b)} | {statistics.median(a) / statistics.median(b):.2f} |\n"
    print(text, flush=True)
    return text


def section(moonlark, args):
    libtorch = output_of([moonlark, "-e", 'print(require "moonlark.torch".version)'])
    blas = output_of([moonlark, "-e", 'local b = require("moonlark_core").system.blas() '
                      'print(("%s, %s, kernels for %s"):format(b.file:match "[^/]*/[^/]*$", b.threading, b.core))'])
    text = f"\n## The engine beside libtorch {libtorch}\n\nIts BLAS: {blas}.\n"
    for busy in (False, True):
        name = "Beside one busy process" if busy else "Alone"
        print(f"libtorch {libtorch}, {name.lower()}", flush=True)
        text += f"\n{name}:\n\n{table(moonlark, args, busy)}"
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moonlark", action="append", help="may be given again, for another libtorch")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    sklearn = output_of([args.python, "-c", "import sklearn; print(sklearn.__version__)"])
    text = (heading("Clustering and PCA beside scikit-learn", f"python3 tests/bench/learn.py --rounds {args.rounds}")
            + f"- scikit-learn {sklearn}\n\nMilliseconds, the median of the rounds (least to most).\n"
            + "".join(section(moonlark, args) for moonlark in args.moonlark or ["build/release/bin/moonlark"]))
    (HERE / "LEARN.md").write_text(text)


if __name__ == "__main__":
    main()
