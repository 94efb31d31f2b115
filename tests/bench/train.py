#!/usr/bin/env python3
"""Training steps and inference, Moonlark beside PyTorch: same networks, batches and optimiser; writes TRAIN.md.

    python3 tests/bench/train.py --pair build/release/bin/moonlark,python3 [--pair OTHER,PYTHON] [--rounds 5]

A pair is a Moonlark and the python whose PyTorch is its peer: fair when both have the same libtorch (Debian's
python3-torch beside Debian's libtorch; build with -DMOONLARK_TORCH_DIR= for another). Each case runs in a process of
its own, the two programs in turn, first alone and then beside one busy process; the tables have the medians over the
rounds. TRAIN.md's part about feeding, which batches.lua measures, is kept.
"""
import argparse
import re
import statistics

from company import HERE, beside, heading, output_of, spread

CASES = {"small_cnn": "CNN of 2 blocks, 32 × 13 × 130", "cnn": "CNN of 3 blocks, 32 × 64 × 130",
         "lstm": "LSTM of 2 layers, 32 × 130 × 64", "mlp": "dense layers, 64 × 200"}


def run(command):
    numbers = output_of(command).split("\t")
    return float(numbers[1]), float(numbers[2])


def rows_of(moonlark, python, args, busy):
    ours = [moonlark, str(HERE / "train.lua"), args.device]
    theirs = [python, str(HERE / "peers/train_torch.py"), args.device]
    for case, title in CASES.items():
        with beside(busy):
            pairs = [(run(ours + [case]), run(theirs + [case])) for _ in range(args.rounds)]
        for i, what in enumerate(("training step", "inference")):
            a, b = [pair[0][i] for pair in pairs], [pair[1][i] for pair in pairs]
            row = f"| {title} | {what} | {spread(a)} | {spread(b)} | {statistics.median(a) / statistics.median(b):.2f} |"
            print(row, flush=True)
            yield row


def table(moonlark, python, args, busy):
    return ("| network | what | Moonlark | PyTorch | Moonlark ÷ PyTorch |\n|---|---|---:|---:|---:|\n"
            + "\n".join(rows_of(moonlark, python, args, busy)) + "\n")


def section(pair, args):
    moonlark, python = pair.split(",")
    libtorch = output_of([moonlark, "-e", 'print(require "moonlark.torch".version)'])
    blas = output_of([moonlark, "-e", 'print(require "moonlark.torch".blas())'])
    torch = output_of([python, "-c", "import torch; print(torch.__version__)"])
    call = output_of([moonlark, str(HERE / "torch.lua")]).splitlines()[0].split()[1]
    text = f"\n## libtorch {libtorch} beside PyTorch {torch}\n\nBLAS under Moonlark's: {blas}.\n"
    for busy in (False, True):
        name = "Beside one busy process" if busy else "Alone"
        print(f"libtorch {libtorch}, {name.lower()}", flush=True)
        text += f"\n{name}:\n\n{table(moonlark, python, args, busy)}"
    return text + f"\nOne call from Lua, `x:add(y)` of three numbers: {call} µs.\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pair", action="append", help="MOONLARK,PYTHON; may be given again")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    pairs = args.pair or ["build/release/bin/moonlark,python3"]
    path = HERE / "TRAIN.md"
    feeding = re.search(r"\n## Feeding\n.*?(?=\n## |\Z)", path.read_text(), re.S)
    text = (heading("Training and inference beside PyTorch", f"python3 tests/bench/train.py --rounds {args.rounds}")
            + "\nMilliseconds, the median of the rounds (least to most). A step is forward, backward and AdamW.\n"
            + "".join(section(pair, args) for pair in pairs))
    path.write_text(text + (feeding.group() if feeding else ""))


if __name__ == "__main__":
    main()
