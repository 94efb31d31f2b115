"""Freezes what PyTorch's modules and losses give: python3 generate.py (torch, safetensors)

Writes nn.safetensors. "NAME/state/KEY": the state right after torch.manual_seed(7) and construction; "NAME/input",
"NAME/target" (losses), "NAME/output" in training mode (without random numbers), "NAME/eval" in evaluation mode after
that, "NAME/grad/KEY" and "NAME/grad_input": gradients of (output * slope).sum() in training mode, slope = "NAME/slope".
"NAME/losses": ((output - slope) ** 2).mean() before each of ten steps of SGD (lr 0.05) from the first state. Attention
is called as CALLS says; "NAME/weights" are its weights.
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

PADDING = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
CAUSAL = torch.ones(5, 5, dtype=torch.bool).triu(1)
SLOPES = torch.arange(50.0).reshape(2, 5, 5).sub(25).div(20)  # numbers to add to the scores, for each batch
LAYER = {"dropout": 0.0, "dim_feedforward": 11}


def encoder(norm, **options):
    layer = nn.TransformerEncoderLayer(8, 2, **LAYER, **options)
    return nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8) if norm else None, enable_nested_tensor=False)


MODULES |= {
    "attention": (lambda: nn.MultiheadAttention(6, 2), (5, 2, 6)),
    "attention_no_bias": (lambda: nn.MultiheadAttention(6, 3, bias=False, batch_first=True), (2, 5, 6)),
    "attention_masked": (lambda: nn.MultiheadAttention(6, 2, batch_first=True), (2, 5, 6)),
    "attention_heads": (lambda: nn.MultiheadAttention(6, 1, batch_first=True), (2, 5, 6)),
    "attention_cross": (lambda: nn.MultiheadAttention(6, 2, batch_first=True), (2, 5, 6)),
    "attention_widths": (lambda: nn.MultiheadAttention(6, 2, kdim=4, vdim=3, batch_first=True), (2, 5, 6)),
    "attention_alone": (lambda: nn.MultiheadAttention(6, 2), (5, 6)),
    "encoder_layer": (lambda: nn.TransformerEncoderLayer(8, 2, **LAYER), (5, 2, 8)),
    "encoder_layer_first": (lambda: nn.TransformerEncoderLayer(8, 4, activation="gelu", norm_first=True, batch_first=True,
                                                               layer_norm_eps=1e-3, **LAYER), (2, 5, 8)),
    "encoder_layer_no_bias": (lambda: nn.TransformerEncoderLayer(8, 2, bias=False, **LAYER), (5, 2, 8)),
    "encoder": (lambda: encoder(False), (5, 2, 8)),
    "encoder_masked": (lambda: encoder(True, batch_first=True), (2, 5, 8)),
}
MEMORY = torch.linspace(-1, 1, 2 * 4 * 6).reshape(2, 4, 6)
CALLS = {
    "attention": lambda m, x: m(x, x, x),
    "attention_no_bias": lambda m, x: m(x, x, x, average_attn_weights=False),
    "attention_masked": lambda m, x: m(x, x, x, key_padding_mask=PADDING, attn_mask=CAUSAL),
    "attention_heads": lambda m, x: m(x, x, x, attn_mask=SLOPES),
    "attention_cross": lambda m, x: m(x, MEMORY, MEMORY * 0.5),
    "attention_widths": lambda m, x: m(x, MEMORY[:, :, :4], MEMORY[:, :, :3]),
    "attention_alone": lambda m, x: m(x, x, x),
    "encoder_layer_first": lambda m, x: m(x, src_mask=CAUSAL, is_causal=True),
    "encoder_masked": lambda m, x: m(x, mask=CAUSAL, src_key_padding_mask=PADDING),
}


def call(name, module, inputs):
    return CALLS[name](module, inputs) if name in CALLS else module(inputs)


def ten_losses(name, module, inputs, slope):
    optimizer, losses = torch.optim.SGD(module.parameters(), lr=0.05), []
    for _ in range(10):
        optimizer.zero_grad()
        loss = ((first(call(name, module, inputs)) - slope) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses)


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
        result = call(name, module, inputs)
        freeze(frozen, name, first(result), inputs, module)
        frozen[f"{name}/eval"] = first(call(name, module.eval(), inputs))
        if name.startswith("attention"):
            frozen[f"{name}/weights"] = result[1]
        if frozen[f"{name}/slope"].is_floating_point() and list(module.parameters()):
            torch.manual_seed(7)
            frozen[f"{name}/losses"] = ten_losses(name, make(), inputs.detach(), frozen[f"{name}/slope"])
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
