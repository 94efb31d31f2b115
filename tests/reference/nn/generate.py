"""Freezes what PyTorch's modules and losses give: python3 generate.py (torch, safetensors)

Writes nn.safetensors. "NAME/state/KEY": the state right after torch.manual_seed(7) and construction; "NAME/input",
"NAME/target" (losses), "NAME/output" in training mode (without random numbers), "NAME/eval" in evaluation mode after
that, "NAME/grad/KEY" and "NAME/grad_input": gradients of (output * slope).sum() in training mode, slope = "NAME/slope".
"""
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

MODULES = {
    "linear": (lambda: nn.Linear(5, 3), (4, 5)),
    "linear_no_bias": (lambda: nn.Linear(5, 3, bias=False), (2, 4, 5)),
    "conv1d": (lambda: nn.Conv1d(3, 4, 5, stride=2, padding=2), (2, 3, 17)),
    "conv1d_same": (lambda: nn.Conv1d(3, 4, 4, padding="same", dilation=2), (2, 3, 12)),
    "conv2d": (lambda: nn.Conv2d(2, 6, (3, 5), stride=(1, 2), padding=(1, 0), groups=2), (2, 2, 7, 11)),
    "conv2d_dilated": (lambda: nn.Conv2d(2, 3, 3, dilation=2, bias=False), (1, 2, 8, 9)),
    "conv_transpose1d": (lambda: nn.ConvTranspose1d(3, 2, 4, stride=2, padding=1, output_padding=1), (2, 3, 6)),
    "conv_transpose2d": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, groups=2), (2, 4, 3, 4)),
    "batch_norm1d": (lambda: nn.BatchNorm1d(4), (6, 4)),
    "batch_norm1d_frames": (lambda: nn.BatchNorm1d(4, eps=1e-3, momentum=0.3), (3, 4, 5)),
    "batch_norm2d": (lambda: nn.BatchNorm2d(3), (2, 3, 4, 5)),
    "batch_norm2d_plain": (lambda: nn.BatchNorm2d(3, affine=False, track_running_stats=False), (2, 3, 4, 5)),
    "layer_norm": (lambda: nn.LayerNorm((3, 4)), (2, 3, 4)),
    "group_norm": (lambda: nn.GroupNorm(2, 6), (2, 6, 5)),
    "max_pool1d": (lambda: nn.MaxPool1d(3, stride=2, padding=1), (2, 3, 11)),
    "max_pool2d": (lambda: nn.MaxPool2d(2, ceil_mode=True), (2, 3, 5, 7)),
    "avg_pool1d": (lambda: nn.AvgPool1d(3, padding=1, count_include_pad=False), (2, 3, 10)),
    "avg_pool2d": (lambda: nn.AvgPool2d((2, 3)), (2, 3, 6, 7)),
    "adaptive_avg_pool1d": (lambda: nn.AdaptiveAvgPool1d(3), (2, 3, 10)),
    "adaptive_avg_pool2d": (lambda: nn.AdaptiveAvgPool2d((2, 3)), (2, 3, 7, 8)),
    "adaptive_max_pool1d": (lambda: nn.AdaptiveMaxPool1d(4), (2, 3, 10)),
    "adaptive_max_pool2d": (lambda: nn.AdaptiveMaxPool2d(2), (2, 3, 7, 8)),
    "relu": (nn.ReLU, (3, 7)),
    "gelu": (nn.GELU, (3, 7)),
    "gelu_tanh": (lambda: nn.GELU(approximate="tanh"), (3, 7)),
    "silu": (nn.SiLU, (3, 7)),
    "elu": (lambda: nn.ELU(0.5), (3, 7)),
    "leaky_relu": (lambda: nn.LeakyReLU(0.2), (3, 7)),
    "sigmoid": (nn.Sigmoid, (3, 7)),
    "tanh": (nn.Tanh, (3, 7)),
    "softmax": (lambda: nn.Softmax(dim=1), (3, 7)),
    "log_softmax": (lambda: nn.LogSoftmax(dim=0), (3, 7)),
    "flatten": (nn.Flatten, (2, 3, 4)),
    "lstm": (lambda: nn.LSTM(4, 5), (6, 2, 4)),
    "lstm_deep": (lambda: nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), (2, 6, 4)),
    "gru": (lambda: nn.GRU(4, 5, bias=False), (6, 2, 4)),
    "gru_deep": (lambda: nn.GRU(4, 5, 2, batch_first=True, bidirectional=True), (2, 6, 4)),
    "sequential": (lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
                                         nn.Sequential(nn.Flatten(), nn.Linear(48, 5))), (3, 1, 6, 8)),
}


def ids(*shape, most=4):
    return torch.randint(0, most, shape)


WEIGHT = torch.tensor([0.5, 1.0, 2.0, 0.25])
LOSSES = {
    "cross_entropy": (nn.CrossEntropyLoss(), (6, 4), ids(6)),
    "cross_entropy_weighted": (nn.CrossEntropyLoss(weight=WEIGHT, label_smoothing=0.1), (6, 4), ids(6)),
    "cross_entropy_frames": (nn.CrossEntropyLoss(ignore_index=2, reduction="sum"), (3, 4, 5), ids(3, 5)),
    "cross_entropy_soft": (nn.CrossEntropyLoss(reduction="none"), (6, 4), torch.rand(6, 4).softmax(1)),
    "nll": (nn.NLLLoss(weight=WEIGHT), (6, 4), ids(6)),
    "bce_with_logits": (nn.BCEWithLogitsLoss(pos_weight=WEIGHT), (6, 4), torch.rand(6, 4)),
    "mse": (nn.MSELoss(), (6, 4), torch.randn(6, 4)),
    "l1": (nn.L1Loss(reduction="sum"), (6, 4), torch.randn(6, 4)),
    "huber": (nn.HuberLoss(delta=0.7), (6, 4), torch.randn(6, 4)),
    "smooth_l1": (nn.SmoothL1Loss(beta=0.5), (6, 4), torch.randn(6, 4)),
}


def first(result):
    return result[0] if isinstance(result, tuple) else result


def freeze(frozen, name, output, inputs, module):
    slope = torch.randn_like(output)
    (output * slope).sum().backward()
    frozen[f"{name}/slope"], frozen[f"{name}/output"], frozen[f"{name}/grad_input"] = slope, output, inputs.grad
    for key, parameter in module.named_parameters():
        frozen[f"{name}/grad/{key}"] = parameter.grad


def main():
    frozen = {}
    for name, (make, shape) in MODULES.items():
        torch.manual_seed(7)
        module = make()
        for key, value in module.state_dict().items():
            frozen[f"{name}/state/{key}"] = value.clone()
        inputs = torch.randn(shape, requires_grad=True)
        frozen[f"{name}/input"] = inputs
        freeze(frozen, name, first(module(inputs)), inputs, module)
        frozen[f"{name}/eval"] = first(module.eval()(inputs))
    for name, (loss, shape, target) in LOSSES.items():
        inputs = torch.randn(shape, requires_grad=True)
        frozen[f"{name}/input"] = inputs
        frozen[f"{name}/target"] = target
        freeze(frozen, name, loss(inputs.log_softmax(1) if name == "nll" else inputs, target), inputs, nn.Identity())
    path = pathlib.Path(__file__).with_name("nn.safetensors")
    save_file({key: value.detach().clone().contiguous() for key, value in frozen.items()}, path)
    path.chmod(0o644)


torch.manual_seed(0)
main()
