"""Volumes: VTI, npz, SPPARKS' site files, dumps and stitch files."""

import io
import os
import sqlite3
import struct

import h5py  # noqa: F401 (asks for the processor when it is loaded)
import numpy as np
import pytest
from hostile import (
    SECRET,
    gz,
    many,
    refused,
    survives,
    swapped,
    table,
    with_member,
    zeros_deflated,
    zeros_gz,
    zipped,
)
from samples import RECORDED

from grainpaint import Microstructure, load
from grainpaint.formats.spparks.stitch_blocks import write_block

IDS = np.random.default_rng(1).integers(1, 9, (6, 5, 4)).astype(np.int32)
VOLUME = Microstructure(IDS, (2.0, 2.0, 2.0), (1.0, 0.0, -5.0), (True, False, True))
DUMP = (RECORDED / "tiny.dump").read_bytes()
SITES = (RECORDED / "tiny.0.sites").read_bytes()


def same(a, b):
    ours = (a.spacing, a.origin, a.periodic) == (b.spacing, b.origin, b.periodic)
    return ours and np.array_equal(a.grain_id, b.grain_id)


def saved(suffix, folder):
    return VOLUME.save(folder / f"whole{suffix}").read_bytes()


@many
@pytest.mark.parametrize("suffix", [".vti", ".npz", ".sites"])
def test_damage_of_our_volumes_never_passes_in_silence(tmp_path, suffix, n):
    data = saved(suffix, tmp_path)
    survives(load, tmp_path / f"a{suffix}", data, n, same)


@many
def test_damage_of_a_packed_volume_never_passes_in_silence(tmp_path, n):
    survives(load, tmp_path / "a.vti.gz", gz(saved(".vti", tmp_path)), n, same)


@many
@pytest.mark.parametrize("data", [DUMP, SITES], ids=["dump", "sites"])
def test_damage_of_texts_of_spparks_is_borne(tmp_path, data, n):
    survives(load, tmp_path / "a.txt", data, n)


@pytest.fixture(scope="module")
def stitch(tmp_path_factory):
    path = tmp_path_factory.mktemp("stitch") / "a.st"
    write_block(path, 0.0, (0, 0, 0), {"site": IDS})
    write_block(path, 1.0, (1, 1, 1), {"site": IDS[1:, 1:, 1:]})
    base = sqlite3.connect(path)
    base.executescript("PRAGMA page_size = 512; VACUUM;")
    base.close()
    return path.read_bytes()


@many
def test_damage_of_a_stitch_file_is_borne(tmp_path, stitch, n):
    survives(load, tmp_path / "a.st", stitch, n)


def vti(*pairs):
    return lambda folder: swapped(saved(".vti", folder), *pairs)


