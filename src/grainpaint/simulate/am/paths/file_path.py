"""Scan paths as files give them: micrometers and seconds instead of voxels."""

import warnings
from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError, InputNote

__all__ = ["FilePath", "tidy"]

_FARTHEST = 1e9  # µm: no machine builds a kilometer


@dataclass(frozen=True, eq=False)
class FilePath:
    """Straight tracks in the order in which they are scanned.

    Parameters
    ----------
    start, end : numpy.ndarray, float, shape (n, 3)
        Ends of the tracks, µm; z is the height of the scanned surface.
    speed : numpy.ndarray, float, shape (n,)
        µm/s; NaN where the file has none.
    on : numpy.ndarray, bool, shape (n,)
        False where the beam is off.
    """

    start: np.ndarray
    end: np.ndarray
    speed: np.ndarray
    on: np.ndarray

    @property
    def has_speeds(self) -> bool:
        """Whether the speed of every track is known."""
        return not bool(np.isnan(self.speed).any())

    @property
    def length(self) -> np.ndarray:
        """Length of each track, µm (float, shape (n,))."""
        length: np.ndarray = np.linalg.norm(self.end - self.start, axis=1)
        return length


def tidy(path: FilePath) -> FilePath:
    """Return a path without tracks of no length; a note says how many burned.

    Pauses with the beam off are such tracks too, and go without a note.

    Raises
    ------
    InputError
        If a coordinate or a speed is impossible, or the beam is never on.
    """
    for ends in (path.start, path.end):
        wrong = ~(np.abs(ends) <= _FARTHEST).all(axis=1)
        if wrong.any():
            raise InputError(
                f"track {np.flatnonzero(wrong)[0] + 1:,} has a coordinate that is not "
                "a number or beyond a kilometer: is the file damaged, or `unit` wrong?"
            )
    moves = path.length > 0
    n_burns = int((path.on & ~moves).sum())
    if n_burns:
        warnings.warn(
            f"tracks of no length are left out, {n_burns:,} in number: the beam stands "
            "still in them",
            InputNote,
            stacklevel=3,
        )
    start, end, speed, on = (
        values[moves] for values in (path.start, path.end, path.speed, path.on)
    )
    slow = (speed <= 0) | np.isinf(speed)
    if slow.any():
        bad = int(np.flatnonzero(slow)[0])
        raise InputError(
            f"scan speeds must be above 0, track {bad + 1:,} has {speed[bad] / 1e3:g} "
            "mm/s"
        )
    if not on.any():
        raise InputError("the beam is never on: nothing would melt")
    return FilePath(start, end, speed, on)
