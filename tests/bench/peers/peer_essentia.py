"""Essentia: the nearest of its algorithms to each feature, frame by frame in Python, as its tutorials do. (The same as
a streaming network into a pool, tried with 2.1b6.dev1389, took 800 ms for mel alone.)"""
import sys

import essentia
import essentia.standard as es
import numpy as np
import soundfile

import timing

essentia.log.infoActive = essentia.log.warningActive = False
FOLDER = sys.argv[1]
y, SR = soundfile.read(f"{FOLDER}/clip.wav", dtype="float32")
N_FFT, HOP = 2048, 512
window, spectrum = es.Windowing(type="hann", size=N_FFT), es.Spectrum(size=N_FFT)


def frames(size=N_FFT):
    return es.FrameGenerator(y, frameSize=size, hopSize=HOP)


def of_spectrum(make):
    """A task that runs a function of the spectrum, made anew, over all frames."""
    def task():
        compute = make()
        return [compute(spectrum(window(frame))) for frame in frames()]
    return task


def of_frame(make):
    def task():
        compute = make()
        return [compute(frame) for frame in frames()]
    return task


def mel():
    return es.MelBands(numberBands=128, sampleRate=SR, highFrequencyBound=SR / 2, inputSize=1025)


def mfcc():
    return es.MFCC(numberBands=128, numberCoefficients=20, sampleRate=SR, highFrequencyBound=SR / 2, inputSize=1025)


def chroma():
    peaks = es.SpectralPeaks(sampleRate=SR, magnitudeThreshold=1e-5, maxPeaks=100, minFrequency=40, maxFrequency=5000)
    hpcp = es.HPCP(sampleRate=SR)
    return lambda bins: hpcp(*peaks(bins))


def bandwidth():
    moments, shape = es.CentralMoments(range=SR / 2), es.DistributionShape()
    return lambda bins: shape(moments(bins))


def contrast():
    return es.SpectralContrast(frameSize=N_FFT, sampleRate=SR, highFrequencyBound=SR / 2 - 1)


def onset():
    compute = es.OnsetDetection(method="melflux", sampleRate=SR)
    return lambda bins: compute(bins, bins)


def chroma_cq():
    compute = es.Chromagram(sampleRate=SR)
    return [compute(frame) for frame in es.FrameGenerator(y, frameSize=16384, hopSize=HOP)]


def pyin():
    return es.PitchYinProbabilistic(sampleRate=SR, frameSize=N_FFT, hopSize=HOP)(y)


OF_SPECTRUM = {
    "mel": mel, "mfcc": mfcc, "chroma_stft": chroma,
    "spectral_centroid": lambda: es.Centroid(range=SR / 2), "spectral_bandwidth": bandwidth,
    "spectral_rolloff": lambda: es.RollOff(sampleRate=SR), "spectral_flatness": es.Flatness,
    "spectral_contrast": contrast, "onset_strength": onset,
}
OF_FRAME = {"zero_crossing_rate": es.ZeroCrossingRate, "rms": es.RMS}


def shared_set():
    """One spectrum a frame for all of them; without the constant-Q features."""
    of_bins = [make() for make in OF_SPECTRUM.values()]
    of_samples = [make() for make in OF_FRAME.values()]
    for frame in frames():
        bins = spectrum(window(frame))
        for compute in of_bins:
            compute(bins)
        for compute in of_samples:
            compute(frame)


def file_mel():
    sound = es.MonoLoader(filename=f"{FOLDER}/song.mp3", sampleRate=22050)()
    compute = mel()
    made = [compute(spectrum(window(frame))) for frame in es.FrameGenerator(sound, frameSize=N_FFT, hopSize=HOP)]
    np.savez(f"{FOLDER}/out.npz", mel=np.array(made))


timing.run({
    **{name: of_spectrum(make) for name, make in OF_SPECTRUM.items()},
    **{name: of_frame(make) for name, make in OF_FRAME.items()},
    "chroma_cqt": chroma_cq,
    "pyin": pyin,
    "load_ogg": lambda: es.MonoLoader(filename=f"{FOLDER}/song.ogg", sampleRate=22050)(),
    "load_mp3": lambda: es.MonoLoader(filename=f"{FOLDER}/song.mp3", sampleRate=22050)(),
    "set_without_cq": shared_set,
    "file_mel": file_mel,
})
