"""Makes the files beside this script: what Python's safetensors, numpy and h5py write, for the readers' tests.

Run with Python 3, numpy 2, safetensors 0.8 and h5py 3; the files are kept so that tests need neither.
"""
import io
import pathlib
import struct
import zipfile

import h5py
import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent

# Every dtype, each holding 0, 1, 2 ... as far as it can, in 2 x 3; odd lengths so that alignment is exercised.
grid = np.arange(6).reshape(2, 3)
arrays = {
    "float64": grid.astype("f8") / 8, "float32": grid.astype("f4") / 8, "float16": grid.astype("f2") / 8,
    "int64": grid.astype("i8") - 3, "int32": grid.astype("i4") - 3, "int16": grid.astype("i2") - 3,
    "int8": grid.astype("i1") - 3, "uint8": grid.astype("u1") + 250, "bool": grid % 2 == 1,
    "complex64": (grid + 1j * grid[::-1]).astype("c8"),
}
safe = {k: v for k, v in arrays.items()}
safe["empty"] = np.zeros((0, 4), "f4")
safe["number"] = np.array(2.5, "f4")
safe["näme \"quoted\" \\ / \n"] = np.array([7], "u1")
save_file(safe, here / "all.safetensors", metadata={"format": "np", "Grüße": "tab\t, quote \", clef \U0001d11e"})
save_file({"b": np.ones(3, "f4"), "a": np.zeros((2, 2), "i8"), "c": np.ones(1, "u1")}, here / "plain.safetensors")

for name, array in arrays.items():
    np.save(here / f"{name}.npy", array)
np.save(here / "complex128.npy", (grid + 1j * grid[::-1]).astype("c16"))
np.save(here / "float32_big_endian.npy", arrays["float32"].astype(">f4"))
np.save(here / "complex64_big_endian.npy", arrays["complex64"].astype(">c8"))
np.save(here / "int16_big_endian.npy", arrays["int16"].astype(">i2"))
np.save(here / "fortran.npy", np.asfortranarray(np.arange(24, dtype="f4").reshape(2, 3, 4)))
np.save(here / "number.npy", np.array(2.5))
np.save(here / "empty.npy", np.zeros((3, 0), "f4"))
np.save(here / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
np.save(here / "uint16.npy", grid.astype("u2") + 65530)
np.save(here / "uint32.npy", grid.astype("u4") + 4294967290)
np.save(here / "uint64_big_endian.npy", (grid.astype("u8") + 9223372036854775802).astype(">u8"))
np.save(here / "uint64_beyond.npy", np.array([1, 9223372036854775808], "u8"))
texts = [["Grüße", "", "a"], ["𝄞 clef", "x" * 9, "'=1"]]
np.save(here / "unicode.npy", np.array(texts))
np.save(here / "unicode_big_endian.npy", np.array(texts).astype(">U9"))
np.save(here / "unicode_fortran.npy", np.asfortranarray(np.array(texts)))
np.save(here / "bytes.npy", np.array([b"rock", b"hip hop", b"\xe9"]))
np.savez(here / "strings.npz", x=grid * 0.5, label=np.array(["rock", "jazz"]), title=np.array("one"))
np.save(here / "structured.npy", np.zeros(2, dtype=[("x", "f4"), ("y", "i4")]))
for version in (2, 3):
    with open(here / f"version{version}.npy", "wb") as out:
        np.lib.format.write_array(out, arrays["float32"], version=(version, 0))

np.savez(here / "stored.npz", **{"b": arrays["float32"], "a/inner": arrays["int64"], "fortran": np.asfortranarray(grid * 0.5)})
np.savez_compressed(here / "deflated.npz", zeros=np.zeros((40, 50), "f4"), ramp=np.arange(1000, dtype="i4"))

table = np.arange(6).reshape(3, 2).astype("f4") / 8
with h5py.File(here / "table.h5", "w", libver="earliest") as out:
    out["X"] = table
    out["label"] = np.array(["rock", "", "Grüße"], dtype=h5py.string_dtype())
    out["fixed"] = np.array([b"a", b"bc", b"d"])
    out.create_dataset("z", data=np.array([1, 2, 3], ">i8"), compression="gzip", chunks=(2,))
    out["flag"] = np.array([True, False, True])
    out["u"] = np.array([1, 2, 65535], "u2")
    out["rate"] = 22050
    out.create_group("g")["inner"] = 1
# crashes.h5 is a table.h5 with other bytes in four places, found by chance: the library does not survive it.
with h5py.File(here / "groups.h5", "w") as out:
    out.create_group("g")["inner"] = 1
with h5py.File(here / "huge.h5", "w") as out:
    out.create_dataset("x", (10**9, 100), "f4", chunks=(1000, 100))


def zip64(path):
    """A one-member archive whose sizes and offset stand in zip64 fields, as for files above 4 GB."""
    member = io.BytesIO()
    np.save(member, arrays["float32"])
    data = member.getvalue()
    crc = zipfile.crc32(data)
    name = b"wide.npy"
    far = 0xFFFFFFFF
    extra = struct.pack("<HHQQ", 1, 16, len(data), len(data))
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 33, crc, far, far, len(name), len(extra)) + name + extra
    extra = struct.pack("<HHQQQ", 1, 24, len(data), len(data), 0)
    central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 33, crc, far, far, len(name), len(extra),
                          0, 0, 0, 0, far) + name + extra
    at = len(local) + len(data)
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, len(central), at)
    locator = struct.pack("<IIQI", 0x07064B50, 0, at + len(central), 1)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, far, far, 0)
    path.write_bytes(local + data + central + end64 + locator + end)
    assert (np.load(path)["wide"] == arrays["float32"]).all()


for made in here.glob("*.safetensors"):
    made.chmod(0o644)
zip64(here / "zip64.npz")
