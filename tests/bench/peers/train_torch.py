"""tests/bench/train.lua in PyTorch, as its tutorials write a training step: python train_torch.py [cpu|cuda] [name ...]"""
import sys
import time

import torch
from torch import nn

device = sys.argv[1] if len(sys.argv) > 1 else "cpu"


def conv(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 128, num_layers=2, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.lstm(x.transpose(1, 2))[0].mean(1))


def cnn():
    return nn.Sequential(conv(1, 16), conv(16, 32), conv(32, 64), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def small_cnn():
    return nn.Sequential(conv(1, 8), conv(8, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))


def mlp():
    return nn.Sequential(nn.Linear(200, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
                         nn.Linear(64, 10))


CASES = [("cnn", (32, 1, 64, 130), cnn), ("small_cnn", (32, 1, 13, 130), small_cnn), ("lstm", (32, 64, 130), Recurrent),
         ("mlp", (64, 200), mlp)]


def wait():
    if device != "cpu":
        torch.cuda.synchronize()


def timed(f):
    for _ in range(3):
        f()
    wait()
    best = float("inf")
    for _ in range(5):
        start, n = time.perf_counter(), 0
        while True:
            for _ in range(4):
                f()
            wait()
            n += 4
            if time.perf_counter() - start > 0.4:
                break
        best = min(best, (time.perf_counter() - start) / n)
    return best * 1e3


for name, shape, make in CASES:
    if len(sys.argv) > 2 and name not in sys.argv[2:]:
        continue
    torch.manual_seed(1)
    net = make().to(device)
    x, y = torch.randn(shape, device=device), torch.randint(0, 10, (shape[0],), device=device)
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
    loss = nn.CrossEntropyLoss()

    def step():
        opt.zero_grad()
        loss(net(x), y).backward()
        opt.step()

    a = timed(step)
    net.eval()
    with torch.no_grad():
        b = timed(lambda: net(x))
    print(f"{name}\t{a:.4f}\t{b:.4f}")
