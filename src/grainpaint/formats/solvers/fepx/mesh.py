"""The file: nodes, elements, sets of the faces of the box, orientations, phases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import BinaryIO

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.solvers.crystals import rodrigues
from grainpaint.formats.solvers.fepx.tetrahedra import NODES, SIDES
from grainpaint.formats.solvers.numbering import numbered
from grainpaint.formats.text import float_words, int_words, table

__all__ = ["write"]

_HEAD = "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$MeshVersion\n2.2.3\n$EndMeshVersion\n"
_GAP = b"~"  # becomes the one space between two columns: FEPX counts spaces
_SINGLE = bytes.maketrans(_GAP, b" ")
_Side = tuple[int, int]  # axis, and 0 or 1 for its low or high end


@dataclass(frozen=True)
class _Layer:
    """A layer of voxels and its three planes of nodes, in half voxels."""

    z: int
    cells: np.ndarray
    planes: tuple[np.ndarray, np.ndarray, np.ndarray]


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write the mesh."""
    known = slabs.known
    assert known is not None
    n_nodes = max(int(layer.planes[2].max()) for layer in _layers(slabs))
    with paths[0].open("wb") as file:
        file.write(f"{_HEAD}$Nodes\n{n_nodes}\n".encode())
        on_sides = _write_nodes(slabs, file)
        n_elements = len(NODES) * (slabs.n_voxels - slabs.n_outside)
        file.write(f"$EndNodes\n$Elements\n{n_elements}\n".encode())
        triangles = _write_elements(slabs, file)
        file.write(b"$EndElements\n")
        sets = _node_sets(on_sides)
        file.write(f"$NSets\n{len(sets)}\n".encode())
        for name, nodes in sets.items():
            file.write(f"{name}\n{nodes.size}\n".encode())
            _put(file, [int_words(nodes)])
        file.write(f"$EndNSets\n$Fasets\n{len(SIDES)}\n".encode())
        for (axis, end), rows in triangles.items():
            file.write(f"{'xyz'[axis]}{end}\n{len(rows)}\n".encode())
            _put(file, list(int_words(rows).T))
        n = slabs.n_grains
        ids = int_words(np.arange(1, n + 1))
        file.write(f"$EndFasets\n$ElsetOrientations\n{n} rodrigues:active\n".encode())
        vectors = rodrigues(known)
        _put(file, [ids, *(float_words(vectors[:, i], "%.12g") for i in range(3))])
        file.write(f"$EndElsetOrientations\n$Groups\nelset\n{n}\n".encode())
        _put(file, [ids, int_words(known.phase)])
        file.write(b"$EndGroups\n")
    return [f"phases are {known.listed()}"] if known.several else []


def _put(file: BinaryIO, columns: Sequence[np.ndarray]) -> None:
    """Write columns with one space between them."""
    if not columns or not columns[0].size:
        return
    parts: list[np.ndarray | bytes] = [columns[0]]
    for column in columns[1:]:
        parts += [_GAP, column]
    file.write(bytes(table([*parts, b"\n"])).translate(_SINGLE, b" "))


def _layers(slabs: Slabs) -> Iterator[_Layer]:
    """Yield the layers of a volume; nodes are numbered as they come, x fastest."""
    count, z = 0, 0
    below: _Layer | None = None  # its upper plane is that of this layer
    own = np.zeros((0, 0), bool)
    for slab in slabs.rows():
        for cells in slab:
            touched = _touched(cells)
            shared = touched if below is None else touched | own
            plane, count = numbered(shared, count)
            if below is not None:
                yield replace(below, planes=(*below.planes[:2], plane))
            middle, count = numbered(touched, count)
            below, own = _Layer(z, cells, (plane, middle, plane)), touched
            z += 1
    assert below is not None
    plane, _ = numbered(own, count)
    yield replace(below, planes=(*below.planes[:2], plane))


def _touched(cells: np.ndarray) -> np.ndarray:
    """Return which points of a plane, in half voxels, voxels in grains have."""
    inside = cells > 0
    ny, nx = cells.shape
    touched = np.zeros((2 * ny + 1, 2 * nx + 1), bool)
    for j, i in product(range(3), repeat=2):
        touched[j : j + 2 * ny : 2, i : i + 2 * nx : 2] |= inside
    return touched


