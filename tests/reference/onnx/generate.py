"""Small ONNX files with weights in every way that the format knows, for tests/lua/test_onnx.lua.

    python tests/reference/onnx/generate.py      # onnx, numpy, xxhash; the real weights where ../shared is

expected.json: of each file, tensors by name as [dtype, shape, the bytes in hexadecimal]; shared.json has checksums of the
real weights in ../shared. refused_*.onnx are valid and refused by the tensor's name.
"""
import glob
import json
import os

import numpy as np
import onnx
import xxhash
from onnx import TensorProto, helper, numpy_helper

folder = os.path.dirname(os.path.abspath(__file__))
grid = np.arange(6).reshape(2, 3)
T = TensorProto


def save(name, initializers, nodes=()):
    graph = helper.make_graph(list(nodes), "g", [], [], initializer=initializers)
    onnx.save(helper.make_model(graph), os.path.join(folder, name + ".onnx"))


plain = {"float": T.FLOAT, "double": T.DOUBLE, "int64": T.INT64, "int32": T.INT32, "int16": T.INT16, "int8": T.INT8,
         "uint8": T.UINT8, "uint16": T.UINT16, "uint32": T.UINT32, "uint64": T.UINT64}
widened = {"uint16": "int32", "uint32": "int64", "uint64": "int64"}
values = {n: grid - (0 if n[0] == "u" else 3) for n in plain}
raw = [numpy_helper.from_array(values[n].astype(helper.tensor_dtype_to_np_dtype(t)), n) for n, t in plain.items()]
raw += [numpy_helper.from_array(grid % 2 == 1, "bool"), numpy_helper.from_array(grid.astype("float16"), "half"),
        numpy_helper.from_array((grid + 1j).astype("complex64"), "complex"),
        numpy_helper.from_array(np.float32(2.5), "number"), numpy_helper.from_array(np.zeros((0, 2), "float32"), "none")]
typed = [helper.make_tensor(n, t, [2, 3], values[n].flatten().tolist()) for n, t in plain.items()]
typed += [helper.make_tensor("bool", T.BOOL, [2, 3], (grid % 2 == 1).flatten().tolist()),
          helper.make_tensor("half", T.FLOAT16, [2, 3], grid.flatten().astype("float32").tolist()),
          helper.make_tensor("brain", T.BFLOAT16, [2, 3], grid.flatten().astype("float32").tolist()),
          helper.make_tensor("complex", T.COMPLEX64, [2, 3], (grid + 1j).flatten().tolist())]
save("raw", raw)
save("typed", typed)
save("constants", [numpy_helper.from_array(grid.astype("float32"), "w")],
     [helper.make_node("Constant", [], ["/layer/Constant_output_0"], value=numpy_helper.from_array(np.int64([1, -1]))),
      helper.make_node("Constant", [], ["plain"], value_float=1.5), helper.make_node("Relu", ["w"], ["y"])])
save("refused_string", [helper.make_tensor("words", T.STRING, [1], [b"x"])])
save("refused_float8", [helper.make_tensor("small", T.FLOAT8E4M3FN, [1], [1.0])])
external = numpy_helper.from_array(grid.astype("float32"), "far")
external.ClearField("raw_data")
external.data_location = T.EXTERNAL
external.external_data.add(key="location", value="/etc/passwd")
save("refused_external", [external])
few = numpy_helper.from_array(grid.astype("float32"), "few")
few.raw_data = few.raw_data[:-4]
save("refused_few", [few])
few.ClearField("raw_data")
few.float_data.extend([1.0] * 7)
save("refused_many", [few])


def content(tensor):
    array = numpy_helper.to_array(tensor)
    name = {T.BFLOAT16: "bfloat16"}.get(tensor.data_type, array.dtype.name)
    array = array.astype(widened.get(name, array.dtype))
    return widened.get(name, name), list(array.shape), array.tobytes()


def tensors(path):
    graph = onnx.load(path).graph
    found = {t.name: content(t) for t in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            if attribute.type == onnx.AttributeProto.TENSOR:
                found[node.output[0]] = content(attribute.t)
    return found


expected = {n: {k: [d, s, b.hex()] for k, (d, s, b) in tensors(os.path.join(folder, n + ".onnx")).items()}
            for n in ("raw", "typed", "constants")}
with open(os.path.join(folder, "expected.json"), "w") as out:
    json.dump(expected, out)
shared = os.path.join(folder, "../../../../shared/weights")
sums = {os.path.relpath(p, shared): {k: [d, s, xxhash.xxh3_128_hexdigest(b)] for k, (d, s, b) in tensors(p).items()}
        for p in sorted(glob.glob(os.path.join(shared, "*/*.onnx")))}
with open(os.path.join(folder, "shared.json"), "w") as out:
    json.dump(sums, out)
