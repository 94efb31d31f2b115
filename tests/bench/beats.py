"""Beats of Moonlark, librosa and Essentia beside the truth, as a table for MUSIC.md.

    python3 beats.py FOLDER [MOONLARK]

FOLDER holds NAME.wav with NAME.jams beside (scripts/train/rendered/make.lua makes such). Needs mir_eval, librosa and
Essentia. Figures: F of beats and of downbeats (70 ms, the first 5 s left out, as mir_eval has it); tempo within 4 %, and
within 4 % of it, its half, double, third or triple. Of F the 90 % interval of the mean, by 2000 drawings of clips.
Seconds: of the processor, one thread, of a waveform in memory, the least of three; median over the clips.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[name + "_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")

import essentia
import essentia.standard
import librosa
import mir_eval
import numpy as np

essentia.log.infoActive = essentia.log.warningActive = False
HERE = pathlib.Path(__file__).parent


def truth_of(path):
    annotations = {a["namespace"]: a["data"] for a in json.loads(path.read_text())["annotations"]}
    beats = [(b["time"], b["value"]) for b in annotations["beat"]]
    return {"beats": np.array([t for t, _ in beats]), "downbeats": np.array([t for t, place in beats if place == 1]),
            "tempo": annotations["tempo"][0]["value"]}


def of_librosa(path):
    y, rate = librosa.load(path, sr=22050)

    def find():
        tempo, beats = librosa.beat.beat_track(y=y, sr=rate, units="time")
        return float(np.atleast_1d(tempo)[0]), beats
    return find


def of_essentia(method):
    def prepare(path):
        y = essentia.standard.MonoLoader(filename=str(path), sampleRate=44100)()
        extractor = essentia.standard.RhythmExtractor2013(method=method)

        def find():
            tempo, beats = extractor(y)[:2]
            return float(tempo), beats
        return find
    return prepare


OTHERS = {
    f"librosa {librosa.__version__} beat_track": of_librosa,
    f"Essentia {essentia.__version__} multifeature": of_essentia("multifeature"),
    "Essentia degara": of_essentia("degara"),
}


def timed(find):
    least = float("inf")
    for _ in range(3):
        before = time.process_time()
        tempo, beats = find()
        least = min(least, time.process_time() - before)
    return {"seconds": least, "tempo": tempo, "beats": list(map(float, beats))}


def f_of(truth, made):
    trimmed = mir_eval.beat.trim_beats(truth), mir_eval.beat.trim_beats(np.array(list(made)))
    return mir_eval.beat.f_measure(*trimmed)


def near(made, wanted, factors=(1,)):
    return any(abs(made - wanted * factor) <= .04 * wanted * factor for factor in factors)


def row(name, truths, made):
    f = np.array([f_of(truths[clip]["beats"], made[clip]["beats"]) for clip in truths])
    drawn = np.random.default_rng(0).choice(f, (2000, len(f))).mean(1)
    tempo = [near(made[clip]["tempo"], truths[clip]["tempo"]) for clip in truths]
    octave = [near(made[clip]["tempo"], truths[clip]["tempo"], (1, 2, .5, 3, 1 / 3)) for clip in truths]
    bars = [f_of(truths[clip]["downbeats"], made[clip]["downbeats"]) for clip in truths if "downbeats" in made[clip]]
    seconds = statistics.median(made[clip]["seconds"] for clip in truths)
    low, high = np.percentile(drawn, (5, 95))
    return (f"| {name} | {f.mean():.3f} ({low:.3f}..{high:.3f}) | {np.mean(tempo):.2f} | {np.mean(octave):.2f} | "
            f"{f'{np.mean(bars):.3f}' if bars else ''} | {1000 * seconds:.0f} |")


def main():
    folder = pathlib.Path(sys.argv[1])
    moonlark = sys.argv[2] if len(sys.argv) > 2 else "moonlark"
    truths = {path.stem + ".wav": truth_of(path) for path in sorted(folder.glob("*.jams"))}
    said = subprocess.run([moonlark, str(HERE / "beats.lua"), str(folder)], check=True, capture_output=True, text=True)
    by_clip = json.loads(said.stdout)
    results = {way: {clip: by_clip[clip][way] for clip in truths} for way in next(iter(by_clip.values()))}
    for name, prepare in OTHERS.items():
        prepare(folder / next(iter(truths)))()  # what is compiled or loaded at the first call
        results[name] = {clip: timed(prepare(folder / clip)) for clip in truths}
    print(f"{len(truths)} clips of {folder.name}\n")
    print("| | beat F (90 %) | tempo | with octaves | downbeat F | ms |\n|---|---|---|---|---|---|")
    for name, made in results.items():
        print(row(name, truths, made))


if __name__ == "__main__":
    main()
