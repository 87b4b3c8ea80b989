"""glTF: scenes, and every way in which its arrays are written."""

import base64
import json
import struct

import numpy as np
import pytest
from solids import box

from grainpaint import InputError
from grainpaint.cad import load_part

BOX = box((30, 20, 10))  # mm: the files are in m
STRIP = [0, 1, 4, 5, 7, 1, 3, 0, 2, 4, 6, 7, 2, 3]
FANS = [
    *((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4)),
    *((2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)),
]
CUBE = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], "<f4")
EDGES = np.array([0.03, 0.02, 0.01], "<f4")


class File:
    """A file with one mesh, whose arrays are added one by one."""

    def __init__(self):
        self.binary, self.views, self.accessors = b"", [], []
        self.tree = {
            "asset": {"version": "2.0"},
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
        }

    def add(self, values, code, stride=0, **words):
        self.binary += b"\0" * (-len(self.binary) % 4)
        start, size = len(self.binary), values.nbytes
        view = {"buffer": 0, "byteOffset": start, "byteLength": size}
        self.views.append(view | ({"byteStride": stride} if stride else {}))
        self.binary += values.tobytes()
        kind = "VEC3" if values.ndim == 2 else "SCALAR"
        one = {"bufferView": len(self.views) - 1, "componentType": code}
        self.accessors.append(one | {"count": len(values), "type": kind} | words)
        return len(self.accessors) - 1

    def points(self, values):
        return self.add(np.asarray(values, "<f4"), 5126)

    def indices(self, values):
        return self.add(np.asarray(values, "<u2").ravel(), 5123)

    def text(self, uri=None):
        buffer = {"byteLength": len(self.binary)} | ({"uri": uri} if uri else {})
        self.tree |= {"accessors": self.accessors, "bufferViews": self.views}
        return json.dumps(self.tree | {"buffers": [buffer]}).encode()

    def glb(self):
        text = self.text()
        text += b" " * (-len(text) % 4)
        binary = self.binary + b"\0" * (-len(self.binary) % 4)
        head = struct.pack("<4s2I", b"glTF", 2, 28 + len(text) + len(binary))
        head += struct.pack("<I4s", len(text), b"JSON") + text
        return head + struct.pack("<I4s", len(binary), b"BIN\0") + binary


def file_of():
    file = File()
    one = {"attributes": {"POSITION": file.points(CUBE * EDGES)}}
    one["indices"] = file.indices([(a, b, c, a, c, d) for a, b, c, d in FANS])
    file.tree["meshes"] = [{"primitives": [one]}]
    return file


def strip(file):
    one = file.tree["meshes"][0]["primitives"][0]
    one |= {"mode": 5, "indices": file.indices(STRIP)}


def fans(file):
    mesh = file.tree["meshes"][0]
    one = mesh["primitives"][0]
    mesh["primitives"] = [one | {"mode": 6, "indices": file.indices(f)} for f in FANS]


def sparse(file):
    moved = CUBE * EDGES
    moved[3] = 7.0
    number = file.points(moved)  # each array has a view of its own number
    file.accessors[number]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": file.indices([3]), "componentType": 5123},
        "values": {"bufferView": file.points((CUBE * EDGES)[3:4])},
    }
    file.tree["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = number


def morphed(file):
    target = {"POSITION": file.points(CUBE * EDGES)}
    file.tree["meshes"][0]["primitives"][0]["targets"] = [target]
    file.tree["meshes"][0]["weights"] = [1.0]


def instances(file):
    places = {"TRANSLATION": file.points([(i, 0, 0) for i in range(3)])}
    name = "EXT_mesh_gpu_instancing"
    file.tree["nodes"][0]["extensions"] = {name: {"attributes": places}}
    file.tree["extensionsRequired"] = [name]


def without_scenes(file):
    del file.tree["scenes"]


def mirrored(file):
    file.tree["nodes"] = [{"children": [1, 2], "scale": [-1, 1, 1]}, {"mesh": 0}]
    file.tree["nodes"].append({"mesh": 0, "translation": [1, 0, 0], "scale": [1, 2, 1]})


@pytest.mark.parametrize(
    ("change", "times"),
    [
        *((strip, 1), (fans, 1), (sparse, 1), (morphed, 8), (instances, 3)),
        *((without_scenes, 1), (mirrored, 3)),
    ],
)
def test_all_that_a_scene_says_of_its_triangles_is_obeyed(tmp_path, change, times):
    file = file_of()
    change(file)
    (tmp_path / "a.glb").write_bytes(file.glb())
    part = load_part(tmp_path / "a.glb")
    assert part.volume == pytest.approx(6000e9 * times)
    assert part.notes == ()


def test_a_gltf_that_holds_its_numbers_is_read(tmp_path):
    file = file_of()
    packed = base64.b64encode(file.binary).decode()
    data = file.text("data:application/octet-stream;base64," + packed)
    (tmp_path / "a.gltf").write_bytes(data)
    assert load_part(tmp_path / "a.gltf", "m").volume == pytest.approx(6000e9)
    (tmp_path / "b.gltf").write_bytes(file.text("b.bin"))
    (tmp_path / "b.bin").write_bytes(file.binary)
    with pytest.raises(InputError, match="keeps its numbers in other files"):
        load_part(tmp_path / "b.gltf")


def skinned(file):
    file.tree["nodes"][0]["skin"] = 0


def required(file):
    file.tree["extensionsRequired"] = ["ACME_warp"]


def packed(file):
    name = "KHR_draco_mesh_compression"
    file.tree["meshes"][0]["primitives"][0]["extensions"] = {name: {}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (skinned, "a skeleton moves its points"),
        (required, "it requires ACME_warp, which is not read"),
        (packed, "its meshes are packed .KHR_draco_mesh_compression."),
    ],
)
def test_what_moves_points_or_packs_them_is_refused(tmp_path, change, reason):
    file = file_of()
    change(file)
    (tmp_path / "a.glb").write_bytes(file.glb())
    with pytest.raises(InputError, match=reason):
        load_part(tmp_path / "a.glb")


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16"])
def test_normalized_points_are_fractions(tmp_path, kind):
    """glTF 2.0, KHR_mesh_quantization: the largest integer stands for 1."""
    code = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123}[kind]
    size = np.dtype(kind).itemsize
    points = np.zeros((8, 4), kind)  # rows begin at multiples of four bytes
    points[:, :3] = np.rint((BOX.vertices - BOX.bounds[0]) / 30 * np.iinfo(kind).max)
    file = File()
    number = file.add(points, code, stride=4 * size, normalized=True)
    one = {"attributes": {"POSITION": number}, "indices": file.indices(BOX.faces)}
    file.tree["meshes"] = [{"primitives": [one]}]
    file.tree["nodes"][0]["scale"] = [0.03] * 3
    (tmp_path / "a.glb").write_bytes(file.glb())
    part = load_part(tmp_path / "a.glb")
    edges = (part.bounds[1] - part.bounds[0]) / 1e3  # mm
    np.testing.assert_allclose(edges, (30, 20, 10), rtol=0.01)
    assert part.volume == pytest.approx(6000e9, rel=0.02)
