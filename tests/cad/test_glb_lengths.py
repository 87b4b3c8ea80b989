"""Points of GLB files as fractions of integers."""

import json
import struct

import numpy as np
import pytest
from solids import box

from grainpaint.cad import load_part


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16"])
def test_normalized_points_are_fractions(tmp_path, kind):
    """glTF 2.0, KHR_mesh_quantization: the largest integer stands for 1."""
    mesh = box((30, 20, 10))
    code = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123}[kind]
    size = np.dtype(kind).itemsize
    points = np.zeros((8, 4), kind)  # rows begin at multiples of four bytes
    points[:, :3] = np.rint((mesh.vertices - mesh.bounds[0]) / 30 * np.iinfo(kind).max)
    faces = mesh.faces.astype("<u2").tobytes()
    binary = points.tobytes() + faces
    accessor = {"bufferView": 0, "componentType": code, "count": 8, "type": "VEC3"}
    flags = {"normalized": True, "min": [0] * 3, "max": [1] * 3}
    views = [
        {"buffer": 0, "byteLength": points.nbytes, "byteStride": 4 * size},
        {"buffer": 0, "byteOffset": points.nbytes, "byteLength": len(faces)},
    ]
    indices = {"bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR"}
    tree = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "scale": [0.03] * 3}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [accessor | flags, indices],
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    data = struct.pack("<4s2I", b"glTF", 2, 28 + len(text) + len(binary))
    data += struct.pack("<I4s", len(text), b"JSON") + text
    data += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    (tmp_path / "a.glb").write_bytes(data)
    part = load_part(tmp_path / "a.glb")
    edges = (part.bounds[1] - part.bounds[0]) / 1e3  # mm
    np.testing.assert_allclose(edges, (30, 20, 10), rtol=0.01)
    assert part.volume == pytest.approx(6000e9, rel=0.02)
