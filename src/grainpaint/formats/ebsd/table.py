"""Numbers in a text file: in its header, and in the table that follows it."""

from __future__ import annotations

import io
import math
import re

import numpy as np

from grainpaint.errors import InputError, brief

__all__ = [
    "decoded",
    "numbers",
    "stated_count",
    "stated_number",
    "unit_quaternions",
    "whole",
]

_QUOTED = re.compile(r"string to float: '([^']{0,40})|fields in line (\d+)")
_MOST_COLUMNS = 1000  # tables have some ten; millions take minutes
_LENGTH = 1e-3  # how far from 1 the length of a quaternion may be
_LARGEST = 1e15  # what no length, angle, time or rate comes near to


def decoded(line: bytes) -> str:
    r"""Return a line of a header, whatever the system that wrote it.

    Examples
    --------
    >>> decoded("Ti-β".encode()), decoded(b"5\xb0")
    ('Ti-β', '5°')
    """
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("latin-1").removeprefix("ï»¿")


def numbers(
    data: bytes,
    first_line: int,
    needed: list[int],
    separator: str = r"\s+",
    decimal: str = ".",
    row: str = "point",
    only: list[int] | None = None,
) -> np.ndarray:
    """Return the numbers of a table.

    Parameters
    ----------
    data : bytes
        The lines of the table.
    first_line : int
        Number of its first line in the file, from 1, for messages.
    needed : list of int
        Columns that must be there in each line, from 0.
    separator : str
        A character, or the pattern of white space.
    decimal : str
        Decimal point.
    row : str
        What a line is, for messages.
    only : list of int, optional
        The columns that are read, from 0; what others hold is not looked at.

    Returns
    -------
    numpy.ndarray, float64, shape (n, m)
        NaN where a line is short or a column is not read; not in the needed columns.

    Raises
    ------
    InputError
        If there is no line, a word is not a number, a number is infinite or beyond
        1e15, or a line lacks a needed column.
    """
    import pandas as pd

    head = data[: 1 << 20].lstrip().partition(b"\n")[0]
    by = None if separator == r"\s+" else separator.encode()
    if len(head.split(by, _MOST_COLUMNS)) > _MOST_COLUMNS:
        raise InputError(f"damaged: its first {row} has over {_MOST_COLUMNS} numbers")
    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            sep=separator,
            header=None,
            dtype=np.float64,
            decimal=decimal,
            encoding="latin-1",
            quoting=3,
            skipinitialspace=True,
            usecols=None if only is None else sorted(only),
        )
        if only is not None:
            frame = frame.reindex(columns=range(max(only) + 1))
    except pd.errors.EmptyDataError:
        raise InputError(f"has no {row}s: it is cut off after its header") from None
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise InputError(f"damaged: {_reason(str(error), first_line)}") from None
    values: np.ndarray = frame.to_numpy()
    _check_numbers(values, needed, row)
    return values


def _check_numbers(values: np.ndarray, needed: list[int], row: str) -> None:
    """Raise if a number is too large, or a needed column lacks one."""
    far = np.abs(values) > _LARGEST
    if far.any():
        i, j = np.argwhere(far)[0].tolist()
        raise InputError(f"damaged: {row} {i + 1:,} has the number {values[i, j]:g}")
    if values.shape[1] <= max(needed):
        raise InputError(
            f"its lines have {values.shape[1]} columns, and {max(needed) + 1} are "
            "required"
        )
    short = np.flatnonzero(np.isnan(values[:, needed]).any(1))
    if short.size:
        raise InputError(
            f"damaged or cut off: {row} {short[0] + 1:,} (of {len(values):,}) lacks a "
            "number"
        )


def _reason(text: str, first_line: int) -> str:
    """Return in our words what pandas says of a table."""
    match = _QUOTED.search(text)
    if match and match[1] is not None:
        return f"it has {match[1]!r} where a number is required"
    if match:
        return f"line {int(match[2]) + first_line - 1} has more columns than others"
    return "its table is not one of numbers"


def stated_number(name: str, word: str) -> float:
    """Return a number of a header.

    Parameters
    ----------
    name : str
        How the header calls it.
    word : str

    Raises
    ------
    InputError
        If it is none, infinite or beyond 1e15.
    """
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not abs(value) <= _LARGEST:
        raise InputError(f"damaged: its header has {name} {brief(word, 50)!r}")
    return value


def stated_count(name: str, word: str) -> int:
    """Return an integer of a header; as `stated_number`."""
    value = stated_number(name, word)
    if value != int(value):
        raise InputError(f"damaged: its header has {name} {brief(word, 50)!r}")
    return int(value)


def whole(values: np.ndarray, what: str) -> np.ndarray:
    """Return numbers as int64.

    Parameters
    ----------
    values : numpy.ndarray
    what : str
        What they are, for the error.

    Raises
    ------
    InputError
        If one is not an integer, or beyond 1e15.
    """
    wrong = ~(np.abs(values) <= _LARGEST) | (values != np.rint(values))
    if wrong.any():
        raise InputError(
            f"damaged: {what} {values[wrong][0]:g} is not an integer (point "
            f"{np.flatnonzero(wrong)[0] + 1:,})"
        )
    found: np.ndarray = values.astype(np.int64)
    return found


def unit_quaternions(values: np.ndarray, row: str) -> np.ndarray:
    """Return quaternions of length 1 for those of a text, which rounded them.

    Parameters
    ----------
    values : numpy.ndarray, float64, shape (n, 4)
        Rows with NaN stay so.
    row : str
        What a row is, for messages.

    Raises
    ------
    InputError
        If the length of one is not 1 within a thousandth.
    """
    with np.errstate(over="ignore"):
        length = np.linalg.norm(values, axis=1, keepdims=True)
    wrong = np.flatnonzero(np.abs(length - 1) > _LENGTH)
    if wrong.size:
        raise InputError(
            f"quaternions have length 1; that of {row} {wrong[0] + 1:,} has "
            f"{length[wrong[0], 0]:.6g}"
        )
    unit: np.ndarray = values / length
    return unit
