"""Proposals of the Potts moves around a melt pool: which spin a site may take."""

from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.simulate.am.moves import MOLTEN
from grainpaint.simulate.iso.lattice import kernel, neighbor_offsets, neighborhood
from grainpaint.simulate.iso.neighbor_set import holding, lowest_place, n_places

__all__ = ["Grid", "MoveRules", "grid_of", "propose", "propose_at"]

_LOW, _HIGH = np.uint64(0xFFFF), np.uint64(0xFFFF0000)
_FOUR, _SIXTEEN, _ROW = np.uint64(4), np.uint64(16), np.uint64(0xF0000)
_ONE, _NONE = np.uint64(1), np.uint64(0)


class MoveRules(NamedTuple):
    """Parameters of the moves."""

    n_spins: np.uint64
    beta: float
    copy_molten: bool
    lowest: int = 1  # of the spins that molten sites take
    barred: int = 0  # a spin that no site takes from a neighbor; 0 = none


class Grid(NamedTuple):
    """How the sites of a box with ghosts lie in a flat array, see `neighbor_set`.

    The places in a set are those of `Lattice`. `steps` belongs to a set whose places
    are in the order x, y, z (four a row, the last without meaning).
    """

    near: np.uint64
    steps: np.ndarray
    stride_x: np.uint64
    stride_y: np.uint64


def grid_of(shape: tuple[int, ...]) -> Grid:
    """Return the grid of a box of sites with one layer of ghosts, z fastest."""
    strides = (shape[1] + 2) * (shape[2] + 2), shape[2] + 2
    near, _, steps, *strides_xy = neighborhood(neighbor_offsets("sc/26n"), *strides)
    ordered = np.concatenate([steps[:16], steps[32:], steps[16:32]])
    return Grid(near, ordered, *strides_xy)


@kernel(forceinline=True)
def _in_order(places):
    """Return a set with its places in the order x, y, z: the middle row is not last."""
    middle = (places >> _SIXTEEN) & _ROW
    return (places & _LOW) | middle | ((places & _HIGH) << _FOUR)


@kernel(forceinline=True)
def propose_at(spin, i, grid, rules, hidden, word):
    """Return the spin that a site may take (0: none) and the change in energy.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (n,)
        Flat, with ghosts; one place beyond the last ghost is read, too.
    i : uint64
        Index of the site.
    grid : Grid
    rules : MoveRules
    hidden : uint64
        Set, in the order x, y, z, of neighbors whose spin is not taken.
    word : uint64
        A random word.
    """
    like = holding(grid, spin, i, spin[i])
    unlike = grid.near & ~like & ~holding(grid, spin, i, 0)
    left = _in_order(unlike) & ~hidden
    if rules.barred != 0:
        left &= ~_in_order(holding(grid, spin, i, rules.barred))
    firsts = _NONE  # the first place of each different spin
    while left != _NONE:
        place = lowest_place(left)
        firsts |= _ONE << place
        left &= ~_in_order(holding(grid, spin, i, spin[i + grid.steps[place]]))
    if firsts == _NONE:
        return np.int32(0), 0
    for _ in range((word * np.uint64(n_places(firsts))) >> np.uint64(32)):
        firsts &= firsts - _ONE
    chosen = spin[i + grid.steps[lowest_place(firsts)]]
    return chosen, n_places(like) - n_places(holding(grid, spin, i, chosen))


@nb.njit(cache=True)
def propose(spin, site, plan, here, rules, word, around):
    """Do as `propose_at` in any array of spins and a plan of its molten sites."""
    x, y, z = site
    i, j, k = here
    mine = spin[x, y, z]
    unique = around[26:]
    n, n_unique, n_like = 0, 0, -1  # the site itself is counted below
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                v = spin[x + a, y + b, z + c]
                if v == mine:
                    n_like += 1
                    continue
                if v == 0:
                    continue
                around[n] = v
                n += 1
                if v == rules.barred:
                    continue
                if not rules.copy_molten and plan[i + a, j + b, k + c] & MOLTEN:
                    continue
                for w in range(n_unique):
                    if unique[w] == v:
                        break
                else:
                    unique[n_unique] = v
                    n_unique += 1
    if n_unique == 0:
        return np.int32(0), 0
    chosen = unique[(word * np.uint64(n_unique)) >> np.uint64(32)]
    rise = n_like
    for w in range(n):
        rise -= around[w] == chosen
    return chosen, rise
