"""Turns: blocks of sites run through a few slots, one color at a time."""

import math

import numba as nb
import numpy as np

from grainpaint.simulate.iso.alarms import (
    AWAKE,
    STUCK,
    alarm_after,
    draw_alarm,
    random_key,
)
from grainpaint.simulate.iso.flips import flip
from grainpaint.simulate.iso.lattice import flat_index, kernel
from grainpaint.simulate.iso.site import flip_site
from grainpaint.simulate.iso.slots import TICKS, TURN_SLOTS, Slot

__all__ = ["run_blocks"]

_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


@kernel()
def _wind(lattice, block, rates, slot):
    """Draw the alarms of all sites of a block that may flip, at the start of a slot."""
    alarm = lattice.alarm
    for x in range(block[0], block[1]):
        for y in range(block[2], block[3]):
            for z in range(lattice.nz):
                i = flat_index(lattice, x, y, z)
                if alarm[i] < STUCK:
                    alarm[i] = draw_alarm(lattice, x, y, z, rates, slot)


@kernel(forceinline=True)
def _visit(lattice, x, y, z, rates, slot):
    """Flip one site at its rates through a slot; draw its next alarm."""
    i = flat_index(lattice, x, y, z)
    alarm = lattice.alarm
    dt = slot.ticks / TICKS
    m = lattice.mobility[x, y, z] if lattice.mobility.size > 0 else 1.0
    rang = alarm[i] != AWAKE
    key = random_key(lattice, x, y, z, slot)
    value, n_like, wait = flip_site(lattice, i, m * dt, rates, key, rang)
    if value != lattice.spin[i]:
        flip(lattice, x, y, z, value, rates)
    alarm[i] = alarm_after(wait, m, slot.number + 1, dt)
    if wait == math.inf and rates.bound[n_like] > 0.0:
        alarm[i] = STUCK


@kernel(forceinline=True)
def _has_byte(word, byte):
    """Return whether one of the eight bytes of a word has the given value."""
    word = word ^ (_ONES * np.uint64(byte))
    return (word - _ONES) & ~word & _HIGH != np.uint64(0)


@kernel(forceinline=True)
def _ring(lattice, x, y, rates, slot):
    """Visit the sites of a row along z whose alarms ring in a slot."""
    number = slot.number
    forth = number % 2 == 0
    start = flat_index(lattice, x, y, np.int64(-1))
    n_words = np.int64(lattice.stride_y) // 8
    for k in range(n_words):
        w = k if forth else n_words - 1 - k
        word = lattice.alarms[start // np.uint64(8) + np.uint64(w)]
        if not (_has_byte(word, number) or _has_byte(word, AWAKE)):
            continue
        for k in range(8):
            place = 8 * w + (k if forth else 7 - k)
            alarm = lattice.alarm[start + np.uint64(place)]
            if alarm == number or alarm == AWAKE:  # noqa: SIM109  (faster)
                _visit(lattice, x, y, place - 1, rates, slot)


@kernel()
def _turn(lattice, block, rates, slot):
    """Take a block through the slots of a turn."""
    x0, x1, y0, y1 = block
    for s in range(TURN_SLOTS):
        now = Slot(
            slot.k0,
            slot.k1,
            slot.tick + s * slot.ticks,
            slot.number + s,
            slot.ticks,
        )
        for i in range(x1 - x0):
            x = x0 + i if now.number % 2 == 0 else x1 - 1 - i
            for j in range(y1 - y0):
                y = y0 + j if now.number % 2 == 0 else y1 - 1 - j
                _ring(lattice, x, y, rates, now)


# A card's kernels are launched by another thread of Python meanwhile: nogil.
@kernel(from_python=True, parallel=True, nogil=True)
def run_blocks(lattice, blocks, rates, slot, winding):
    """Draw the alarms of blocks (`winding`), or take those of one color through a turn.

    One kernel does both because parallel loops take long to compile.
    """
    for b in nb.prange(blocks.shape[0]):
        if winding:
            _wind(lattice, blocks[b], rates, slot)
        else:
            _turn(lattice, blocks[b], rates, slot)
