"""Event series: lines of time, x, y, z and power, as Abaqus reads them.

The tool moves at constant speed from one event to the next, and the power of an event
holds until the next one ("Specifying a Point Toolpath", Abaqus' manual).
"""

import re
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.table import numbers
from grainpaint.simulate.am.paths.content import FORTRAN, columns_of
from grainpaint.simulate.am.paths.file_path import FilePath
from grainpaint.simulate.am.paths.headings import (
    lengths_in,
    seconds_in,
    split_names,
)
from grainpaint.units import UNITS

__all__ = ["read_events", "write_events"]

_ASIDE = re.compile(rb"^[ \t]*[*#][^\r\n]*", re.M)  # keywords and comments
_LAST_MARK = re.compile(rb"[,;][ \t]*(?=\r?(?:\n|\Z))")
_NAMES = re.compile(rb"\s*\"?time\b[^\r\n]*", re.I)
_ORDER = ["time", "x", "y", "z", "power"]
_COLUMNS = [0, 1, 2, 3, 4]
_LONGEST = 1000  # bytes of a line of five numbers


def read_events(data: bytes, edge: float | None = None) -> FilePath:
    """Return the path of an event series.

    Parameters
    ----------
    data : bytes
        Lines time, x, y, z, power, in seconds and `edge`, separated by commas,
        semicolons or white space; what follows in a line is passed over, as are lines
        that begin with * or #. A line of names may come first, with units in brackets.
    edge : float, optional
        µm per unit of length; without it that of the names, or 1000.

    Returns
    -------
    FilePath
        A jump with the beam off that takes no time is no track.

    Raises
    ------
    InputError
        If a line has no five numbers, time runs backward, the beam is on in a jump, or
        the names say another unit.
    """
    data = _LAST_MARK.sub(b"", _ASIDE.sub(b"", data))
    names = _NAMES.match(data)
    skipped = data[: names.end()].count(b"\n") if names else 0
    n_names, said, seconds = (0, None, 1.0) if names is None else _named(names[0])
    if None not in (edge, said) and edge != said:
        raise InputError(
            "its names say another unit of length than the one given: leave `unit` out"
        )
    scale = said or edge or UNITS["mm"]
    lines = FORTRAN.sub(b"e", data[names.end() if names else 0 :])
    separator, decimal = columns_of(lines[:_LONGEST].lstrip().partition(b"\n")[0])
    between = separator.decode() if separator else r"\s+"
    table = numbers(lines, skipped + 1, _COLUMNS, between, decimal.decode(), "event")
    time, place = table[:, 0] * seconds, table[:, 1:4] * scale
    power = table[:, 4]
    if separator == b"," and 0 < n_names < table.shape[1]:
        raise InputError(
            f"its lines have {table.shape[1]} columns and {n_names} names: with "
            "decimal commas, columns are separated by semicolons"
        )
    if len(table) < 2:
        raise InputError("one event makes no track: at least two are required")
    wrong = ~np.isfinite(table[:, :5]).all(axis=1) | (power < 0)
    if wrong.any():
        bad = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"event {bad + 1:,}: five finite numbers with a power of at least 0 are "
            f"required, got {', '.join(f'{v:g}' for v in table[bad, :5])}"
        )
    duration = np.diff(time)
    if (duration < 0).any():
        bad = int(np.flatnonzero(duration < 0)[0])
        raise InputError(
            f"time runs backward from {time[bad]:g} to {time[bad + 1]:g} s at event "
            f"{bad + 2:,}: sort the events"
        )
    length = np.linalg.norm(np.diff(place, axis=0), axis=1)
    on = power[:-1] > 0
    at_once = duration == 0
    if (at_once & on & (length > 0)).any():
        bad = int(np.flatnonzero(at_once & on & (length > 0))[0])
        raise InputError(
            f"event {bad + 2:,} lies elsewhere than the one before it at the same time "
            f"({time[bad]:g} s) with the beam on: give it a later time or no power"
        )
    speed = np.divide(length, duration, out=np.ones_like(length), where=~at_once)
    return FilePath(
        place[:-1][~at_once], place[1:][~at_once], speed[~at_once], on[~at_once]
    )


def _named(line: bytes) -> tuple[int, float | None, float]:
    """Return the number of names, µm per unit if they say so, and seconds per unit.

    Raises
    ------
    InputError
        Unless they are ours, in our order.
    """
    names, units = split_names(line, columns_of(line)[0])
    if names[: len(_ORDER)] != _ORDER:
        raise InputError(
            "its columns must be time, x, y, z, power in this order, got "
            f"{brief(line.decode('latin-1').strip(), 60)!r}"
        )
    return len(names), lengths_in(units[1:4]), seconds_in(units[:1])[0]


def write_events(path: FilePath, file: Path) -> None:
    """Write an event series in seconds and millimeters, power 1 or 0.

    A jump between two tracks is an event of no power at the same time.
    """
    import pyarrow as pa
    from pyarrow import csv

    duration = path.length / path.speed
    after = np.cumsum(duration)
    before = np.append(0.0, after[:-1])
    power = path.on.astype(np.float64)
    # Events in their order: each track begins, and ends in none or in a jump.
    jumps = np.append((path.start[1:] != path.end[:-1]).any(axis=1), True)
    begins = np.column_stack([before, path.start / 1e3, power])
    ends = np.column_stack([after, path.end / 1e3, np.zeros(len(power))])[jumps]
    order = np.argsort(
        np.append(2 * np.arange(len(power)), 2 * np.flatnonzero(jumps) + 1),
        kind="stable",
    )
    events = np.concatenate([begins, ends])[order]
    names = ("time", "x", "y", "z", "power")
    table = pa.table({name: events[:, i] for i, name in enumerate(names)})
    with file.open("wb") as out:
        out.write(b"** time (s), x, y, z (mm), power: written by grainpaint\n")
        csv.write_csv(table, out, csv.WriteOptions(include_header=False))
