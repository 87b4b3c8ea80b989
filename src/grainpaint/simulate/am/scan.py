"""Scan paths: where the melt pool goes, how fast, and in which order.

Coordinates are in voxels, voxel (i, j, k) lies at (i, j, k); z is the height of the
surface that is scanned, so voxels at or below it can melt. Speeds are in voxels per
unit of time; a unit of time is 26 sweeps, as in SPPARKS' additive applications.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from typing import Literal, NamedTuple

import numpy as np

from grainpaint.errors import InputError

__all__ = [
    "SWEEPS_PER_TIME",
    "Corner",
    "Path",
    "Segment",
    "build",
    "cartesian_layer",
    "make_path",
    "path_layer",
    "read_csv",
]

SWEEPS_PER_TIME = 26  # sites of sc/26n have 26 neighbors

Corner = Literal["LL", "LR", "UL", "UR"]
Point = tuple[float, float]


class Segment(NamedTuple):
    """A straight piece of a layer: from `start` to `end` at `speed`."""

    start: Point
    end: Point
    speed: float


@dataclass(frozen=True, eq=False)
class Path:
    """Straight pieces in the order in which they are scanned.

    Parameters
    ----------
    start, end : numpy.ndarray, float, shape (n, 3)
        Ends of the pieces, voxels.
    speed : numpy.ndarray, float, shape (n,)
        Voxels per unit of time, > 0.
    on : numpy.ndarray, bool, shape (n,)
        False where the beam is off: time passes, nothing melts.

    Raises
    ------
    InputError
        If there is no piece, a speed is not positive, a piece has no length or is not
        level with the beam on.
    """

    start: np.ndarray
    end: np.ndarray
    speed: np.ndarray
    on: np.ndarray

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
            raise InputError("the scan path has a coordinate that is no number")
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
        """Length of each piece, voxels (float, shape (n,))."""
        length: np.ndarray = np.linalg.norm(self.end - self.start, axis=1)
        return length

    @cached_property
    def direction(self) -> np.ndarray:
        """Unit vectors from start to end (float, shape (n, 3))."""
        unit: np.ndarray = (self.end - self.start) / self.length[:, None]
        return unit

    @cached_property
    def n_sweeps(self) -> np.ndarray:
        """Sweeps that each piece takes (int64, shape (n,)).

        The pool stands still during a sweep, then moves on by speed / 26; at the end
        of a piece it jumps to the start of the next, as in SPPARKS.
        """
        sweeps = self.length * SWEEPS_PER_TIME / self.speed
        n: np.ndarray = np.ceil(sweeps * (1 - 1e-12)).astype(np.int64)
        return n

    @cached_property
    def goes_on(self) -> np.ndarray:
        """Whether the pool goes straight on into the next piece (bool, shape (n,)).

        It does if that begins where this ends, the beam is on, and the path turns by
        less than 10 degrees, so that the tail of the pool follows.
        """
        near = np.abs(self.start[1:] - self.end[:-1]).max(axis=1) < 1e-6
        turn = (self.direction[1:] * self.direction[:-1]).sum(axis=1)
        straight = turn > np.cos(np.radians(10))
        joined: np.ndarray = np.append(near & straight & self.on[1:], False)
        return joined

    @property
    def n_steps(self) -> int:
        """Sweeps of the whole path."""
        return int(self.n_sweeps.sum())

    @property
    def duration(self) -> float:
        """Units of time of the whole path."""
        return self.n_steps / SWEEPS_PER_TIME


def cartesian_layer(
    shape: tuple[int, ...],
    direction: Literal["x", "y"],
    speed: float,
    hatch: float,
    start: Corner = "LL",
    offset: Point = (0.0, 0.0),
    overhatch: float = 0.0,
    serpentine: bool = True,
) -> list[Segment]:
    """Return the tracks of SPPARKS' ``am pass`` with ``am cartesian_layer``.

    Parameters
    ----------
    shape : three ints
        Voxels of the box.
    direction : "x" or "y"
        Along which the tracks run.
    speed, hatch : float
        Voxels per unit of time; distance of the tracks.
    start : corner
        Lower or upper (y), left or right (x).
    offset : two floats
        Shift of the start; the other ends of the tracks shift against it.
    overhatch : float
        Added to the far limit of the tracks.
    serpentine : bool
        Every other track runs back.

    Raises
    ------
    InputError
        If the speed or the hatch is not positive, or no track is left.
    """
    for name, value in (("speed", speed), ("hatch", hatch)):
        if not 0 < value < np.inf:
            raise InputError(f"the {name} of a pass must be above 0, got {value}")
    along = 0 if direction == "x" else 1
    across = 1 - along
    high = {0: start[1] == "R", 1: start[0] == "U"}
    tail = shape[along] + offset[along] if high[along] else offset[along]
    head = shape[along] - tail
    if high[across]:
        first, last, step = shape[across] + offset[across], overhatch, -hatch
    else:
        first, last, step = offset[across], shape[across] + overhatch, hatch
    n_tracks = int(np.floor((last - first) / step + 1e-9)) + 1
    if n_tracks < 1 or tail == head:
        raise InputError(
            f"a layer of {direction} tracks from corner {start} with offset {offset} "
            f"has no track in a box of {shape[0]} x {shape[1]}"
        )
    tracks = []
    for i in range(n_tracks):
        back = serpentine and i % 2 == 1
        ends = [(head if back else tail), (tail if back else head)]
        line = first + i * step
        a, b = ((e, line) if along == 0 else (line, e) for e in ends)
        tracks.append(Segment(a, b, speed))
    return tracks


def path_layer(paths: list[tuple[Point, Point, float]]) -> list[Segment]:
    """Return the tracks of SPPARKS' ``am path_layer``: (start, end, speed) each."""
    return [Segment(*path) for path in paths]


