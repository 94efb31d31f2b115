#!/usr/bin/env python3
"""Moonlark against librosa, Essentia, torch and openSMILE on the same samples and machine; writes RESULTS.md.

    cmake --preset release && cmake --build --preset release
    python3 tests/bench/compare.py [--quick] [--out FILE]

Makes its own Python environment (build/bench-venv, from PyPI through pip, whose usual variables hold: PIP_FIND_LINKS
for wheels that are at hand, PIP_INDEX_URL ...) and its own music (build/bench); both are kept. A peer that cannot be
installed is left out. Takes about eight minutes; leave the machine alone while it runs.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests/bench"
STYLES = "blues,classical,country,hiphop,jazz,rock"
SONGS, SONG_S = 60, 30
LIBROSA_SONGS = 8
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

PACKAGES = {  # peer: what pip installs, and the distribution whose version is reported
    "librosa": (["librosa==0.11.0", "numba==0.61.2", "numpy<2.3", "soundfile", "soxr"], "librosa"),
    "essentia": (["essentia"], "essentia"),
    "torch": (["torch"], "torch"),
    "opensmile": (["opensmile"], "opensmile"),
}

TASKS = [
    "mel", "mfcc", "chroma_stft", "chroma_cqt", "tonnetz", "spectral_centroid", "spectral_bandwidth",
    "spectral_rolloff", "spectral_flatness", "spectral_contrast", "zero_crossing_rate", "rms", "onset_strength", "cqt",
    "hpss", "time_stretch", "pitch_shift", "pyin", "load_ogg", "load_mp3", "set", "set_by_hand", "set_pooled",
    "set_without_cq",
]
PROFILED = ["stft", "mel", "chroma_stft", "spectral_contrast", "zero_crossing_rate", "stft_family", "constant_q_family",
            "set"]
WORDS = {
    "load_ogg": "load Ogg, 44.1 → 22.05 kHz", "load_mp3": "load MP3, 44.1 → 22.05 kHz", "set": "**the set**",
    "set_by_hand": "**the set**, by hand around one STFT", "set_pooled": "the set, pooled to mean and std",
    "set_without_cq": "the set without chroma_cqt and tonnetz",
}


def note(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


# --- running ---

def run(command, one_thread=False, check=True, **more):
    """Runs to the end: (standard output, wall s, cpu s, peak MB). One thread: on one core, too."""
    environment = {**os.environ, **(ONE_THREAD if one_thread else {})}
    pin = (lambda: os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})) if one_thread else None
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=environment, preexec_fn=pin, cwd=ROOT, text=True, **more)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if check and process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {process.returncode}")
    return output, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run_side(command, one_thread):
    """Milliseconds by task, from the lines of JSON that a side prints."""
    output, *_ = run(command, one_thread, check=False)
    results = {}
    for line in output.splitlines():
        entry = json.loads(line) if line.startswith("{") else None
        if entry and "error" in entry:
            note(f"{entry['task']}: {entry['error']}")
        elif entry:
            results[entry["task"]] = entry
    return results


class Bench:
    def __init__(self, options):
        self.options = options
        self.moonlark = pathlib.Path(options.build) / "bin/moonlark"
        self.core = pathlib.Path(options.build) / "bin/bench_features"
        self.folder = ROOT / "build/bench"
        self.venv = pathlib.Path(options.venv)
        self.python = self.venv / "bin/python"
        self.runs = 1 if options.quick else 7
        self.peers = []

    # --- what is measured with ---

    def prepare(self):
        if not self.moonlark.exists():
            sys.exit(f"{self.moonlark} is missing: cmake --preset release && cmake --build --preset release")
        run(["cmake", "--build", self.options.build, "--target", "bench_features"])
        self.prepare_peers()
        self.folder.mkdir(parents=True, exist_ok=True)
        note("making music")
        run([self.moonlark, "corpus", self.folder / "corpus", "--clips", 1, "--seconds", SONG_S, "--styles", STYLES])
        run([self.moonlark, BENCH / "material.lua", self.folder, SONGS])

    def prepare_peers(self):
        if not self.python.exists():
            note(f"making {self.venv}")
            run([sys.executable, "-m", "venv", self.venv])
        for peer, (packages, _) in PACKAGES.items():
            if self.options.peers and peer not in self.options.peers:
                continue
            if self.has(peer):
                self.peers.append(peer)
                continue
            note(f"installing {peer}")
            run([self.python, "-m", "pip", "install", "--quiet", *packages], check=False)
            if self.has(peer):
                self.peers.append(peer)
            else:
                note(f"{peer} cannot be installed here: left out")

    def has(self, peer):
        return subprocess.run([self.python, "-c", f"import {peer}"], capture_output=True).returncode == 0

    def versions(self):
        found = {}
        for peer in self.peers:
            script = f"import importlib.metadata as m; print(m.version('{PACKAGES[peer][1]}'))"
            found[peer] = run([self.python, "-c", script])[0].strip()
        if "librosa" in self.peers:
            script = "import importlib.metadata as m; print(m.version('numpy'), m.version('numba'))"
            numpy, numba = run([self.python, "-c", script])[0].split()
            found["librosa"] += f" (numpy {numpy}, numba {numba})"
        return found

    # --- measuring ---

    def side(self, tool, runs, clock, tasks=()):
        if tool == "moonlark":
            return [self.moonlark, BENCH / "features.lua", self.folder, runs, clock, *tasks]
        return [self.python, BENCH / f"peers/peer_{tool}.py", self.folder, runs, clock, *tasks]

    def features(self, one_thread):
        clock, made = ("cpu" if one_thread else "wall"), {}
        for tool in ["moonlark", *self.peers]:
            note(f"{tool}, {'one thread' if one_thread else 'all threads'}")
            made[tool] = run_side(self.side(tool, self.runs, clock), one_thread)
        return made

    def engine(self):
        note("the C core and the floor")
        sound = self.folder / "clip.wav"
        return json.loads(run([self.core, "--json", "--sound", sound, 2 * self.runs], one_thread=True)[0])

    def set_names(self):
        return run(self.side("moonlark", 0, "cpu", ["names"]))[0].split()[-1]

    def cold(self):
        """Whole processes, from exec to exit: an MP3 to features in a file."""
        note("cold starts")
        song, out, names = self.folder / "song.mp3", self.folder / "out.npz", self.set_names()
        commands = {
            ("Moonlark", "mel"): [self.moonlark, "features", song, "--features", "mel", "--out", out],
            ("Moonlark", "set"): [self.moonlark, "features", song, "--features", names, "--out", out],
        }
        for tool in ("librosa", "essentia", "torch"):
            for task in ("mel", "set"):
                if tool in self.peers and (task == "mel" or tool == "librosa"):
                    commands[tool, task] = self.side(tool, 0, "wall", [f"file_{task}"])
        made = []
        for (tool, task), command in commands.items():
            times = [run(command) for _ in range(1 if self.options.quick else 5)]
            made.append({"tool": tool, "task": task, "wall_s": min(t[1] for t in times),
                         "cpu_s": min(t[2] for t in times), "peak_mb": max(t[3] for t in times)})
        return made

    def songs(self):
        """A folder end to end: MP3s to one pooled table."""
        made, cores = [], len(os.sched_getaffinity(0))
        kinds = {"the set": self.set_names(), "mel": "mel", "decoding (zero crossings)": "zero_crossing_rate"}
        for what, names in kinds.items():
            for workers in sorted({1, 2, cores} if cores > 1 else {1}):
                note(f"{SONGS} songs, {what}, {workers} workers")
                times = []
                for _ in range(1 if self.options.quick else 5):
                    shutil.rmtree(self.folder / "extracted", ignore_errors=True)
                    times.append(run([self.moonlark, "extract", self.folder / "songs", "--features", names, "--pool", "mean,std",
                                      "--out", self.folder / "extracted", "--workers", workers, "--no-cache"]))
                made.append({"tool": "Moonlark", "what": what, "workers": workers, "songs": SONGS,
                             "wall_s": min(t[1] for t in times), "peak_mb": max(t[3] for t in times)})
        if "librosa" in self.peers:
            for workers in sorted({1, cores}):
                note(f"{LIBROSA_SONGS} songs, librosa, {workers} workers")
                command = [self.python, BENCH / "peers/folder_librosa.py", self.folder, workers, LIBROSA_SONGS]
                made.append({"tool": "librosa", "what": "the set", "workers": workers, "songs": LIBROSA_SONGS,
                             "wall_s": float(run(command)[0].split()[-1])})
        return made

    def profile(self, engine):
        """The hottest functions of a feature group and shares of libraries, {group: [(percent, name) ...]}; empty
        without perf."""
        made, data = {}, self.folder / "perf.data"
        for group in PROFILED if shutil.which("perf") else ():
            note(f"profile of {group}")
            runs = int(1 + 1500 / engine[group])
            command = ["perf", "record", "--quiet", "--output", data, self.core, "--sound", self.folder / "clip.wav",
                       "--only", group, runs]
            if subprocess.run([str(word) for word in command], capture_output=True).returncode != 0:
                return {}
            report = run(["perf", "report", "--input", data, "--stdio", "--no-children", "--sort", "dso,symbol"])[0]
            shares = {}
            for share, library, symbol in re.findall(r"^\s+([\d.]+)%\s+(\S+)\s+\[.\]\s+(\S+)", report, re.M):
                where = (symbol if library == self.core.name else library).split(".")[0].replace("[kernel", "kernel")
                shares[where] = shares.get(where, 0) + float(share)
            ranked = sorted(((share, where) for where, share in shares.items() if share >= 2), reverse=True)
            made[group] = ranked[:10]
        return made

    def measure(self):
        load = os.getloadavg()[0]
        start = time.perf_counter()
        made = {"one": self.features(True), "engine": self.engine(), "all": self.features(False), "cold": self.cold(),
                "songs": self.songs()}
        made["profile"] = self.profile(made["engine"])
        made["about"] = {
            "date": datetime.date.today().isoformat(), "load": load, "minutes": (time.perf_counter() - start) / 60,
            "machine": machine(), "versions": self.versions(), "commit": git("describe", "--always", "--dirty"),
            "compiler": run(["cc", "--version"])[0].splitlines()[0],
        }
        return made


def git(*words):
    made = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True)
    return made.stdout.strip() or "unknown"


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    flags = next((flag for flag in ("avx512f", "avx2", "avx") if re.search(rf"\b{flag}\b", text)), "no AVX")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{name.group(1) if name else platform.machine()} ({flags}), {len(os.sched_getaffinity(0))} cores, "
            f"{memory:.0f} GB, {platform.system()} {platform.release()}")


# --- the report ---

def number(value):
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(peer, own):
    return "–" if peer is None or not own else f"{peer / own:.0f}×" if peer >= 10 * own else f"{peer / own:.1f}×"


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "|".join("---" if i == 0 else "--:" for i in range(len(head))) + "|"
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


def milliseconds(side, task):
    return side.get(task, {}).get("ms")


def feature_table(sides, engine, peers):
    own = sides["moonlark"]
    head = ["milliseconds", *(["C core"] if engine else []), "Moonlark", *peers, *(f"{p} ÷ Moonlark" for p in peers)]
    rows = []
    for task in TASKS:
        mine = milliseconds(own, "set" if task == "set_by_hand" else task)
        theirs = [milliseconds(sides[p], task) for p in peers]
        if mine is None and not any(theirs):
            continue
        rows.append([WORDS.get(task, task), *([number(engine.get(task))] if engine else []), number(mine),
                     *map(number, theirs), *(ratio(t, mine) for t in theirs)])
    return table(head, rows)


def goals(made):
    """(what, goal, measured, met) of issue 4; None where it was not measured."""
    one, engine, own = made["one"], made["engine"], made["one"]["moonlark"]
    took = {task: milliseconds(own, task) for task in TASKS}
    librosa = one.get("librosa", {})
    floor = engine["fftw_double"]
    songs = {(s["what"], s["workers"]): s["songs"] * SONG_S / s["wall_s"] for s in made["songs"] if s["tool"] == "Moonlark"}
    cold = {c["task"]: c["wall_s"] for c in made["cold"] if c["tool"] == "Moonlark"}
    scaling = songs.get(("the set", 2), 0) / songs["the set", 1] if ("the set", 2) in songs else None

    def most(what, value, goal, unit="ms"):
        return what, f"≤ {goal:g} {unit}", value, value is not None and value <= goal, unit

    def least(what, value, goal, unit):
        return what, f"≥ {goal:g} {unit}", value, value is not None and value >= goal, unit

    def over(task):
        peer = milliseconds(librosa, task)
        return peer / took["set"] if peer else None

    return [
        most("the set", took["set"], 25), least("the set against librosa", over("set"), 20, "×"),
        least("the set against librosa by hand", over("set_by_hand"), 8, "×"), most("mel", took["mel"], 5),
        most("the STFT family against FFTW alone (C core)", engine["stft_family"] / floor, 2.5, "×"),
        most("hpss", took["hpss"], 60), most("pyin", took["pyin"], 200), most("time_stretch", took["time_stretch"], 25),
        least("MP3s to the pooled set, a core", songs["the set", 1], 700, "× real time"),
        most("`moonlark features song.mp3`, mel", cold["mel"], 0.3, "s"),
        most("`moonlark features song.mp3`, the set", cold["set"], 0.3, "s"),
        least("two workers against one", scaling, 1.9, "×"),
    ]


def goal_rows(made):
    for what, goal, value, met, unit in goals(made):
        said = "not there yet" if value is None else f"{number(value)} {unit}"
        yield [what, goal, said, "yes" if met else "no"]


def profile_lines(profile, engine):
    for group, shares in profile.items():
        yield f"- **{group}**, {number(engine[group])} ms: " + ", ".join(
            f"{share:.0f} % `{where}`" for share, where in shares)
    yield ""


def report(made):
    about, engine = made["about"], made["engine"]
    peers = [p for p in ("librosa", "essentia", "torch") if p in made["one"]]
    yield "# Benchmarks, as measured\n"
    yield f"- {about['date']}, commit {about['commit']}, {about['compiler']}"
    yield f"- {about['machine']}; load before the run {about['load']:.2f}"
    yield "- " + ", ".join(f"{peer} {version}" for peer, version in about["versions"].items())
    yield f"- `python3 tests/bench/compare.py`, {about['minutes']:.1f} minutes\n"
    yield (f"The clip: {SONG_S} s of synthetic music, mono, 22 050 Hz; every tool gets the same samples and librosa's "
           "frames (2048, hop 512). \"The set\" is mel, MFCC, chroma_stft, chroma_cqt, tonnetz, five spectral shapes "
           "(centroid, bandwidth, rolloff, flatness, contrast), zero crossings, RMS and onset strength. Moonlark is "
           "what a user calls from Lua (a recipe for the set), C core the same without Lua and tensors. Essentia has "
           "the nearest of its algorithms, torch what people write around `torch.stft`: their definitions differ.\n")
    yield "## Goals\n"
    yield from table(["", "goal", "measured", "met"], goal_rows(made))
    yield "## One thread, warm\n\nCPU time, the best of several calls, on one core.\n"
    yield from feature_table(made["one"], engine, peers)
    yield "The floor, FFTW alone for the clip's 1292 transforms of 2048 samples, in the same run:\n"
    yield from table(["milliseconds", "measured plan", "estimated plan"], [
        ["double", number(engine["fftw_double"]), number(engine["fftw_double_estimated"])],
        ["double, inverse", number(engine["fftw_double_inverse"]), "–"],
        ["float", number(engine.get("fftw_float")), number(engine.get("fftw_float_estimated"))],
    ])
    yield (f"mel + MFCC + chroma_stft + shapes from one transform take {engine['stft_family']:.1f} ms in the C core, "
           f"{engine['stft_family'] / engine['fftw_double']:.1f} × the double floor.\n")
    if "opensmile" in made["one"]:
        sets = ", ".join(f"{name} {entry['ms']:.0f} ms" for name, entry in made["one"]["opensmile"].items())
        yield f"openSMILE on the same clip (its own features): {sets}.\n"
    yield "## All threads, warm\n\nWall time. Of one clip: Moonlark uses its cores for many files, see below.\n"
    yield from feature_table(made["all"], {}, peers)
    yield "## First call of a process\n\nMilliseconds of one thread, imports not counted.\n"
    yield from table(["", "Moonlark", *peers], [
        [task, *(number(made["one"][side].get(task, {}).get("first_ms")) for side in ["moonlark", *peers])]
        for task in ("mel", "chroma_cqt", "hpss", "time_stretch", "pyin")])
    yield "## Cold: an MP3 to features in a file, the whole process\n"
    yield from table(["", "features", "wall s", "CPU s", "peak MB"], [
        [c["tool"], c["task"], number(c["wall_s"]), number(c["cpu_s"]), number(c["peak_mb"])] for c in made["cold"]])
    yield f"## A folder: {SONGS} MP3s of {SONG_S} s (44.1 kHz, stereo) to a pooled table, the whole process\n"
    yield from table(["", "features", "workers", "songs", "wall s", "× real time", "a worker", "peak MB"], [
        [s["tool"], s["what"], s["workers"], s["songs"], number(s["wall_s"]), number(s["songs"] * SONG_S / s["wall_s"]),
         number(s["songs"] * SONG_S / s["wall_s"] / s["workers"]), number(s.get("peak_mb"))] for s in made["songs"]])
    if made["profile"]:
        yield "## Where the time goes\n\nShares of CPU time in the C core, by function or library (`perf record`).\n"
        yield from profile_lines(made["profile"], engine)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"), help="the build to measure")
    parser.add_argument("--venv", default=str(ROOT / "build/bench-venv"), help="the peers' Python environment")
    parser.add_argument("--peers", nargs="*", choices=list(PACKAGES), help="only these")
    parser.add_argument("--quick", action="store_true", help="one repetition: does it work?")
    parser.add_argument("--out", default=str(BENCH / "RESULTS.md"))
    parser.add_argument("--again", action="store_true", help="write the report of the last run again")
    options = parser.parse_args()
    bench = Bench(options)
    raw = bench.folder / "results.json"
    if not options.again:
        bench.prepare()
        raw.write_text(json.dumps(bench.measure(), indent=1))
    text = "\n".join(report(json.loads(raw.read_text())))
    pathlib.Path(options.out).write_text(text + "\n")
    note(f"written: {options.out}")


if __name__ == "__main__":
    main()
