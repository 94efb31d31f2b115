#!/usr/bin/env python3
"""Training steps and inference, Moonlark beside PyTorch: same networks, batches and optimiser; writes TRAIN.md.

    python3 tests/bench/train.py --moonlark build/release/bin/moonlark --python python3 [--rounds 5] [--device cpu]

Each case runs in a process of its own, the two programs in turn; the table has the medians over the rounds. The
comparison is fair when both have the same libtorch: build with -DMOONLARK_TORCH_DIR= and that python's torch.
"""
import argparse
import datetime
import os
import pathlib
import statistics
import subprocess

HERE = pathlib.Path(__file__).parent
CASES = {"small_cnn": "CNN of 2 blocks, 32 × 13 × 130", "cnn": "CNN of 3 blocks, 32 × 64 × 130",
         "lstm": "LSTM of 2 layers, 32 × 130 × 64", "mlp": "dense layers, 64 × 200"}


def run(command):
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(out[1]), float(out[2])


def line_of(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moonlark", default="build/release/bin/moonlark")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    ours = [args.moonlark, str(HERE / "train.lua"), args.device]
    theirs = [args.python, str(HERE / "peers/train_torch.py"), args.device]
    rows = []
    for case, title in CASES.items():
        pairs = [(run(ours + [case]), run(theirs + [case])) for _ in range(args.rounds)]
        for i, what in enumerate(("training step", "inference")):
            a = [pair[0][i] for pair in pairs]
            b = [pair[1][i] for pair in pairs]
            x, y = statistics.median(a), statistics.median(b)
            rows.append(f"| {title} | {what} | {x:.2f} ({min(a):.2f} to {max(a):.2f}) | {y:.2f} ({min(b):.2f} to {max(b):.2f}) "
                        f"| {x / y:.2f} |")
            print(rows[-1], flush=True)
    libtorch = line_of([args.moonlark, "-e", 'print(require "moonlark.torch".version)'])
    torch = line_of([args.python, "-c", "import torch; print(torch.__version__)"])
    call = line_of([args.moonlark, str(HERE / "torch.lua")]).splitlines()[0].split()[1]
    commit = line_of(["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"])
    (HERE / "TRAIN.md").write_text(
        "# Training and inference beside PyTorch, as measured\n\n"
        f"- {datetime.date.today()}, commit {commit}, {os.cpu_count()} cores, device {args.device}\n"
        f"- Moonlark with libtorch {libtorch}, PyTorch {torch}\n"
        f"- `python3 tests/bench/train.py --rounds {args.rounds}`\n\n"
        "Milliseconds, the median of the rounds (least to most). A step is forward, backward and AdamW.\n\n"
        "| network | what | Moonlark | PyTorch | Moonlark ÷ PyTorch |\n|---|---|---:|---:|---:|\n"
        + "\n".join(rows) + f"\n\nOne call from Lua, `x:add(y)` of three numbers: {call} µs.\n")


if __name__ == "__main__":
    main()
