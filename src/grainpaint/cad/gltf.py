"""Triangles from glTF 2.0: .glb, and .gltf that hold their numbers themselves.

Meshes stand where the nodes of the scene put them; instances and the default weights of
morph targets are obeyed. What else would move points, or is packed, is refused.

References
----------
https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from grainpaint.cad.gltf_numbers import Numbers, counted, opened
from grainpaint.cad.polygons import strip_corners
from grainpaint.errors import brief

__all__ = ["gltf_triangles"]

_PACKED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")
_INSTANCES = "EXT_mesh_gpu_instancing"
# Required extensions that change no place of a point, or are read.
_HARMLESS = (
    *("KHR_mesh_quantization", _INSTANCES, "KHR_texture_", "EXT_texture_"),
    *("KHR_materials_", "KHR_lights_", "KHR_xmp", "MSFT_texture_", "AGI_"),
)
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_MOST_TRIANGLES = 2_000_000  # of instances, and more in large files:
_MORE_TRIANGLES = 20  # for each byte


def gltf_triangles(data: bytes) -> np.ndarray:
    """Return the triangles of the scene, in place, m, float64, shape (m, 3, 3).

    Raises
    ------
    Exception
        Of many kinds, if the file is damaged, or its shape is not in its triangles.
    """
    text, binary = opened(data)
    tree = json.loads(text)
    _check_extensions(tree)
    numbers = Numbers(tree, binary, len(data))
    _check_nodes(tree.get("nodes", ()))
    most = _MOST_TRIANGLES + _MORE_TRIANGLES * len(data)
    known: dict[tuple[int, tuple[float, ...]], np.ndarray] = {}
    pieces: list[np.ndarray] = []
    n = 0
    for node, matrix in _placed_nodes(tree):
        if "mesh" not in node:
            continue
        mesh = tree["meshes"][counted(node["mesh"])]
        if "skin" in node:
            raise ValueError("a skeleton moves its points (skin): apply it, save again")
        weights = tuple(map(float, node.get("weights", mesh.get("weights", ()))))
        key = node["mesh"], weights
        if key not in known:
            known[key] = _mesh(numbers, mesh, weights)
        for place in _instances(numbers, node, matrix):
            n += len(known[key])
            if n > most:
                raise ValueError(f"its instances make over {most:,} triangles")
            pieces.append(_moved(known[key], place))
    return np.concatenate(pieces) if pieces else np.empty((0, 3, 3))


def _check_extensions(tree: Any) -> None:
    """Raise if what the file requires is not understood, or meshes are packed."""
    version = str(tree["asset"]["version"])
    if not version.startswith("2."):
        raise ValueError(f"glTF 2 is read, not {brief(version)}")
    required = tree.get("extensionsRequired", ())
    primitives = (p for m in tree.get("meshes", ()) for p in m["primitives"])
    for thing in (*tree.get("bufferViews", ()), *primitives):
        required = (
            *required,
            *(n for n in _PACKED if n in thing.get("extensions", ())),
        )
    for name in required:
        if name in _PACKED:
            raise ValueError(f"its meshes are packed ({name}): save them unpacked")
        if not name.startswith(_HARMLESS):
            raise ValueError(f"it requires {brief(name)}, which is not read")


def _check_nodes(nodes: Any) -> None:
    """Raise unless nodes are trees: each has one parent at most, none itself."""
    parent: dict[int, int] = {}
    for number, node in enumerate(nodes):
        for child in node.get("children", ()):
            if child in parent or not 0 <= child < len(nodes):
                raise ValueError("its nodes do not form trees")
            parent[child] = number
    safe: set[int] = set()
    for number in range(len(nodes)):
        path: set[int] = set()
        while number in parent and number not in safe:
            if number in path:
                raise ValueError("its nodes do not form trees")
            path.add(number)
            number = parent[number]
        safe |= path


def _placed_nodes(tree: Any) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield the nodes of the scene with their transforms, shape (4, 4)."""
    nodes, scenes = tree.get("nodes", []), tree.get("scenes", [])
    if scenes:
        first = scenes[counted(tree.get("scene", 0))].get("nodes", [])
    else:
        inner = {child for node in nodes for child in node.get("children", ())}
        first = [i for i in range(len(nodes)) if i not in inner]
    if len(set(first)) != len(first):
        raise ValueError("a node is in its scene twice")
    stack = [(i, np.eye(4)) for i in reversed(first)]
    while stack:
        i, around = stack.pop()
        matrix = around @ _matrix(nodes[counted(i)])
        if not np.isfinite(matrix).all():
            raise ValueError("a transform is not finite")
        yield nodes[i], matrix
        stack += [(j, matrix) for j in reversed(nodes[i].get("children", []))]


