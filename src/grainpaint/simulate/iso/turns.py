"""Turns: blocks of sites run through a few slots, each as soon as it may."""

import math

import numpy as np

from grainpaint.simulate.iso.alarms import (
    AWAKE,
    STUCK,
    alarm_after,
    draw_alarm,
    random_key,
)
from grainpaint.simulate.iso.claims import claim, publish, published
from grainpaint.simulate.iso.flips import flip
from grainpaint.simulate.iso.lattice import flat_index, kernel
from grainpaint.simulate.iso.schedule import PHASES
from grainpaint.simulate.iso.site import flip_site
from grainpaint.simulate.iso.slots import TICKS, TURN_SLOTS, Slot

__all__ = ["run_blocks"]

_LOOKS = 50  # for a block that may go on, before the core is given to others
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


@kernel()
def _color_phase(color, number):
    """Return the phase of a color in a turn that begins with slot `number`."""
    return 1 + color if number // TURN_SLOTS % 2 == 0 else PHASES - 1 - color


@kernel()
def _next_phase(schedule, b, turn, after):
    """Return the first phase of a block in a turn that follows the phase `after`."""
    if turn == schedule.turns.shape[0]:
        return turn * PHASES
    first = turn * PHASES
    if schedule.turns[turn, 3] and first > after:
        return first
    return first + _color_phase(schedule.color[b], schedule.turns[turn, 1])


@kernel()
def _is_free(schedule, b, phase):
    """Return whether the blocks around b have done all that comes before a phase."""
    for k in range(schedule.near.shape[1]):
        other = schedule.near[b, k]
        if other >= 0 and published(schedule.phase, other) < phase:
            return False
    return True


@kernel()
def _advance(lattice, b, rates, schedule):
    """Take a block through its next phase; return whether it could be done now."""
    end = schedule.turns.shape[0] * PHASES
    phase = published(schedule.phase, b)
    if phase >= end or not _is_free(schedule, b, phase):
        return False
    if not claim(schedule.taken, b):
        return False
    phase = published(schedule.phase, b)  # another thread may have had it since
    done = phase < end and _is_free(schedule, b, phase)
    if done:
        t = phase // PHASES
        tick, number, ticks = (
            schedule.turns[t, 0],
            schedule.turns[t, 1],
            schedule.turns[t, 2],
        )
        slot = Slot(schedule.k0, schedule.k1, tick, number, ticks)
        if phase % PHASES == 0:
            _wind(lattice, schedule.blocks[b], rates, slot)
            following = t
        else:
            _turn(lattice, schedule.blocks[b], rates, slot)
            following = t + 1
        publish(schedule.phase, b, _next_phase(schedule, b, following, phase))
    publish(schedule.taken, b, 0)
    return done


@kernel(from_python=True, nogil=True)
def run_blocks(lattice, rates, schedule, own, budget):
    """Take blocks through their turns, one after another, as soon as they may go on.

    Parameters
    ----------
    lattice : Lattice
    rates : Rates
    schedule : Schedule
    own : numpy.ndarray, int64, shape (2,)
        Range of blocks to prefer; any that may go on is taken if none of these may.
    budget : int
        Phases of blocks after which to return.

    Returns
    -------
    int
        Number of phases done; 0 if no block may go on at present.
    """
    n = schedule.blocks.shape[0]
    n_done, idle = 0, 0
    while n_done < budget and idle < _LOOKS:
        before = n_done
        for b in range(own[0], own[1]):
            n_done += _advance(lattice, b, rates, schedule)
        if n_done == before:
            for k in range(n):
                if _advance(lattice, (own[1] + k) % n, rates, schedule):
                    n_done += 1
                    break
        idle = idle + 1 if n_done == before else 0
    return n_done
