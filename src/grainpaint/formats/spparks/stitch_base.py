"""Stitch files as SQLite databases that strangers may have made, or damage."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError, brief

__all__ = ["KINDS", "blocks_until", "field_of", "opened"]

KINDS = {1: "<i4", 2: "<i8", 3: "<f8"}  # of values, as numbers in the file

_TABLES = {"times", "fields", "blocks"}
# What values of other types than they should have raise.
_WRONG = (
    sqlite3.Error,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
)


@contextmanager
def _damaged(path: Path) -> Iterator[None]:
    """Turn what damaged databases raise into an InputError that names the file."""
    try:
        yield
    except InputError:
        raise
    except _WRONG as error:
        raise InputError(
            f"{path}: damaged, or not a stitch file ({brief(error)})"
        ) from None


@contextmanager
def opened(path: Path, data: bytes | None = None) -> Iterator[sqlite3.Connection]:
    """Open a stitch file for reading, or its content, after a check of its pages.

    Nothing is computed: the tables must be tables, not views, whose queries may have
    no end.

    Raises
    ------
    InputError
        If it is damaged; also whatever damage is found while it is open.
    """
    with _damaged(path):
        if data is None:
            name = f"{path.absolute().as_uri()}?mode=ro"
            base = sqlite3.connect(name, uri=True)
        else:
            base = sqlite3.connect(":memory:")
        with closing(base):
            if data is not None:
                base.deserialize(data)
            base.execute("PRAGMA trusted_schema = OFF")
            kinds = dict(base.execute("SELECT name, type FROM sqlite_master"))
            other = [n for n in _TABLES if kinds.get(n, "table") != "table"]
            if other:
                raise InputError(
                    f"{path}: not a stitch file: {other[0]} is not a table"
                )
            ((found,),) = base.execute("PRAGMA quick_check(1)").fetchall()
            if found != "ok":
                raise InputError(f"{path}: damaged stitch file ({brief(found)})")
            yield base


def field_of(path: Path, base: sqlite3.Connection, names: Sequence[str]) -> int | None:
    """Return the number of the first of some fields that a file has.

    Returns
    -------
    int or None
        None if the file has no field at all yet.

    Raises
    ------
    InputError
        If it has others.
    """
    fields = dict(base.execute("SELECT lower(field), field_id FROM fields"))
    for name in names:
        if name in fields:
            return int(fields[name])
    if fields:
        raise InputError(
            f"{path}: no field {' or '.join(dict.fromkeys(names))}, it has "
            f"{brief(', '.join(map(str, fields)))}"
        )
    return None


def blocks_until(
    base: sqlite3.Connection, field: int, time: float
) -> list[tuple[Any, ...]]:
    """Return the blocks of a field until a time, in the order in which they count.

    Returns
    -------
    list of tuple
        First site, last site + 1 (along x, y, z), and the bytes of the values.
    """
    return base.execute(
        "SELECT x_min, y_min, z_min, x_max, y_max, z_max, state FROM blocks "
        "JOIN times USING (timestamp) WHERE field_id = ? AND time <= ? "
        "ORDER BY timestamp, blocks.rowid",
        (field, time),
    ).fetchall()
