"""Proposals of the Potts moves around a melt pool: which spin a site takes."""

from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.simulate.am.mobility import MOLTEN
from grainpaint.simulate.iso.lattice import kernel, neighbor_offsets, neighborhood
from grainpaint.simulate.iso.neighbor_set import holding, lowest_place, n_places

__all__ = ["Grid", "MoveRules", "grid_of", "propose", "taken_at"]

_ONE, _NONE = np.uint64(1), np.uint64(0)
_32_BITS, _U32 = np.uint64(32), np.uint64(0xFFFFFFFF)
_TRIALS = 3  # of a random neighbor, before the different spins are listed


class MoveRules(NamedTuple):
    """Parameters of the moves."""

    n_spins: np.uint64
    chances: np.ndarray  # of a move that raises the energy by 0, 1, ...
    copy_molten: bool
    lowest: int = 1  # of the spins that molten sites take
    barred: int = 0  # a spin that no site takes from a neighbor; 0 = none


class Grid(NamedTuple):
    """How the sites of a box with ghosts lie in a flat array, see `neighbor_set`."""

    near: np.uint64
    steps: np.ndarray
    stride_x: np.uint64
    stride_y: np.uint64


def grid_of(shape: tuple[int, ...]) -> Grid:
    """Return the grid of a box of sites with one layer of ghosts, z fastest."""
    strides = (shape[1] + 2) * (shape[2] + 2), shape[2] + 2
    near, _, steps, *strides_xy = neighborhood(neighbor_offsets("sc/26n"), *strides)
    return Grid(near, steps, *strides_xy)


@kernel(forceinline=True)
def _nth_place(places, n):
    """Return the number of the n-th set bit."""
    for _ in range(n):
        places &= places - _ONE
    return lowest_place(places)


@kernel(forceinline=True)
def taken_at(spin, i, grid, rules, hidden, word, u):
    """Return the spin that a site takes from a neighbor, 0: it keeps its own.

    Each different spin of the neighbors is proposed with the same probability. A random
    neighbor proposes its spin if it is the first of the neighbors with that spin;
    otherwise another one is drawn. Only if that fails a few times the different spins
    are listed, which takes longer where there are many.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (n,)
        Flat, with ghosts; one place beyond the last ghost is read, too.
    i : uint64
        Index of the site.
    grid : Grid
    rules : MoveRules
    hidden : uint64
        Set of neighbors whose spin is not taken.
    word : uint64
        A random word.
    u : float
        A random number in 0..1.
    """
    like = holding(grid, spin, i, spin[i])
    unlike = grid.near & ~like & ~holding(grid, spin, i, 0)
    n_like = n_places(like)
    least = n_like - n_places(unlike)  # that the energy can rise by
    left = unlike & ~hidden
    if rules.barred != 0:
        left &= ~holding(grid, spin, i, rules.barred)
    if left == _NONE or (least > 0 and u >= rules.chances[least]):
        return np.int32(0)
    n_left = np.uint64(n_places(left))
    chosen, same = np.int32(0), _NONE
    for _ in range(_TRIALS):
        word = (word & _U32) * n_left
        place = _nth_place(left, word >> _32_BITS)
        chosen = spin[i + grid.steps[place]]
        same = holding(grid, spin, i, chosen)
        if lowest_place(left & same) == place:
            break
    else:
        firsts, rest = _NONE, left  # the first place of each different spin
        while rest != _NONE:
            place = lowest_place(rest)
            firsts |= _ONE << place
            rest &= ~holding(grid, spin, i, spin[i + grid.steps[place]])
        word = (word & _U32) * np.uint64(n_places(firsts))
        chosen = spin[i + grid.steps[_nth_place(firsts, word >> _32_BITS)]]
        same = holding(grid, spin, i, chosen)
    rise = n_like - n_places(same)
    return chosen if rise <= 0 or u < rules.chances[rise] else np.int32(0)


@nb.njit(cache=True)
def propose(spin, site, plan, here, rules, word, around):
    """Return the spin that a site may take (0: none) and the change in energy."""
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