def _write_nodes(slabs: Slabs, file: BinaryIO) -> dict[_Side, np.ndarray]:
    """Write the nodes; return those on the sides of the box, ascending."""
    x, y, z = (
        float_words(origin + spacing / 2 * np.arange(2 * n + 1), "%.12g")
        for origin, spacing, n in zip(slabs.origin, slabs.spacing, slabs.shape)
    )
    found: dict[_Side, list[np.ndarray]] = {side: [] for side in SIDES}
    last = slabs.shape[2] - 1
    for layer in _layers(slabs):
        for k, numbers in enumerate(layer.planes[: 3 if layer.z == last else 2]):
            used = numbers > 0
            j, i = np.nonzero(used)
            place = 2 * layer.z + k
            words = [int_words(numbers[used]), x[i], y[j], np.repeat(z[place], i.size)]
            _put(file, words)
            for side, ends in ((0, (0, x.size - 1)), (1, (0, y.size - 1))):
                for end, at in enumerate(ends):
                    row = numbers[:, at] if side == 0 else numbers[at]
                    found[side, end].append(row[row > 0])
            if place in (0, z.size - 1):
                found[2, int(place > 0)].append(numbers[used])
    return {
        side: np.concatenate([*parts, np.zeros(0, np.int64)])
        for side, parts in found.items()
    }


def _node_sets(on_sides: dict[_Side, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the nodes of faces (x0, ...), edges (x0y0, ...) and corners."""
    sets: dict[str, np.ndarray] = {}
    for n in (1, 2, 3):
        for axes in combinations(range(3), n):
            for ends in product((0, 1), repeat=n):
                nodes = on_sides[axes[0], ends[0]]
                for side in zip(axes[1:], ends[1:]):
                    nodes = np.intersect1d(nodes, on_sides[side])
                if nodes.size:
                    name = "".join(f"{'xyz'[a]}{end}" for a, end in zip(axes, ends))
                    sets[name] = nodes
    return sets


def _write_elements(slabs: Slabs, file: BinaryIO) -> dict[_Side, np.ndarray]:
    """Write the elements; return element and nodes of the triangles on each side."""
    count = 0
    found: dict[_Side, list[np.ndarray]] = {side: [] for side in SIDES}
    for layer in _layers(slabs):
        inside = layer.cells > 0
        n = int(np.count_nonzero(inside))
        if n == 0:
            continue
        first = np.zeros(layer.cells.shape, np.int64)
        first[inside] = count + 1 + len(NODES) * np.arange(n)
        words = [int_words(plane) for plane in layer.planes]
        ids = first[inside][:, None] + np.arange(len(NODES))
        grains = np.repeat(int_words(layer.cells[inside])[:, None], len(NODES), axis=1)
        columns = [int_words(ids), np.array(b"11"), np.array(b"3"), grains, grains]
        columns.append(np.array(b"0"))
        for node in range(NODES.shape[1]):
            here = [_at(words, offset)[inside] for offset in NODES[:, node]]
            width = max(w.itemsize for w in here)
            columns.append(np.stack([_wider(w, width) for w in here], axis=1))
        _put(file, columns)
        count += len(NODES) * n
        for side in SIDES:
            found[side] += _triangles(layer, first, side, slabs.shape[2])
    return {
        side: np.concatenate([*parts, np.zeros((0, 7), np.int64)])
        for side, parts in found.items()
    }


def _wider(words: np.ndarray, width: int) -> np.ndarray:
    """Return words with spaces before them, up to a width."""
    if words.itemsize == width:
        return words
    wider: np.ndarray = np.char.rjust(words, width)
    return wider


def _at(planes: Sequence[np.ndarray], offset: np.ndarray) -> np.ndarray:
    """Return what stands at an offset (x, y, z), in half voxels, from each voxel."""
    x, y, z = offset.tolist()
    plane = planes[z]
    ny, nx = plane.shape
    found: np.ndarray = plane[y : y + ny - 1 : 2, x : x + nx - 1 : 2]
    return found


def _triangles(
    layer: _Layer, first: np.ndarray, side: _Side, nz: int
) -> list[np.ndarray]:
    """Return element and nodes of the triangles of a layer on a side of the box."""
    axis, end = side
    if axis == 2 and layer.z != (0, nz - 1)[end]:
        return []
    edge = [slice(None), slice(None)]
    if axis < 2:
        edge[1 - axis] = slice(0, 1) if end == 0 else slice(-1, None)
    here = tuple(edge)
    inside = first[here] > 0
    rows = []
    for number, nodes in SIDES[side]:
        columns = [first[here][inside] + number]
        columns += [_at(layer.planes, offset)[here][inside] for offset in nodes]
        rows.append(np.stack(columns, axis=1))
    return rows
