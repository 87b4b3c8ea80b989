"""When blocks of sites run through their turns, by several threads without barriers.

In every turn the blocks of one color follow those of another, so a block may go on as
soon as the blocks around it have done what comes before. That fixes what every block
sees, whatever the threads do: some blocks are several turns ahead of others while a
thread that holds a block does not get its core.
"""

from typing import NamedTuple

import numpy as np

from grainpaint.simulate.iso.slots import TURN_SLOTS, slot_at

__all__ = ["PHASES", "Schedule", "begin", "make_schedule", "turns_between"]

PHASES = 5  # of a turn: alarms are drawn (in the first of a window), then four colors


class Schedule(NamedTuple):
    """Blocks, their turns, and how far each of them is.

    Parameters
    ----------
    k0, k1 : uint64
        Key of the random numbers.
    blocks : numpy.ndarray, int64, shape (n, 4)
        Start and stop along x, start and stop along y.
    color : numpy.ndarray, int64, shape (n,)
        0..3; blocks of one color do not touch.
    near : numpy.ndarray, int64, shape (n, 8)
        Blocks that touch a block; -1 = none.
    turns : numpy.ndarray, int64, shape (n_turns, 4)
        Tick, number and length of the first slot, and whether alarms are drawn before.
    phase : numpy.ndarray, int64, shape (n,)
        Next phase of each block, counted from the first turn; shared by threads.
    taken : numpy.ndarray, int64, shape (n,)
        1 = a thread is at it.
    """

    k0: np.uint64
    k1: np.uint64
    blocks: np.ndarray
    color: np.ndarray
    near: np.ndarray
    turns: np.ndarray
    phase: np.ndarray
    taken: np.ndarray


def begin(schedule: Schedule, turns: np.ndarray) -> Schedule:
    """Return a schedule with other turns, its blocks at their first phases."""
    phase = np.zeros(len(schedule.blocks), np.int64)
    number, draws = turns[0, 1], turns[0, 3]
    if not draws:
        forth = number // TURN_SLOTS % 2 == 0
        phase = 1 + schedule.color if forth else PHASES - 1 - schedule.color
    return schedule._replace(turns=turns, phase=phase, taken=np.zeros_like(phase))


def turns_between(start: int, stop: int, fresh: bool) -> np.ndarray:
    """Return the turns from a tick to another (see `Schedule`).

    If `fresh`, all alarms are drawn at the start.
    """
    rows = []
    tick = start
    while tick < stop:
        number, ticks = slot_at(tick)
        rows.append((tick, number, ticks, number == 0 or (fresh and tick == start)))
        tick += TURN_SLOTS * ticks
    return np.array(rows, np.int64).reshape(-1, 4)


def make_schedule(
    colors: list[np.ndarray],
    shape: tuple[int, int],
    periodic: tuple[bool, ...],
    key: tuple[np.uint64, np.uint64],
    n_threads: int,
) -> Schedule:
    """Return a schedule without turns.

    Parameters
    ----------
    colors : list of numpy.ndarray, int64, shape (n, 4)
        The blocks of each color, see `row_blocks`.
    shape : two ints
        Sites along x and y.
    periodic : bools
        Of x and y.
    key : two uint64
    n_threads : int
        The n-th part of the blocks is a strip of the lattice, for one thread.
    """
    blocks = np.concatenate(colors)
    color = np.repeat(np.arange(len(colors)), [len(b) for b in colors])
    place = np.empty(len(blocks), np.int64)
    place[np.lexsort((blocks[:, 2], blocks[:, 0]))] = np.arange(len(blocks))
    order = np.lexsort((place, color, place * n_threads // len(blocks)))
    blocks, color = blocks[order], color[order]
    near = _touching(blocks, shape, periodic)
    none = np.zeros(len(blocks), np.int64)
    turns = np.empty((0, 4), np.int64)
    return Schedule(*key, blocks, color, near, turns, none, none.copy())


def _touching(
    blocks: np.ndarray, shape: tuple[int, int], periodic: tuple[bool, ...]
) -> np.ndarray:
    """Return the blocks that touch each block, shape (n, 8), -1 = none."""
    owner = np.full((shape[0] + 2, shape[1] + 2), -1)
    inside = owner[1:-1, 1:-1]
    for b, (x0, x1, y0, y1) in enumerate(blocks.tolist()):
        inside[x0:x1, y0:y1] = b
    for axis in range(2):
        if periodic[axis]:
            ends = np.moveaxis(owner, axis, 0)
            ends[0], ends[-1] = ends[-2], ends[1]
    near = np.full((len(blocks), 8), -1)
    for b, (x0, x1, y0, y1) in enumerate(blocks.tolist()):
        around = np.unique(owner[x0 : x1 + 2, y0 : y1 + 2])
        around = around[(around >= 0) & (around != b)]
        near[b, : len(around)] = around
    return near
