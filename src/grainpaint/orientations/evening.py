"""Orientations of grains drawn anew, one by one, where the texture comes out better.

How far the volume of the grains is from the texture is measured in several grids of
cells, one of them that of `cells_of`, the others turned, shifted and coarser.
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
    cell, n_cells = _grids(texture, rng)
    share, weight = volumes / volumes.sum(), texture.weight / texture.weight.sum()
    excess = np.zeros(n_cells)
    for column in cell.T:
        excess += np.bincount(column[chosen], share, n_cells)
        excess -= np.bincount(column, weight, n_cells)
    n = _TRIALS * chosen.size
    grains = rng.integers(0, chosen.size, n)
    found = chosen.astype(np.int64)
    _draw_anew(cell, found, share, excess, grains, texture.drawn_rows(n, rng))
    return found


def _grids(texture: Texture, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return the cell of each orientation in each grid, all numbered together."""
    from scipy.spatial.transform import Rotation

    columns, n_cells = [], 0
    for grid, edge in enumerate(_EDGES):
        turn, shift = np.eye(3), np.full(3, 0.5)
        if grid > 0:
            turn = Rotation.from_quat(rng.normal(size=4)).as_matrix()
            shift = rng.random(3)
        cells = cells_of(texture.quaternion, texture.symmetry, edge * CELL, turn, shift)
        _, cell = np.unique(numbered(cells), return_inverse=True)
        columns.append(cell + n_cells)
        n_cells += int(cell.max()) + 1
    return np.stack(columns, 1).astype(np.int32), n_cells