HUGE = b"0 2147483647 0 2147483647 0 2147483647"
VTI = {
    "empty tag": vti((b"<VTKFile", b"<VTKFile/>")),
    "another root": vti((b'type="ImageData"', b'type="PolyData"')),
    "doctype": vti((b"<VTKFile", b"<!DOCTYPE a [<!ENTITY b 'c'>]><VTKFile")),
    "external entity": vti(
        (b"<VTKFile", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><VTKFile")
    ),
    "byte order": vti((b"LittleEndian", b"MiddleEndian")),
    "big-endian": vti((b"LittleEndian", b"BigEndian")),
    "header": vti((b"UInt64", b"UInt16")),
    "narrow header": vti((b"UInt64", b"UInt32")),
    "huge extent": vti((b"0 6 0 5 0 4", HUGE), (b"0 6 0 5 0 4", HUGE)),
    "huge whole": vti((b"0 6 0 5 0 4", HUGE)),
    "huge piece": vti((b'Piece Extent="0 6 0 5 0 4', b'Piece Extent="' + HUGE)),
    "float extent": vti((b"0 6 0 5 0 4", b"0 1e300 0 5 0 4")),
    "extent of words": vti((b"0 6 0 5 0 4", b"a b c d e f")),
    "short extent": vti((b"0 6 0 5 0 4", b"0 6 0 5")),
    "reversed extent": vti((b"0 6 0 5 0 4", b"6 0 0 5 0 4")),
    "spacing of 0": vti((b"2e-06", b"0")),
    "negative spacing": vti((b"2e-06", b"-1")),
    "spacing nan": vti((b"2e-06", b"nan")),
    "spacing inf": vti((b"2e-06", b"1e999")),
    "no spacing": vti((b"Spacing", b"Pacing")),
    "skewed": vti((b"1 0 0 0 1 0 0 0 1", b"1 1 0 0 1 0 0 0 1")),
    "singular": vti((b"1 0 0 0 1 0 0 0 1", b"0 0 0 0 0 0 0 0 0")),
    "type": vti((b'"Int32"', b'"String"')),
    "components": vti((b'Name="material"', b'Name="material" NumberOfComponents="3"')),
    "components of 2^31": vti(
        (b'Name="material"', b'Name="material" NumberOfComponents="2147483648"')
    ),
    "format": vti((b'format="binary"', b'format="hex"')),
    "ascii": vti((b'format="binary"', b'format="ascii"')),
    "appended": vti((b'format="binary"', b'format="appended"')),
    "offset": vti((b'format="binary"', b'format="appended" offset="9"')),
    "compressor": vti((b"<VTKFile", b'<VTKFile compressor="vtkZLibDataCompressor"')),
    "unknown compressor": vti((b"<VTKFile", b'<VTKFile compressor="evil"')),
    "range": vti((b'RangeMax="8"', b'RangeMax="2"')),
    "range of words": vti((b'RangeMax="8"', b'RangeMax="x"')),
    "another void": vti((b">\n0\n", b">\n2\n")),
    "lost field": vti((b"grainpaint_shape", b"grainpaint_shapes")),
    "other checksum": vti((b"grainpaint_crc32", b"grainpaint_crc33")),
    "field of words": vti((b">\n1 0 1\n", b">\nx y z\n")),
    "short field": vti((b">\n1 0 1\n", b">\n1 0\n")),
    "long digits": vti((b">\n1 0 1\n", b">\n" + b"1" * 9999 + b"\n")),
    "not base64": vti((b"AAAA", b"!!!!")),
    "cut base64": vti((b"AAAA", b"AAA")),
    "two attributes": vti((b"<VTKFile", b'<VTKFile type="a" type="b"')),
    "deep": vti((b"<Piece", b"<a>" * 9000 + b"<Piece")),
    "tags": vti((b"<Piece", b"<a/>" * 20_000 + b"<Piece")),
    "zero byte": vti((b"<Piece", b"\0<Piece")),
    "no end": lambda folder: saved(".vti", folder)[:-30],
    "half": lambda folder: saved(".vti", folder)[:1200],
    "gz without end": lambda folder: gz(saved(".vti", folder))[:-9],
    "gz of other sum": lambda folder: gz(saved(".vti", folder))[:-8] + bytes(8),
    "gz bomb": lambda _: zeros_gz(2 << 30, b"<VTKFile type='ImageData'>"),
}


@table(VTI)
def test_bad_vti_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.vti", case(tmp_path))


def packed_vti(stated, block, compressor=b"vtkZLibDataCompressor"):
    """Return a VTI of one packed block which says that it unpacks to so many bytes."""
    edge = round((stated / 4) ** (1 / 3))
    head = struct.pack("<QQQQ", 1, stated, 0, len(block))
    extent = b"0 %d 0 %d 0 %d" % (edge, edge, edge)
    return (
        b'<VTKFile type="ImageData" byte_order="LittleEndian" header_type="UInt64" '
        b'compressor="' + compressor + b'"><ImageData WholeExtent="' + extent
        + b'" Spacing="1 1 1"><Piece Extent="' + extent
        + b'"><CellData><DataArray type="Int32" Name="material" format="appended" '
        b'offset="0"/></CellData></Piece></ImageData><AppendedData encoding="raw">_'
        + head + block + b"</AppendedData></VTKFile>"
    )  # fmt: skip


def test_a_vti_that_blows_up_is_refused(tmp_path):
    n_bytes = 4 * 640**3
    block = zeros_deflated(n_bytes)
    refused(load, tmp_path / "a.vti", packed_vti(n_bytes, block))
    refused(load, tmp_path / "a.vti", packed_vti(4 * 2**60, b"x"))


class Payload:
    """What a pickle would run."""

    def __reduce__(self):
        return os.system, (f"touch {SECRET}",)


def npy(values, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(values), **options)
    return file.getvalue()


def header(text, body=b"", version=1):
    n = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes((version, 0)) + n + text + body


def shaped(shape, dtype="<i4"):
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}}}\n"
    return header(text.encode(), bytes(480))


