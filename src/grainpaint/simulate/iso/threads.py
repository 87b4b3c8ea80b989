"""Threads that take the blocks of a lattice through their turns."""

import threading
import time
from collections.abc import Iterator

import numba
import numpy as np

from grainpaint.progress import Bar
from grainpaint.simulate.iso.lattice import Lattice
from grainpaint.simulate.iso.rates import Rates
from grainpaint.simulate.iso.schedule import PHASES, Schedule, begin
from grainpaint.simulate.iso.slots import TICKS, TURN_SLOTS
from grainpaint.simulate.iso.turns import run_blocks

__all__ = ["run_turns", "threads_for"]

_SITES = 2**15  # for each thread: with fewer, threads wait for each other
_BLOCKS = 8
_SECONDS = 0.05  # between looks at the progress
_PAUSE = 2e-4  # seconds of a thread that finds nothing to do


def threads_for(shape: tuple[int, ...], n_blocks: int) -> int:
    """Return how many threads are worth while for a lattice, at most those of numba."""
    most = min(int(np.prod(shape)) // _SITES, n_blocks // _BLOCKS)
    return max(1, min(numba.get_num_threads(), most))


def run_turns(
    lattice: Lattice,
    rates: Rates,
    schedule: Schedule,
    turns: np.ndarray,
    n_threads: int,
    bar: Bar,
) -> None:
    """Take all blocks through some turns.

    Parameters
    ----------
    lattice : Lattice
        Its spins and alarms change.
    rates : Rates
    schedule : Schedule
        Of n_threads threads.
    turns : numpy.ndarray, int64, shape (n_turns, 4)
        As in `Schedule`.
    n_threads : int
    bar : Bar
        Receives the time reached.
    """
    crew = _Crew(lattice, rates, begin(schedule, turns), n_threads)
    helpers = [
        threading.Thread(target=crew.help, args=(k,), daemon=True)
        for k in range(1, n_threads)
    ]
    for helper in helpers:
        helper.start()
    try:
        for turn in crew.work(0):
            bar.update(turns[turn, 0] / TICKS)
    finally:
        crew.stopped = True
        for helper in helpers:
            helper.join()
    if crew.error:
        raise crew.error
    last = turns[-1]
    bar.update((last[0] + TURN_SLOTS * last[2]) / TICKS)


class _Crew:
    """Threads at work on one schedule."""

    def __init__(
        self, lattice: Lattice, rates: Rates, schedule: Schedule, n_threads: int
    ) -> None:
        self.stopped = False
        self.error: BaseException | None = None
        self._known = lattice, rates, schedule
        self._schedule = schedule
        n = len(schedule.blocks)
        self._cuts = -(-np.arange(n_threads + 1) * n // n_threads)
        self._end = len(schedule.turns) * PHASES

    def work(self, k: int) -> Iterator[int]:
        """Work as thread k until all is done; yield the turn reached at times."""
        own = self._cuts[k : k + 2]
        budget = 1
        while not self.stopped:
            start = time.perf_counter()
            done = run_blocks(*self._known, own, budget)
            seconds = time.perf_counter() - start
            if done >= budget:
                budget = max(1, int(budget * min(2.0, _SECONDS / seconds)))
            phase = int(self._schedule.phase.min())
            if phase >= self._end:
                return
            if not done:
                time.sleep(_PAUSE)
            yield phase // PHASES

    def help(self, k: int) -> None:
        """Work as thread k."""
        try:
            for _ in self.work(k):
                pass
        except BaseException as error:
            self.error, self.stopped = error, True
