#!/usr/bin/env python3
"""What large collections and long files take: 100 000 files, a kill in the middle, three shards, ten hours.

    python3 tests/bench/scale.py [--files N] [--hours H] [--folder FOLDER]      writes tests/bench/SCALE.md

Needs a release build, no packages, and some 5 GB in FOLDER (default: build/bench), which it gives back.
"""
import argparse
import datetime
import filecmp
import os
import pathlib
import platform
import random
import shutil
import signal
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/release/bin/moonlark"
RATE = 22050
POOLED = ["--features", "mel,mfcc,spectral_centroid,rms", "--pool", "mean,std"]
THE_SET = ("mel,mfcc,chroma_stft,chroma_cqt,tonnetz,spectral_centroid,spectral_bandwidth,spectral_rolloff,"
           "spectral_flatness,spectral_contrast,zero_crossing_rate,rms,onset_strength")
LONG = ["--features", THE_SET, "--pool", "mean,std"]


def header(samples):
    size = 2 * samples
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16,
                       b"data", size)


def make_songs(folder, files):
    """Half a second of noise each, filed under ten classes; every 10 007th is no sound."""
    chance = random.Random(1)
    head = header(RATE // 2)
    for i in range(files):
        place = folder / f"class{i % 10}" / f"{i // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        bad = i % 10007 == 5
        (place / f"{i}.wav").write_bytes(b"no sound" if bad else head + chance.randbytes(RATE))


def make_long(path, hours):
    samples = int(hours * 3600 * RATE)
    piece = random.Random(2).randbytes(2 * 60 * RATE)
    path.parent.mkdir(parents=True)
    with open(path, "wb") as out:
        out.write(header(samples))
        left = 2 * samples
        while left > 0:
            out.write(piece[:left])
            left -= len(piece)


class Result:
    def __init__(self, command, folder, kill_after=None):
        environment = dict(os.environ, MOONLARK_CACHE=str(folder / "cache"))
        start = time.monotonic()
        child = subprocess.Popen([str(PROGRAM), *map(str, command)], cwd=folder, env=environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if kill_after:
            time.sleep(kill_after)
            child.send_signal(signal.SIGKILL)
        self.output = child.stdout.read()
        _, self.status, usage = os.wait4(child.pid, 0)
        self.wall = time.monotonic() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / 1024

    def row(self, what, note=""):
        return f"| {what} | {self.wall:.1f} | {self.cpu:.1f} | {self.peak_mb:.0f} | {note} |"


def first_line(text):
    return (text.splitlines() or [""])[0]


def extract(folder, out, *more, **options):
    return Result(["extract", "songs", "--out", out, *more], folder, **options)


def same(folder, a, b):
    names = ["features.safetensors", "features.json", "rejected.csv"]
    return all(filecmp.cmp(folder / a / name, folder / b / name, shallow=False) for name in names)


def measure_files(folder, files):
    make_songs(folder / "songs", files)
    cold = extract(folder, "cold", *POOLED)
    yield cold.row("pooled, cold", first_line(cold.output))
    warm = extract(folder, "warm", *POOLED)
    yield warm.row("pooled, all from the cache", "the same bytes" if same(folder, "cold", "warm") else "OTHER BYTES")

    killed = extract(folder, "frames", "--features", "mel", kill_after=cold.wall / 2)
    written = sum(1 for _ in (folder / "frames").rglob("*.safetensors"))
    left = sum(1 for _ in (folder / "frames").rglob("*.tmp"))
    yield killed.row("frames of mel, a file each, killed", f"{written} files written, {left} half written")
    again = extract(folder, "frames", "--features", "mel")
    yield again.row("the same, started again", first_line(again.output))
    shutil.rmtree(folder / "frames")

    start = time.monotonic()
    shards = [subprocess.Popen([str(PROGRAM), "extract", "songs", *POOLED, "--out", "shards", "--no-cache", "--workers",
                                "1", "--shard", f"{i}/3"], cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL) for i in (1, 2, 3)]
    for shard in shards:
        shard.wait()
    yield f"| three shards at a time, one worker each | {time.monotonic() - start:.1f} | | | |"
    merged = Result(["merge", "shards"], folder)
    yield merged.row("merged", "the same bytes" if same(folder, "cold", "shards") else "OTHER BYTES")
    checked = Result(["cache", "verify"], folder)
    yield checked.row("cache verify", first_line(checked.output).split(": ")[-1])


def measure_hours(folder, hours):
    make_long(folder / "songs/long.wav", hours)
    made = Result(["extract", "songs", *LONG, "--out", "out", "--no-cache"], folder)
    note = f"{hours * 3600 / made.wall:.0f} × real time; {first_line(made.output)}"
    yield made.row(f"{hours:g} hours of noise, the set of RESULTS.md, pooled", note)


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(": ")[1].strip()
    return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--hours", type=float, default=10)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/bench")
    given = parser.parse_args()
    folder = given.folder.resolve() / "scale"
    shutil.rmtree(folder, ignore_errors=True)
    lines = []
    for name, rows in (("files", measure_files), ("hours", measure_hours)):
        (folder / name).mkdir(parents=True)
        for row in rows(folder / name, getattr(given, name)):
            print(row, flush=True)
            lines.append(row)
    shutil.rmtree(folder)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    head = f"""# Large collections and long files, as measured

- {datetime.date.today().isoformat()}, commit {commit.stdout.strip()}, {processor()}, {os.cpu_count()} cores
- `python3 tests/bench/scale.py --files {given.files} --hours {given.hours:g}`

{given.files} WAV files of half a second; the recipe is `{' '.join(POOLED)}`.

| | wall s | CPU s | peak MB | |
|---|--:|--:|--:|---|
"""
    (ROOT / "tests/bench/SCALE.md").write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
