"""Time and memory of Moonlark's analysis beside librosa, Essentia and madmom, on one core, as tables for MUSIC.md.

    python3 analysis.py SONG [--hour LONG_SONG] [--moonlark PROGRAM] [--madmom PYTHON] [--rounds 15]

SONG is a clip of 30 s, LONG_SONG an hour or more. Needs librosa and Essentia; madmom in a Python of its own, since it needs
an old numpy. Milliseconds of the processor, one thread, of a waveform in memory, after a first call: the least of the rounds,
and their median. The memory of the long song is the peak that the system tells of the whole process.
"""
import argparse
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

HERE = pathlib.Path(__file__).parent


def timed(find, rounds):
    find()
    times = []
    for _ in range(rounds):
        before = time.process_time()
        find()
        times.append(1000 * (time.process_time() - before))
    return {"least": min(times), "median": statistics.median(times)}


def of_librosa(path, rounds):
    import librosa
    y, rate = librosa.load(path, sr=22050)
    name = f"librosa {librosa.__version__}"
    return [
        (f"{name}, beat_track", "beats", timed(lambda: librosa.beat.beat_track(y=y, sr=rate), rounds)),
        (f"{name}, chroma_cqt (what a key is told of)", "key", timed(lambda: librosa.feature.chroma_cqt(y=y, sr=rate), rounds)),
        (f"{name}, onset_detect", "onsets", timed(lambda: librosa.onset.onset_detect(y=y, sr=rate), rounds)),
    ]


def of_essentia(path, rounds):
    import essentia
    import essentia.standard as es
    essentia.log.infoActive = essentia.log.warningActive = False
    y = es.MonoLoader(filename=path, sampleRate=44100)()
    window, spectrum = es.Windowing(type="blackmanharris62"), es.Spectrum()
    peaks = es.SpectralPeaks(orderBy="magnitude", magnitudeThreshold=1e-5, minFrequency=20, maxFrequency=3500, maxPeaks=60)
    hpcp, chords = es.HPCP(), es.ChordsDetection()

    def find_chords():
        frames = [hpcp(*peaks(spectrum(window(f)))) for f in es.FrameGenerator(y, frameSize=4096, hopSize=2048)]
        return chords(essentia.array(frames))

    name = f"Essentia {essentia.__version__}"
    extractor = es.MusicExtractor(lowlevelStats=["mean"], rhythmStats=["mean"], tonalStats=["mean"])
    few = max(1, rounds // 5)
    return [
        (f"{name}, MusicExtractor, from the file", "all", timed(lambda: extractor(path), few)),
        (f"{name}, RhythmExtractor2013, degara", "beats", timed(lambda: es.RhythmExtractor2013(method="degara")(y), few)),
        (f"{name}, RhythmExtractor2013, multifeature", "beats", timed(lambda: es.RhythmExtractor2013()(y), few)),
        (f"{name}, KeyExtractor", "key", timed(lambda: es.KeyExtractor(profileType="bgate")(y), few)),
        (f"{name}, HPCP and ChordsDetection", "chords", timed(find_chords, few)),
    ]


# madmom runs in its own Python, which is given this file again.
def of_madmom(path, rounds):
    import madmom
    from madmom.audio.chroma import DeepChromaProcessor
    from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor
    from madmom.features.chords import DeepChromaChordRecognitionProcessor
    from madmom.features.key import CNNKeyRecognitionProcessor
    song = madmom.audio.signal.Signal(path, num_channels=1)
    curve, track = RNNBeatProcessor(num_threads=1), DBNBeatTrackingProcessor(fps=100)
    key, chroma, chords = CNNKeyRecognitionProcessor(), DeepChromaProcessor(), DeepChromaChordRecognitionProcessor()
    name, few = f"madmom {madmom.__version__}", max(1, rounds // 5)
    return [
        (f"{name}, RNN and DBN", "beats", timed(lambda: track(curve(song)), few)),
        (f"{name}, CNNKeyRecognition", "key", timed(lambda: key(song), few)),
        (f"{name}, DeepChroma", "chords", timed(lambda: chords(chroma(song)), few)),
    ]


def of_moonlark(program, path, rounds):
    said = subprocess.run([program, str(HERE / "analysis.lua"), path, str(rounds)], check=True, capture_output=True, text=True)
    made = json.loads(said.stdout)
    return [(row["name"], row["what"], row["ms"]) for row in made["times"]], made


def hour(program, path):
    """Seconds of the processor, and megabytes at most, of one process."""
    with open(os.devnull, "w") as nothing:
        child = subprocess.Popen([program, "analyze", "--json", path], stdout=nothing)
        _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit("moonlark analyze failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("song")
    parser.add_argument("--hour")
    parser.add_argument("--moonlark", default="moonlark")
    parser.add_argument("--madmom")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(json.dumps(globals()[args.only](args.song, args.rounds)))
        return
    rows, made = of_moonlark(args.moonlark, args.song, args.rounds)
    for name, python in (("of_librosa", sys.executable), ("of_essentia", sys.executable), ("of_madmom", args.madmom)):
        if python:
            said = subprocess.run([python, __file__, args.song, "--rounds", str(args.rounds), "--only", name],
                                  capture_output=True, text=True)
            if said.returncode:
                print(f"{name} failed: {said.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            else:
                rows += json.loads(said.stdout.strip().splitlines()[-1])
    print(f"{made['seconds']:.1f} s of sound\n\n| what | by | ms, least | median |\n|---|---|---:|---:|")
    for what in ("all", "beats", "key", "chords", "sections", "onsets", "quality"):
        for name, of, ms in rows:
            if of == what:
                print(f"| {what} | {name} | {ms['least']:.0f} | {ms['median']:.0f} |")
    print(f"\nResident: {made['bare']:.0f} MB of the bare program, {made['with_torch']:.0f} MB with libtorch.")
    if args.hour:
        seconds, megabytes = hour(args.moonlark, args.hour)
        print(f"moonlark analyze {pathlib.Path(args.hour).name}: {seconds:.1f} s of the processor, {megabytes:.0f} MB at most.")


if __name__ == "__main__":
    main()
