"""Textures of two sets of volumes, compared beside their floors.

The orientations of both sets are laid along a Hilbert curve through orientation space,
which is cut into cells of as many grains each. Cells of a grid would hold few grains or
none where textures are weak, and there resamples of grains lie too near together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grainpaint.measure.crystals import Phase, beside, phases_of
from grainpaint.measure.floors import (
    MIN_GRAINS,
    drawn_alike,
    drawn_anew,
    interval,
    verdict,
)
from grainpaint.measure.measured import Measured
from grainpaint.measure.population import Population
from grainpaint.measure.results import TextureComparison
from grainpaint.orientations.curve import curve_places

__all__ = ["compare_textures", "have_crystals"]

_PER_CELL = 8.0  # grains of the smaller set
_MOST_CELLS = 1000


def have_crystals(
    generated: Sequence[Measured], reference: Sequence[Measured]
) -> tuple[bool, list[str]]:
    """Return whether the orientations of two sets can be compared, and why not.

    Returns
    -------
    comparable : bool
        All volumes have orientations, and both sets have phases of equal symmetries.
    notes : list of str
        A line if there are orientations that are not compared.
    """
    sets = {"generated": generated, "reference": reference}
    with_any = [n for n, s in sets.items() if any(one.oriented for one in s)]
    if not with_any:
        return False, []
    for name, members in sets.items():
        if not all(one.oriented for one in members):
            only = (
                f"only the {with_any[0]} set has them"
                if name not in with_any
                else f"some volumes of the {name} set have none"
            )
            return False, [f"Orientations are not compared: {only}."]
    one, other = (phases_of([m.crystals for m in members]) for members in sets.values())
    found = {
        name: [phase.symmetry for phase in phases]
        for name, phases in zip(sets, (one, beside(one, other)))
    }
    if not all(found.values()) or found["generated"] != found["reference"]:
        told = " and ".join(
            f"{', '.join(symmetries) or 'different ones'} in the {name} set"
            for name, symmetries in found.items()
        )
        return False, [f"Orientations are not compared: symmetries are {told}."]
    return True, []


def compare_textures(
    generated: Sequence[Measured], reference: Sequence[Measured], seed: int
) -> dict[str, TextureComparison]:
    """Compare the textures of two sets, phase by phase.

    Parameters
    ----------
    generated, reference : sequence of Measured
        As `have_crystals` accepts them.
    seed : int
        Of the resampling.

    Returns
    -------
    dict of str to TextureComparison
        By the names of the phases of the generated set.
    """
    n_voxels = [sum(one.n_voxels for one in s) for s in (generated, reference)]
    one, other = (phases_of([m.crystals for m in s]) for s in (generated, reference))
    pairs = zip(one, beside(one, other))
    counts = len(generated), len(reference)
    share = n_voxels[0] / n_voxels[1]
    return {a.name: _compare(a, b, counts, share, seed) for a, b in pairs}


def _compare(
    generated: Phase,
    reference: Phase,
    n_volumes: tuple[int, int],
    share: float,
    seed: int,
) -> TextureComparison:
    """Compare one phase."""
    sets = generated, reference
    cells, n_cells = _cells(generated, reference)
    p, q = (
        Population(
            cell[:, None], np.ones(cell.size), one.size, one.volume, n, cell.size
        )
        for cell, one, n in zip(cells, sets, n_volumes)
    )
    told: dict[str, Any] = {
        "n_cells": n_cells,
        "n_generated": p.n_grains,
        "n_reference": q.n_grains,
        "symmetry": generated.symmetry,
    }
    fewest = min(p.n_grains, q.n_grains)
    if fewest < MIN_GRAINS:
        reason = f"too few grains ({fewest}; {MIN_GRAINS} are needed)"
        return TextureComparison(None, None, None, None, None, verdict=reason, **told)
    rng = np.random.default_rng(seed)
    l1 = _distance(n_cells)
    value = l1(p, q)
    drawn = [l1(*pair) for pair in drawn_anew(p, q, rng)]
    floor = np.array([l1(*pair) for pair in drawn_alike(q, share, rng)])
    mean, largest = float(floor.mean()), float(floor.max())
    if largest < 1e-12:
        reason = "no floor: all volumes of the reference are alike"
        return TextureComparison(None, None, None, None, None, verdict=reason, **told)
    ratio = value / mean
    return TextureComparison(
        value,
        interval(value, drawn),
        mean,
        largest,
        ratio,
        verdict=verdict(value, largest, ratio),
        **told,
    )


def _cells(generated: Phase, reference: Phase) -> tuple[list[np.ndarray], int]:
    """Return the cell of each grain of both sets, and the number of cells."""
    sets = generated, reference
    n_effective = min(float(s.size.sum() ** 2 / (s.size**2).sum()) for s in sets)
    n_cells = int(min(max(n_effective / _PER_CELL, 2), _MOST_CELLS))
    both = np.concatenate([s.quaternion for s in sets])
    place = curve_places(both, generated.symmetry)
    # Equal places share a cell, so that equal sets have no distance.
    at = np.arange(1, n_cells) * len(both) // n_cells
    cuts = np.unique(np.sort(place)[at])
    cell = np.searchsorted(cuts, place, side="right")
    return np.split(cell, [len(generated.size)]), len(cuts) + 1


def _distance(n_cells: int) -> Callable[[Population, Population], float]:
    def l1(p: Population, q: Population) -> float:
        shares = [np.bincount(s.values[:, 0], s.total, n_cells) for s in (p, q)]
        one, other = (share / max(float(share.sum()), 1e-300) for share in shares)
        return float(np.abs(one - other).sum())

    return l1
