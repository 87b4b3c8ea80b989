"""Stitch files of SPPARKS: SQLite databases of blocks of sites."""

import sqlite3
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.spparks.rows import to_integers
from grainpaint.formats.spparks.snapshot import Snapshot, choose_time
from grainpaint.formats.spparks.stitch_base import KINDS, blocks_until, opened
from grainpaint.units import count_text

__all__ = ["is_stitch", "read_stitch", "times_of_stitch"]

_SPINS = ("site", "i1", "spin")  # fields that hold them, the likeliest first


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


def read_stitch(
    path: Path, data: bytes, time: float | None, array: str | None = None
) -> Snapshot:
    """Return the spins at a time: later blocks overwrite earlier ones.

    Parameters
    ----------
    path : Path
    data : bytes
    time : float, optional
        The last if not given.
    array : str, optional
        The field that holds the spins; site or i1, or the only field of integers.

    Raises
    ------
    InputError
        If the file is damaged, holds no such time, or it is unclear which field is
        meant.
    """
    with opened(path, data) as base:
        known = _times(path, base)
        chosen = known[choose_time(path, known, time)]
        field, kind = _field(path, base, array)
        blocks = blocks_until(base, field, chosen)
        if not blocks:
            raise InputError(f"{path}: no spins until time {chosen:g}")
        spin, low = _laid(path, blocks, kind)
    return Snapshot(spin, chosen, 1.0, tuple(low.astype(float).tolist()))


def _field(path: Path, base: sqlite3.Connection, array: str | None) -> tuple[int, str]:
    """Return number and type of the field of the spins."""
    found = base.execute("SELECT field, field_id, type, length FROM fields").fetchall()
    fields = {str(name).lower(): (name, *row) for name, *row in found}
    if array is not None:
        names = [array.lower()]
    else:
        whole = [name for name, row in fields.items() if row[2] in (1, 2)]
        names = [*_SPINS, *(whole if len(whole) == 1 else ())]
    name = next((name for name in names if name in fields), None)
    if name is None:
        listed = brief(", ".join(str(row[0]) for row in fields.values())) or "none"
        raise InputError(
            f"{path}: no field {array or 'site or i1'}, it has {listed}"
            + (": name one (array)" if fields and array is None else "")
        )
    _, number, kind, length = fields[name]
    if kind not in KINDS or length != 1:
        raise InputError(f"{path}: its field {name} has no integer for each site")
    return int(number), KINDS[kind]


def _laid(
    path: Path, blocks: list[tuple[Any, ...]], kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the spins of the box of all blocks, and its first site."""
    if not all(isinstance(corner, int) for b in blocks for corner in b[:6]):
        raise InputError(
            f"{path}: damaged stitch file (a corner is not a whole number)"
        )
    corners = np.array([b[:6] for b in blocks], np.int64)
    if (corners[:, :3] >= corners[:, 3:]).any():
        raise InputError(f"{path}: damaged stitch file (a block ends before it begins)")
    low, high = corners[:, :3].min(0), corners[:, 3:].max(0)
    shape = [int(b) - int(a) for a, b in zip(low, high)]
    missing = prod(shape) - sum(len(block[6]) for block in blocks) // int(kind[2])
    if missing > 0:
        raise InputError(
            f"{path}: no spin at {count_text(missing, 'site')} of the box or more"
        )
    spin = np.empty(shape, np.int32)
    covered = np.zeros(spin.shape, bool)
    for (*corner, state), start, stop in zip(
        blocks, corners[:, :3] - low, corners[:, 3:] - low
    ):
        values = to_integers(str(path), np.frombuffer(state, kind))
        if values.size != prod((stop - start).tolist()):
            raise InputError(f"{path}: a block {corner} of {values.size:,} sites")
        if values.size and (values != values.astype(np.int32)).any():
            raise InputError(f"{path}: has spins beyond 32 bits")
        box = tuple(slice(a, b) for a, b in zip(start, stop))
        spin[box] = values.reshape(stop - start, order="F")
        covered[box] = True
    if not covered.all():
        raise InputError(
            f"{path}: no spin at {count_text(int((~covered).sum()), 'site')} of the box"
        )
    return spin, low
