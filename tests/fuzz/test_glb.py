"""GLB files: damaged, malicious, with pictures elsewhere."""
# ruff: noqa: E501 (a case a line)

import json
import struct

import pytest
from hostile import SECRET, outcome, refused, table, zeros_gz
from meshes import WHOLE

from grainpaint.cad.load import load_part


def glb(change=lambda tree: tree, body=None):
    data = WHOLE["a.glb"]
    n = int.from_bytes(data[12:16], "little")
    tree = json.loads(data[20 : 20 + n])
    words = json.dumps(change(tree) or tree).encode()
    words += b" " * (-len(words) % 4)
    body = data[28 + n :] if body is None else body
    chunks = struct.pack("<I4s", len(words), b"JSON") + words
    chunks += struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def put(*path_and_value):
    *path, key, value = path_and_value

    def change(tree):
        for step in path:
            tree = tree[step]
        tree[key] = value

    return glb(change)


def uri(address):
    return put("buffers", 0, {"byteLength": 999, "uri": address})


def picture(address):
    """Return a GLB whose material has a picture somewhere else."""

    def change(tree):
        tree["images"] = [{"uri": address}]
        tree["textures"] = [{"source": 0}]
        tree["materials"] = [
            {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}
        ]
        tree["meshes"][0]["primitives"][0]["material"] = 0

    return glb(change)


def accessor(number, key, value):
    return put("accessors", number, key, value)


def primitive(key, value):
    return put("meshes", 0, "primitives", 0, key, value)


def chunk(kind, n, data):
    return WHOLE["a.glb"][:12] + struct.pack("<I4s", n, kind) + data


WHERE = ("file:///etc/passwd", "http://127.0.0.1:9/a.bin", SECRET, f"../{SECRET}", "data:,x",
         "data:application/pickle;base64,gASVAA==")  # fmt: skip
GLB = {
    **{f"of {address}": uri(address) for address in WHERE},
    "count of 2^31": accessor(0, "count", 2**31),
    "count of 2^62": accessor(0, "count", 2**62),
    "count of -1": accessor(0, "count", -1),
    "count of 1e300": accessor(0, "count", 1e300),
    "count of 0": accessor(0, "count", 0),
    "count of words": accessor(0, "count", "many"),
    "count of 143": accessor(0, "count", 143),
    "no type": accessor(0, "componentType", 1),
    "corners of bytes": accessor(0, "componentType", 5121),
    "an unknown shape": accessor(1, "type", "VEC99"),
    "points of matrices": accessor(1, "type", "MAT4"),
    "points far": accessor(1, "byteOffset", 2**31),
    "points before": accessor(1, "byteOffset", -400),
    "sparse points": accessor(1, "sparse", {"count": 2**31, "indices": {"bufferView": 9}}),
    "a view beyond": put("bufferViews", 0, "byteOffset", 2**31),
    "a view of 2^31": put("bufferViews", 0, "byteLength", 2**31),
    "a view of -1": put("bufferViews", 0, "byteLength", -1),
    "a stride of 2^31": put("bufferViews", 1, "byteStride", 2**31),
    "no views": put("bufferViews", []),
    "no buffers": put("buffers", []),
    "no accessors": put("accessors", []),
    "no nodes": put("nodes", []),
    "a node in itself": put("nodes", 0, "children", [0]),
    "a node of nothing": put("nodes", 0, "mesh", 7),
    "a matrix of nan": put("nodes", 0, "matrix", [float("nan")] * 16),
    "a matrix of 0": put("nodes", 0, "matrix", [0.0] * 16),
    "a short matrix": put("nodes", 0, "matrix", [1.0] * 7),
    "no meshes": put("meshes", []),
    "lines": primitive("mode", 1),
    "no points": primitive("attributes", {}),
    "corners nowhere": primitive("indices", 7),
    "packed by Draco": primitive("extensions", {"KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0}}}),
    "no body": glb(body=b""),
    "half a body": glb(body=bytes(300)),
    "a body of ones": glb(body=b"\xff" * 888),
    "a nested tree": chunk(b"JSON", 90_000, b"[" * 90_000),
    "a tree of 2^31": chunk(b"JSON", 2**31 - 1, b"{}"),
    "no tree": chunk(b"JUNK", 8, bytes(8)),
    "a tree of bytes": chunk(b"JSON", 8, b"\xff" * 8),
    "cut": WHOLE["a.glb"][:200],
    "a head": b"glTF" + bytes(8),
    "version 1": WHOLE["a.glb"].replace(b"glTF\2", b"glTF\1", 1),
    "text": b'{"asset": {"version": "2.0"}, "buffers": [{"uri": "/etc/passwd"}]}',
    "gz bomb": zeros_gz(1 << 28, WHOLE["a.glb"][:300]),
}  # fmt: skip


@table(GLB)
def test_a_bad_glb_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_bytes(bytes(999))
    refused(load_part, tmp_path / "a.glb", case)


@pytest.mark.parametrize("address", WHERE)
def test_pictures_that_a_glb_names_are_not_opened(tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_bytes(bytes(999))
    (tmp_path / "a.glb").write_bytes(picture(address))
    outcome(load_part, tmp_path / "a.glb")
