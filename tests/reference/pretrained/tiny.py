"""What the generators of this folder share: tiny models with random weights whose logits are of size 1 to 7."""
import json
import os
import shutil

import numpy as np
import torch
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))


def randomise(model, seed=0, gain=1.0):
    """Fills a model: weights by the numbers that flow into a unit, norms near 1, biases near 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if "original0" in name or "weight_g" in name:
                p.copy_(1 + 0.2 * noise)
            elif p.dim() < 2 and name.endswith("weight"):
                p.copy_(1 + 0.2 * noise)
            elif p.dim() < 2:
                p.copy_(0.2 * noise)
            else:
                p.copy_(gain * noise / np.sqrt(p[0].numel()))
        for name, b in model.named_buffers():
            if name.endswith("running_mean"):
                b.copy_(0.3 * torch.randn(b.shape, generator=generator))
            elif name.endswith("running_var"):
                b.copy_(0.5 + torch.rand(b.shape, generator=generator))
    return model.eval()


def boost(model, logits, layer, wanted=3.0):
    """Scales the last layer so that logits of this size reach `wanted`."""
    with torch.no_grad():
        layer.weight.mul_(wanted / logits.detach().abs().max())


def folder(*names):
    path = os.path.join(HERE, *names)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def write_json(path, name, value):
    with open(os.path.join(path, name), "w") as file:
        json.dump(value, file, indent=1, sort_keys=True)
        file.write("\n")


def save(path, name, tensors):
    """float32 tensors; NumPy arrays are taken, too."""
    save_file({k: torch.as_tensor(v).detach().contiguous().clone() for k, v in tensors.items()},
              os.path.join(path, name + ".safetensors"))


def clip(seconds, rate=16000):
    """A sound: a tone that slides, another that stays, and noise that comes and goes; lib.clip is the same in Lua."""
    i = np.arange(int(seconds * rate), dtype=np.float64)
    t = i / rate
    noise = np.mod(np.sin(i * 12.9898) * 43758.5453, 1.0) - 0.5
    x = 0.3 * np.sin(2 * np.pi * (200 + 90 * t) * t) + 0.2 * np.sin(2 * np.pi * 1234.5 * t)
    return (x + 0.2 * noise * (np.sin(2 * np.pi * 1.3 * t) > 0)).astype(np.float32)
