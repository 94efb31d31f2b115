"""The set of features, by librosa, function by function."""
import librosa

feature = librosa.feature
SET = {
    "mel": lambda y, sr: feature.melspectrogram(y=y, sr=sr),
    "mfcc": lambda y, sr: feature.mfcc(y=y, sr=sr),
    "chroma_stft": lambda y, sr: feature.chroma_stft(y=y, sr=sr),
    "chroma_cqt": lambda y, sr: feature.chroma_cqt(y=y, sr=sr),
    "tonnetz": lambda y, sr: feature.tonnetz(y=y, sr=sr),
    "spectral_centroid": lambda y, sr: feature.spectral_centroid(y=y, sr=sr),
    "spectral_bandwidth": lambda y, sr: feature.spectral_bandwidth(y=y, sr=sr),
    "spectral_rolloff": lambda y, sr: feature.spectral_rolloff(y=y, sr=sr),
    "spectral_flatness": lambda y, sr: feature.spectral_flatness(y=y),
    "spectral_contrast": lambda y, sr: feature.spectral_contrast(y=y, sr=sr),
    "zero_crossing_rate": lambda y, sr: feature.zero_crossing_rate(y),
    "rms": lambda y, sr: feature.rms(y=y),
    "onset_strength": lambda y, sr: librosa.onset.onset_strength(y=y, sr=sr),
}


def compute_set(y, sr):
    return {name: compute(y, sr) for name, compute in SET.items()}
