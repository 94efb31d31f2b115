"""Values and gradients from PyTorch for tests/lua/test_torch_reference.lua.

    python3 tests/reference/torch/generate.py        needs torch (1.13 or later), numpy and safetensors

Each case is an expression in Python's and in Moonlark's words over the inputs x, y, w, b, i (all written here);
the file holds the inputs, the output and the gradients of sum(output * output.detach().cos()).
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(20)

INPUTS = {
    "x": torch.randn(2, 3, 8, 6, dtype=torch.float64),
    "y": torch.randn(2, 3, 8, 6, dtype=torch.float64).abs() + 0.5,
    "w": torch.randn(4, 3, 3, 3, dtype=torch.float64),
    "b": torch.randn(4, dtype=torch.float64),
    "m": torch.randn(5, 5, dtype=torch.float64),
    "v": torch.randn(5, dtype=torch.float64),
    "q": torch.randn(2, 2, 300, 4, dtype=torch.float64),
    "s": torch.randn(2, 256, dtype=torch.float64),
    "i": torch.tensor([3, 0, 4, 1, 1]),
}

# name: (Python, Lua)
CASES = {
    "arithmetic": (lambda t: 2 * t["x"] / t["y"] - t["x"] ** 2 + (-t["y"]), "2 * x / y - x ^ 2 + (-y)"),
    "reverse": (lambda t: 1 / t["y"] + 3 - t["x"], "1 / y + 3 - x"),
    "power": (lambda t: t["y"] ** t["x"] + 2 ** t["x"], "y ^ x + 2 ^ x"),
    "remainder": (lambda t: t["x"] % t["y"], "x % y"),
    "mean": (lambda t: t["x"].mean((0, 2), keepdim=True), "x:mean({0, 2}, {keepdim = true})"),
    "std": (lambda t: t["x"].std(-1, unbiased=False), "x:std({-1}, false)"),
    "logsumexp": (lambda t: t["x"].logsumexp(1), "x:logsumexp({1})"),
    "softmax": (lambda t: t["x"].softmax(-1), "x:softmax(-1)"),
    "conv2d": (lambda t: F.conv2d(t["x"], t["w"], t["b"], stride=2, padding=1),
               "x:conv2d(w, b, {stride = 2, padding = 1})"),
    "conv2d_groups": (lambda t: F.conv2d(t["x"], t["w"][:3, :1], groups=3), 'x:conv2d(w[{{0, 3}, {0, 1}}], {groups = 3})'),
    "max_pool2d": (lambda t: F.max_pool2d(t["x"], 2), "x:max_pool2d(2)"),
    "batch_norm": (lambda t: F.batch_norm(t["x"], None, None, training=True),
                   "torch.batch_norm(x, nil, nil, nil, nil, true, 0.1, 1e-5, false)"),
    "layer_norm": (lambda t: F.layer_norm(t["x"], (8, 6)), "x:layer_norm({8, 6})"),
    "gelu": (lambda t: F.gelu(t["x"]), "x:gelu()"),
    "matmul": (lambda t: t["m"] @ t["v"] + t["m"].T @ t["m"].sum(0), "m:matmul(v) + m:t():matmul(m:sum(0))"),
    "einsum": (lambda t: torch.einsum("ij,jk->ki", t["m"], t["m"]), 'torch.einsum("ij,jk->ki", {m, m})'),
    "solve": (lambda t: torch.linalg.solve(t["m"], t["v"]), "torch.linalg_solve(m, v)"),
    "cat": (lambda t: torch.cat([t["x"], t["y"]], 1), "torch.cat({x, y}, 1)"),
    "stack": (lambda t: torch.stack([t["m"], t["m"].T]), "torch.stack({m, m:t()})"),
    "slice": (lambda t: t["x"][:, 1, 2:7:2, -1], "x[{{}, 1, {2, 7, 2}, -1}]"),
    "slice_text": (lambda t: t["x"][:, 1, 2:7:2, -1], 'x[":, 1, 2:7:2, -1"]'),
    "ellipsis": (lambda t: t["x"][..., None, 1:], 'x["..., none, 1:"]'),
    "gather_rows": (lambda t: t["m"][t["i"]], "m[i]"),
    "gather_pairs": (lambda t: t["m"][t["i"], t["i"]], "m[{i, i}]"),
    "mask": (lambda t: t["x"][t["x"] > 0], "x[x:gt(0)]"),
    "where": (lambda t: torch.where(t["x"] > 0, t["x"], t["y"]), "x:where(x:gt(0), y)"),
    "cumsum": (lambda t: t["x"].cumsum(2), "x:cumsum(2)"),
    "sort": (lambda t: t["x"].sort(-1)[0], "(x:sort(-1))"),
    "pad": (lambda t: F.pad(t["x"], (1, 2, 0, 0), mode="reflect"), 'x:pad({1, 2, 0, 0}, {mode = "reflect"})'),
    "cross_entropy": (lambda t: F.cross_entropy(t["m"], t["i"], label_smoothing=0.1),
                      "m:cross_entropy(i, {label_smoothing = 0.1})"),
    "mse_sum": (lambda t: F.mse_loss(t["x"], t["y"], reduction="sum"), 'x:mse_loss(y, {reduction = "sum"})'),
    "bce": (lambda t: F.binary_cross_entropy_with_logits(t["x"], t["y"].clamp(0, 1)),
            "x:binary_cross_entropy_with_logits(y:clamp(0, 1))"),
    "normalize": (lambda t: F.normalize(t["x"], dim=1), "x:normalize {dim = 1}"),
    "interpolate": (lambda t: F.interpolate(t["x"], scale_factor=2, mode="bilinear", align_corners=False),
                    'x:interpolate {scale_factor = 2, mode = "bilinear"}'),
    "nearest": (lambda t: F.interpolate(t["x"], size=(5, 9)), "x:interpolate {size = {5, 9}}"),
    "area": (lambda t: F.interpolate(t["x"], size=(4, 3), mode="area"), 'x:interpolate {size = {4, 3}, mode = "area"}'),
    "grid_sample": (lambda t: F.grid_sample(t["x"], F.affine_grid(t["x"][:, 0, :2, :3], (2, 3, 4, 4), align_corners=False),
                                            padding_mode="border", align_corners=False),
                    'x:grid_sample(torch.affine_grid(x[":, 0, :2, :3"], {2, 3, 4, 4}), {padding_mode = "border"})'),
    "local_response_norm": (lambda t: F.local_response_norm(t["x"], 2), "x:local_response_norm(2)"),
    "logsigmoid": (lambda t: F.logsigmoid(t["x"]), "x:logsigmoid()"),
    "stft": (lambda t: torch.view_as_real(torch.stft(t["s"], 64, hop_length=16, window=torch.hann_window(64, dtype=torch.float64),
                                                     return_complex=True)),
             'torch.view_as_real(s:stft(64, {hop_length = 16, window = torch.hann_window(64, {dtype = "float64"})}))'),
    "attention": (lambda t: (t["q"] @ t["q"].transpose(-1, -2) / 2).softmax(-1) @ t["q"],
                  "torch.scaled_dot_product_attention(q, q, q)"),
    "attention_causal": (lambda t: (t["q"] @ t["q"].transpose(-1, -2) / 2).masked_fill(
        torch.ones(300, 300, dtype=torch.bool).triu(1), -float("inf")).softmax(-1) @ t["q"],
                         "torch.scaled_dot_product_attention(q, q, q, {is_causal = true})"),
    "unique": (lambda t: torch.unique(t["i"], return_counts=True)[1].double(),
               "select(2, i:unique {return_counts = true}):double()"),
}


def main():
    arrays, cases = {}, []
    for name, tensor in INPUTS.items():
        arrays["in." + name] = tensor
    for name, (python, lua) in CASES.items():
        inputs = {k: t.clone().requires_grad_(t.is_floating_point()) for k, t in INPUTS.items()}
        output = python(inputs)
        arrays["out." + name] = output.detach().contiguous()
        gradients = []
        if output.requires_grad:
            (output * output.detach().cos()).sum().backward()
            for k, t in inputs.items():
                if t.grad is not None:
                    arrays["grad.%s.%s" % (name, k)] = t.grad.contiguous()
                    gradients.append(k)
        cases.append({"name": name, "lua": lua, "gradients": gradients})
    np.savez_compressed(os.path.join(HERE, "torch.npz"), **{k: t.numpy() for k, t in arrays.items()})
    with open(os.path.join(HERE, "torch.json"), "w") as file:
        json.dump(cases, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
