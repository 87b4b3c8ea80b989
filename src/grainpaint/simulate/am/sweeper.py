"""Spins in an array with ghosts, and the sweeps that a pool makes over them."""

import math

import numpy as np

from grainpaint.simulate.am.moves import SweepKey
from grainpaint.simulate.am.ordered_sweeps import SiteOrder, ordered_sweep
from grainpaint.simulate.am.sweeps import (
    MoveRules,
    run_sweep,
    scan_segment,
    wrap_ghosts,
)
from grainpaint.simulate.am.zone_table import ZoneTable

__all__ = ["Sweeper", "move_rules"]


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
    beta = 1 / temperature if temperature > 0 else math.inf
    return MoveRules(np.uint64(n_spins), beta, copy_molten, lowest, barred)


class Sweeper:
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
        self._padded = np.zeros([n + 2 for n in spin.shape], np.int32)  # 0 = no site
        self._padded[1:-1, 1:-1, 1:-1] = spin
        wrap_ghosts(self._padded, periodic)
        self._rules, self._periodic, self._order = rules, periodic, order

    @property
    def spin(self) -> np.ndarray:
        """The spins, a view (int32, shape (nx, ny, nz))."""
        return self._padded[1:-1, 1:-1, 1:-1]

    def sweep(self, place: tuple[float, ...], zone: ZoneTable, draw: SweepKey) -> None:
        """Run one sweep with the pool at (x, y, z), heading along (ux, uy)."""
        known = self._padded, place, zone, self._rules, draw
        if self._order is None:
            run_sweep(*known, self._periodic)
        else:
            ordered_sweep(*known, self._order, self._periodic)

    def scan(
        self,
        segment: tuple[float, ...],
        steps: tuple[int, int, int],
        zone: ZoneTable,
        key: tuple[np.uint64, np.uint64],
    ) -> None:
        """Run the sweeps steps[0]..steps[1] - 1 of a segment that began at steps[2].

        A segment is where the pool starts (x, y, z), its heading (ux, uy) and its
        stride from sweep to sweep.
        """
        if self._order is None:
            known = self._padded, segment, steps, zone, self._rules, key
            scan_segment(*known, self._periodic)
            return
        x, y, z, ux, uy, stride = segment
        for step in range(steps[0], steps[1]):
            gone = (step - steps[2]) * stride
            place = (x + gone * ux, y + gone * uy, z, ux, uy)
            self.sweep(place, zone, SweepKey(*key, np.uint64(step)))
