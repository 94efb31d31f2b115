#!/usr/bin/env python3
"""t-SNE and UMAP, Moonlark beside openTSNE and umap-learn; writes EMBEDDING.md.

    python3 tests/bench/embedding.py --moonlark build/release/bin/moonlark --python python3 [--rounds 3]

`python` and the python that runs this need numpy and scikit-learn, `python` also openTSNE and umap-learn. Programs run
one after the other, with every core. Seconds of all cores say more than seconds passed where other work is going on.
"""
import argparse
import pathlib
import statistics
import tempfile

import numpy as np
from company import HERE, heading, output_of, spread
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

PEERS = {"tsne": ("t-SNE", "openTSNE"), "umap": ("UMAP", "umap-learn")}

HEAD = """- openTSNE {}, umap-learn {}

Seconds passed and seconds of all cores, the median of the rounds (least to most), without reading the table and
compiling; trustworthiness over 15 neighbours, the mean of the rounds. Defaults of each.

| what | Moonlark, s | peer, s | Moonlark, cores' s | peer, cores' s | cores' s ÷ peer's | trustworthiness | peer's |
|---|---:|---:|---:|---:|---:|---:|---:|
"""


def sheets(random, n):
    """Ten bent sheets in 100 columns."""
    t, group = random.uniform(0, 1, (n, 3)), random.integers(0, 10, n)
    bent = np.stack([np.sin(6 * t[:, 0]), np.cos(6 * t[:, 0]), 2 * t[:, 1], np.sin(4 * t[:, 1]), t[:, 2],
                     t[:, 0] * t[:, 2]], axis=1)
    turned = np.einsum("nf,nfd->nd", bent, random.normal(size=(10, 6, 100))[group])
    return 0.5 * turned + 0.6 * random.normal(size=(10, 100))[group] + 0.1 * random.normal(size=(n, 100))


def tables(folder, moonlark):
    """Names and paths of the tables."""
    random = np.random.default_rng(1)
    made = {"digits, 1797 × 64": load_digits().data,
            "blobs, 5000 × 50": 3 * random.normal(size=(12, 50))[random.integers(0, 12, 5000)]
            + random.normal(size=(5000, 50)),
            "sheets, 10000 × 100": sheets(random, 10000)}
    paths = {}
    sounds = HERE / "../../../shared/data/esc10"
    if sounds.exists():
        paths["ESC-10, 400 × 40"] = folder / "sounds.npy"
        output_of([moonlark, str(HERE / "embedding.lua"), str(sounds), "sounds", str(paths["ESC-10, 400 × 40"])])
    for name, x in made.items():
        paths[name] = folder / f"{name.split(',')[0]}.npy"
        np.save(paths[name], x.astype(np.float32))
    return paths


def run(command, table, method, places):
    wall, cpu = output_of([*command, str(table), method, str(places)]).split("\t")
    return float(wall), float(cpu), trustworthiness(np.load(table), np.load(places), n_neighbors=15)


def row(name, path, method, args, folder):
    ours = [args.moonlark, str(HERE / "embedding.lua")]
    theirs = [args.python, str(HERE / "peers/embedding_python.py")]
    rounds = [(run(ours, path, method, folder / "ours.npy"), run(theirs, path, method, folder / "theirs.npy"))
              for _ in range(args.rounds)]
    (wall, cpu, trust), (their_wall, their_cpu, their_trust) = [list(zip(*side)) for side in zip(*rounds)]
    ratio = statistics.median(cpu) / statistics.median(their_cpu)
    line = (f"| {PEERS[method][0]}, {name} | {spread(wall)} | {spread(their_wall)} | {spread(cpu)} "
            f"| {spread(their_cpu)} | {ratio:.2f} | {statistics.mean(trust):.4f} | {statistics.mean(their_trust):.4f} |\n")
    print(line, end="", flush=True)
    return line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moonlark", default="build/release/bin/moonlark")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    versions = output_of([args.python, "-c", "import openTSNE, umap; print(openTSNE.__version__, umap.__version__)"])
    command = f"python3 tests/bench/embedding.py --rounds {args.rounds}"
    text = heading("t-SNE and UMAP beside openTSNE and umap-learn", command) + HEAD.format(*versions.split()[-2:])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths = tables(folder, args.moonlark)
        text += "".join(row(what, path, method, args, folder) for method in PEERS for what, path in paths.items())
    (HERE / "EMBEDDING.md").write_text(text)


if __name__ == "__main__":
    main()
