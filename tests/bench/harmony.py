"""Key and chords of Moonlark, librosa and Essentia beside the truth, as tables for MUSIC.md.

    python3 harmony.py FOLDER [MOONLARK [CHORDIA]]

FOLDER holds NAME.wav with NAME.jams beside (scripts/train/rendered/make.lua makes such). CHORDIA is a path of its
weights. Needs mir_eval, librosa and Essentia. Figures: of keys mir_eval's weighted score, and the share of keys that are
right; of chords the weighted recall of mir_eval's vocabularies (roots; majmin: major, minor, none; sevenths), of all
clips together.
In brackets the 90 % interval, by 2000 drawings of clips. librosa has no key and no chords: its row is what is usually
written with it, the mean of chroma_cqt correlated with Krumhansl's profiles.
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
import essentia.standard as es
import librosa
import mir_eval
import numpy as np

essentia.log.infoActive = essentia.log.warningActive = False
HERE = pathlib.Path(__file__).parent
NAMES = "C C# D Eb E F F# G Ab A Bb B".split()
KRUMHANSL = {
    "major": [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
    "minor": [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
}
CHORD_FIGURES = ("root", "majmin", "sevenths")


def truth_of(path):
    annotations = {a["namespace"]: a["data"] for a in json.loads(path.read_text())["annotations"]}
    truth = {}
    if annotations.get("key_mode"):
        truth["key"] = annotations["key_mode"][0]["value"].replace(":", " ")
    if annotations.get("chord"):
        truth["chords"] = [(c["time"], c["time"] + c["duration"], c["value"]) for c in annotations["chord"]]
    return truth


def key_of_librosa(path):
    y, rate = librosa.load(path, sr=22050)

    def find():
        chroma = librosa.feature.chroma_cqt(y=y, sr=rate).mean(1)
        fits = {f"{NAMES[k]} {mode}": np.corrcoef(np.roll(profile, k), chroma)[0, 1]
                for mode, profile in KRUMHANSL.items() for k in range(12)}
        return [(0, len(y) / rate, max(fits, key=fits.get))]
    return find


def key_of_essentia(path):
    y = es.MonoLoader(filename=str(path), sampleRate=44100)()
    extractor = es.KeyExtractor(profileType="bgate")

    def find():
        tonic, mode, _ = extractor(y)
        return [(0, len(y) / 44100, f"{tonic} {mode}")]
    return find


def chords_of_essentia(path):
    y = es.MonoLoader(filename=str(path), sampleRate=44100)()
    size, hop = 8192, 2048

    def find():
        window, spectrum, peaks = es.Windowing(type="blackmanharris62"), es.Spectrum(), es.SpectralPeaks(
            orderBy="magnitude", magnitudeThreshold=1e-5, minFrequency=40, maxFrequency=5000, maxPeaks=60)
        hpcp = es.HPCP(size=36, harmonics=8, windowSize=1, minFrequency=40, maxFrequency=5000, normalized="unitMax")
        frames = [hpcp(*peaks(spectrum(window(frame))))
                  for frame in es.FrameGenerator(y, frameSize=size, hopSize=hop, startFromZero=False)]
        labels, _ = es.ChordsDetection(hopSize=hop)(np.array(frames, dtype=np.float32))
        harte = [name[:-1] + ":min" if name.endswith("m") else name + ":maj" for name in labels]
        return [(i * hop / 44100, (i + 1) * hop / 44100, name) for i, name in enumerate(harte)]
    return find


OTHERS = {
    "key": {f"librosa {librosa.__version__}, Krumhansl": key_of_librosa,
            f"Essentia {essentia.__version__} KeyExtractor": key_of_essentia},
    "chords": {"Essentia ChordsDetection": chords_of_essentia},
}


def timed(find):
    least = float("inf")
    for _ in range(3):
        before = time.process_time()
        segments = find()
        least = min(least, time.process_time() - before)
    return {"seconds": least, "segments": segments}


def with_interval(values, weights):
    """The weighted mean, and the 90 % interval of it when other clips are drawn."""
    drawn = np.random.default_rng(0).integers(len(values), size=(2000, len(values)))
    low, high = np.percentile((values * weights)[drawn].sum(1) / weights[drawn].sum(1), (5, 95))
    return f"{np.average(values, weights=weights):.3f} ({low:.3f}..{high:.3f})"


def key_figures(truth, segments):
    label = segments[0][2] if segments else "X"
    weighted = mir_eval.key.evaluate(truth, label)["Weighted Score"]
    return {"weighted": (weighted, 1), "right": (float(weighted == 1), 1)}


def chord_figures(truth, segments):
    reference, names = np.array([c[:2] for c in truth]), [c[2] for c in truth]
    made, labels = mir_eval.util.adjust_intervals(
        np.array([c[:2] for c in segments]), [c[2] for c in segments], reference.min(), reference.max(), "N", "N")
    intervals, truths, guesses = mir_eval.util.merge_labeled_intervals(reference, names, made, labels)
    seconds, figures = mir_eval.util.intervals_to_durations(intervals), {}
    for name in CHORD_FIGURES:
        right = getattr(mir_eval.chord, name)(truths, guesses)
        counts = right >= 0
        weight = seconds[counts].sum()
        figures[name] = (mir_eval.chord.weighted_accuracy(right[counts], seconds[counts]) if weight else 0, weight)
    return figures


FIGURES = {"key": key_figures, "chords": chord_figures}


def table(part, truths, results):
    clips = [clip for clip in truths if part in truths[clip]]
    print(f"{len(clips)} clips\n")
    for i, (name, made) in enumerate(results.items()):
        found = [FIGURES[part](truths[clip][part], made[clip]["segments"]) for clip in clips]
        if i == 0:
            print(f"| {part} | {' | '.join(found[0])} | ms |\n|---|{'---|' * (len(found[0]) + 1)}")
        cells = [with_interval(*np.array([figures[figure] for figures in found]).T) for figure in found[0]]
        seconds = statistics.median(made[clip]["seconds"] for clip in clips)
        print(f"| {name} | {' | '.join(cells)} | {1000 * seconds:.0f} |")
    print()


def main():
    folder = pathlib.Path(sys.argv[1])
    moonlark = sys.argv[2] if len(sys.argv) > 2 else "moonlark"
    truths = {path.stem + ".wav": truth_of(path) for path in sorted(folder.glob("*.jams"))}
    said = subprocess.run([moonlark, str(HERE / "harmony.lua"), str(folder), *sys.argv[3:]], check=True,
                          stdout=subprocess.PIPE, text=True)
    by_clip = json.loads(said.stdout)
    for part in FIGURES:
        ways = next(iter(by_clip.values()))[part]
        results = {way: {clip: by_clip[clip][part][way] for clip in truths} for way in ways}
        for name, prepare in OTHERS[part].items():
            prepare(folder / next(iter(truths)))()  # what is compiled or loaded at the first call
            results[name] = {clip: timed(prepare(folder / clip)) for clip in truths}
        table(part, truths, results)


main()
