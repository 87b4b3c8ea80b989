"""Alarms: the slot in which a site attempts its next flip."""

import math

import numpy as np

from grainpaint.philox import philox4x32
from grainpaint.simulate.iso.lattice import flat_index, kernel
from grainpaint.simulate.iso.neighbor_set import count_like
from grainpaint.simulate.iso.site import is_stuck
from grainpaint.simulate.iso.slots import TICKS, WINDOW_SLOTS

__all__ = [
    "AWAKE",
    "LATER",
    "QUIET",
    "STUCK",
    "alarm_after",
    "draw_alarm",
    "random_key",
]

# Values that are not slots. LATER: after this window; AWAKE: drawn at the next visit.
# STUCK and QUIET: not before a neighbor flips, as the site's neighbors show or as its
# number of like neighbors alone shows.
LATER, AWAKE, STUCK, QUIET = 252, 253, 254, 255


@kernel(forceinline=True)
def alarm_after(wait, mobility, number, dt):
    """Return the alarm for a wait (time times mobility) from the start of a slot."""
    slots = wait / (mobility * dt) if mobility > 0.0 else math.inf
    if slots == math.inf:
        return QUIET
    return LATER if slots >= WINDOW_SLOTS - number else number + np.int64(slots)


@kernel(forceinline=True)
def random_key(lattice, x, y, z, slot):
    """Return the key and counter of the random numbers of a site in a slot."""
    return (
        slot.k0,
        slot.k1,
        lattice.place_x[x],
        lattice.place_y[y],
        lattice.place_z[z],
        np.uint64(slot.tick),
    )


@kernel(forceinline=True)
def draw_alarm(lattice, x, y, z, rates, slot):
    """Draw the alarm of a site at the start of a slot."""
    i = flat_index(lattice, x, y, z)
    n_like = count_like(lattice, i, lattice.spin[i])
    rate = rates.bound[n_like] + rates.far[n_like] * rates.n_spins
    if rate == 0.0:
        return QUIET
    if is_stuck(lattice, i, lattice.spin[i], n_like, rates):
        return STUCK
    k0, k1, kx, ky, kz, tick = random_key(lattice, x, y, z, slot)
    word = philox4x32(k0, k1, kx, ky, kz | (np.uint64(255) << np.uint64(24)), tick)
    wait = -math.log((word[0] + 0.5) * 2.0**-32) / rate
    m = lattice.mobility[x, y, z] if lattice.mobility.size > 0 else 1.0
    return alarm_after(wait, m, slot.number, slot.ticks / TICKS)