def npz(name, member):
    def made(folder):
        return with_member(saved(".npz", folder), f"{name}.npy", lambda _: member)

    return made


def zip_bomb(_):
    """Return an .npz whose grain_id is 2 GB of zeros in 2 MB."""
    edge, n = 1024, 2 << 30
    start = shaped((edge, edge, edge // 2))[:-480]
    packed = zeros_deflated(n, start)
    name, size = b"grain_id.npy", n + len(start)
    info = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), size, 12, 0)
    local = b"PK\3\4" + info + name + packed
    central = b"PK\1\2\x14\0" + info + bytes(14) + name
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + b"PK\5\6" + end


NPZ = {
    **{
        f"{name} {what}": npz(name, member)
        for name in ("grain_id", "spacing")
        for what, member in {
            "of objects": npy([Payload()], allow_pickle=True),
            "a bare pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
            "lost": None,
            "empty": b"",
            "of 2^62": shaped((2**31, 2**31)),
            "of 2^31": shaped((2**31,)),
            "of negative shape": shaped((-3, -4)),
            "of nested header": header(b"(" * 60_000),
            "of code": header(b"__import__('os').system('true')\n"),
            "of unknown type": shaped((5,), "<z9"),
            "without end": npy(np.ones(9))[:-5],
            "too long": npy(np.ones(9)) + b"more",
            "of version 9": b"\x93NUMPY\x09\0" + bytes(90),
            "of names": npy(["a", "b", "c"]),
            "of no axis": npy(3.5),
            "of complex": npy(np.full((2, 2, 2), 1j)),
            "of zero size": npy(np.ones((0, 3, 3), int)),
        }.items()
        # Cubes of 1 µm without a spacing, or of the only number that there is.
        if (name, what) not in (("spacing", "lost"), ("spacing", "of no axis"))
    },
    "ids not finite": npz("grain_id", npy(np.full((2, 2, 2), np.nan))),
    "ids with fractions": npz("grain_id", npy(np.full((2, 2, 2), 0.5))),
    "ids below 0": npz("grain_id", npy(np.full((2, 2, 2), -1))),
    "spacing of 0": npz("spacing", npy([0.0, 1, 1])),
    "spacing nan": npz("spacing", npy([np.nan, 1, 1])),
    "two spacings": npz("spacing", npy([1.0, 1])),
    "origin inf": npz("origin", npy([np.inf, 1, 1])),
    "periodic of words": npz("periodic", npy(["a", "b", "c"])[:-4]),
    "no zip": lambda _: b"PK\3\4" + bytes(100),
    "cut": lambda folder: saved(".npz", folder)[:-40],
    "empty zip": lambda _: b"PK\3\4" + zipped([]),
    "of other files": lambda _: zipped([("../../a", b"x"), ("/etc/passwd", b"y")]),
    "encrypted": lambda folder: saved(".npz", folder).replace(
        b"\0\0\x08\0\0\0\x21\0", b"\1\0\x08\0\0\0\x21\0"
    ),
    "a zip bomb": zip_bomb,
}  # fmt: skip


