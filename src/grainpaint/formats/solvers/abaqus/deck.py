"""The deck: nodes, elements, sets, sections, equations, materials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.solvers.abaqus.equations import equations
from grainpaint.formats.solvers.abaqus.materials import materials
from grainpaint.formats.solvers.abaqus.nodes import NodeFaces, layers
from grainpaint.formats.solvers.abaqus.sets import set_lines
from grainpaint.formats.text import float_words, int_words, table

__all__ = ["write"]

_BATCH = 1 << 24  # elements whose sets are made in one pass over the volume
_AXES = "XYZ"
_HEAD = """*Heading
grainpaint: {} grains, {} x {} x {} voxels, lengths in micrometers
*Preprint, echo=NO, model=NO, history=NO, contact=NO
"""


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write the deck.

    Raises
    ------
    InputError
        If periodic equations cannot tie the faces.
    """
    with paths[0].open("wb") as file:
        file.write(_HEAD.format(slabs.n_grains, *slabs.shape).encode())
        faces, n_nodes = _write_nodes(slabs, file, settings.periodic_equations)
        _write_elements(slabs, file)
        for name, numbers in faces.sets():
            file.write(f"*Nset, nset={name}\n".encode())
            file.write(set_lines(numbers, np.array([numbers.size])))
        if settings.periodic_equations:
            dummies = tuple(n_nodes + 1 + axis for axis in range(3))
            for axis, dummy in zip(_AXES, dummies):
                file.write(f"*Nset, nset=PERIODIC_{axis}\n{dummy}\n".encode())
        _write_sets(slabs, file)
        ids = slabs.ids.tolist()
        file.writelines(
            f"*Solid Section, elset=GRAIN{i}_SET, material=GRAIN{i}_MAT\n,\n".encode()
            for i in ids
        )
        if settings.periodic_equations:
            file.write(b"*Equation\n")
            file.writelines(equations(faces, dummies))
        file.writelines(materials(slabs.ids, slabs.known))
    notes = []
    if settings.periodic_equations and not all(slabs.periodic):
        notes.append("faces are tied across which grains do not continue")
    if slabs.orientations is None:
        notes.append("its grains have no orientations: materials hold grain and phase")
    return notes


def _write_nodes(slabs: Slabs, file: BinaryIO, dummies: bool) -> tuple[NodeFaces, int]:
    """Write the nodes; return those on the faces of the box, and how many there are."""
    axes = [
        origin + spacing * np.arange(n + 1)
        for origin, spacing, n in zip(slabs.origin, slabs.spacing, slabs.shape)
    ]
    x, y, z = (float_words(values) for values in axes)
    place = [
        np.broadcast_to(x, (y.size, x.size)),
        np.broadcast_to(y[:, None], (y.size, x.size)),
    ]
    faces = NodeFaces(slabs)
    file.write(b"*Node\n")
    n_nodes = 0

    def put(k: int, numbers: np.ndarray) -> int:
        faces.add(k, numbers)
        used = numbers > 0
        if not used.any():
            return 0
        inner: list[np.ndarray | bytes] = [b", ", place[0][used], b", ", place[1][used]]
        file.write(
            table([int_words(numbers[used]), *inner, b", ", z[k : k + 1], b"\n"])
        )
        return int(numbers.max())

    for layer in layers(slabs):
        n_nodes = max(n_nodes, put(layer.z, layer.low))
        if layer.z == slabs.shape[2] - 1:
            n_nodes = max(n_nodes, put(layer.z + 1, layer.high))
    if dummies:
        for axis in range(3):
            at = [values[0] for values in axes]
            at[axis] = axes[axis][-1]
            words = ", ".join(f"{value:.9g}" for value in at)
            file.write(f"{n_nodes + 1 + axis}, {words}\n".encode())
    return faces, n_nodes


def _write_elements(slabs: Slabs, file: BinaryIO) -> None:
    """Write the elements: the bottom face counter-clockwise, then the top."""
    file.write(b"*Element, type=C3D8, elset=ALL_ELEMENTS\n")
    count = 0
    below: tuple[int, np.ndarray] | None = None
    for layer in layers(slabs):
        inside = layer.cells > 0
        n = int(np.count_nonzero(inside))
        low = below[1] if below is not None else int_words(layer.low)
        high = int_words(layer.high)
        below = (layer.z, high)
        if n == 0:
            continue
        parts: list[np.ndarray | bytes] = [
            int_words(np.arange(count + 1, count + n + 1))
        ]
        for words in (low, high):
            for corner in (
                words[:-1, :-1],
                words[:-1, 1:],
                words[1:, 1:],
                words[1:, :-1],
            ):
                parts += [b", ", corner[inside]]
        file.write(table([*parts, b"\n"]))
        count += n


def _write_sets(slabs: Slabs, file: BinaryIO) -> None:
    """Write the element sets of the grains, some of them in each pass."""
    ids, counts = slabs.counted
    counts = counts[ids > 0]
    for start, stop in _batches(counts):
        grains, numbers = _elements_of(slabs, start, stop)
        numbers = numbers[np.argsort(grains, kind="stable")]
        text = set_lines(numbers, counts[start:stop])
        width = len(text) // numbers.size
        at = 0
        names = slabs.ids[start:stop].tolist()
        for name, n in zip(names, counts[start:stop].tolist()):
            file.write(b"*Elset, elset=GRAIN%d_SET\n" % name)
            file.write(text[at * width : (at + n) * width])
            at += n


def _batches(counts: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield ranges of grains that have together not many more voxels than a batch."""
    batch = (np.cumsum(counts) - counts) // _BATCH
    edges = np.flatnonzero(np.diff(batch)) + 1
    yield from zip([0, *edges.tolist()], [*edges.tolist(), counts.size])


def _elements_of(slabs: Slabs, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return grain and number of the elements of a range of grains."""
    grains, numbers, count = [], [], 0
    for rows in slabs.rows():
        cells = rows[rows > 0]
        chosen = (cells > start) & (cells <= stop)
        grains.append(cells[chosen])
        numbers.append(np.flatnonzero(chosen) + count + 1)
        count += cells.size
    return np.concatenate(grains), np.concatenate(numbers)
