"""Volumes in stacks: tessellations of Neper (.tesr), labels in TIFF."""
# ruff: noqa: E501 (a case a line)

import io
import random
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hostile import (
    SECRET,
    gz,
    many,
    mutated,
    refused,
    survives,
    swapped,
    table,
    zeros_deflated,
    zeros_gz,
)

from grainpaint import load

IDS = np.random.default_rng(1).integers(1, 9, (6, 5, 4)).astype(np.uint16)
TURNS = "\n".join(" ".join(f"{v:g}" for v in (10 * i, 20, 30)) for i in range(8))


def tesr(
    form="ascii", data=None, ori=f"*ori\n euler-bunge:active\n {TURNS}\n", version="2.2"
):
    if data is None:
        flat = IDS.ravel(order="F")
        data = " ".join(map(str, flat)).encode() if form == "ascii" else flat.tobytes()
    head = (
        f"***tesr\n **format\n {version}\n **general\n 3\n 6 5 4\n 0.5 0.5 0.5\n *origin\n"
        f" 1 2 3\n **cell\n 8\n *id\n 1 2 3 4 5 6 7 8\n *seed\n {TURNS}\n {ori} *crysym\n"
        f" cubic\n **data\n {form}\n"
    )
    return head.encode() + data + b"\n***end\n"


def tiff(values=IDS, **options):
    memory = io.BytesIO()
    options.setdefault("photometric", "minisblack")
    tifffile.imwrite(memory, values.transpose(2, 1, 0), **options)
    return memory.getvalue()


STATED = {"axes": "ZYX", "PhysicalSizeX": 2.0, "PhysicalSizeXUnit": "nm"}
OME = tiff(ome=True, metadata=STATED)
IMAGEJ = tiff(
    imagej=True,
    photometric=None,
    resolution=(2, 2),
    metadata={"axes": "ZYX", "unit": "um", "spacing": 3.0},
)
WHOLE = {
    "a.tesr": tesr(), "b.tesr": tesr("binary16"), "a.tif": tiff(), "b.tif": tiff(compression="zlib"),
    "c.tif": OME, "d.tif": IMAGEJ, "e.tif": tiff(bigtiff=True, tile=(16, 16)),
}  # fmt: skip


