"""The table of numbers that follows the header of a text file."""

from __future__ import annotations

import io
import re

import numpy as np

from grainpaint.errors import InputError

__all__ = ["numbers"]

_QUOTED = re.compile(r"string to float: '([^']{0,40})|fields in line (\d+)")


def numbers(
    data: bytes,
    first_line: int,
    needed: list[int],
    separator: str = r"\s+",
    decimal: str = ".",
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

    Returns
    -------
    numpy.ndarray, float64, shape (n, m)
        NaN where a line is short; not in the needed columns.

    Raises
    ------
    InputError
        If there is no line, a word is no number, or a line lacks a needed column.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            sep=separator,
            header=None,
            dtype=np.float64,
            decimal=decimal,
            encoding="latin-1",
            quoting=3,
        )
    except pd.errors.EmptyDataError:
        raise InputError("has no points: it is cut off after its header") from None
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise InputError(f"damaged: {_reason(str(error), first_line)}") from None
    values: np.ndarray = frame.to_numpy()
    if values.shape[1] <= max(needed):
        raise InputError(
            f"its lines have {values.shape[1]} columns, and {max(needed) + 1} are "
            "required"
        )
    short = np.flatnonzero(np.isnan(values[:, needed]).any(1))
    if short.size:
        raise InputError(
            f"damaged or cut off: point {short[0] + 1:,} (of {len(values):,}) lacks a "
            "number"
        )
    return values


def _reason(text: str, first_line: int) -> str:
    """Return in our words what pandas says of a table."""
    match = _QUOTED.search(text)
    if match and match[1] is not None:
        return f"it has {match[1]!r} where a number is required"
    if match:
        return f"line {int(match[2]) + first_line - 1} has more columns than others"
    return "its table is not one of numbers"