def build(
    layers: list[tuple[list[Segment], float]], first: float, n_layers: int
) -> Path:
    """Stack a pattern of layers, as SPPARKS' ``am build`` does.

    Parameters
    ----------
    layers : list of (tracks, thickness)
        The pattern; it repeats.
    first : float
        Height of the surface while the first layer is scanned, voxels.
    n_layers : int
        Layers in all; after each the surface rises by its thickness.

    Raises
    ------
    InputError
        If there is no layer, or a thickness is not positive.
    """
    if not layers or n_layers < 1:
        raise InputError(f"a build needs at least one layer, got {n_layers}")
    segments, heights = [], []
    z = first
    for i in range(n_layers):
        tracks, thickness = layers[i % len(layers)]
        if not thickness > 0:
            raise InputError(f"the thickness of a layer must be > 0, got {thickness}")
        segments += tracks
        heights += [z] * len(tracks)
        z += thickness
    return make_path(segments, heights)


def make_path(segments: list[Segment], heights: list[float]) -> Path:
    """Return the path of segments at the given heights."""
    xy = np.array([(s.start, s.end) for s in segments], float).reshape(-1, 2, 2)
    z = np.asarray(heights, float)
    return Path(
        np.column_stack([xy[:, 0], z]),
        np.column_stack([xy[:, 1], z]),
        np.array([s.speed for s in segments], float),
        np.ones(len(segments), bool),
    )


_COLUMNS = ("x0", "y0", "z0", "x1", "y1", "z1", "speed", "on")
_SWITCH = {"1": True, "on": True, "true": True, "0": False, "off": False}
_SWITCH["false"] = False


def read_csv(file: FilePath) -> Path:
    """Read a path from a CSV file.

    Parameters
    ----------
    file : path
        Lines x0, y0, z0, x1, y1, z1, speed, on: ends of a piece in voxels, voxels per
        unit of time, and 1 (on, true) or 0 (off, false). A first line with these names
        may stand above.

    Raises
    ------
    InputError
        If the file is missing, a line cannot be read, or the path is impossible (see
        `Path`).
    """
    if not file.is_file():
        raise InputError(f"{file}: no such file")
    rows, on = [], []
    with file.open(newline="", encoding="utf-8") as lines:
        for number, line in enumerate(csv.reader(lines), 1):
            cells = [c.strip() for c in line]
            if not any(cells) or (number == 1 and tuple(cells) == _COLUMNS):
                continue
            try:
                if len(cells) != len(_COLUMNS):
                    raise ValueError
                rows.append([float(c) for c in cells[:-1]])
                on.append(_SWITCH[cells[-1].lower()])
            except (ValueError, KeyError):
                raise InputError(
                    f"{file}, line {number}: a segment is eight values, "
                    f"{', '.join(_COLUMNS)} (1 or 0); got {','.join(line)!r}"
                ) from None
    table = np.array(rows, float).reshape(-1, 7)
    try:
        return Path(table[:, :3], table[:, 3:6], table[:, 6], np.array(on, bool))
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
