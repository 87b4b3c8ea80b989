"""Abaqus: S3 elements, and what the deck of voxels has: sets and materials of grains.

Grain 7 is the element set GRAIN7_SET, all triangles around it; a triangle between two
grains is in the sets of both. Its material GRAIN7_MAT is for the elements that a mesher
fills it with. Lengths are in µm.
"""

from pathlib import Path

import numpy as np

from grainpaint.formats.solvers.abaqus.materials import materials
from grainpaint.formats.solvers.abaqus.sets import set_lines
from grainpaint.formats.text import float_words, int_words, table
from grainpaint.meshing.mesh import GrainMesh
from grainpaint.microstructure import Microstructure

__all__ = ["write"]

_HEAD = """*Heading
grainpaint: boundaries of {} grains, lengths in micrometers
*Preprint, echo=NO, model=NO, history=NO, contact=NO
*Node
"""


def write(mesh: GrainMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh."""
    ids = volume.ids()
    n, m = len(mesh.points), len(mesh.triangles)
    parts: list[np.ndarray | bytes] = [int_words(np.arange(1, n + 1))]
    for axis in range(3):
        parts += [b", ", float_words(mesh.points[:, axis])]
    rows: list[np.ndarray | bytes] = [int_words(np.arange(1, m + 1))]
    for corner in range(3):
        rows += [b", ", int_words(mesh.triangles[:, corner] + 1)]
    # All triangles of grain 1, then those of grain 2, ...
    grains = np.concatenate([mesh.inside, mesh.outside])
    numbers = np.tile(np.arange(1, m + 1), 2)
    order = np.argsort(grains, kind="stable")[np.count_nonzero(grains == 0) :]
    sizes = np.bincount(np.searchsorted(ids, grains[order]), minlength=ids.size)
    text = set_lines(numbers[order], sizes)
    width = len(text) // order.size
    known = volume.orientations and volume.orientations.rows(ids)
    with path.open("wb") as file:
        file.write(_HEAD.format(ids.size).encode())
        file.write(table([*parts, b"\n"]))
        file.write(b"*Element, type=S3, elset=ALL_ELEMENTS\n")
        file.write(table([*rows, b"\n"]))
        at = 0
        for grain, size in zip(ids.tolist(), sizes.tolist()):
            file.write(f"*Elset, elset=GRAIN{grain}_SET\n".encode())
            file.write(text[at * width : (at + size) * width])
            at += size
        file.writelines(materials(ids, known))
