"""Makes mat/ beside this script: .mat files as scipy.io writes them, and some that only MATLAB would, by hand.

Run with Python 3, numpy 2 and scipy 1.17; the files are kept so that tests need neither.
"""
import pathlib
import struct

import numpy as np
import scipy.io
import scipy.sparse

here = pathlib.Path(__file__).parent / "mat"
here.mkdir(exist_ok=True)
grid = np.arange(6).reshape(2, 3)

variables = {
    "float64": grid / 8, "float32": (grid / 8).astype("f4"), "complex128": grid + 1j * grid[::-1],
    "complex64": (grid + 1j * grid[::-1]).astype("c8"), "logical": grid % 2 == 1,
    "cube": np.arange(24).reshape(2, 3, 4) / 4, "number": 2.5, "row": np.arange(4.0), "empty": np.zeros((0, 3)),
    "text": "Grüße", "texts": np.array(["one", "three"]), "nothing": "",
    "cells": np.array(["rock", "", "hip hop"], dtype=object), "mixed": np.array(["rock", 1.5], dtype=object),
    "record": {"a": 1.0}, "thin": scipy.sparse.csc_matrix(grid),
}
for name, least in [("i1", -128), ("u1", 250), ("i2", -32768), ("u2", 65530), ("i4", -2**31), ("u4", 2**32 - 6),
                    ("i8", -2**63), ("u8", 2**63 - 6)]:
    variables[name] = (grid.astype(object) + least).astype(name)
scipy.io.savemat(here / "plain.mat", variables)
scipy.io.savemat(here / "deflated.mat", variables, do_compression=True)
ours = {
    "b": grid > 2, "c": grid + 2j * grid, "cube": np.arange(24, dtype="i4").reshape(2, 3, 4),
    "e": np.zeros((0, 3), "f4"), "f": grid / 8, "i": grid, "longer_name": (grid / 8).astype("f4"), "n": np.float32(2.5), "u": grid.astype("u1"),
    "v": np.arange(4, dtype="i2"),
    "cells": np.array(["rock", "", "hip hop"], dtype=object).reshape(3, 1), "text": "Grüße 𝄞",
}
scipy.io.savemat(here / "ours.mat", ours)
scipy.io.savemat(here / "level4.mat", {"x": grid / 8}, format="4")
scipy.io.savemat(here / "structs.mat", {"a": {"b": 1.0}, "c": np.array([1, "x"], dtype=object)})
scipy.io.savemat(here / "beyond.mat", {"x": np.array([1, 2**63], "u8")})


def element(order, kind, data):
    return struct.pack(order + "II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def matrix(order, name, flags, shape, *parts):
    body = element(order, 6, struct.pack(order + "II", flags, 0))
    body += element(order, 5, struct.pack(order + f"{len(shape)}i", *shape))
    body += element(order, 1, name.encode()) + b"".join(parts)
    return struct.pack(order + "II", 14, len(body)) + body


def file(order, name, *matrices):
    head = b"MATLAB 5.0 MAT-file, Platform: PCWIN64".ljust(116) + b"\0" * 8
    head += struct.pack(order + "H", 0x0100) + (b"IM" if order == "<" else b"MI")
    (here / name).write_bytes(head + b"".join(matrices))


# MATLAB stores doubles that are whole numbers as bytes, in the tag itself where four do; characters in UTF-8 or UTF-32.
small = struct.pack(">HH", 4, 2) + bytes([1, 2, 3, 4])
file(">", "big_endian.mat",
     matrix(">", "packed", 6, (2, 2), small),
     matrix(">", "float64", 6, (2, 3), element(">", 9, (grid / 8).T.astype(">f8").tobytes())),
     matrix(">", "short", 10, (1, 3), element(">", 3, np.array([-2, 0, 32767], ">i2").tobytes())),
     matrix(">", "text", 4, (1, 2), element(">", 4, np.array([0x47, 0xFC], ">u2").tobytes())))
file("<", "characters.mat",
     matrix("<", "utf8", 4, (1, 7), element("<", 16, "Grüße".encode())),
     matrix("<", "utf16", 4, (1, 2), element("<", 17, "𝄞".encode("utf-16-le"))),
     matrix("<", "utf32", 4, (2, 2), element("<", 18, "abcd".encode("utf-32-le"))))
head = (here / "plain.mat").read_bytes()[:128]
(here / "hdf5.mat").write_bytes(head[:124] + struct.pack("<H", 0x0200) + b"IM" + b"\0" * 384 + b"\x89HDF\r\n\x1a\n")

# scipy reads them, too.
for made in ("plain", "deflated", "big_endian"):
    loaded = scipy.io.loadmat(here / f"{made}.mat")
    assert (loaded["float64"] == grid / 8).all()
assert (scipy.io.loadmat(here / "big_endian.mat")["packed"] == [[1, 3], [2, 4]]).all()
