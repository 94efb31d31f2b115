"""The service that Moonlark's is measured against: FastAPI, librosa and PyTorch with the same network, as one writes it.

    RUN=runs/mine python3 -m uvicorn --app-dir tests/bench/peers serve_peer:app --port 8001 --workers 2

RUN is a folder of `moonlark train --model res_cnn`: its weights and its card are read as they are. POST /v1/predictions takes
the part `file` of a form and answers {label, probability, probabilities} as Moonlark's result does. Needs fastapi, uvicorn,
python-multipart, librosa and torch.
"""
import json
import os
import pathlib
import struct

import fastapi
import librosa
import numpy
import torch
from torch import nn

torch.set_num_threads(int(os.environ.get("TORCH_THREADS", "1")))


def convolution(before, after, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(after))


class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.first, self.second = convolution(before, after, 3), convolution(after, after, 3)
        self.shortcut = convolution(before, after, 1)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


class ResCnn(nn.Module):
    """models/res_cnn.lua."""

    def __init__(self, channels, classes):
        super().__init__()
        c, pool = channels, lambda: nn.MaxPool2d(2, ceil_mode=True)
        self.stem = nn.Sequential(convolution(1, c, 5, 2), nn.ReLU(), convolution(c, c, 3), nn.ReLU(), pool())
        self.blocks = nn.Sequential(Block(c, 2 * c), pool(), Block(2 * c, 4 * c), pool())
        self.last = nn.Sequential(convolution(4 * c, 8 * c, 3), nn.ReLU())
        self.classifier = nn.Linear(8 * c, classes)

    def forward(self, x):
        maps = self.last(self.blocks(self.stem(x[:, None]))).mean(2)
        return self.classifier(maps.mean(2) + maps.amax(2))


def weights_of(path):
    """The tensors of a .safetensors file."""
    kinds = {"F32": numpy.float32, "I64": numpy.int64}
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    found = {}
    for name, about in header.items():
        if name != "__metadata__":
            first, last = about["data_offsets"]
            array = numpy.frombuffer(data[8 + size + first:8 + size + last], kinds[about["dtype"]])
            found[name] = torch.from_numpy(array.reshape(about["shape"]).copy())
    return found


folder = pathlib.Path(os.environ["RUN"])
card = json.loads((folder / "model.json").read_text())
heard = card["input"]
mel_options = heard["features"]["mel"]
mean, std = (numpy.array(card["statistics"][name], numpy.float32)[:, None] for name in ("mean", "std"))
net = ResCnn(card["options"]["channels"], len(card["classes"]))
net.load_state_dict(weights_of(folder / "model.safetensors"))
net.eval()
app = fastapi.FastAPI()


def segments_of(y):
    """Segments of the song's log-mel: those that fit, and one that ends with it where half a hop would be left out."""
    rate, hop = heard["rate"], 512
    mel = librosa.feature.melspectrogram(y=y, sr=rate, hop_length=hop, **mel_options)
    levels = (librosa.power_to_db(mel, amin=heard["decibel"]["amin"], top_db=None) - mean) / std
    size, step = 1 + int(heard["segment"] * rate) // hop, heard["hop"] * rate / hop
    levels = numpy.pad(levels, ((0, 0), (0, max(0, size - levels.shape[1]))))
    starts = [int(i * step) for i in range(1 + int((levels.shape[1] - size) / step))]
    if levels.shape[1] - starts[-1] - size >= step / 2:
        starts.append(levels.shape[1] - size)
    return numpy.stack([levels[:, start:start + size] for start in starts]).astype(numpy.float32)


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/v1/predictions")
def predict(file: fastapi.UploadFile):
    try:
        y, _ = librosa.load(file.file, sr=heard["rate"], mono=True)
    except Exception as why:
        raise fastapi.HTTPException(422, str(why))
    with torch.inference_mode():
        logits = net(torch.from_numpy(segments_of(y)))
        probabilities = torch.softmax(logits, 1).mean(0).tolist()
    best = int(numpy.argmax(probabilities))
    return {"label": card["classes"][best], "probability": probabilities[best],
            "probabilities": dict(zip(card["classes"], probabilities))}
