"""SPPARKS' clock: at which times something can be written in a run."""

import math

import numpy as np

from grainpaint.errors import InputError

__all__ = ["Clock"]

_MOST_TICKS = 4_000_000  # beyond, sums of equal steps are not worth their rounding
_MOST_SWEEPS = 30_000_000  # their times are kept in memory


class Clock:
    """The clock of a run.

    Rejection-free runs can stop at any time. Sweeps advance the clock by one step each:
    what is due is written at the first tick that reaches it, and a run ends at the
    first tick that reaches its end.

    Parameters
    ----------
    start, stop : float
        Times of the run.
    step : float, optional
        Time of a sweep; None = rejection-free.
    """

    def __init__(self, start: float, stop: float, step: float | None = None) -> None:
        self.start, self.step = start, step
        self.stop = stop
        if step is None or stop <= start:
            return
        if (stop - start) / step > _MOST_SWEEPS:
            raise InputError(
                f"from time {start:g} to {stop:g} there are more than {_MOST_SWEEPS:,} "
                "sweeps"
            )
        n = math.ceil((stop - start) / step) + 2
        if n <= _MOST_TICKS:  # SPPARKS adds up steps, rounding included
            self.ticks = np.cumsum(np.concatenate([[start], np.full(n, step)]))
        else:
            self.ticks = start + step * np.arange(n + 1)
        self.stop = float(self.ticks[np.searchsorted(self.ticks, stop)])

    def reach(self, due: float) -> tuple[float, int]:
        """Return the time at which something that is due can be written.

        Parameters
        ----------
        due : float
            After the start of the run.

        Returns
        -------
        time : float
            At the latest the end of the run.
        n_sweeps : int
            Sweeps done in the run until then.
        """
        if self.step is None or self.stop <= self.start:
            return min(due, self.stop), 0
        n = int(np.searchsorted(self.ticks, min(due, self.stop)))
        return float(self.ticks[n]), n
