"""Abaqus: C3D4 elements, and what the deck of voxels has: sets, sections, materials.

Grain 7 is the element set GRAIN7_SET with the material GRAIN7_MAT. Node sets XMIN ...
ZMAX are the faces of the box, XMIN_YMIN_ZMIN is a corner. Lengths are in µm.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import numpy as np

from grainpaint.formats.solvers.abaqus.materials import materials
from grainpaint.formats.solvers.abaqus.sets import set_lines
from grainpaint.formats.text import float_words, int_words, table
from grainpaint.meshing.solid import SolidMesh
from grainpaint.microstructure import Microstructure

__all__ = ["write"]

_HEAD = """*Heading
grainpaint: {} grains, tetrahedra, lengths in micrometers
*Preprint, echo=NO, model=NO, history=NO, contact=NO
*Node
"""


def write(mesh: SolidMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh."""
    n, m = len(mesh.points), len(mesh.tetrahedra)
    nodes: list[np.ndarray | bytes] = [int_words(np.arange(1, n + 1))]
    for axis in range(3):
        nodes += [b", ", float_words(mesh.points[:, axis])]
    rows: list[np.ndarray | bytes] = [int_words(np.arange(1, m + 1))]
    for corner in range(4):
        rows += [b", ", int_words(mesh.tetrahedra[:, corner] + 1)]
    ids, first = np.unique(mesh.grain, return_index=True)
    last = np.append(first[1:], m)
    known = volume.orientations and volume.orientations.rows(ids)
    with path.open("wb") as file:
        file.write(_HEAD.format(ids.size).encode())
        file.write(table([*nodes, b"\n"]))
        file.write(b"*Element, type=C3D4, elset=ALL_ELEMENTS\n")
        file.write(table([*rows, b"\n"]))
        for name, numbers in _node_sets(mesh.box_sides):
            file.write(f"*Nset, nset={name}\n".encode())
            file.write(set_lines(numbers, np.array([numbers.size])))
        # Elements stand by grain.
        for grain, begin, end in zip(ids.tolist(), first.tolist(), last.tolist()):
            file.write(f"*Elset, elset=GRAIN{grain}_SET, generate\n".encode())
            file.write(f"{begin + 1}, {end}, 1\n".encode())
        file.writelines(
            f"*Solid Section, elset=GRAIN{i}_SET, material=GRAIN{i}_MAT\n,\n".encode()
            for i in ids.tolist()
        )
        file.writelines(materials(ids, known))


def _node_sets(sides: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield names and node numbers of faces, edges and corners of the box."""
    for n in (1, 2, 3):
        for axes in combinations(range(3), n):
            for ends in product((-1, 1), repeat=n):
                there = (sides[:, axes] == ends).all(1)
                numbers = np.flatnonzero(there) + 1
                if numbers.size:
                    words = [
                        "XYZ"[axis] + ("MIN" if end < 0 else "MAX")
                        for axis, end in zip(axes, ends)
                    ]
                    yield "_".join(words), numbers
