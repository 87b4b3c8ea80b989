"""When SPPARKS writes next: even or logarithmic intervals, delays, tolerances."""

import math
from dataclasses import dataclass

from grainpaint.simulate.spparks.script.command import Command

__all__ = ["TIMING_WORDS", "OutputInterval"]

TIMING_WORDS = {"delay": 2, "tol": 2, "delta": 2, "logfreq": 3, "loglinfreq": 3}
_MOST_REPEATS, _LEAST_SCALE = 10_000, 1.01  # beyond, the next time is never found


@dataclass
class OutputInterval:
    """An interval of outputs.

    Parameters
    ----------
    delta : float
        Time between outputs; 0 = never.
    delay : float
        Time of the first output at the earliest.
    tolerance : float
        How much too early is early enough.
    repeat : int
        Outputs per decade, or whatever `scale` is; 0 = at even intervals.
    scale : float
    logarithmic : bool
        Whether the decade is divided evenly in the logarithm; otherwise evenly.
    """

    delta: float
    delay: float = 0.0
    tolerance: float = 0.0
    repeat: int = 0
    scale: float = 0.0
    logarithmic: bool = True

    def take(self, command: Command, at: int) -> int:
        """Take an option from word `at` of a command; return the words it uses."""
        match word := command.expect(at, *TIMING_WORDS):
            case "delay":
                self.delay = command.number(at + 1)
            case "tol":
                self.tolerance = command.number(at + 1)
            case "delta":
                self.delta = command.number(at + 1)
            case _:
                self.logarithmic = word == "logfreq"
                self.repeat = command.integer(at + 1)
                self.scale = command.number(at + 2)
        return TIMING_WORDS[word]

    def check(self, command: Command) -> None:
        """Raise InputError if the numbers make no sense."""
        if self.repeat > _MOST_REPEATS or 1 < self.scale < _LEAST_SCALE:
            raise command.fail(
                f"writes at most {_MOST_REPEATS:,} times a decade, each decade at "
                f"least {_LEAST_SCALE:g} times the one before"
            )
        if self.delta < 0 or self.repeat < 0 or (self.repeat and self.scale <= 1):
            raise command.fail("needs delta > 0, a count >= 0 and a scale > 1")

    def due(self, now: float, exact: bool = False) -> float:
        """Return the next time after `now`, as SPPARKS computes it.

        Parameters
        ----------
        now : float
        exact : bool
            Whether `now` is SPPARKS' time to the last bit, as that of sweeps is: a
            build that ends at 12 - 2e-14 is due again at 12.
        """
        if self.delta <= 0:
            return math.inf
        now += self.tolerance
        if self.repeat == 0:
            due = _multiple(now, self.delta, exact)
        elif self.logarithmic:
            due = self._decade(now)
            while now >= due * (1 - 1e-12):
                due *= self.scale ** (1.0 / self.repeat)
        else:
            start = self._decade(now)
            due = _multiple(now, start, exact)
            if int(due / start) > self.repeat:
                due = start * self.scale
        return max(due, self.delay) - self.tolerance

    def _decade(self, now: float) -> float:
        start = self.delta
        while now >= start * self.scale:
            start *= self.scale
        return start


def _multiple(now: float, step: float, exact: bool) -> float:
    """Return the next multiple of a step."""
    if exact:
        due = math.ceil(now / step) * step
        return due + step * (due == now)
    # A multiple that rounding has put just above or below `now` counts as now.
    count = math.ceil(now / step - 1e-9)
    return step * (count + (abs(count * step - now) <= 1e-9 * max(step, now)))
