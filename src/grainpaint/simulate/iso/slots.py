"""Time in slots: short at first, while flips are frequent, and longer later."""

from typing import NamedTuple

import numpy as np

from grainpaint.errors import InputError

__all__ = ["TICKS", "TURN_SLOTS", "WINDOW_SLOTS", "Slot", "checked_ticks", "slot_at"]

TICKS = 256  # per unit of time
WINDOW_SLOTS = 32  # slots after which all alarms are drawn anew
TURN_SLOTS = 4  # slots that a block runs through while its surroundings wait
# Each row: the first tick of a phase, and the ticks per slot in it.
_SLOT_TICKS = ((0, 1), (64, 2), (128, 4), (1024, 8))


class Slot(NamedTuple):
    """A slot of time, with the key of the random numbers."""

    k0: np.uint64
    k1: np.uint64
    tick: int  # at its start
    number: int  # within its window
    ticks: int  # its length


def slot_at(tick: int) -> tuple[int, int]:
    """Return the number of the slot at a tick within its window, and its length."""
    since, length = max(row for row in _SLOT_TICKS if row[0] <= tick)
    return (tick - since) // length % WINDOW_SLOTS, length


def _nearest_turn(time: float) -> int:
    """Return the tick of the turn start nearest to a time."""
    tick = round(time * TICKS)
    turn = TURN_SLOTS * slot_at(tick)[1]
    return round(tick / turn) * turn


def checked_ticks(times: list[float]) -> list[int]:
    """Return the ticks of increasing times, rounded to the start of a turn.

    Raises
    ------
    InputError
        If a time is out of range or earlier than the one before it.
    """
    if not all(0 <= t < 2**32 // TICKS for t in times):
        raise InputError(f"times must lie in 0..{2**32 // TICKS - 1}, got {times}")
    if sorted(times) != times:
        raise InputError(
            f"the times must increase, got {', '.join(f'{t:g}' for t in times)}"
        )
    return [_nearest_turn(t) for t in times]
