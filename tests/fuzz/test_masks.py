"""Parts that are voxels (.npy, .npz, .vti, TIFF), and fields of numbers."""
# ruff: noqa: E501 (a case a line)

import io
import os
import struct
import zipfile

import numpy as np
import pytest
import tifffile
from hostile import (
    SECRET,
    gz,
    many,
    members,
    refused,
    survives,
    swapped,
    table,
    zeros_deflated,
    zeros_gz,
    zipped,
)

from grainpaint import Microstructure
from grainpaint.cad.masks import load_mask_file
from grainpaint.formats.field import read_values

MASK = np.zeros((5, 6, 7), np.uint8)
MASK[1:4, 1:5, 2:5] = 1


class Payload:
    def __reduce__(self):
        return os.system, (f"touch {SECRET}",)


def written(write, **options):
    file = io.BytesIO()
    write(file, **options)
    return file.getvalue()


def npy(values, **options):
    return written(
        lambda file: np.lib.format.write_array(file, np.asarray(values), **options)
    )


def npz(**arrays):
    return written(lambda file: np.savez_compressed(file, **arrays))


def tiff(values=MASK, **options):
    return written(lambda file: tifffile.imwrite(file, values, **options))


def vti(folder, *pairs):
    data = (
        Microstructure(MASK.astype(np.int32), (2.0,) * 3)
        .save(folder / "whole.vti")
        .read_bytes()
    )
    return swapped(data, *pairs)


WHOLE = {
    "a.npy": npy(MASK),
    "a.npz": npz(mask=MASK, spacing=np.full(3, 2.0), origin=np.zeros(3)),
    "a.tif": tiff(),
    "b.tif": tiff(compression="zlib"),
    "c.tif": tiff(ome=True, metadata={"axes": "ZYX", "PhysicalSizeX": 2.0}),
    "d.tif": tiff(imagej=True, resolution=(2, 2), metadata={"axes": "ZYX", "unit": "um", "spacing": 0.5}),
}  # fmt: skip


def same(a, b):
    return a.spacing == b.spacing and np.array_equal(a.inside, b.inside)


@many
@pytest.mark.parametrize("name", WHOLE)
def test_damage_of_a_mask_is_borne(tmp_path, name, n):
    checked = same if name == "a.npz" else None
    survives(load_mask_file, tmp_path / name, WHOLE[name], n, checked)


@many
def test_damage_of_a_field_never_passes_in_silence(tmp_path, n):
    data = npz(field=MASK.astype("f4"), spacing=np.full(3, 2.0), origin=np.zeros(3))

    def equal(a, b):
        return a[1:] == b[1:] and np.array_equal(a[0], b[0])

    survives(read_values, tmp_path / "a.npz", data, n, equal)


def shaped(shape, dtype="|u1", order="False"):
    """Return an .npy that states another shape than the 210 bytes that it has."""
    words = (
        f"{{'descr': {dtype!r}, 'fortran_order': {order}, 'shape': {shape}}}\n".encode()
    )
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(words)) + words + bytes(209) + b"\1"


def header(words):
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(words)) + words + bytes(210)


def bombs(n):
    """Return an archive of a mask and of n other arrays of 120 MB of zeros."""
    data = npy(np.zeros(120 << 20, np.uint8))
    return zipped(
        [("mask.npy", WHOLE["a.npy"]), *((f"{i}.npy", data) for i in range(n))]
    )


def with_array(name, values):
    return npz(mask=MASK, **{name: values})


def wide_tiff(width):
    data = bytearray(WHOLE["a.tif"])
    at = data.find(b"\0\1\3\0")
    data[at + 2 : at + 4], data[at + 8 : at + 12] = b"\4\0", width.to_bytes(4, "little")
    return bytes(data)


def strip_bomb():
    """Return a page of 64 pixels whose strip unpacks to 1 GB."""
    strip = b"\x78\x9c" + zeros_deflated(1 << 30)
    entries = ((256, 3, 8), (257, 3, 8), (258, 3, 8), (259, 3, 8), (262, 3, 1),
               (273, 4, 122), (277, 3, 1), (278, 3, 8), (279, 4, len(strip)))  # fmt: skip
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return (
        head
        + b"".join(struct.pack("<HHII", c, k, 1, v) for c, k, v in entries)
        + bytes(4)
        + strip
    )