@many
@pytest.mark.parametrize("name", WHOLE)
def test_damage_of_a_stack_is_borne(tmp_path, name, n):
    survives(load, tmp_path / name, WHOLE[name], n // 3 if n < 1000 else n)


def text(*pairs, of=None):
    return swapped(tesr() if of is None else of, *pairs)


def oriented(name, *rows):
    turns = "\n".join([*rows, *[rows[-1]] * (8 - len(rows))])
    return tesr(ori=f"*ori\n {name}\n {turns}\n")


def beside(name):
    return tesr("binary16", f"*file {name}".encode())


TESR = {
    "a mark alone": b"***tesr",
    "marks": b"***tesr **format 2.2 " + b"**general " * 90_000,
    "no format": text((b"**format", b"**fromat")),
    "a long version": text((b" 2.2", b" " + b"2" * 900_000)),
    "version 3": text((b" 2.2", b" 3.0")),
    "4 dimensions": text((b"\n 3\n 6", b"\n 4\n 6")),
    "2.5 dimensions": text((b"\n 3\n 6", b"\n 2.5\n 6")),
    "1e300 dimensions": text((b"\n 3\n 6", b"\n 1e300\n 6")),
    "half a voxel": text((b" 6 5 4", b" 6.5 5 4")),
    "no voxel": text((b" 6 5 4", b" 0 5 4")),
    "-6 voxels": text((b" 6 5 4", b" -6 5 4")),
    "2^62 voxels": text((b" 6 5 4", b" 2147483648 2147483648 1")),
    "2^39 voxels": text((b" 6 5 4", b" 524288 524288 2")),
    "voxels of nan": text((b" 6 5 4", b" nan 5 4")),
    "voxels of inf": text((b" 6 5 4", b" inf 5 4")),
    "another shape": text((b" 6 5 4", b" 6 5 5")),
    "a smaller shape": text((b" 6 5 4", b" 6 5 3")),
    "spacing of 0": text((b"0.5 0.5 0.5", b"0 0.5 0.5")),
    "spacing of -1": text((b"0.5 0.5 0.5", b"-1 0.5 0.5")),
    "spacing of nan": text((b"0.5 0.5 0.5", b"nan 0.5 0.5")),
    "origin of inf": text((b" 1 2 3\n **cell", b" 1 2 inf\n **cell")),
    "an unknown mark": text((b"*origin", b"*" + b"o" * 9000)),
    "cells of 2^31": text((b"**cell\n 8", b"**cell\n 2147483648")),
    "cells of 1e300": text((b"**cell\n 8", b"**cell\n 1e300")),
    "fewer cells": text((b"**cell\n 8", b"**cell\n 7")),
    "half a cell": text((b"*id\n 1 ", b"*id\n 1.5 ")),
    "words of cells": text((b"*id\n 1 ", b"*id\n one ")),
    "words without end": text((b"*seed\n", b"*seed\n" + b"a " * 900_000), (b"**data", b"**dada")),
    "an unknown symmetry": text((b"cubic", b"cubist" * 9000)),
    "unknown orientations": text((b"euler-bunge", b"euler" * 9000)),
    "an orientation less": text((b"70 20 30\n *crysym", b"70 20\n *crysym")),
    "quaternions of 0": oriented("quaternion:active", "0 0 0 0"),
    "quaternions of 1e300": oriented("quaternion:active", "1e300 0 0 0"),
    "an axis of 0": oriented("axis-angle:active", "0 0 0 nan"),
    "matrices of 0": oriented("rotmat:active", "0 " * 9),
    "matrices that mirror": oriented("rotmat:active", "-1 0 0 0 1 0 0 0 1"),
    "matrices that shear": oriented("rotmat:active", "1 1 0 0 1 0 0 0 1"),
    "angles of nan": oriented("euler-bunge:active", "nan 0 0"),
    "a cell of words": text((b"ascii\n", b"ascii\nx ")),
    "half a cell of a voxel": text((b"ascii\n" + b"%d" % IDS[0, 0, 0], b"ascii\n1.5")),
    "a cell of -1": text((b"ascii\n" + b"%d" % IDS[0, 0, 0], b"ascii\n-1")),
    "a cell of 1e300": text((b"ascii\n" + b"%d" % IDS[0, 0, 0], b"ascii\n1e300")),
    "a long cell": text((b"ascii\n" + b"%d" % IDS[0, 0, 0], b"ascii\n" + b"1" * 40)),
    "a cell too many": text((b"ascii\n", b"ascii\n9 ")),
    "binary cut": tesr("binary16")[:-30],
    "binary of 64": text((b"binary16", b"binary64"), of=tesr("binary16")),
    "a word after": text((b"***end", b"**more")),
    "data in a device": beside("/dev/zero"),
    "data in a password": beside("/etc/passwd"),
    "data above": beside(f"../{SECRET}"),
    "data in a zero byte": beside("a\0b"),
    "data in a folder": beside("."),
    "data in a long name": beside("a" * 9000),
    "data nowhere": beside("b.raw"),
    "data in itself": beside("a.tesr"),
    "gz cut": gz(tesr())[:-9],
    "gz bomb": zeros_gz(1 << 28, b"***tesr\n"),
}  # fmt: skip


@table(TESR)
def test_a_bad_tesr_is_refused(tmp_path, case):
    (tmp_path / "in").mkdir()
    (tmp_path / SECRET).write_bytes(IDS.tobytes())
    refused(load, tmp_path / "in" / "a.tesr", case)


def tag(code, value, of=WHOLE["a.tif"], count=None, kind=None):
    """Return a little-endian TIFF in which a tag of the first page says something else."""
    data = bytearray(of)
    (at,) = struct.unpack_from("<I", data, 4)
    (n,) = struct.unpack_from("<H", data, at)
    for i in range(n):
        place = at + 2 + 12 * i
        if struct.unpack_from("<H", data, place)[0] == code:
            if kind is not None:
                struct.pack_into("<H", data, place + 2, kind)
            if count is not None:
                struct.pack_into("<I", data, place + 4, count)
            struct.pack_into("<I", data, place + 8, value & 0xFFFFFFFF)
            return bytes(data)
    raise AssertionError(code)


def ome(*pairs):
    return swapped(
        OME,
        *(
            (a.encode(), b.encode().ljust(len(a))[: max(len(a), len(b))])
            for a, b in pairs
        ),
    )


def xml(text):
    return tiff(description=text, metadata=None)


def pixels(
    more="", parts="", sizes='SizeX="6" SizeY="5" SizeZ="4" SizeC="1" SizeT="1"'
):
    return xml(
        f'<?xml version="1.0"?><OME><Image><Pixels {sizes} {more} DimensionOrder="XYZCT" '
        f'Type="uint16">{parts}</Pixels></Image></OME>'
    )


def packed(strip, edge=8):
    """Return a page of edge^2 pixels whose only strip is deflated bytes."""
    entries = [(256, 3, edge), (257, 3, edge), (258, 3, 8), (259, 3, 8), (262, 3, 1),
               (273, 4, 8 + 2 + 12 * 9 + 4), (277, 3, 1), (278, 3, edge), (279, 4, len(strip))]  # fmt: skip
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return (
        head
        + b"".join(struct.pack("<HHII", c, k, 1, v) for c, k, v in entries)
        + bytes(4)
        + strip
    )


def circle(of):
    """Return a TIFF whose last page is followed by its first."""
    data = bytearray(of)
    at = struct.unpack_from("<I", data, 4)[0]
    first = at
    while True:
        (n,) = struct.unpack_from("<H", data, at)
        place = at + 2 + 12 * n
        (following,) = struct.unpack_from("<I", data, place)
        if not following:
            struct.pack_into("<I", data, place, first)
            return bytes(data)
        at = following


def chain(n):
    """Return a TIFF of n pages that have a tag each."""
    pages = (struct.pack("<HHHIII", 1, 256, 3, 1, 6, 26 + 18 * i) for i in range(n))
    return b"II*\0\x08\0\0\0" + b"".join(pages)


PAGES = [np.full((5, 6), i, np.uint16) for i in range(3)]


def several(*arrays):
    memory = io.BytesIO()
    with tifffile.TiffWriter(memory) as writer:
        for values in arrays:
            writer.write(values, photometric="minisblack", metadata=None)
    return memory.getvalue()


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY b "c">'
    + "".join(
        f'<!ENTITY b{i} "{10 * (f"&b{i - 1};" if i else "&b;")}">' for i in range(9)
    )
    + "]><OME>&b8;</OME>"
)
TIFF = {
    "a mark": b"II*\0",
    "a head": b"II*\0" + bytes(4),
    "a head of bigtiff": b"II+\0\x08\0\0\0" + bytes(8),
    "a head to nowhere": b"II*\0\xff\xff\xff\xff" + bytes(99),
    "zeros": b"II*\0\x08\0\0\0" + bytes(9000),
    "ones": b"II*\0\x08\0\0\0" + b"\xff" * 9000,
    "many tags": b"II*\0\x08\0\0\0\xff\xff" + bytes(9000),
    "cut": WHOLE["a.tif"][:400],
    "cut in packed voxels": WHOLE["b.tif"][:-9],
    "a width of 2^31": tag(256, 2**31),
    "a width of 0": tag(256, 0),
    "a width of 7": tag(256, 7),
    "a length of 2^31": tag(257, 2**31),
    "a length of 0": tag(257, 0),
    "bits of 65535": tag(258, 65_535),
    "bits of 0": tag(258, 0),
    "a compression of 999": tag(259, 999),
    "JPEG": tag(259, 7),
    "packed that is not": tag(259, 8),
    "LZMA that is not": tag(259, 34_925),
    "samples of 65535": tag(277, 65_535),
    "strips elsewhere": tag(273, 2**31),
    "strips of no bytes": tag(279, 0),
    "strips of 2^31": tag(279, 2**31 - 1),
    "2^32 strips": tag(273, 8, count=2**32 - 1),
    "strips of a text": tag(273, 8, kind=2),
    "strips of a double": tag(273, 8, kind=12),
    "a strip that bursts": packed(b"\x78\x9c" + zeros_deflated(1 << 30)),
    "a strip cut": packed(zlib.compress(bytes(64))[:-6]),
    "a strip too short": packed(zlib.compress(bytes(30))),
    "a page of 2^20 pixels": packed(zlib.compress(bytes(64)), 60_000),
    "a picture": tiff(np.zeros((3, 5, 6), "u1"), photometric="rgb"),
    "floats": tiff(IDS + np.float32(0.5)),
    "complex numbers": tiff(IDS.astype("c8")),
    "two images": several(PAGES[0], PAGES[1][:3]),
    "no unit of length": tiff(imagej=True, photometric=None, resolution=(2, 2), metadata={"axes": "ZYX", "unit": "parsec"}),
    "a resolution of 0": tag(282, 0, of=IMAGEJ, kind=4),
    "OME in a parsec": ome(('"nm"', '"pc"')),
    "OME of 0": ome(('PhysicalSizeX="2.0"', 'PhysicalSizeX="0.0"')),
    "OME of -2": ome(('PhysicalSizeX="2.0"', 'PhysicalSizeX="-2."')),
    "OME of nan": ome(('PhysicalSizeX="2.0"', 'PhysicalSizeX="nan"')),
    "OME of words": ome(('PhysicalSizeX="2.0"', 'PhysicalSizeX="two"')),
    "OME of more layers": pixels(sizes='SizeZ="9"'),
    "OME of 2^62 layers": pixels(sizes='SizeZ="4611686018427387904"'),
    "OME of colors": pixels(sizes='SizeZ="2" SizeC="2"'),
    "OME of times and layers": pixels(sizes='SizeZ="2" SizeT="2"'),
    "OME of words of layers": pixels(sizes='SizeZ="four"'),
    "OME in other files": pixels(parts=f'<TiffData IFD="0"><UUID FileName="{SECRET}">a</UUID></TiffData><TiffData IFD="1"><UUID FileName="/etc/passwd">b</UUID></TiffData>'),
    "OME in another order": pixels(parts='<TiffData IFD="3" FirstZ="0"/>'),
    "OME of two images": xml("<OME><Image><Pixels/></Image><Image><Pixels/></Image></OME>"),
    "OME of no image": xml("<OME></OME>"),
    "OME cut": xml("<OME><Image></OME>"),
    "OME that laughs": xml(LAUGHS),
    "OME nested": xml("<a>" * 90_000 + "</OME>"),
    "2^21 strips of one": tag(257, 2**21 * 5, of=packed(zlib.compress(bytes(64)))),
    "100,000 pages": chain(100_000),
    "damage at each page": mutated(WHOLE["b.tif"], random.Random("b.tif 485")),
    "pages in a circle": circle(several(*PAGES)),
    "gz cut": gz(WHOLE["a.tif"])[:-9],
    "gz bomb": zeros_gz(1 << 28, b"II*\0"),
}  # fmt: skip


@table(TIFF)
def test_a_bad_tiff_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_bytes(WHOLE["a.tif"])
    refused(load, tmp_path / "a.tif", case)
