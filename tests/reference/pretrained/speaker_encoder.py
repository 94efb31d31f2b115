"""A tiny speaker encoder by Resemblyzer 0.1.4, and what it gives for a chirp.

    python speaker_encoder.py        writes speaker_encoder/

The reference's voice activity detection, which shortens silences, is left out: webrtcvad need not be there.
"""
import os
import sys
import types

import numpy as np
import torch
from safetensors.numpy import save_file

sys.modules["webrtcvad"] = types.ModuleType("webrtcvad")
from resemblyzer import audio, voice_encoder  # noqa: E402

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "speaker_encoder")
os.makedirs(folder, exist_ok=True)
voice_encoder.model_hidden_size = voice_encoder.model_embedding_size = 16
torch.manual_seed(1)
path = os.path.join(folder, "tiny.pt")
torch.save({"step": 1, "model_state": {}}, path)
model = voice_encoder.VoiceEncoder("cpu", verbose=False, weights_fpath=path).eval()
for parameter in model.parameters():
    parameter.data.mul_(3)
state = dict(model.state_dict(), similarity_weight=torch.tensor([10.0]), similarity_bias=torch.tensor([-5.0]))
torch.save({"step": 1, "model_state": state}, path, _use_new_zipfile_serialization=False)

out = {}
for name, seconds in {"short": 1.0, "dropped": 3.3, "padded": 2.9}.items():
    t = np.arange(int(seconds * 16000)) / 16000
    wave = (0.01 * np.sin(2 * np.pi * (200 + 400 * t) * t)).astype(np.float32)
    wave = audio.normalize_volume(wave, -30, increase_only=True)
    out[name], partials, _ = model.embed_utterance(wave, return_partials=True)
    out[name + "_partials"] = partials
save_file(out, os.path.join(folder, "embeddings.safetensors"))
