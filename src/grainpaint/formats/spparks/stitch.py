"""Stitch files of SPPARKS: SQLite databases of blocks of sites."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.spparks.snapshot import Snapshot, choose_time

__all__ = ["is_stitch", "read_stitch", "times_of_stitch"]


def times_of_stitch(path: Path, data: bytes) -> list[float]:
    """Return the times in a stitch file with this content.

    Raises
    ------
    InputError
        If the file is damaged or empty.
    """
    with closing(_open(path, data)) as base:
        return _times(path, base)


def is_stitch(data: bytes) -> bool:
    """Return whether this is an SQLite database, as stitch files are."""
    return data.startswith(b"SQLite format 3")


def _open(path: Path, data: bytes) -> sqlite3.Connection:
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(data)
    except sqlite3.Error as error:
        base.close()
        raise InputError(f"{path}: damaged, or not a stitch file ({error})") from None
    return base


def _times(path: Path, base: sqlite3.Connection) -> list[float]:
    try:
        rows = base.execute("SELECT time FROM times ORDER BY time").fetchall()
    except sqlite3.Error as error:
        raise InputError(f"{path}: damaged, or not a stitch file ({error})") from None
    if not rows:
        raise InputError(f"{path}: the stitch file is empty")
    return [float(row[0]) for row in rows]


def read_stitch(path: Path, data: bytes, time: float | None) -> Snapshot:
    """Return the spins at a time: later blocks overwrite earlier ones."""
    with closing(_open(path, data)) as base:
        known = _times(path, base)
        chosen = known[choose_time(path, known, time)]
        try:
            fields = dict(base.execute("SELECT lower(field), field_id FROM fields"))
            field = fields.get("site", fields.get("i1"))
            if field is None:
                raise InputError(
                    f"{path}: no field site or i1, it has {', '.join(fields)}"
                )
            blocks = base.execute(
                "SELECT x_min, y_min, z_min, x_max, y_max, z_max, state FROM blocks "
                "JOIN times USING (timestamp) WHERE field_id = ? AND time <= ? "
                "ORDER BY timestamp",
                (field, chosen),
            ).fetchall()
        except sqlite3.Error as error:
            raise InputError(f"{path}: damaged stitch file ({error})") from None
    if not blocks:
        raise InputError(f"{path}: no spins until time {chosen:g}")
    corners = np.array([b[:6] for b in blocks], np.int64)
    low, high = corners[:, :3].min(0), corners[:, 3:].max(0)
    spin = np.empty(high - low, np.int32)
    covered = np.zeros(spin.shape, bool)
    for (*corner, state), start, stop in zip(
        blocks, corners[:, :3] - low, corners[:, 3:] - low
    ):
        values = np.frombuffer(state, "<i4")
        if values.size != np.prod(stop - start):
            raise InputError(f"{path}: a block {corner} of {values.size:,} sites")
        box = tuple(slice(a, b) for a, b in zip(start, stop))
        spin[box] = values.reshape(stop - start, order="F")
        covered[box] = True
    if not covered.all():
        raise InputError(
            f"{path}: {np.count_nonzero(~covered):,} sites of the box have no spin at "
            f"time {chosen:g}"
        )
    return Snapshot(spin, chosen, 1.0, tuple(low.astype(float).tolist()))
