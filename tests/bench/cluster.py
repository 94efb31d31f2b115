#!/usr/bin/env python3
"""Clusterers, factors and discriminants, Moonlark beside scikit-learn on the same tables; writes CLUSTER.md.

    python3 tests/bench/cluster.py --moonlark build/release/bin/moonlark --python python3 [--rounds 3]

Each round runs both programs; the table has the medians over the rounds. Processor seconds are those of all threads:
they say what the work costs on a machine that does other work, too.
"""
import argparse
import os
import statistics
import tempfile

from company import HERE, heading, output_of


def run(command):
    lines = [line.split("\t") for line in output_of(command).splitlines()]
    return {name: (float(seconds), float(processor), result) for name, seconds, processor, result in lines}


def row(name, rounds):
    def median(program, place):
        return statistics.median(one[program][name][place] for one in rounds)

    ours, theirs = median(0, 1), median(1, 1)
    name_of, figure = name.rsplit(": ", 1)
    return (f"| {name_of} | {ours:.3g} | {theirs:.3g} | {ours / theirs:.2f} | {median(0, 0):.3g} | {median(1, 0):.3g} "
            f"| {figure} {rounds[0][0][name][2]} | {rounds[0][1][name][2]} |\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moonlark", default="build/release/bin/moonlark")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    sklearn = output_of([args.python, "-c", "import sklearn; print(sklearn.__version__)"])
    with tempfile.TemporaryDirectory() as folder:
        rounds = []
        for _ in range(args.rounds):
            theirs = run([args.python, str(HERE / "peers/cluster_sklearn.py"), folder])
            rounds.append((run([args.moonlark, str(HERE / "cluster.lua"), folder]), theirs))
    text = heading("Clusters, factors and discriminants beside scikit-learn",
                   f"python3 tests/bench/cluster.py --rounds {args.rounds}")
    text += f"- scikit-learn {sklearn}; load of the machine {os.getloadavg()[1]:.1f}\n\n"
    text += ("Processor seconds of all threads (what the work costs, whatever else the machine does), and seconds that "
             "passed, the median of the rounds; beside them what was found. HDBSCAN: scikit-learn takes edges that are "
             "equally long in no certain order; in the order of their making it finds the same clusters.\n\n"
             "| what | processor, Moonlark | scikit-learn | Moonlark ÷ scikit-learn | seconds, Moonlark | scikit-learn "
             "| found, Moonlark | scikit-learn |\n"
             "|---|---:|---:|---:|---:|---:|---|---|\n")
    text += "".join(row(name, rounds) for name in rounds[0][0])
    print(text)
    (HERE / "CLUSTER.md").write_text(text)


if __name__ == "__main__":
    main()
