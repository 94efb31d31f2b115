#!/usr/bin/env python3
"""Reading tables, Moonlark beside pandas, numpy, scipy and h5py; writes TABLES.md.

    python3 tests/bench/tables.py --moonlark build/release/bin/moonlark --python python3 [--rounds 3] [--folder F]

Each round runs both programs, each case the best of three runs; the table has the medians over the rounds. The files
(1.1 GB, minutes to write) go to a temporary folder, or to F, where the next run finds them.
"""
import argparse
import os
import pathlib
import statistics
import tempfile

from company import HERE, heading, output_of, spread


NOTE = """Milliseconds, the median of the rounds (least to most). Moonlark and pandas read the texts, too. Of .npz Moonlark
computes the checksum; scipy leaves a matrix in MATLAB's order, Moonlark turns it. HDF5 is read twice by Moonlark,
first in a child process that may crash, which only the first table counts.

"""


def run(command):
    lines = [line.split("\t") for line in output_of(command).splitlines()]
    return {name: (float(seconds), float(used)) for name, seconds, used in lines}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moonlark", default="build/release/bin/moonlark")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder")
    args = parser.parse_args()
    peer, load = str(HERE / "peers/tables_python.py"), os.getloadavg()[0]
    versions = output_of([args.python, "-c", "import pandas, numpy, scipy, h5py; "
                          "print(f'pandas {pandas.__version__}, numpy {numpy.__version__}, "
                          "scipy {scipy.__version__}, h5py {h5py.__version__}')"])
    with tempfile.TemporaryDirectory() as made:
        folder = args.folder or made
        if not (pathlib.Path(folder) / "table.h5").exists():  # the last that is written
            output_of([args.python, peer, folder, "--write"])
        rounds = [(run([args.moonlark, str(HERE / "tables.lua"), folder]), run([args.python, peer, folder]))
                  for _ in range(args.rounds)]
    text = heading("Reading tables beside pandas, numpy, scipy and h5py",
                   f"python3 tests/bench/tables.py --rounds {args.rounds}")
    text += f"- {versions}\n- load of the machine before it: {load:.1f}\n\n{NOTE}"
    for k, what in enumerate(("Until it is done", "Of processors, all together")):
        text += f"{what}:\n\n| what | Moonlark | Python | Moonlark ÷ Python |\n|---|---:|---:|---:|\n"
        for name in rounds[0][0]:
            a, b = [1e3 * ours[name][k] for ours, _ in rounds], [1e3 * theirs[name][k] for _, theirs in rounds]
            text += f"| {name} | {spread(a)} | {spread(b)} | {statistics.median(a) / statistics.median(b):.2f} |\n"
        text += "\n"
    print(text)
    (HERE / "TABLES.md").write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
