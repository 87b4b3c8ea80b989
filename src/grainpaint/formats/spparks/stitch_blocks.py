"""Blocks in stitch files: the values of a box of sites, written and read.

A stitch file is an SQLite database to which runs add blocks of sites; a later block
lies over earlier ones. Tables and indices are those of SPPARKS' library *stitch*.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.spparks.stitch_base import (
    KINDS,
    blocks_until,
    field_of,
    opened,
)

__all__ = ["create_stitch", "read_block", "stitch_times", "write_block"]

_TOLERANCE, _RELATIVE = 1e-9, 1e-15  # times that differ by less are the same
_SCHEMA = """
CREATE TABLE globals (absolute_tolerance REAL, relative_tolerance REAL,
    first_time REAL, last_time REAL);
CREATE TABLE times (timestamp INTEGER PRIMARY KEY, time REAL NOT NULL);
CREATE INDEX times_time ON times (time);
CREATE UNIQUE INDEX times_timestamp ON times (timestamp);
CREATE TABLE fields (field_id INTEGER PRIMARY KEY, field TEXT NOT NULL COLLATE NOCASE,
    type INT NOT NULL, length INT NOT NULL, no_value_int INT, no_value_real REAL);
CREATE UNIQUE INDEX fields_field_id ON fields (field_id);
CREATE TABLE blocks (field_id INT NOT NULL, timestamp INT NOT NULL,
    x_min INT NOT NULL, y_min INT NOT NULL, z_min INT NOT NULL,
    x_max INT NOT NULL, y_max INT NOT NULL, z_max INT NOT NULL, state BLOB);
CREATE INDEX blocks_dims_and_field ON blocks (x_min, y_min, z_min, x_max, y_max, z_max,
    field_id);
"""


def create_stitch(path: Path) -> None:
    """Make an empty stitch file, unless there is one.

    Raises
    ------
    InputError
        If the file is something else, or cannot be written.
    """
    try:
        with closing(sqlite3.connect(path)) as base, base:
            base.execute("PRAGMA page_size = 65536")
            found = base.execute("SELECT 1 FROM sqlite_master WHERE name = 'times'")
            if found.fetchone() is None:
                base.executescript(_SCHEMA)
                values = (_TOLERANCE, _RELATIVE)
                base.execute("INSERT INTO globals VALUES (?, ?, NULL, NULL)", values)
    except sqlite3.Error as error:
        raise InputError(f"{path}: cannot become a stitch file ({error})") from None


def write_block(
    path: Path, time: float, low: tuple[int, ...], fields: Mapping[str, np.ndarray]
) -> None:
    """Add the values of a box of sites at a time; make the file if there is none.

    Parameters
    ----------
    path : Path
    time : float
    low : three ints
        First site.
    fields : mapping of numpy.ndarray, shape (nx, ny, nz)
        Values by their names: 32-bit integers, or floats.

    Raises
    ------
    InputError
        If the file is not a stitch file, or cannot be written.
    """
    create_stitch(path)
    try:
        with closing(sqlite3.connect(path)) as base, base:
            stamp = _stamp(base, time)
            for name, values in fields.items():
                is_integer = values.dtype.kind in "iu"
                field = _field(base, name, is_integer)
                kind = "<i4" if is_integer else "<f8"
                state = values.astype(kind, copy=False).tobytes(order="F")
                high = tuple(a + n for a, n in zip(low, values.shape))
                base.execute(
                    "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (field, stamp, *low, *high, state),
                )
    except sqlite3.Error as error:
        raise InputError(f"{path}: cannot be written ({error})") from None


def _stamp(base: sqlite3.Connection, time: float) -> int:
    """Return the number of a time, which is new or known already."""
    found = base.execute(
        "SELECT timestamp FROM times, globals WHERE abs(time - ?) < "
        "absolute_tolerance + ? * relative_tolerance",
        (time, time),
    ).fetchone()
    if found is not None:
        return int(found[0])
    stamp = base.execute("INSERT INTO times (time) VALUES (?)", (time,)).lastrowid
    base.execute(
        "UPDATE globals SET first_time = (SELECT min(time) FROM times), "
        "last_time = (SELECT max(time) FROM times)"
    )
    assert stamp is not None
    return stamp


def _field(base: sqlite3.Connection, name: str, is_integer: bool) -> int:
    """Return the number of a field, which is new or known already."""
    query = "SELECT field_id FROM fields WHERE field = ?"
    found = base.execute(query, (name,)).fetchone()
    if found is not None:
        return int(found[0])
    # Type, values per site, and what stands for no value.
    row = (name, 1, 1, -1, None) if is_integer else (name, 3, 1, None, 0.0)
    made = base.execute(
        "INSERT INTO fields (field, type, length, no_value_int, no_value_real) "
        "VALUES (?, ?, ?, ?, ?)",
        row,
    )
    assert made.lastrowid is not None
    return made.lastrowid


def stitch_times(path: Path) -> list[float]:
    """Return the times in a stitch file, which may have none yet.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with opened(path) as base:
        rows = base.execute("SELECT time FROM times ORDER BY time").fetchall()
        return [float(row[0]) for row in rows]


def read_block(
    path: Path,
    names: tuple[str, ...],
    time: float,
    low: tuple[int, ...],
    shape: tuple[int, ...],
) -> np.ndarray:
    """Return a value of the sites of a box at a time.

    Parameters
    ----------
    path : Path
    names : tuple of str
        The first of these fields that the file has is read.
    time : float
        What was written until then counts.
    low, shape : three ints
        First site and number of sites.

    Returns
    -------
    numpy.ndarray, int32 or float64, shape `shape`
        Where the file has no value: -1, or 0.0.

    Raises
    ------
    InputError
        If the file is damaged or has none of the fields.
    """
    with opened(path) as base:
        field = field_of(path, base, names)
        if field is None:  # a new file
            return np.full(shape, -1, np.int32)
        (kind,) = base.execute(
            "SELECT type FROM fields WHERE field_id = ?", (field,)
        ).fetchone()
        values = np.zeros(shape) if kind == 3 else np.full(shape, -1, np.int32)
        for *corners, state in blocks_until(base, field, time + _TOLERANCE):
            block = np.frombuffer(state, KINDS[kind])
            _lay(path, corners, block, np.array(low), values)
    return values


def _lay(
    path: Path, corners: list[int], block: np.ndarray, first: np.ndarray, values: Any
) -> None:
    """Put what a block and a box have in common into the values of the box."""
    begin, end = np.array(corners[:3]), np.array(corners[3:])
    size = prod(int(b) - int(a) for a, b in zip(begin, end))
    if (begin >= end).any() or block.size != size:
        raise InputError(f"{path}: a block {corners} of {block.size:,} sites")
    block = block.reshape(end - begin, order="F")
    common = np.maximum(begin, first), np.minimum(end, first + values.shape)
    if (common[0] < common[1]).all():
        here = tuple(slice(a, b) for a, b in zip(*(c - first for c in common)))
        there = tuple(slice(a, b) for a, b in zip(*(c - begin for c in common)))
        values[here] = block[there]