def _matrix(node: Any) -> np.ndarray:
    """Return the transform of a node, shape (4, 4)."""
    if "matrix" in node:  # column by column
        return np.array(node["matrix"], float).reshape(4, 4).T
    return _transform(
        np.array(node.get("translation", (0, 0, 0)), float),
        np.array(node.get("rotation", (0, 0, 0, 1)), float),
        np.array(node.get("scale", (1, 1, 1)), float),
    )


def _transform(shift: np.ndarray, turn: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the matrix that scales, turns (unit quaternion, x y z w) and shifts."""
    x, y, z, w = turn / np.linalg.norm(turn)
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, :3] *= scale
    matrix[:3, 3] = shift
    return matrix


def _instances(numbers: Numbers, node: Any, matrix: np.ndarray) -> Iterator[np.ndarray]:
    """Yield where the mesh of a node stands: once, or at each of its instances."""
    said = node.get("extensions", {}).get(_INSTANCES)
    if said is None:
        yield matrix
        return
    rest = {"TRANSLATION": (0, 0, 0), "ROTATION": (0, 0, 0, 1), "SCALE": (1, 1, 1)}
    found = [n for n in rest if n in said["attributes"]]
    if not found:
        raise ValueError("its instances have no places")
    given = {n: numbers.array(said["attributes"][n], len(rest[n])) for n in found}
    n = len(given[found[0]])
    if any(len(values) != n for values in given.values()):
        raise ValueError("its instances have places, turns and scales of two counts")
    every = [given.get(k, np.broadcast_to(rest[k], (n, len(rest[k])))) for k in rest]
    for shift, turn, scale in zip(*every):
        yield matrix @ _transform(shift, turn, scale)


def _moved(triangles: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return triangles in place; mirrored ones face outward again."""
    moved: np.ndarray = triangles @ matrix[:3, :3].T + matrix[:3, 3]
    return moved[:, ::-1] if np.linalg.det(matrix[:3, :3]) < 0 else moved


def _mesh(numbers: Numbers, mesh: Any, weights: tuple[float, ...]) -> np.ndarray:
    """Return the triangles of a mesh where it is made, shape (m, 3, 3)."""
    found = [np.empty((0, 3, 3))]
    for one in mesh["primitives"]:
        mode = one.get("mode", _TRIANGLES)
        if (
            mode not in (_TRIANGLES, _STRIP, _FAN)
            or "POSITION" not in one["attributes"]
        ):
            continue  # points and lines
        points = numbers.array(one["attributes"]["POSITION"], 3)
        targets = one.get("targets", ())
        for weight, target in zip(weights, targets):
            if weight and "POSITION" in target:
                points = points + weight * numbers.array(target["POSITION"], 3)
        if "indices" in one:
            index = numbers.array(one["indices"], 1)[:, 0].astype(np.int64)
        else:
            index = np.arange(len(points))
        if index.size and not 0 <= index.min() <= index.max() < len(points):
            raise ValueError("a triangle has a corner that is not there")
        found.append(points[_corners(index, mode)])
    return np.concatenate(found)


def _corners(index: np.ndarray, mode: int) -> np.ndarray:
    """Return the corners of each triangle, shape (m, 3); a strip turns every other."""
    if mode == _TRIANGLES:
        if len(index) % 3:
            raise ValueError(f"{len(index)} corners are not triangles")
        return index.reshape(-1, 3)
    n = max(len(index) - 2, 0)
    if mode == _FAN:
        return np.column_stack([np.repeat(index[:1], n), index[1:-1][:n], index[2:]])
    return strip_corners(index)
