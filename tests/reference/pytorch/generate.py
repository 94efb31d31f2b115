"""Files that torch.save writes, and what torch.load gives of them, for tests/lua/test_pytorch.lua.

    python tests/reference/pytorch/generate.py      # PyTorch 2.x, xxhash; the real weights where ../shared is

NAME.pt are the files; expected.json says of each what is in it: tensors as {"tensor": [dtype, shape, the bytes in
hexadecimal]}, lists as {"list": [...]}, dicts as {"dict": [[key, value], ...]}, bytes as {"bytes": "00ff"}, numbers,
texts and booleans as they are, None as null. shared.json has checksums of the real weights in ../shared. attack_*.pt ask for code to be run; Moonlark refuses them.
"""
import collections
import glob
import json
import os
import subprocess

import numpy as np
import torch
import xxhash

folder = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(1)


def describe(value):
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(np.ascontiguousarray(value.astype({"uint16": "int32", "uint32": "int64"}.get(
            value.dtype.name, value.dtype.newbyteorder("=")))))
    if isinstance(value, torch.Tensor):
        dense = value.detach().contiguous()
        words = dense.flatten().view(torch.uint8) if dense.numel() else dense.new_empty(0, dtype=torch.uint8)
        return {"tensor": [str(dense.dtype)[6:], list(dense.shape), bytes(words.numpy()).hex()]}
    if isinstance(value, dict):
        return {"dict": [[describe(k), describe(v)] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [describe(v) for v in value]}
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, torch.dtype):
        return str(value)[6:]
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, np.generic):
        return value.item()
    return value


base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
net = torch.nn.Sequential(torch.nn.Conv1d(2, 3, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(4, 2))
tied = torch.randn(5, 3)

dtypes = {str(d)[6:]: (torch.arange(6) % 2 if d == torch.bool else torch.arange(6) - (0 if d == torch.uint8 else 3)).to(
    d).reshape(2, 3) for d in [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
                               torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64, torch.complex128]}
values = {
    "dtypes": dtypes,
    "views": {"whole": base, "turned": base.permute(2, 0, 1), "part": base[1, 1:, ::2], "row": base[0, 2],
              "step": base[:, 1],
              "wide": torch.ones(1, 3).expand(4, 3), "number": torch.tensor(2.5), "none": torch.empty(0, 3),
              "none_far": base[:, 3:], "flat": base.flatten()[5:17]},
    "state": net.state_dict(),
    "nested": {"dims": {"n_mels": 80, "big": 2 ** 40, "least": -2 ** 63, "ratio": -0.125, "on": True, "off": False},
               "model_state_dict": collections.OrderedDict(a=tied, b=tied), "none": None, 3: "three",
               "list": [1, [2.5, "x"], (), (None, "é𝄞"), (1, 2, 3, 4)], "empty": [{}, [], ""],
               "size": base.shape, "device": torch.device("cuda", 1), "cpu": torch.device("cpu"),
               "dtype": torch.bfloat16,
               "counter": collections.Counter("abca"), "long": [1] * 1200, "bytes": b"a\xff\x00", "no_bytes": b""},
    "parameter": {"p": torch.nn.Parameter(torch.randn(2, 2)),
                  "q": torch.nn.Parameter(torch.randn(2), requires_grad=False)},
    "tensor": torch.arange(5),
    "numpy": {"f4": np.float32([[1, 2], [3, 4]]), "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
              "u2": np.uint16([1, 65535]), "u4": np.uint32([1, 2 ** 32 - 1]),
              "swapped": np.int32([1, -2]).astype(">i4"),
              "bool": np.array([True, False]), "none": np.zeros((0, 2)), "half": np.float16([0.5]),
              "complex": np.complex64([1 + 2j]), "number": np.float64(0.1),
              "count": np.int64(-7), "flag": np.bool_(True),
              "float": np.float32(0.5)},
    "optimizer": torch.optim.Adam(net.parameters(), lr=1e-3),
}


class Untyped:
    """As PyTorch saves dtypes that have no storage class of their own."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        t = self.tensor
        return torch._utils._rebuild_tensor_v3, (t.untyped_storage(), t.storage_offset(), tuple(t.shape), t.stride(),
                                                 False, collections.OrderedDict(), t.dtype)


values["untyped"] = [Untyped(base[1]), Untyped(torch.tensor([1, -2], dtype=torch.int16))]
# A step, so that there is a state.
net(torch.randn(2, 2, 6)).sum().backward()
values["optimizer"].step()
values["optimizer"] = values["optimizer"].state_dict()

expected = {}
for name, value in values.items():
    for kind, legacy in (("zip", False), ("legacy", True)):
        if name == "untyped" and legacy:  # PyTorch does not read these
            continue
        for protocol in (2, 4) if name in ("nested", "views", "numpy") else (2,):
            file = "%s_%s%d.pt" % (name, kind, protocol)
            torch.save(value, os.path.join(folder, file), pickle_protocol=protocol,
                       _use_new_zipfile_serialization=not legacy)
            expected[file] = name
torch.serialization.set_crc32_options(False)
torch.save(values["tensor"], os.path.join(folder, "tensor_unchecked.pt"))
torch.serialization.set_crc32_options(True)
expected["tensor_unchecked.pt"] = "tensor"
described = {}
for file, name in expected.items():
    loaded = describe(torch.load(os.path.join(folder, file), weights_only=False))
    assert described.setdefault(name, loaded) == loaded, file
with open(os.path.join(folder, "expected.json"), "w") as out:
    json.dump({"files": expected, "values": described}, out)

# Of real weights: dtype, shape and checksum of each tensor, as core.store.hash_tensor gives it (XXH3, 128 bits).
def checksum(tensor):
    dense = tensor.detach().contiguous()
    words = dense.flatten().view(torch.uint8).numpy().tobytes() if dense.numel() else b""
    return [str(dense.dtype)[6:], list(dense.shape), xxhash.xxh3_128_hexdigest(words)]


shared = os.path.join(folder, "../../../../shared/weights")
sums = {}
for path in sorted(glob.glob(os.path.join(shared, "*/*.pt")) + glob.glob(os.path.join(shared, "*/*.pth"))):
    sums[os.path.relpath(path, shared)] = {k: checksum(v) for k, v in torch.load(path, map_location="cpu").items()}
with open(os.path.join(folder, "shared.json"), "w") as out:
    json.dump(sums, out)


class Attack:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


weights = {"weight": torch.ones(2), "payload": None}
for name, attack in {
    "system": Attack(os.system, "touch /tmp/moonlark-was-attacked"),
    "eval": Attack(eval, "1"),
    "exec": Attack(exec, "1"),
    "popen": Attack(subprocess.Popen, ["touch", "/tmp/moonlark-was-attacked"]),
    "getattr": Attack(getattr, "x", "upper"),
    "module": torch.nn.Linear(2, 2),
}.items():
    torch.save(dict(weights, payload=attack), os.path.join(folder, "attack_%s.pt" % name),
               _use_new_zipfile_serialization=name != "exec")
