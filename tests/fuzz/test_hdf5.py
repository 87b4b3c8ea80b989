"""HDF5 files: maps of Oxford Instruments (.h5oina) and volumes of DREAM.3D."""
# ruff: noqa: E501 (a case a line)

import io

import h5py
import numpy as np
import pytest
from hdf5_files import IDS, dream3d, h5oina
from hostile import (
    SECRET,
    gz,
    many,
    outcome,
    refused,
    survives,
    swapped,
    table,
    zeros_deflated,
    zeros_gz,
)

from grainpaint import load
from grainpaint.formats.hdf5_file import opened

DATA, HEADER = "1/EBSD/Data", "1/EBSD/Header"
CELLS = ("FeatureIds", "Phases", "EulerAngles")


def volume(version="8.0", cells=CELLS, features=("AvgEulerAngles",)):
    memory = io.BytesIO()
    dream3d(memory, version, cells, features)
    return memory.getvalue()


@many
@pytest.mark.parametrize("kind", ["h5oina", "7.0", "8.0"])
def test_damage_of_hdf5_is_borne(tmp_path, kind, n):
    data = h5oina() if kind == "h5oina" else volume(kind)
    survives(load, tmp_path / f"a.{kind}", data, n // 3 if n < 1000 else n)


def edited(data, change):
    memory = io.BytesIO(data)
    with h5py.File(memory, "r+") as file:
        change(file)
    return memory.getvalue()


def put(name, value, **options):
    """Return what puts another dataset into a file, or removes it."""

    def change(file):
        if name in file:
            del file[name]
        if value is not None:
            file.create_dataset(name, data=value, **options)

    return change


def made(name, shape, dtype="f4", **options):
    def change(file):
        if name in file:
            del file[name]
        file.create_dataset(name, shape, dtype, **options)

    return change


def linked(name, link):
    def change(file):
        if name in file:
            del file[name]
        file[name] = link(file) if callable(link) else link

    return change


def attribute(name, key, value):
    return lambda file: file[name].attrs.__setitem__(key, value)


def virtual(name, shape, dtype="f4"):
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(SECRET, "a", shape)
    return lambda file: (
        file.pop(name, None),
        file.create_virtual_dataset(name, layout),
    )


def bomb(name, shape, dtype="f4"):
    """Return what writes a dataset whose only chunk unpacks to 2 GB."""

    def change(file):
        if name in file:
            del file[name]
        one = file.create_dataset(name, shape, dtype, chunks=shape, compression="gzip")
        one.id.write_direct_chunk(
            (0,) * len(shape), b"\x78\x9c" + zeros_deflated(2 << 30)
        )

    return change


def wide(name, shape, dtype="f4"):
    """Return what writes a small dataset in a chunk of 4 GB, of zeros."""

    def change(file):
        del file[name]
        chunk = (1 << 20, *(1 << 5 for _ in shape[1:]))
        one = file.create_dataset(
            name,
            shape,
            dtype,
            maxshape=(None,) * len(shape),
            chunks=chunk,
            compression="gzip",
        )
        n = np.prod(chunk, dtype=float) * 4
        one.id.write_direct_chunk(
            (0,) * len(shape), b"\x78\x9c" + zeros_deflated(int(n))
        )

    return change


def deep(file):
    group = file
    for _ in range(2000):
        group = group.create_group("a")


def rings(file):
    """Write groups that contain each other many times."""
    group = file.create_group("b")
    for i in range(9):
        group[f"up{i}"] = file["/"]
        group[f"self{i}"] = group


def test_what_else_is_in_a_file_is_borne(tmp_path):
    (tmp_path / "a.dream3d").write_bytes(volume())
    whole = outcome(load, tmp_path / "a.dream3d").value
    for number, change in enumerate((deep, rings)):
        path = tmp_path / f"{number}.dream3d"
        path.write_bytes(edited(volume(), change))
        found = outcome(load, path)
        np.testing.assert_array_equal(found.value.grain_id, whole.grain_id)


TEXTS = h5py.string_dtype()
RAGGED = h5py.vlen_dtype(np.dtype("f4"))
PAIRS = np.zeros(40, [("a", "f4"), ("b", "i4")])
ANYWHERE = {  # what may stand where numbers of points are due
    "nothing": lambda at: put(at, None),
    "a group": lambda at: linked(at, lambda file: file.create_group("other")),
    "a type": lambda at: linked(at, np.dtype("f4")),
    "an external link": lambda at: linked(at, h5py.ExternalLink(SECRET, "/a")),
    "an absolute link": lambda at: linked(at, h5py.ExternalLink("/etc/passwd", "/a")),
    "a link to a pipe": lambda at: linked(at, h5py.ExternalLink("/dev/stdin", "/a")),
    "a dangling link": lambda at: linked(at, h5py.SoftLink("/nowhere")),
    "a link to itself": lambda at: linked(at, h5py.SoftLink("/" + at)),
    "a link to the root": lambda at: linked(at, h5py.SoftLink("/")),
    "the root": lambda at: linked(at, lambda file: file["/"]),
    "a virtual dataset": lambda at: virtual(at, (40, 3)),
    "numbers elsewhere": lambda at: made(at, (40, 3), external=[(SECRET, 0, 480)]),
    "numbers of /etc": lambda at: made(at, (40, 3), external=[("/etc/passwd", 0, 480)]),
    "10^12 numbers": lambda at: made(at, (10**12, 3), chunks=(1 << 16, 3)),
    "2^62 numbers": lambda at: made(at, (2**60, 3), "u1", chunks=(1 << 16, 3)),
    "10^8 zeros": lambda at: made(at, (10**8, 3), chunks=(1 << 20, 3), compression="gzip"),
    "a bomb": lambda at: bomb(at, (40, 3)),
    "a wide chunk": lambda at: wide(at, (40, 3)),
    "texts": lambda at: put(at, ["a"] * 40, dtype=TEXTS),
    "ragged rows": lambda at: made(at, (40,), RAGGED),
    "10^9 texts": lambda at: made(at, (10**9,), TEXTS, chunks=(1 << 16,)),
    "pairs": lambda at: put(at, PAIRS),
    "references": lambda at: made(at, (40, 3), h5py.ref_dtype),
    "opaque bytes": lambda at: put(at, np.zeros((40, 3), "V7")),
    "complex numbers": lambda at: put(at, np.zeros((40, 3), complex)),
    "a number": lambda at: put(at, 1.5),
    "no numbers": lambda at: put(at, h5py.Empty("f4")),
    "another shape": lambda at: put(at, np.zeros((3, 5, 7, 2), "f4")),
    "zero points": lambda at: put(at, np.zeros((0, 3), "f4")),
    "all of 1e300": lambda at: put(at, np.full((40, 3), 1e300)),
}  # fmt: skip
MAP = {
    **{f"Euler: {k}": make(f"{DATA}/Euler") for k, make in ANYWHERE.items()},
    "Phase: 1e300": put(f"{DATA}/Phase", np.full((40, 1), 1e300)),
    "Phase: halves": put(f"{DATA}/Phase", np.full((40, 1), 0.5)),
    "Phase: -1": put(f"{DATA}/Phase", np.full((40, 1), -1)),
    "Phase: 2": put(f"{DATA}/Phase", np.full((40, 1), 2)),
    "X: 1e300": put(f"{DATA}/X", np.linspace(0, 1e300, 40)),
    "X: nan": put(f"{DATA}/X", np.full(40, np.nan)),
    "X: fewer": put(f"{DATA}/X", np.zeros(7)),
    "X: 10^12": made(f"{DATA}/X", (10**12,), chunks=(1 << 16,)),
    "cells: inf": put(f"{HEADER}/X Cells", [np.inf]),
    "cells: nan": put(f"{HEADER}/X Cells", [np.nan]),
    "cells: -8": put(f"{HEADER}/X Cells", [-8]),
    "cells: none": put(f"{HEADER}/X Cells", np.zeros(0)),
    "cells: texts": put(f"{HEADER}/X Cells", ["many"]),
    "cells: 10^12": made(f"{HEADER}/X Cells", (10**12,), chunks=(1 << 16,)),
    "cells: elsewhere": linked(f"{HEADER}/X Cells", h5py.ExternalLink(SECRET, "/a")),
    "no header": put(HEADER, None),
    "a header of numbers": put(HEADER, [1.0]),
    "phases of numbers": put(f"{HEADER}/Phases", [1.0]),
    "no phase": put(f"{HEADER}/Phases/1", None),
    "phases elsewhere": linked(f"{HEADER}/Phases", h5py.ExternalLink(SECRET, "/a")),
    "Laue group: 99": put(f"{HEADER}/Phases/1/Laue Group", [99]),
    "Laue group: texts": put(f"{HEADER}/Phases/1/Laue Group", ["m-3m" * 9000]),
    "Laue group: 10^12": made(f"{HEADER}/Phases/1/Laue Group", (10**12,), "i4", chunks=(1 << 16,)),
    "Laue group: inf": put(f"{HEADER}/Phases/1/Laue Group", [np.inf]),
    "a name of 10^12": made(f"{HEADER}/Phases/1/Phase Name", (10**12,), "S9", chunks=(1 << 16,)),
    "data elsewhere": linked(DATA, h5py.ExternalLink(SECRET, "/a")),
    "the map elsewhere": linked("1", h5py.ExternalLink(SECRET, "/a")),
    "two maps": lambda file: file.copy("1", "2"),
}  # fmt: skip


@table(MAP)
def test_a_bad_h5oina_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    with h5py.File(tmp_path / SECRET, "w") as file:
        file["a"] = np.zeros((40, 3), "f4")
    refused(load, tmp_path / "a.h5oina", edited(h5oina(), case))


IMAGE = "DataStructure/Image"
CELL, FEATURE, PHASE = (
    f"{IMAGE}/{k}" for k in ("CellData", "CellFeatureData", "CellEnsembleData")
)
VOLUME = {
    **{f"FeatureIds: {k}": make(f"{CELL}/FeatureIds") for k, make in ANYWHERE.items()
       if k not in ("nothing", "10^8 zeros")},
    "FeatureIds: 1e300": put(f"{CELL}/FeatureIds", np.full(IDS.shape[::-1], 1e300)),
    "FeatureIds: halves": put(f"{CELL}/FeatureIds", np.full(IDS.shape[::-1], 0.5)),
    "FeatureIds: -1": put(f"{CELL}/FeatureIds", np.full(IDS.shape[::-1], -1)),
    "EulerAngles: degrees": put(f"{CELL}/EulerAngles", np.full((*IDS.shape[::-1], 3), 90.0)),
    "EulerAngles: nan": put(f"{CELL}/EulerAngles", np.full((*IDS.shape[::-1], 3), np.nan)),
    "Phases: nan": put(f"{CELL}/Phases", np.full(IDS.shape[::-1], np.nan)),
    "Phases: halves": put(f"{CELL}/Phases", np.full(IDS.shape[::-1], 0.5)),
    "EulerAngles: nan that signals": put(
        f"{CELL}/EulerAngles", np.full((*IDS.shape[::-1], 3), 0x7FA00000, "u4").view("f4")
    ),
    "EulerAngles: two": put(f"{CELL}/EulerAngles", np.zeros((*IDS.shape[::-1], 2))),
    "Phases: 9": put(f"{CELL}/Phases", np.full(IDS.shape[::-1], 9)),
    "Phases: 1e300": put(f"{CELL}/Phases", np.full(IDS.shape[::-1], 1e300)),
    "mean angles: degrees": put(f"{FEATURE}/AvgEulerAngles", np.full((4, 3), 90.0)),
    "mean angles: nan": put(f"{FEATURE}/AvgEulerAngles", np.full((4, 3), np.nan)),
    "mean angles: 1e300": put(f"{FEATURE}/AvgEulerAngles", np.full((4, 3), 1e300)),
    "phases of features: 9": put(f"{FEATURE}/Phases", np.full(4, 9, "i4")),
    "phases of features: nan": put(f"{FEATURE}/Phases", np.full(4, np.nan)),
    "phases of features: fewer": put(f"{FEATURE}/Phases", np.ones(2, "i4")),
    "phases of features: 10^12": made(f"{FEATURE}/Phases", (10**12,), "i4", chunks=(1 << 16,)),
    "structures: 10^12": made(f"{PHASE}/CrystalStructures", (10**12,), "u4", chunks=(1 << 16,)),
    "structures: texts": put(f"{PHASE}/CrystalStructures", ["cubic"] * 2),
    "structures: -1": put(f"{PHASE}/CrystalStructures", np.array([-1, -1], "i4")),
    "structures: elsewhere": linked(f"{PHASE}/CrystalStructures", h5py.ExternalLink(SECRET, "/a")),
    "names: 10^12": made(f"{PHASE}/MaterialName", (10**12,), TEXTS, chunks=(1 << 16,)),
    "shape: another": attribute(IMAGE, "_DIMENSIONS", [3, 4, 5]),
    "shape: 10^12": attribute(IMAGE, "_DIMENSIONS", [10**12] * 3),
    "shape: inf": attribute(IMAGE, "_DIMENSIONS", [np.inf] * 3),
    "shape: texts": attribute(IMAGE, "_DIMENSIONS", ["a", "b", "c"]),
    "shape: two": attribute(IMAGE, "_DIMENSIONS", [6, 4]),
    "spacing: none": attribute(IMAGE, "_SPACING", np.zeros(0)),
    "spacing: 0": attribute(IMAGE, "_SPACING", [0.0, 1, 1]),
    "spacing: nan": attribute(IMAGE, "_SPACING", [np.nan, 1, 1]),
    "spacing: two": attribute(IMAGE, "_SPACING", [1.0, 1]),
    "spacing: texts": attribute(IMAGE, "_SPACING", ["a"] * 3),
    "spacing: 9000": attribute(IMAGE, "_SPACING", [1.0] * 7000),
    "origin: inf": attribute(IMAGE, "_ORIGIN", [np.inf, 0, 0]),
    "no origin": lambda file: file[IMAGE].attrs.__delitem__("_ORIGIN"),
    "two images": lambda file: file.copy(IMAGE, "DataStructure/Other"),
    "no image": put(IMAGE, None),
    "the image elsewhere": linked(IMAGE, h5py.ExternalLink(SECRET, "/a")),
    "a structure of numbers": put("DataStructure", [1.0]),
    "a structure of nothing": put("DataStructure", None),
}  # fmt: skip


@table(VOLUME)
def test_a_bad_dream3d_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    with h5py.File(tmp_path / SECRET, "w") as file:
        file["a"] = np.zeros((40, 3), "f4")
    refused(load, tmp_path / "a.dream3d", edited(volume(), case))


@table(
    {
        "a head": b"\x89HDF\r\n\x1a\n",
        "a heap without end": swapped(
            h5oina(), (b"Zircaloy" + bytes(8) + b"\xc0\x0f", b"Zircaloy" + bytes(10))
        ),
        "a heap too long": swapped(
            h5oina(), (b"GCOL\1\0\0\0\0\x10", b"GCOL\1\0\0\0\0\xff")
        ),
        "a text of 2^64": swapped(
            h5oina(), (b"\x08" + bytes(7) + b"Zircaloy", b"\xff" * 8 + b"Zircaloy")
        ),
        "free space in a circle": swapped(
            volume(),
            (b"EulerAngles" + bytes(5) + b"\1", b"EulerAngles" + bytes(5) + b"0"),
        ),
        "lengths of 4 bytes": h5oina()[:14] + b"\x04" + h5oina()[15:],
        "a head of zeros": b"\x89HDF\r\n\x1a\n" + bytes(9000),
        "cut": volume()[:3000],
        "of neither": edited(h5oina(), lambda file: [file.pop(k) for k in list(file)]),
        "gz cut": gz(volume())[:-30],
        "gz bomb": zeros_gz(1 << 28, b"\x89HDF\r\n\x1a\n"),
    }
)
def test_a_bad_hdf5_file_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.h5", case)


def test_free_space_between_names_is_no_damage(tmp_path):
    """A group that lost every third name lists 21 free blocks."""
    path = tmp_path / "a.h5"
    names = [f"name {i:02} of a group" for i in range(60)]
    with h5py.File(path, "w") as file:
        for name in names:
            file.create_group(name)
        for name in names[::3]:
            del file[name]
    with opened(path.read_bytes()) as file:
        assert set(file) == set(names) - set(names[::3])
