"""Orientations of grains drawn anew, one by one, where the texture comes out better.

How far the volume of the grains is from the texture is measured in several grids of
cells, one of them that of `cells_of`, the others turned, shifted and coarser. Cells
with less of the texture than half a grain count together with others as thin: by
itself, each would be better off without a grain, and the texture without its tails.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from grainpaint.orientations.cells import CELL, cells_of, numbered
from grainpaint.orientations.texture_list import Texture

__all__ = ["evened"]

_EDGES = (1.0, 1.0, 1.0, 1.5, 2.0)  # of cells, over CELL; the first grid is cells_of
_TRIALS = 60  # for each grain


@nb.njit(cache=True)
def _draw_anew(cell, chosen, share, excess, grains, picks):
    """Take a pick where it lowers the sum of |excess| over all grids."""
    n_grids = cell.shape[1]
    for k in range(len(grains)):
        g, new = grains[k], picks[k]
        old, w, change = chosen[g], share[g], 0.0
        for t in range(n_grids):
            a, b = cell[old, t], cell[new, t]
            if a != b:
                change += abs(excess[a] - w) - abs(excess[a])
                change += abs(excess[b] + w) - abs(excess[b])
        if change < 0:
            for t in range(n_grids):
                excess[cell[old, t]] -= w
                excess[cell[new, t]] += w
            chosen[g] = new


def evened(
    texture: Texture, chosen: np.ndarray, volumes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return better choices of orientations.

    Parameters
    ----------
    texture : Texture
    chosen : numpy.ndarray, int64, shape (n,)
        Row of the texture that each grain has.
    volumes : numpy.ndarray, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, int64, shape (n,)
    """
    share, weight = volumes / volumes.sum(), texture.weight / texture.weight.sum()
    cell, n_cells = _grids(texture, weight, float(share @ share) / 2, rng)
    excess = np.zeros(n_cells)
    for column in cell.T:
        excess += np.bincount(column[chosen], share, n_cells)
        excess -= np.bincount(column, weight, n_cells)
    n = _TRIALS * chosen.size
    grains = rng.integers(0, chosen.size, n)
    found = chosen.astype(np.int64)
    _draw_anew(cell, found, share, excess, grains, texture.drawn_rows(n, rng))
    return found


def _grids(
    texture: Texture, weight: np.ndarray, least: float, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Return the cell of each orientation in each grid, all numbered together.

    A cell has at least the share ``least`` of the texture.
    """
    from scipy.spatial.transform import Rotation

    columns, n_cells = [], 0
    for grid, edge in enumerate(_EDGES):
        turn, shift = np.eye(3), np.full(3, 0.5)
        if grid > 0:
            turn = Rotation.from_quat(rng.normal(size=4)).as_matrix()
            shift = rng.random(3)
        cells = cells_of(texture.quaternion, texture.symmetry, edge * CELL, turn, shift)
        _, cell = np.unique(numbered(cells), return_inverse=True)
        cell = _joined(np.bincount(cell, weight), least)[cell]
        columns.append(cell + n_cells)
        n_cells += int(cell.max()) + 1
    return np.stack(columns, 1).astype(np.int32), n_cells


def _joined(share: np.ndarray, least: float) -> np.ndarray:
    """Return new numbers of cells, the same for some that have little, of like shares.

    Parameters
    ----------
    share : numpy.ndarray, float64, shape (n,)
    least : float
        What all that have a number in common have together, at most 1.

    Returns
    -------
    numpy.ndarray, int64, shape (n,)
        0, 1, ..., those of the largest share first.

    Examples
    --------
    >>> _joined(np.array([0.1, 0.6, 0.2, 0.1]), 0.25)
    array([1, 0, 1, 1])
    """
    order = np.argsort(-share, kind="stable")
    number = np.empty(share.size, np.int64)
    new, held = 0, 0.0
    for i in order:
        number[i] = new
        held += share[i]
        if held >= least:
            new, held = new + 1, 0.0
    # What is left is too little for a number of its own.
    return np.minimum(number, max(new - 1, 0))
