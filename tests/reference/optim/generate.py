"""Freezes ten steps of PyTorch's optimisers, and its schedules: python3 generate.py (torch, safetensors)

Writes optim.safetensors: two parameters, "a" and "b", whose loss is ((a x - 1) ** 2).mean() + (b ** 4).sum(): "start/a",
"start/b", "start/x", and for each case "NAME/a", "NAME/b" after ten steps and "NAME/losses" before each. "schedule/NAME", float64: a row for each of STEPS steps, with the
rates of two groups (0.1 and 0.02 at first) and the first group's momentum or first beta; "schedule/metric" is what
plateau is given. "ema/start/KEY", "ema/net/KEY", "ema/average/KEY": a network's state before and after eight steps on
"ema/x", and the average's.
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

STEPS = 30
METRIC = [1.0, 0.9, 0.8, 0.81, 0.8, 0.79999, float("nan"), 0.82, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.69] + [0.695] * 15
lr = torch.optim.lr_scheduler
SCHEDULES = {
    "step": lambda o: lr.StepLR(o, step_size=7, gamma=0.3),
    "step_warm": lambda o: lr.SequentialLR(
        o, [lr.LinearLR(o, start_factor=1 / 6, total_iters=5), lr.StepLR(o, step_size=4)], milestones=[5]),
    "cosine": lambda o: lr.CosineAnnealingLR(o, T_max=STEPS),
    "cosine_low": lambda o: lr.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.003),
    "cosine_warm": lambda o: lr.SequentialLR(
        o, [lr.LinearLR(o, start_factor=1 / 5, total_iters=4), lr.CosineAnnealingLR(o, T_max=STEPS - 4, eta_min=1e-3)],
        milestones=[4]),
    "warmup": lambda o: lr.LinearLR(o, start_factor=0.25, total_iters=12),
    "one_cycle": lambda o: lr.OneCycleLR(o, max_lr=0.5, total_steps=STEPS),
    "one_cycle_groups": lambda o: lr.OneCycleLR(o, max_lr=[0.5, 0.2], total_steps=STEPS, pct_start=0.37, div_factor=10,
                                                final_div_factor=100, base_momentum=0.7, max_momentum=0.9),
    "one_cycle_three": lambda o: lr.OneCycleLR(o, max_lr=0.5, total_steps=STEPS, three_phase=True),
    "one_cycle_linear": lambda o: lr.OneCycleLR(o, max_lr=0.5, total_steps=STEPS, anneal_strategy="linear",
                                                cycle_momentum=False),
    "plateau": lambda o: lr.ReduceLROnPlateau(o, patience=2, cooldown=1),
    "plateau_most": lambda o: lr.ReduceLROnPlateau(o, mode="max", factor=0.5, patience=1, threshold=0.05,
                                                   threshold_mode="abs", min_lr=[0.02, 0.001]),
    "plateau_default": lambda o: lr.ReduceLROnPlateau(o),
}
frozen["schedule/metric"] = torch.tensor(METRIC, dtype=torch.float64)
for name, make in SCHEDULES.items():
    a, b = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    groups = [{"params": [a], "lr": 0.1}, {"params": [b], "lr": 0.02}]
    adam = name in ("one_cycle", "step")
    optimizer = torch.optim.AdamW(groups) if adam else torch.optim.SGD(groups, momentum=0.8)
    scheduler, rows = make(optimizer), []
    for step in range(STEPS):
        first, second = optimizer.param_groups
        rows.append([first["lr"], second["lr"], first["betas"][0] if adam else first["momentum"]])
        optimizer.step()
        if step < STEPS - 1:
            scheduler.step(*([METRIC[step]] if name.startswith("plateau") else []))
    frozen[f"schedule/{name}"] = torch.tensor(rows, dtype=torch.float64)

net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 2))
frozen |= {f"ema/start/{key}": value.clone() for key, value in net.state_dict().items()}
frozen["ema/x"] = torch.randn(10, 4)
average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(8):
    optimizer.zero_grad()
    ((net(frozen["ema/x"]) - 1) ** 2).mean().backward()
    optimizer.step()
    average.update_parameters(net)
frozen |= {f"ema/net/{key}": value.clone() for key, value in net.state_dict().items()}
frozen |= {f"ema/average/{key}": value.clone() for key, value in average.module.state_dict().items()}
path = pathlib.Path(__file__).with_name("optim.safetensors")
save_file(frozen, path)
path.chmod(0o644)
