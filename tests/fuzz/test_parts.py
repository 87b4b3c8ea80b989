"""Parts: STL, OBJ, PLY, OFF, GLB, 3MF and STEP files."""

import struct

import numpy as np
import pytest
from hostile import (
    gz,
    many,
    refused,
    survives,
    swapped,
    table,
    zeros_gz,
)
from meshes import WHOLE, model, threemf

from grainpaint.cad.load import load_part


@many
@pytest.mark.parametrize("name", WHOLE)
def test_damage_of_a_part_is_borne(tmp_path, name, n):
    checked = name.endswith((".3mf", ".gz"))  # of these formats, damage is known
    survives(load_part, tmp_path / name, WHOLE[name], n, same if checked else None)


def same(a, b):
    return np.array_equal(a.vertices, b.vertices) and np.array_equal(a.faces, b.faces)


@many
def test_damage_within_a_3mf_is_borne(tmp_path, n):
    def read(path):
        inner = path.with_name("inner.3mf")
        inner.write_bytes(threemf(path.read_bytes()))
        return load_part(inner)

    survives(read, tmp_path / "model.xml", model(), n)


def binary(count=None, **changes):
    data = bytearray(WHOLE["a.stl"])
    if count is not None:
        data[80:84] = struct.pack("<I", count)
    for at, values in changes.items():
        data[84 + 12 + int(at[1:]) : 84 + 24 + int(at[1:])] = struct.pack(
            "<3f", *values
        )
    return bytes(data)


def text(*pairs, of="b.stl"):
    return swapped(WHOLE[of], *pairs)


def first_vertex(new):
    old = next(line for line in WHOLE["b.stl"].split(b"\n") if b"vertex" in line)
    return WHOLE["b.stl"].replace(old, new, 1)


STL = {
    "nothing": b"",
    "a byte": b"s",
    "a head": bytes(84),
    "a cut head": bytes(50),
    "no triangles": b"solid a\nendsolid a\n",
    "count of 2^31 in zeros": bytes(80) + struct.pack("<I", 2**31) + bytes(999),
    "cut binary": WHOLE["a.stl"][:1007],
    "nan": binary(b0=(np.nan, 0, 0)),
    "inf": binary(b0=(np.inf, 0, 0)),
    "far": binary(b0=(3e38, 0, 0)),
    "a corner off": binary(b0=(0.1, 0.2, 0.9)),
    "one triangle": WHOLE["a.stl"][:80] + b"\1\0\0\0" + WHOLE["a.stl"][84:134],
    "cut text": WHOLE["b.stl"][:999],
    "a word": first_vertex(b"vertex a b c"),
    "a comma": first_vertex(b"vertex 0,5 1 1"),
    "two numbers": first_vertex(b"vertex 0 1"),
    "no vertex": first_vertex(b""),
    "four vertices": first_vertex(b"vertex 0 0 0\nvertex 0 0 0"),
    "text nan": first_vertex(b"vertex nan 0 0"),
    "text inf": first_vertex(b"vertex inf 0 0"),
    "1e308": first_vertex(b"vertex 1e308 0 0"),
    "1e99999": first_vertex(b"vertex 1e99999 0 0"),
    "1e-320": first_vertex(b"vertex 1e-320 0 0"),
    "digits": first_vertex(b"vertex " + b"9" * 9000 + b" 0 0"),
    "unknown word": text((b"outer", b"inner")),
    "no loop": text((b"loop", b"hoop")),
    "zero bytes": text((b"outer", b"\0\0\0\0\0")),
    "noise": np.random.default_rng(0).bytes(9999),
    "zeros": bytes(9999),
    "ones": b"\xff" * 9999,
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(999),
    "page": b"<html>facet vertex</html>",
    "utf-16": "solid a\nfacet normal x".encode("utf-16"),
    "gz cut": gz(WHOLE["a.stl"])[:-20],
    "gz of gz": gz(gz(WHOLE["a.stl"])),
    "gz bomb": zeros_gz(1 << 30, b"solid a\n"),
    "gz head": b"\x1f\x8b",
    "gz of nothing": gz(b""),
    "at the end of float32": binary(b0=(3.4028235e38, 0, 0)),
    "tiny": binary(b0=(1e-42, 0, 0)),
    "a hole": WHOLE["a.stl"][:80] + b"\x2f\0\0\0" + WHOLE["a.stl"][84:-50],
}


@table(STL)
def test_a_bad_stl_is_refused(tmp_path, case):
    refused(load_part, tmp_path / "a.stl", case)
