"""MOOSE: the text file of its EBSDReader, radians, µm.

Points are the centers of voxels, since MOOSE refuses those on faces of the domain. The
outside is a feature behind the grains, in a phase of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.solvers.crystals import CODES
from grainpaint.formats.solvers.points import write_points
from grainpaint.formats.text import float_words, int_words, joined

__all__ = ["write"]


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write a header and a point for each voxel."""
    known = slabs.known
    assert known is not None
    n = slabs.n_grains
    phases = np.append(len(known.symmetry) + 1, known.phase)
    features = np.append(n + 1, np.arange(1, n + 1))
    symmetries = np.append(1, [CODES[known.symmetry[p - 1]].tsl for p in known.phase])
    euler = np.concatenate([np.zeros((1, 3)), known.euler()])
    tail = joined(
        [
            b" ",
            int_words(features),
            b" ",
            int_words(phases),
            b" ",
            int_words(symmetries),
            b"\n",
        ]
    )
    with paths[0].open("wb") as file:
        file.write(_header(slabs).encode())
        write_points(slabs, file, float_words(euler, "%.8f"), tail)
    if not slabs.n_outside:
        return []
    return [f"what is outside is feature {n + 1}, in phase {phases[0]}"]


def _header(slabs: Slabs) -> str:
    known = slabs.known
    assert known is not None
    flat = slabs.shape[2] == 1  # a map in two dimensions has no layer
    dims = [*slabs.shape[:2], 0 if flat else slabs.shape[2]]
    lines = [f"# {x}_STEP: {s:.12g}" for x, s in zip("XYZ", slabs.spacing)]
    lines += [f"# {x}_MIN: {o:.12g}" for x, o in zip("XYZ", slabs.origin)]
    ends = [o + s * m for o, s, m in zip(slabs.origin, slabs.spacing, slabs.shape)]
    lines += [f"# {x}_MAX: {end:.12g}" for x, end in zip("XYZ", ends)]
    lines += [f"# {x}_DIM: {m}" for x, m in zip("XYZ", dims)]
    phases = [*zip(known.names, (CODES[s].tsl for s in known.symmetry))]
    counts = np.bincount(known.phase, minlength=len(phases) + 1)[1:].tolist()
    if slabs.n_outside:
        phases.append(("outside", 1))
        counts.append(1)
    for i, ((name, code), count) in enumerate(zip(phases, counts), 1):
        word = "_".join(name.split())
        lines += [f"# Phase_{i}: {word}", f"# Symmetry_{i}: {code}"]
        lines += [f"# Features_{i}: {count}"]
    lines += [f"# Num_Features: {sum(counts)}"]
    lines += ["# phi1 PHI phi2 x y z FeatureId PhaseId Symmetry"]
    return "\n".join(lines) + "\n"
