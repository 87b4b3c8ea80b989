"""Flips: a site takes another spin and wakes the neighbors that this affects."""

import numpy as np

from grainpaint.simulate.iso.alarms import AWAKE, QUIET, STUCK
from grainpaint.simulate.iso.lattice import flat_index, ghost_of, kernel
from grainpaint.simulate.iso.neighbor_set import count_like, holding, lowest_place

__all__ = ["flip"]


@kernel()
def _wake(lattice, i, j, old, value, rates):
    """Wake site j after a neighbor's flip if that changes its bound or frees it.

    The spin of site j is read at i, which is its ghost if a periodic face lies between.
    Whether it wakes must not depend on the time of its alarm: keeping the long waits
    and redrawing the others would make waits longer than the rate demands.
    """
    alarm = lattice.alarm
    mine = lattice.spin[i]
    if mine == old:
        if alarm[j] != QUIET or rates.bound[count_like(lattice, j, mine)] > 0.0:
            alarm[j] = AWAKE
    elif mine == value:
        if alarm[j] < STUCK:
            alarm[j] = AWAKE
    elif alarm[j] == STUCK and mine != 0:
        n_like = count_like(lattice, j, mine)
        if count_like(lattice, j, value) >= rates.least[n_like]:
            alarm[j] = AWAKE


@kernel()
def _flip_at_face(lattice, x, y, z, value, rates):
    """Flip a site at a face of the box, and its ghosts with it (see `flip`)."""
    nx, ny, nz = lattice.nx, lattice.ny, lattice.nz
    old = lattice.spin[flat_index(lattice, x, y, z)]
    for a in (x, ghost_of(x, nx, lattice.periodic[0])):
        for b in (y, ghost_of(y, ny, lattice.periodic[1])):
            for c in (z, ghost_of(z, nz, lattice.periodic[2])):
                lattice.spin[flat_index(lattice, a, b, c)] = value
    left = lattice.near
    while left != 0:
        offset = lattice.offsets[lowest_place(left)]
        left &= left - np.uint64(1)
        a, b, c = x + offset[0], y + offset[1], z + offset[2]
        ghost = flat_index(lattice, a, b, c)
        if lattice.spin[ghost] != 0:
            site = flat_index(lattice, a % nx, b % ny, c % nz)
            _wake(lattice, ghost, site, old, value, rates)


@kernel(forceinline=True)
def flip(lattice, x, y, z, value, rates):
    """Give a site another spin; wake the neighbors that may now flip sooner."""
    nx, ny, nz = lattice.nx, lattice.ny, lattice.nz
    if x == 0 or y == 0 or z == 0 or x == nx - 1 or y == ny - 1 or z == nz - 1:
        _flip_at_face(lattice, x, y, z, value, rates)
        return
    i = flat_index(lattice, x, y, z)
    old = lattice.spin[i]
    lattice.spin[i] = value
    left = holding(lattice, lattice.spin, i, old)
    left |= holding(lattice, lattice.spin, i, value)
    left |= holding(lattice, lattice.alarm, i, STUCK)
    while left != 0:
        j = i + lattice.steps[lowest_place(left)]
        left &= left - np.uint64(1)
        _wake(lattice, j, j, old, value, rates)