OUTSIDE = '<OME><Image><Pixels SizeZ="5"><TiffData IFD="0"><UUID FileName="{}">a</UUID></TiffData><TiffData IFD="1"><UUID FileName="/etc/passwd">b</UUID></TiffData></Pixels></Image></OME>'
BAD = {
    "npy of objects": npy(np.array([[[Payload()]]]), allow_pickle=True),
    "npy of a bare pickle": b"\x93NUMPY\x80\x04cos\nsystem\n(S'true'\ntR.",
    "npy of 2^62": shaped((2**31, 2**31, 1)),
    "npy of 2^31": shaped((2**31, 1, 1)),
    "npy of -5": shaped((-5, 6, -7)),
    "npy of 0": npy(np.zeros((0, 3, 3), bool)),
    "npy of halves": shaped((2.5, 6, 14)),
    "npy of a string": shaped("'abc'"),
    "npy of many axes": npy(np.ones((1,) * 32, bool)),
    "npy of code": header(b"__import__('os').system('true')\n"),
    "npy nested": header(b"(" * 60_000),
    "npy of version 9": b"\x93NUMPY\x09\0" + bytes(300),
    "npy without header": b"\x93NUMPY",
    "npy cut": WHOLE["a.npy"][:-9],
    "npy too long": WHOLE["a.npy"] + b"more",
    "npy of an unknown type": shaped((5, 6, 7), "<z9"),
    "npy of zeros": npy(0 * MASK),
    "npy of names": npy(MASK.astype(str)),
    "npy of times": npy(MASK.astype("M8[s]")),
    "npy of pairs": npy(np.zeros((5, 6, 7), [("a", "u1")])),
    "npy of complex numbers": npy(MASK * 1j),
    "npy of a plane": npy(MASK[0]),
    "npy of a number": npy(1.0),
    "npy of nan": npy(MASK * np.nan),
    "npy of inf": npy(np.where(MASK, np.inf, 0)),
    "npy of fractions": npy(MASK * np.linspace(0, 1, 7)),
    "npz of two volumes": npz(a=MASK, b=MASK),
    "npz of no volume": npz(a=MASK[0]),
    "npz of nothing": b"PK\3\4" + zipped([]),
    "npz of other files": zipped([("../../a", b"x"), ("/etc/passwd", b"y")]),
    "npz of uneven voxels": with_array("spacing", np.array([1.0, 2, 3])),
    "npz of voxels of 0": with_array("spacing", np.zeros(3)),
    "npz of voxels of -1": with_array("spacing", np.full(3, -1.0)),
    "npz of voxels of nan": with_array("spacing", np.full(3, np.nan)),
    "npz of voxels of words": with_array("spacing", np.array(["a", "b", "c"])),
    "npz of two voxels": with_array("spacing", np.ones(2)),
    "npz of an origin of nan": with_array("origin", np.full(3, np.nan)),
    "npz of an origin of words": with_array("origin", np.array(["a", "b", "c"])),
    "npz of objects": zipped([("mask.npy", npy(np.array([[[Payload()]]]), allow_pickle=True))]),
    "npz of a pickle beside": zipped([("mask.npy", WHOLE["a.npy"]), ("a.npy", npy(np.array([Payload()]), allow_pickle=True))]),
    "npz cut": WHOLE["a.npz"][:-40],
    "npz of a wrong sum": zipped(members(WHOLE["a.npz"]), zipfile.ZIP_STORED).replace(b"\1\1\1", b"\1\2\1"),
    "npz of a cut array": zipped([("mask.npy", WHOLE["a.npy"][:-9])]),
    "a bomb": lambda: npz(mask=np.zeros((600, 600, 500), np.uint8)),
    "many bombs": lambda: bombs(2),
    "a wide TIFF": wide_tiff(2**31),
    "a TIFF head": b"II*\0" + bytes(4),
    "a cut TIFF": WHOLE["b.tif"][:300],
    "a TIFF of colors": tiff(np.zeros((5, 6, 3), "u1"), photometric="rgb"),
    "a TIFF of fractions": tiff(MASK * np.float32(0.3) + np.float32(0.1) * (MASK == 0)),
    "a TIFF whose strip bursts": strip_bomb(),
    "a TIFF in other files": tiff(description=OUTSIDE.format(SECRET), metadata=None),
    "a TIFF of uneven voxels": tiff(imagej=True, resolution=(2, 2), metadata={"axes": "ZYX", "unit": "um", "spacing": 3.0}),
    "a TIFF in a parsec": tiff(imagej=True, resolution=(2, 2), metadata={"axes": "ZYX", "unit": "parsec"}),
    "gz cut": gz(WHOLE["a.npy"])[:-9],
    "gz bomb": zeros_gz(1 << 28, WHOLE["a.npy"][:128]),
}  # fmt: skip


@table(BAD)
def test_a_bad_mask_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_bytes(WHOLE["a.tif"])
    refused(load_mask_file, tmp_path / "a.npy", case)


VTI = {
    "uneven": ((b'Spacing="2e-06 2e-06', b'Spacing="2e-06 3e-06'),),
    "of a huge extent": ((b"0 5 0 6 0 7", b"0 2147483647 0 2147483647 0 7"),),
    "cut": ((b"</VTKFile>", b""),),
    "of texts": ((b'"Int32"', b'"String"'),),
}


@table(VTI)
def test_a_bad_mask_of_vtk_is_refused(tmp_path, case):
    refused(load_mask_file, tmp_path / "a.vti", vti(tmp_path, *case))