@table(NPZ)
def test_bad_npz_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.npz", case(tmp_path))


def dump(*pairs):
    return lambda: swapped(DUMP, *pairs)


def rows(text, n=8, box="0 2\n0 2\n0 2", names="id site x y z"):
    return lambda: (
        f"ITEM: TIMESTEP\n0 0\nITEM: NUMBER OF ATOMS\n{n}\nITEM: BOX BOUNDS\n{box}\n"
        f"ITEM: ATOMS {names}\n{text}"
    ).encode()


FULL = [f"{i + 1} 3 {i % 2} {i // 2 % 2} {i // 4}" for i in range(8)]


def full(at, word, new):
    words = [row.split() for row in FULL]
    words[at][word] = new
    return rows("\n".join(map(" ".join, words)) + "\n")


SPPARKS = {
    "header alone": lambda: b"ITEM: TIMESTEP\n",
    "no time": lambda: b"ITEM: TIMESTEP\n\n",
    "time of words": lambda: b"ITEM: TIMESTEP\nx y\n",
    "no atoms": lambda: b"ITEM: TIMESTEP\n0 0\n",
    "count of words": rows("\n".join(FULL), "x"),
    "count of 2^62": rows("\n".join(FULL), 2**62),
    "count of -1": rows("\n".join(FULL), -1),
    "long count": rows("\n".join(FULL), "9" * 5000),
    "half a box": rows("\n".join(FULL), box="0 2\n0 2"),
    "flat box": rows("\n".join(FULL), box="0\n0\n0"),
    "box of words": rows("\n".join(FULL), box="0 a\n0 2\n0 2"),
    "box nan": rows("\n".join(FULL), box="0 nan\n0 2\n0 2"),
    "box inf": rows("\n".join(FULL), box="0 inf\n0 2\n0 2", names="id site a b c"),
    "box of 2^62": rows(
        "\n".join(FULL), box="0 1e18\n0 1e18\n0 1e18", names="id site a b c"
    ),
    "no spin": rows("\n".join(FULL), names="id a x y z"),
    "no place": rows("\n".join(FULL), names="a site b y z"),
    "too many names": rows("\n".join(FULL), names="id site x y z " + "a " * 300),
    "a row less": rows("\n".join(FULL[:-1])),
    "a row more": rows("\n".join([*FULL, FULL[0]])),
    "a row twice": rows("\n".join([*FULL[:-1], FULL[0]])),
    "no rows": rows(""),
    "short row": rows("\n".join([*FULL[:-1], "8 3 1"])),
    "long row": rows("\n".join([*FULL[:-1], FULL[-1] + " 5"])),
    "spin of words": full(3, 1, "x"),
    "spin nan": full(3, 1, "nan"),
    "spin inf": full(3, 1, "inf"),
    "spin of 1e300": full(3, 1, "1e300"),
    "spin of 2^40": full(3, 1, str(2**40)),
    "half a spin": full(3, 1, "0.5"),
    "place nan": full(3, 2, "nan"),
    "place inf": full(3, 2, "inf"),
    "place far": full(3, 2, "1e15"),
    "place off": full(3, 2, "0.7"),
    "a diagonal": rows(
        "\n".join(f"{i} 1 {i} {i} {i}" for i in range(9000)), 9000,
        "0 9000\n0 9000\n0 9000",
    ),
    "zero bytes": rows("\0" * 50),
    "bytes": rows("\xff\xfe"),
    "sites of 10^300": lambda: swapped(SITES, (b"60 sites", b"1" * 300 + b" sites")),
    "sites without values": lambda: swapped(SITES, (b"Values", b"Valuez")),
    "sites of 2^62": lambda: swapped(SITES, (b"60 sites", b"6099999999999999 sites")),
    "sites in a box of 1e308": lambda: swapped(SITES, (b"0 4 xlo", b"0 1e308 xlo")),
    "sites of words": lambda: swapped(SITES, (b"60 sites", b"x sites")),
    "sites of an infinite box": lambda: swapped(SITES, (b"4 xlo", b"4e999 xlo")),
    "an unknown line": lambda: swapped(SITES, (b"60 sites", b"60 sites\nfoo bar")),
    "sites cut": lambda: SITES[: len(SITES) // 2],
    "sites of other IDs": lambda: swapped(SITES, (b"\n2 ", b"\n1 ")),
    "nothing": lambda: b"",
    "HDF5": lambda: b"\x89HDF\r\n\x1a\n" + bytes(99),
    "an STL": lambda: b"solid a\nendsolid a\n",
}  # fmt: skip


@table(SPPARKS)
def test_bad_texts_of_spparks_are_refused(tmp_path, case):
    refused(load, tmp_path / "a.txt", case())


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS "
BOX = "x_min = 0, y_min = 0, z_min = 0, x_max = {0}, y_max = {0}, z_max = {0}"
STITCH = {
    "a view without end": f"DROP TABLE times; CREATE VIEW times AS {ENDLESS} time, "
    "1 AS timestamp FROM c",
    "fields without end": f"DROP TABLE fields; CREATE VIEW fields AS {ENDLESS} field, "
    "1 AS field_id FROM c",
    "no times": "DELETE FROM times",
    "no blocks": "DELETE FROM blocks",
    "no table": "DROP TABLE blocks",
    "no column": "ALTER TABLE blocks RENAME COLUMN state TO other",
    "no field": "DELETE FROM fields",
    "a time of words": "UPDATE times SET time = 'noon'",
    "a time without end": "UPDATE times SET time = 9e999",
    "a time of bytes": "UPDATE times SET time = x'00ff'",
    "no state": "UPDATE blocks SET state = NULL",
    "a state of words": "UPDATE blocks SET state = 'abc'",
    "a state of 3 bytes": "UPDATE blocks SET state = x'010203'",
    "a huge box": "UPDATE blocks SET " + BOX.format(2**31),
    "a box beyond 64 bits": "UPDATE blocks SET " + BOX.format("9e99"),
    "a reversed box": "UPDATE blocks SET " + BOX.format(-5),
    "corners of words": "UPDATE blocks SET x_min = 'a'",
    "far apart": "UPDATE blocks SET x_min = x_min + 2000000000, x_max = x_max + "
    "2000000000 WHERE timestamp = 2",
    "huge zeros": "UPDATE blocks SET state = zeroblob(4000)",
    "another field": "UPDATE blocks SET field_id = 77",
    "other stamps": "UPDATE blocks SET timestamp = 77",
    "half the sites": "DELETE FROM blocks WHERE timestamp = 1; UPDATE blocks SET "
    "x_min = x_min + 1, x_max = x_max + 2",
}


@table(STITCH)
def test_a_bad_stitch_file_is_refused(tmp_path, stitch, case):
    path = tmp_path / "a.st"
    path.write_bytes(stitch)
    base = sqlite3.connect(path)
    base.executescript(case)
    base.close()
    refused(load, path)


def test_a_stitch_file_with_torn_pages_is_refused(tmp_path, stitch):
    for page in range(1, 6):
        torn = stitch[: 512 * page] + bytes(512) + stitch[512 * (page + 1) :]
        refused(load, tmp_path / "a.st", torn)
    refused(load, tmp_path / "a.st", stitch[:700])


def test_our_site_file_without_its_checksum_is_refused(tmp_path):
    data = swapped(saved(".sites", tmp_path), (b"p; crc32 ", b"p; crc33 "))
    refused(load, tmp_path / "a.sites", data)
