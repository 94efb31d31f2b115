"""Peers of tests/bench/pretrained.lua, with the same arguments and answers.

    python pretrained_python.py encoder transformers|ctranslate2|whisper.cpp FOLDER float32|bfloat16|int8 THREADS
    python pretrained_python.py clips ast|wav2vec2-base|vggish FOLDER CLIPS BATCH
"""
import glob
import pathlib
import resource
import sys
import time

import numpy as np


def measured(compute):
    wall, cpu = time.perf_counter(), time.process_time()
    compute()
    return time.perf_counter() - wall, time.process_time() - cpu


def of_transformers(folder, precision, threads):
    import torch
    from transformers import WhisperModel
    torch.set_num_threads(threads)
    dtype = getattr(torch, precision)
    encoder = WhisperModel.from_pretrained(folder, dtype=dtype).get_encoder().eval()
    x = torch.randn(1, 80, 3000).to(dtype)

    def compute():
        with torch.inference_mode():
            encoder(x)
    return compute


def of_ctranslate2(folder, precision, threads):
    import ctranslate2
    model = ctranslate2.models.Whisper(folder + "/ctranslate2", compute_type=precision, intra_threads=threads)
    x = np.random.default_rng(1).normal(size=(1, 80, 3000)).astype(np.float32)
    return lambda: model.encode(ctranslate2.StorageView.from_array(x), to_cpu=True)


def of_whisper_cpp(folder, precision, threads):
    import _pywhispercpp as whisper
    context = whisper.whisper_init_from_file_with_params(folder + "/ggml.bin",
                                                         whisper.whisper_context_default_params())
    samples = np.random.default_rng(1).normal(size=480000).astype(np.float32)
    whisper.whisper_pcm_to_mel(context, samples, samples.size, threads)
    return lambda: whisper.whisper_encode(context, 0, threads)


ENCODERS = {"transformers": of_transformers, "ctranslate2": of_ctranslate2, "whisper.cpp": of_whisper_cpp}


def encoder(peer, folder, precision, threads):
    compute = ENCODERS[peer](folder, precision, int(threads))
    compute()
    print("ready", flush=True)
    for _ in sys.stdin:
        print("%.6f %.6f" % measured(compute), flush=True)


def read(paths):
    import soundfile
    return [soundfile.read(path, dtype="float32")[0] for path in paths]


def transformers_clips(folder):
    import torch
    from transformers import AutoFeatureExtractor, AutoModelForAudioClassification
    model, extractor = AutoModelForAudioClassification.from_pretrained(folder).eval(), AutoFeatureExtractor.from_pretrained(folder)

    def compute(paths):
        with torch.inference_mode():
            return model(**extractor(read(paths), sampling_rate=16000, return_tensors="pt")).logits
    return compute


def vggish_clips(folder):
    import torch
    from torchvggish import vggish_input
    from torchvggish.torchvggish import VGG, make_layers
    model = VGG(make_layers(), False).eval()
    model.load_state_dict(torch.load(folder + "/vggish.pth"))

    def compute(paths):
        with torch.inference_mode():
            return model(torch.cat([vggish_input.waveform_to_examples(x, 16000) for x in read(paths)]).float())
    return compute


def clips(name, folder, where, batch):
    compute = (vggish_clips if name == "vggish" else transformers_clips)(folder)
    paths, batch = sorted(glob.glob(where + "/*.wav")), int(batch)
    compute(paths[:batch])

    def all_clips():
        for i in range(0, len(paths), batch):
            compute(paths[i:i + batch])
    wall, cpu = measured(all_clips)
    peak = next(int(line.split()[1]) for line in pathlib.Path("/proc/self/status").read_text().splitlines()
                if line.startswith("VmHWM"))
    print("%.6f %.6f %d" % (wall, cpu, peak))


if __name__ == "__main__":
    {"encoder": encoder, "clips": clips}[sys.argv[1]](*sys.argv[2:])
