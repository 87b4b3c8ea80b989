"""Volumes: VTI, npz, and site files of ours."""

import io
import os
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

from grainpaint import Microstructure, load

IDS = np.random.default_rng(1).integers(1, 9, (6, 5, 4)).astype(np.int32)
VOLUME = Microstructure(IDS, (2.0, 2.0, 2.0), (1.0, 0.0, -5.0), (True, False, True))


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


def test_our_site_file_without_its_checksum_is_refused(tmp_path):
    data = swapped(saved(".sites", tmp_path), (b"p; crc32 ", b"p; crc33 "))
    refused(load, tmp_path / "a.sites", data)
