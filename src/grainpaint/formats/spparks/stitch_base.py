"""Stitch files as SQLite databases that strangers may have made, or damage."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from grainpaint.errors import InputError, brief

__all__ = ["opened"]

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
                raise InputError(f"{path}: not a stitch file: {other[0]} is no table")
            ((found,),) = base.execute("PRAGMA quick_check(1)").fetchall()
            if found != "ok":
                raise InputError(f"{path}: damaged stitch file ({brief(found)})")
            yield base
