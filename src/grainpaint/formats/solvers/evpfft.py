"""EVP-FFT and MASSIF: phi1 PHI phi2 x y z grain phase; degrees, voxels from 1.

The outside is a phase of its own behind the others, which those codes treat as a gas if
they are told so (igas), and one grain behind the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.solvers.points import write_points
from grainpaint.formats.text import float_words, int_words, joined

__all__ = ["write"]


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write a line for each voxel."""
    known = slabs.known
    assert known is not None
    gas = len(known.symmetry) + 1
    grains = np.append(slabs.ids[-1] + 1, slabs.ids)
    degrees = np.concatenate([np.zeros((1, 3)), np.rad2deg(known.euler())])
    tail = joined(
        [b" ", int_words(grains), b" ", int_words(np.append(gas, known.phase)), b"\n"]
    )
    with paths[0].open("wb") as file:
        write_points(slabs, file, float_words(degrees, "%.6f"), tail, counted=True)
    notes = [f"phases are {known.listed()}"] if known.several else []
    if len(set(slabs.spacing)) > 1:
        edges = " x ".join(f"{s:g}" for s in slabs.spacing)
        notes.append(f"it counts voxels and does not hold their edges, {edges} µm")
    if not slabs.n_outside:
        return notes
    return [
        *notes,
        f"what is outside is phase {gas}: make it a gas (igas), grain {grains[0]}",
    ]
