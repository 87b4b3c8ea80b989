"""Scan paths: where the melt pool goes, how fast, and in which order.

Coordinates are in voxels, voxel (i, j, k) lies at (i, j, k); z is the height of the
surface that is scanned, so voxels at or below it can melt. Speeds are in voxels per
unit of time; a unit of time is 26 sweeps, as in SPPARKS' additive applications.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from grainpaint.errors import InputError

__all__ = ["SWEEPS_PER_TIME", "Corner", "Point", "ScanPath", "Segment", "make_path"]

SWEEPS_PER_TIME = 26  # sites of sc/26n have 26 neighbors
_FARTHEST = 1e9  # voxels

Corner = Literal["LL", "LR", "UL", "UR"]
Point = tuple[float, float]


class Segment(NamedTuple):
    """A straight track in a layer: from `start` to `end` at `speed`."""

    start: Point
    end: Point
    speed: float


@dataclass(frozen=True, eq=False)
class ScanPath:
    """Straight segments in the order in which they are scanned.

    Parameters
    ----------
    start, end : numpy.ndarray, float, shape (n, 3)
        Ends of the segments, voxels.
    speed : numpy.ndarray, float, shape (n,)
        Voxels per unit of time, > 0.
    on : numpy.ndarray, bool, shape (n,)
        False where the beam is off: time passes, nothing melts.
    number : numpy.ndarray, int64, shape (n,), optional
        Numbers of the segments in the whole path, rising, if this is a part of it.

    Raises
    ------
    InputError
        If there is no segment, a speed is not positive, or a segment has no length or
        is not level while the beam is on.
    """

    start: np.ndarray
    end: np.ndarray
    speed: np.ndarray
    on: np.ndarray
    number: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        n = len(self.speed)
        if not n:
            raise InputError("the scan path is empty: nothing would melt")
        if not self.start.shape == self.end.shape == (n, 3) or self.on.shape != (n,):
            raise InputError(
                "start and end need shape (n, 3), speed and on (n,); got "
                f"{self.start.shape}, {self.end.shape}, {self.speed.shape}, "
                f"{self.on.shape}"
            )
        if not (np.isfinite(self.start).all() and np.isfinite(self.end).all()):
            raise InputError("a coordinate of the scan path is not a finite number")
        if max(np.abs(self.start).max(), np.abs(self.end).max()) > _FARTHEST:
            raise InputError(
                f"a coordinate of the scan path is beyond {_FARTHEST:g} voxels"
            )
        running = (self.speed > 0) & np.isfinite(self.speed)
        if not running.all():
            bad = int(np.flatnonzero(~running)[0])
            raise InputError(
                f"scan speeds must be above 0, segment {bad + 1} has {self.speed[bad]}"
            )
        if not (self.length > 0).all():
            bad = int(np.flatnonzero(~(self.length > 0))[0])
            raise InputError(f"segment {bad + 1} of the scan path has no length")
        tilted = self.on & (self.start[:, 2] != self.end[:, 2])
        if tilted.any():
            bad = int(np.flatnonzero(tilted)[0])
            raise InputError(
                f"segment {bad + 1} of the scan path climbs from z = "
                f"{self.start[bad, 2]:g} to {self.end[bad, 2]:g} with the beam on: a "
                "melt pool stays at one height; switch the beam off or split the path"
            )

    @cached_property
    def length(self) -> np.ndarray:
        """Length of each segment, voxels (float, shape (n,))."""
        length: np.ndarray = np.linalg.norm(self.end - self.start, axis=1)
        return length

    @cached_property
    def direction(self) -> np.ndarray:
        """Unit vectors from start to end (float, shape (n, 3))."""
        unit: np.ndarray = (self.end - self.start) / self.length[:, None]
        return unit

    @cached_property
    def n_sweeps(self) -> np.ndarray:
        """Sweeps that each segment takes (int64, shape (n,)).

        The pool stands still during a sweep, then moves on by speed / 26; at the end
        of a segment it jumps to the start of the next, as in SPPARKS.
        """
        sweeps = self.length * SWEEPS_PER_TIME / self.speed
        n: np.ndarray = np.ceil(sweeps * (1 - 1e-12)).astype(np.int64)
        return n

    @cached_property
    def goes_on(self) -> np.ndarray:
        """Whether the pool continues straight into the next segment (bool, shape (n,)).

        It does if the next segment begins where this one ends, the beam is on, and the
        path turns by less than 10 degrees, so that the tail of the pool follows.
        """
        near = np.abs(self.start[1:] - self.end[:-1]).max(axis=1) < 1e-6
        turn = (self.direction[1:] * self.direction[:-1]).sum(axis=1)
        straight = turn > np.cos(np.radians(10))
        joined: np.ndarray = np.append(near & straight & self.on[1:], False)
        return joined

    @property
    def n_steps(self) -> int:
        """Number of sweeps of the whole path."""
        return int(self.n_sweeps.sum())

    @property
    def duration(self) -> float:
        """Duration of the whole path, units of time."""
        return self.n_steps / SWEEPS_PER_TIME


def make_path(segments: list[Segment], heights: list[float]) -> ScanPath:
    """Return the scan path of segments at the given heights."""
    xy = np.array([(s.start, s.end) for s in segments], float).reshape(-1, 2, 2)
    z = np.asarray(heights, float)
    return ScanPath(
        np.column_stack([xy[:, 0], z]),
        np.column_stack([xy[:, 1], z]),
        np.array([s.speed for s in segments], float),
        np.ones(len(segments), bool),
    )
