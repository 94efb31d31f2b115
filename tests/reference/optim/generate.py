"""Freezes ten steps of PyTorch's optimisers: python3 generate.py (torch, safetensors)

Writes optim.safetensors: two parameters, "a" and "b", whose loss is ((a x - 1) ** 2).mean() + (b ** 4).sum(): "start/a",
"start/b", "start/x", and for each case "NAME/a", "NAME/b" after ten steps and "NAME/losses" before each.
"""
import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(5)
START = {"a": torch.randn(3, 4), "b": torch.randn(5), "x": torch.randn(4, 6)}
CASES = {
    "sgd": lambda a, b: torch.optim.SGD([a, b], lr=0.1),
    "sgd_momentum": lambda a, b: torch.optim.SGD([a, b], lr=0.05, momentum=0.9, dampening=0.1, weight_decay=0.02),
    "sgd_nesterov": lambda a, b: torch.optim.SGD([a, b], lr=0.05, momentum=0.8, nesterov=True),
    "adam": lambda a, b: torch.optim.Adam([a, b], lr=0.05),
    "adam_decay": lambda a, b: torch.optim.Adam([a, b], lr=0.05, betas=(0.8, 0.99), weight_decay=0.1, amsgrad=True),
    "adamw": lambda a, b: torch.optim.AdamW([a, b], lr=0.05),
    "adamw_groups": lambda a, b: torch.optim.AdamW([{"params": [a], "lr": 0.1}, {"params": [b], "weight_decay": 0.3}],
                                                   lr=0.02, eps=1e-4),
    "rmsprop": lambda a, b: torch.optim.RMSprop([a, b], lr=0.02),
    "rmsprop_centered": lambda a, b: torch.optim.RMSprop([a, b], lr=0.02, alpha=0.9, momentum=0.5, centered=True,
                                                         weight_decay=0.1),
    "clipped": lambda a, b: torch.optim.SGD([a, b], lr=0.1),
}

frozen = {f"start/{key}": value for key, value in START.items()}
for name, make in CASES.items():
    a, b = START["a"].clone().requires_grad_(), START["b"].clone().requires_grad_()
    optimizer, losses = make(a, b), []
    for _ in range(10):
        optimizer.zero_grad()
        loss = ((a @ START["x"] - 1) ** 2).mean() + (b**4).sum()
        loss.backward()
        if name == "clipped":
            torch.nn.utils.clip_grad_norm_([a, b], 0.5)
        optimizer.step()
        losses.append(loss.item())
    frozen |= {f"{name}/a": a.detach(), f"{name}/b": b.detach(), f"{name}/losses": torch.tensor(losses)}
path = pathlib.Path(__file__).with_name("optim.safetensors")
save_file(frozen, path)
path.chmod(0o644)
