"""Random weights of the usual sizes, in the layouts of their hubs, for tests/bench/pretrained.py.

    python pretrained_make.py FOLDER       # whisper-{tiny,base,small}, wav2vec2-base, ast, vggish; ggml and CTranslate2
"""
import pathlib
import subprocess
import sys

import numpy as np
import torch
import transformers
from ggml import write_ggml
from transformers import (ASTConfig, ASTFeatureExtractor, ASTForAudioClassification, Wav2Vec2Config,
                          Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification, WhisperConfig,
                          WhisperFeatureExtractor, WhisperForConditionalGeneration)

WHISPER = {"tiny": (384, 4, 6), "base": (512, 6, 8), "small": (768, 12, 12)}


def whisper(folder, name):
    width, layers, heads = WHISPER[name]
    torch.manual_seed(1)
    model = WhisperForConditionalGeneration(WhisperConfig(
        d_model=width, encoder_layers=layers, decoder_layers=layers, encoder_attention_heads=heads,
        decoder_attention_heads=heads, encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width))
    path = folder / f"whisper-{name}"
    model.save_pretrained(path)
    WhisperFeatureExtractor().save_pretrained(path)
    write_ggml(model, path / "ggml.bin")
    subprocess.run([pathlib.Path(sys.executable).with_name("ct2-transformers-converter"), "--model", path,
                    "--output_dir", path / "ctranslate2", "--force"], check=True, capture_output=True)


def classifier(path, model, extractor):
    model.save_pretrained(path)
    extractor.save_pretrained(path)


def vggish(path):
    from torchvggish.torchvggish import VGG, make_layers
    torch.manual_seed(1)
    path.mkdir(parents=True, exist_ok=True)
    torch.save(VGG(make_layers(), False).state_dict(), path / "vggish.pth")


def clips(path, count=100, seconds=10, rate=16000):
    """Chords of a few tones in noise, each clip others."""
    import soundfile
    path.mkdir(parents=True, exist_ok=True)
    random, time = np.random.default_rng(1), np.arange(seconds * rate) / rate
    for i in range(count):
        tones = sum(np.sin(2 * np.pi * f * time) for f in random.uniform(80, 2000, 5))
        soundfile.write(path / f"{i:03}.wav", 0.1 * tones + 0.02 * random.normal(size=time.size), rate)


def main():
    folder = pathlib.Path(sys.argv[1])
    transformers.logging.set_verbosity_error()
    for name in WHISPER:
        whisper(folder, name)
    torch.manual_seed(1)
    classifier(folder / "wav2vec2-base", Wav2Vec2ForSequenceClassification(Wav2Vec2Config(num_labels=10)),
               Wav2Vec2FeatureExtractor())
    classifier(folder / "ast", ASTForAudioClassification(ASTConfig(num_labels=527)), ASTFeatureExtractor())
    vggish(folder / "vggish")
    clips(folder / "clips")


if __name__ == "__main__":
    main()
