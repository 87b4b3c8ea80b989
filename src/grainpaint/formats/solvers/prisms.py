"""PRISMS-Plasticity: grain IDs by voxel, and orientations.txt with Rodrigues vectors.

A line of the first file holds the voxels along z at one x and y, y faster than x, after
five lines that PRISMS skips (``Header Lines GrainID File = 5``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.raw import in_order
from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.solvers.crystals import rodrigues
from grainpaint.formats.text import float_words, int_words, table
from grainpaint.units import count_text

__all__ = ["write"]


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write both files.

    Raises
    ------
    InputError
        If voxels lie outside the part.
    """
    if slabs.n_outside:
        raise InputError(
            "PRISMS-Plasticity fills its whole box with grains: take a region inside "
            f"the part, without {count_text(slabs.n_outside, 'voxel')} outside"
        )
    known = slabs.known
    assert known is not None
    sizes = [n * s for n, s in zip(slabs.shape, slabs.spacing)]
    head = "# grainpaint: grain IDs; voxels along z on a line, then y, then x\n"
    for x, n, size in zip("XYZ", slabs.shape, sizes):
        head += f"# Voxels in {x} direction = {n}; Domain size {x} = {size:.9g} um\n"
    head += f"# {slabs.n_grains} grains\n"
    with paths[0].open("wb") as file:
        file.write(head.encode())
        for layer in slabs.layers(axis=0):
            words = int_words(in_order(slabs.index(layer)))
            ends = np.full(words.shape[-1], b" ")
            ends[-1] = b"\n"
            file.write(table([words, ends]))
    several = len(known.symmetry) > 1
    parts: list[np.ndarray | bytes] = [int_words(np.arange(1, slabs.n_grains + 1))]
    parts += [b" ", float_words(rodrigues(known), "%.9g")]
    if several:
        parts += [b" ", int_words(known.phase)]
    with paths[1].open("wb") as file:
        columns = "grain r1 r2 r3 phase" if several else "grain r1 r2 r3"
        file.write(f"# {columns} (Rodrigues vectors)\n".encode())
        file.write(table([*parts, b"\n"]))
    return [f"phases are {known.listed()}"] if known.several else []
