"""Temperature histories: when each point of a grid melted and froze, and how fast."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.content import content_of
from grainpaint.formats.ebsd.table import decoded, numbers
from grainpaint.formats.plain_text import is_numeral, with_line_feeds
from grainpaint.simulate.am.paths.headings import (
    lengths_in,
    seconds_in,
    split_names,
)

__all__ = ["ThermalHistory", "read_thermal_history"]

_COLUMNS = "x, y, z, melt time, freeze time, cooling rate"
# What names of the last three columns hold, or are: ExaCA's are tm, tl (ts) and cr.
_VALUES = (("melt", "tm"), ("freez", "solidif", "tl", "ts"), ("rate", "cr"))
_UNEVEN = 1e-3  # of a step of the grid: how far points may lie from their places


@dataclass(frozen=True, eq=False)
class ThermalHistory:
    """The last melting of each point of a regular grid.

    Parameters
    ----------
    melt, freeze : numpy.ndarray, float64, shape (nx, ny, nz)
        Times at which a point melted and froze last, in the unit of the file; NaN where
        it never melted.
    rate : numpy.ndarray, float64, shape (nx, ny, nz)
        Cooling rate as it froze, in the unit of the file, at least 0; NaN where it
        never melted.
    spacing : three floats
        Distance of points along x, y, z; along an axis with one point, the smallest of
        the others.
    origin : three floats
        Place of point (0, 0, 0).
    unit : float or None
        µm per unit of the coordinates, if the names over the columns say so.
    """

    melt: np.ndarray
    freeze: np.ndarray
    rate: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    unit: float | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along x, y, z."""
        return self.melt.shape


def read_thermal_history(file: Path) -> ThermalHistory:
    """Read the temperature history of a build from a simulation of heat.

    Parameters
    ----------
    file : Path
        CSV of lines x, y, z, melt time, freeze time, cooling rate: a point each, in any
        order, that together fill a regular grid. A line of names may come first, with
        units in brackets. A point that never melted has nan in all three last columns.

    Returns
    -------
    ThermalHistory

    Raises
    ------
    InputError
        If the file is missing or damaged, points are missing or there twice or lie off
        the grid, a point freezes before it melts or has a negative rate, or the names
        say other columns, or times in others than seconds.
    """
    if file.exists() and not file.is_file():
        raise InputError(f"{file}: not a file")
    data = content_of(file)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return _history(data)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _history(data: bytes) -> ThermalHistory:
    head, _, rest = with_line_feeds(data).partition(b"\n")
    named = not is_numeral(head.split(b",")[0])
    if b"\0" in data[: 1 << 16] or head.count(b",") != 5:
        raise InputError(f"is not a table of {_COLUMNS}")
    unit = _named(head) if named else None
    table = numbers(rest if named else data, 2 if named else 1, [0, 1, 2], ",")
    if table.shape[1] != 6:
        raise InputError(f"needs the six columns {_COLUMNS}, got {table.shape[1]}")
    place, values = table[:, :3], table[:, 3:]
    _check_values(values)
    axes = [_axis(place[:, i], "xyz"[i]) for i in range(3)]
    shape = tuple(n for _, _, n in axes)
    steps = [step for _, step, n in axes if n > 1]
    if not steps:
        raise InputError("holds one point: a grid has at least two along an axis")
    spacing = [step if n > 1 else min(steps) for _, step, n in axes]
    origin = [first for first, _, _ in axes]
    flat = _filled(place, origin, spacing, shape)
    grids = np.empty((3, len(place)))
    grids[:, flat] = values.T
    melt, freeze, rate = grids.reshape(3, *shape)
    (dx, dy, dz), (x, y, z) = spacing, origin
    return ThermalHistory(melt, freeze, rate, (dx, dy, dz), (x, y, z), unit)


def _named(line: bytes) -> float | None:
    """Return µm per unit of the coordinates, if names say so.

    Raises
    ------
    InputError
        If a name stands over another column than its own, or times are not in seconds.
    """
    names, units = split_names(decoded(line).encode(), b",")
    places = ("x", "y", "z")
    for i, name in enumerate(names):
        if name[:1] in places:
            told = [places.index(name[:1])]
        else:
            told = [k for k, words in enumerate(_VALUES, 3) if _says(name, words)]
        if told and told != [i]:
            raise InputError(
                f"its columns must be {_COLUMNS} in this order, got "
                f"{brief(', '.join(names), 80)!r}"
            )
    if set(seconds_in(units[3:5])) != {1.0}:
        raise InputError(
            f"its times are in {' and '.join(units[3:5])}: write them in s, and rates "
            "in K/s"
        )
    return lengths_in(units[:3])


def _says(name: str, words: tuple[str, ...]) -> bool:
    """Return whether a name holds a word, or is one of two letters."""
    return any(word in name if len(word) > 2 else word == name for word in words)


def _check_values(values: np.ndarray) -> None:
    """Raise InputError unless times and rates are possible."""
    never = np.isnan(values).all(axis=1)
    melt, freeze, rate = values.T
    for wrong, what in (
        (~np.isfinite(values).all(axis=1), "lacks a time or a rate (nan in all three "
         "says that it never melted)"),
        (freeze < melt, "freezes before it melts"),
        (rate < 0, "has a negative cooling rate: give its amount"),
    ):  # fmt: skip
        bad = np.flatnonzero(wrong & ~never)
        if bad.size:
            raise InputError(f"point {bad[0] + 1:,} {what}")


def _axis(place: np.ndarray, name: str) -> tuple[float, float, int]:
    """Return first coordinate, step and number of the planes of a grid.

    Raises
    ------
    InputError
        If the coordinates are not those of evenly spaced planes.
    """
    values = np.unique(place)
    extent = float(values[-1] - values[0])
    if not np.isfinite(extent):
        raise InputError(f"a coordinate {name} is not a finite number")
    # Coordinates of one plane may differ in their last digits.
    gaps = np.diff(values)
    step = float(gaps[gaps > 1e-6 * extent].min(initial=np.inf))
    if step == np.inf:
        return float(values[0]), 0.0, 1
    n = round(extent / step) + 1
    step = extent / (n - 1)
    off = (values - values[0]) / step
    uneven = np.abs(off - np.rint(off)) > _UNEVEN
    if uneven.any():
        bad = float(values[uneven][0])
        raise InputError(
            f"{name} = {bad:g} lies off the grid, whose planes are {step:g} apart from "
            f"{values[0]:g} on: the points must form a regular grid"
        )
    return float(values[0]), step, n


def _filled(
    place: np.ndarray, origin: list[float], spacing: list[float], shape: tuple[int, ...]
) -> np.ndarray:
    """Return the flat index of each point in a grid; raise unless they fill it."""
    n, total = len(place), math.prod(shape)
    size = " x ".join(f"{k:,}" for k in shape)
    if total > n:
        raise InputError(
            f"{n:,} points do not fill the grid of {size} = {total:,}: "
            f"{total - n:,} are missing"
        )
    index = np.rint((place - origin) / spacing).astype(np.int64)
    flat: np.ndarray = np.ravel_multi_index(tuple(index.T), shape)
    count = np.bincount(flat, minlength=total)
    if count.max() > 1:
        most = int(count.argmax())
        first, second = (np.flatnonzero(flat == most)[:2] + 1).tolist()
        at = tuple(index[first - 1].tolist())
        raise InputError(
            f"points {first:,} and {second:,} lie at the same place, {at} of the grid "
            f"of {size}"
        )
    return flat
