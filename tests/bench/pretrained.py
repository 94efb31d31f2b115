#!/usr/bin/env python3
"""Pretrained models beside the programs that people would use in their place; prints the tables of PRETRAINED.md.

    python3 tests/bench/pretrained.py --python HUB [--moonlark build/release/bin/moonlark]... [--whisper-cpp PYTHON]

HUB is a python with torch, transformers, ctranslate2, torchvggish, soundfile; --whisper-cpp one with pywhispercpp. Random
weights of the usual sizes are made in --models once (3 GB). Programs wait side by side and are asked in turn, so that
other work on the machine slows all of them; the least of the rounds counts. Threads: --threads, all cores unless given.
"""
import argparse
import os
import pathlib
import subprocess

from company import HERE, heading, output_of

PEERS = HERE / "peers"


class Worker:
    """A program that has opened a model and measures one run for each line that it is given."""

    def __init__(self, name, command, environment):
        self.name, self.runs = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **environment})

    def ready(self):
        return self.process.stdout.readline().strip() == "ready"

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        self.runs.append([float(text) for text in self.process.stdout.readline().split()])

    def least(self, which):
        return min(run[which] for run in self.runs)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def version(moonlark):
    return output_of([moonlark, "-e", 'print(require "moonlark.torch".version)'])


def encoders(args, folder):
    """The workers that encode with one model."""
    threads = {"MOONLARK_THREADS": str(args.threads), "OMP_NUM_THREADS": str(args.threads)}
    for moonlark in args.moonlark:
        for precision in ("float32", "bfloat16", "int8"):
            yield Worker(f"Moonlark, libtorch {version(moonlark)}, {precision}",
                         [moonlark, HERE / "pretrained.lua", "encoder", folder, precision], threads)
    peers = [(args.python, "transformers", "float32"), (args.python, "transformers", "bfloat16"),
             (args.python, "ctranslate2", "float32"), (args.python, "ctranslate2", "int8")]
    if args.whisper_cpp:
        peers.append((args.whisper_cpp, "whisper.cpp", "float16"))
    for python, peer, precision in peers:
        yield Worker(f"{peer}, {precision}", [python, PEERS / "pretrained_python.py", "encoder", peer, folder, precision,
                                              str(args.threads)], threads)


def encoder_table(args):
    print("\n## Whisper's encoder, 30 s of sound\n\nSeconds passed, and seconds of all cores: the least of "
          f"{args.rounds} rounds.\n")
    columns, rows = args.sizes.split(","), {}
    for size in columns:
        workers = [worker for worker in encoders(args, args.models / f"whisper-{size}") if worker.ready()]
        for _ in range(args.rounds):
            for worker in workers:
                worker.run()
        for worker in workers:
            rows.setdefault(worker.name, {})[size] = f"{worker.least(0):.3f} ({worker.least(1):.3f})"
            worker.close()
    print("| program | " + " | ".join(columns) + " |\n|---|" + "---:|" * len(columns))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells.get(size, "") for size in columns) + " |", flush=True)


def clip_table(args):
    print("\n## 100 clips of 10 s, from files to scores\n\nSeconds passed, seconds of all cores, and the most memory, in "
          f"batches of {args.batch}; the least of {args.clip_rounds} rounds.\n")
    print("| model | program | s | cores' s | MB |\n|---|---|---:|---:|---:|")
    for model in ("vggish", "wav2vec2-base", "ast"):
        folder, clips = args.models / model, args.models / "clips"
        commands = {f"Moonlark, libtorch {version(m)}": [m, HERE / "pretrained.lua", "clips", folder, clips, str(args.batch)]
                    for m in args.moonlark}
        commands["torchvggish" if model == "vggish" else "transformers"] = [
            args.python, PEERS / "pretrained_python.py", "clips", model, folder, clips, str(args.batch)]
        found = {name: [] for name in commands}
        for _ in range(args.clip_rounds):
            for name, command in commands.items():
                found[name].append([float(text) for text in output_of([str(word) for word in command]).split()[-3:]])
        for name, runs in found.items():
            wall, cpu, peak = (min(run[i] for run in runs) for i in range(3))
            print(f"| {model} | {name} | {wall:.1f} | {cpu:.1f} | {peak / 1024:.0f} |", flush=True)


def start_table(args):
    print("\n## Start\n\nSeconds of `moonlark predict MODEL SONG` with a file of 10 s, files in memory: the least of "
          f"{args.rounds} rounds.\n\n| model | libtorch | s |\n|---|---|---:|")
    for moonlark in args.moonlark:
        command = [moonlark, HERE / "pretrained.lua", "start", moonlark, args.models / "wav2vec2-base",
                   args.models / "clips/000.wav", str(args.rounds)]
        print(f"| wav2vec2-base | {version(moonlark)} | {output_of([str(word) for word in command])} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moonlark", action="append")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--whisper-cpp")
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path("/var/tmp/moonlark-bench-models"))
    parser.add_argument("--sizes", default="tiny,base,small")
    parser.add_argument("--parts", default="encoder,clips,start")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clip-rounds", type=int, default=1)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    args.moonlark = args.moonlark or ["build/release/bin/moonlark"]
    if not (args.models / "clips/099.wav").exists():
        output_of([args.python, str(PEERS / "pretrained_make.py"), str(args.models)])
    versions = output_of([args.python, "-c", "import torch, transformers, ctranslate2; "
                          "print(torch.__version__, transformers.__version__, ctranslate2.__version__)"]).split()
    print(heading("Pretrained models", "python3 tests/bench/pretrained.py"))
    print(f"- {args.threads} threads; torch {versions[0]}, transformers {versions[1]}, CTranslate2 {versions[2]}")
    tables = {"encoder": encoder_table, "clips": clip_table, "start": start_table}
    for part in args.parts.split(","):
        tables[part](args)


if __name__ == "__main__":
    main()
