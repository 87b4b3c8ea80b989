"""Spins in an array with ghosts, and the sweeps that a pool makes over them."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numba
import numpy as np

from grainpaint.simulate.ahead import made_ahead
from grainpaint.simulate.am.mobility import SweepKey
from grainpaint.simulate.am.ordered_sweeps import SiteOrder, ordered_sweep
from grainpaint.simulate.am.proposals import MoveRules, grid_of
from grainpaint.simulate.am.sweeps import Moves, list_moves, make_moves
from grainpaint.simulate.am.zone_table import ZoneTable
from grainpaint.simulate.iso.ghosts import with_ghosts

__all__ = ["BuildSweeper", "Leg", "move_rules"]

# Sites in the boxes around the pool in sweeps that are listed together: their moves
# take about 10 ms to list and as long to make, far above what handing them over costs
# (0.1 ms) and near what a thread on a busy machine gets the core for (3 ms or more).
_SITES_TOGETHER = 2**19
_N_NEAR = 26  # neighbors of a site


class Leg(NamedTuple):
    """Some sweeps of a pool, one after another.

    Parameters
    ----------
    places : numpy.ndarray, float64, shape (n, 5)
        Where the pool is: x, y, z, and its heading (ux, uy).
    steps : numpy.ndarray, uint64, shape (n,)
        Numbers of the sweeps, on which their random numbers depend.
    zone : ZoneTable
    key : two uint64
        Of the random numbers.
    """

    places: np.ndarray
    steps: np.ndarray
    zone: ZoneTable
    key: tuple[np.uint64, np.uint64]


def move_rules(
    n_spins: int,
    temperature: float,
    copy_molten: bool,
    lowest: int = 1,
    barred: int = 0,
) -> MoveRules:
    """Return the rules of the moves.

    Parameters
    ----------
    n_spins, temperature, copy_molten
        As in `solidify`.
    lowest : int
        Molten sites take the spins lowest..lowest + n_spins - 1.
    barred : int
        A spin that no site takes from a neighbor; 0 = none.
    """
    chances = [
        math.exp(-rise / temperature) if temperature > 0 else float(rise == 0)
        for rise in range(_N_NEAR + 1)
    ]
    known = copy_molten, lowest, barred
    return MoveRules(np.uint64(n_spins), np.array(chances), *known)


class BuildSweeper:
    """Spins in an array with ghosts, and the sweeps that change them.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
        Spins >= 1; 0 = no site. They are copied.
    rules : MoveRules
        As returned by `move_rules`.
    periodic : three bools
        Axes along which the box repeats.
    order : SiteOrder, optional
        How sweeps go through the sites; by default random sites, many at once.
    """

    def __init__(
        self,
        spin: np.ndarray,
        rules: MoveRules,
        periodic: tuple[bool, bool, bool] = (False, False, False),
        order: SiteOrder | None = None,
    ) -> None:
        padded = [n + 2 for n in spin.shape]
        self._flat = np.zeros(math.prod(padded) + 1, np.int32)  # 0 = no site
        self._flat[:-1] = with_ghosts(spin, periodic)
        self._padded = self._flat[:-1].reshape(padded)
        self._rules, self._periodic, self._order = rules, periodic, order
        self._grid = grid_of(spin.shape)

    @property
    def spin(self) -> np.ndarray:
        """The spins, a view (int32, shape (nx, ny, nz))."""
        return self._padded[1:-1, 1:-1, 1:-1]

    def run(self, legs: Iterable[Leg], report: Callable[[int], None]) -> None:
        """Run sweeps; report the number of the next sweep from time to time.

        While the moves of some sweeps are made, those of the next are listed by other
        threads, as many as numba has.
        """
        if self._order is not None:
            self._run_in_order(legs, report)
            return
        parts = list[Leg]()

        def begun() -> Iterator[Leg]:
            for part in _parts(legs):
                parts.append(part)
                yield part

        shape = self.spin.shape
        for moves in made_ahead(self._list, begun(), numba.get_num_threads()):
            known = self._flat, shape, moves, self._grid, self._rules
            make_moves(*known, self._periodic)
            report(int(parts.pop(0).steps[-1]) + 1)

    def _list(self, leg: Leg) -> Moves:
        """Return the moves of some sweeps."""
        places, steps, zone, key = leg
        shape = self.spin.shape
        found: Moves = list_moves(shape, places, steps, zone, self._rules, key)
        return found

    def _run_in_order(self, legs: Iterable[Leg], report: Callable[[int], None]) -> None:
        """Run sweeps over one site after another."""
        for leg in legs:
            for place, step in zip(leg.places.tolist(), leg.steps):
                draw = SweepKey(*leg.key, step)
                known = self._padded, tuple(place), leg.zone, self._rules, draw
                ordered_sweep(*known, self._order, self._periodic)
            report(int(leg.steps[-1]) + 1)


def _parts(legs: Iterable[Leg]) -> Iterator[Leg]:
    """Cut and join legs so that the moves of each are listed in a few milliseconds."""
    kept: list[Leg] = []
    n_kept = 0
    for leg in legs:
        if kept and (leg.zone is not kept[0].zone or leg.key != kept[0].key):
            yield _joined(kept)
            kept, n_kept = [], 0
        rear, front, side, below, above = leg.zone.box
        n_sites = (rear + front + 1) * (2 * side + 1) * (below + above + 1)
        most = max(1, int(_SITES_TOGETHER / n_sites))
        start = 0
        while start < len(leg.steps):
            stop = min(len(leg.steps), start + most - n_kept)
            kept.append(
                leg._replace(places=leg.places[start:stop], steps=leg.steps[start:stop])
            )
            n_kept, start = n_kept + stop - start, stop
            if n_kept == most:
                yield _joined(kept)
                kept, n_kept = [], 0
    if kept:
        yield _joined(kept)


def _joined(legs: list[Leg]) -> Leg:
    """Return legs of one zone and key as one."""
    if len(legs) == 1:
        return legs[0]
    places = np.concatenate([leg.places for leg in legs])
    steps = np.concatenate([leg.steps for leg in legs])
    return legs[0]._replace(places=places, steps=steps)
