"""Stitch files of SPPARKS: SQLite databases of blocks of sites."""

import sqlite3
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.spparks.snapshot import Snapshot, choose_time
from grainpaint.formats.spparks.stitch_base import blocks_until, field_of, opened
from grainpaint.units import count_text

__all__ = ["is_stitch", "read_stitch", "times_of_stitch"]


def times_of_stitch(path: Path, data: bytes) -> list[float]:
    """Return the times in a stitch file with this content.

    Raises
    ------
    InputError
        If the file is damaged or empty.
    """
    with opened(path, data) as base:
        return _times(path, base)


def is_stitch(data: bytes) -> bool:
    """Return whether this is an SQLite database, as stitch files are."""
    return data.startswith(b"SQLite format 3")


def _times(path: Path, base: sqlite3.Connection) -> list[float]:
    rows = base.execute("SELECT time FROM times ORDER BY time").fetchall()
    if not rows:
        raise InputError(f"{path}: the stitch file is empty")
    times = [float(row[0]) for row in rows]
    if not np.isfinite(times).all():
        raise InputError(f"{path}: damaged stitch file (a time is not finite)")
    return times


def read_stitch(path: Path, data: bytes, time: float | None) -> Snapshot:
    """Return the spins at a time: later blocks overwrite earlier ones."""
    with opened(path, data) as base:
        known = _times(path, base)
        chosen = known[choose_time(path, known, time)]
        field = field_of(path, base, ("site", "i1"))
        if field is None:
            raise InputError(f"{path}: no field site or i1, it has none")
        blocks = blocks_until(base, field, chosen)
        if not blocks:
            raise InputError(f"{path}: no spins until time {chosen:g}")
        spin, low = _laid(path, blocks)
    return Snapshot(spin, chosen, 1.0, tuple(low.astype(float).tolist()))


def _laid(path: Path, blocks: list[tuple[Any, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the spins of the box of all blocks, and its first site."""
    corners = np.array([b[:6] for b in blocks], np.int64)
    if (corners[:, :3] >= corners[:, 3:]).any():
        raise InputError(f"{path}: damaged stitch file (a block ends before it begins)")
    low, high = corners[:, :3].min(0), corners[:, 3:].max(0)
    shape = [int(b) - int(a) for a, b in zip(low, high)]
    missing = prod(shape) - sum(len(block[6]) // 4 for block in blocks)
    if missing > 0:
        raise InputError(
            f"{path}: no spin at {count_text(missing, 'site')} of the box or more"
        )
    spin = np.empty(shape, np.int32)
    covered = np.zeros(spin.shape, bool)
    for (*corner, state), start, stop in zip(
        blocks, corners[:, :3] - low, corners[:, 3:] - low
    ):
        values = np.frombuffer(state, "<i4")
        if values.size != prod((stop - start).tolist()):
            raise InputError(f"{path}: a block {corner} of {values.size:,} sites")
        box = tuple(slice(a, b) for a, b in zip(start, stop))
        spin[box] = values.reshape(stop - start, order="F")
        covered[box] = True
    if not covered.all():
        raise InputError(
            f"{path}: no spin at {count_text(int((~covered).sum()), 'site')} of the box"
        )
    return spin, low
