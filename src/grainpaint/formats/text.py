"""Tables as text, quickly: words of equal length, put side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["float_words", "int_words", "joined", "table"]

_GROUP = 10_000
_SPACED, _ZEROED = (
    np.array([form % i for i in range(_GROUP)], "S4") for form in (b"%4d", b"%04d")
)
_GROUPS = np.concatenate([_SPACED, _ZEROED]).view(np.uint32)  # four characters each
_BLANK = np.frombuffer(b"    ", np.uint32)[0]


def int_words(values: np.ndarray, width: int = 0) -> np.ndarray:
    """Return integers >= 0 as text, spaces before them.

    Parameters
    ----------
    values : numpy.ndarray, integer
    width : int
        Characters of a word; those that the largest value needs, if it needs more.

    Returns
    -------
    numpy.ndarray, bytes, shape of values

    Examples
    --------
    >>> int_words(np.array([7, 40_000])).tolist()
    [b'    7', b'40000']
    """
    values = np.asarray(values)
    largest = int(values.max(initial=0))
    width = max(width, len(str(largest)))
    n_groups = -(-width // 4)
    chars = np.empty((*values.shape, n_groups), np.uint32)
    rest: Any = values.astype(np.uint32 if largest < 1 << 32 else np.uint64)
    base = rest.dtype.type(_GROUP)
    for place in range(n_groups - 1, -1, -1):
        above = rest // base
        digits = (rest - above * base).astype(np.intp)
        digits += np.intp(_GROUP) * (
            above > 0
        )  # behind other digits: zeros, not spaces
        word = _GROUPS.take(digits)
        if place < n_groups - 1:
            word[rest == 0] = _BLANK
        chars[..., place] = word
        rest = above
    letters = chars.view(np.uint8).reshape(*values.shape, 4 * n_groups)
    return _as_words(letters[..., 4 * n_groups - width :])


def float_words(values: np.ndarray, form: str = "%.9g", width: int = 0) -> np.ndarray:
    """Return numbers as text, spaces before them; meant for short tables.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,) or (n, m)
        The words of a row are joined by single spaces.
    form : str
        As for the operator %.
    width : int
        Least characters of a number.

    Returns
    -------
    numpy.ndarray, bytes, shape (n,)

    Examples
    --------
    >>> float_words(np.array([[0.5, 1.25], [10, 2]])).tolist()
    [b' 0.5 1.25', b'  10    2']
    """
    values = np.asarray(values, np.float64)
    table = values.reshape(len(values), -1)
    words = [[form % (v + 0.0) for v in row] for row in table.tolist()]
    sizes = (len(word) for row in words for word in row)
    width = max(width, max(sizes, default=1))
    rows = [" ".join(word.rjust(width) for word in row) for row in words]
    return np.array(rows, f"S{table.shape[1] * (width + 1) - 1}")


def _as_words(letters: np.ndarray) -> np.ndarray:
    """Return rows of characters as an array of bytes."""
    letters = np.ascontiguousarray(letters)
    return letters.view(f"S{letters.shape[-1]}")[..., 0]


def joined(parts: Sequence[np.ndarray | bytes]) -> np.ndarray:
    """Put words side by side.

    Parameters
    ----------
    parts : sequence of numpy.ndarray or bytes
        Words whose shapes broadcast, and what stands between them.

    Returns
    -------
    numpy.ndarray, bytes

    Examples
    --------
    >>> joined([np.array([b"1", b"2"]), b", ", np.array([b"x"])]).tolist()
    [b'1, x', b'2, x']
    """
    arrays = [np.asarray(part) for part in parts]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    kind = np.dtype([(f"p{i}", f"S{a.itemsize}") for i, a in enumerate(arrays)])
    rows = np.empty(shape, kind)
    for name, array in zip(kind.names or (), arrays):
        rows[name] = array
    return rows.view(f"S{kind.itemsize}")


def table(parts: Iterable[np.ndarray | bytes]) -> memoryview:
    """Return the text of rows as `joined` makes them, the last index fastest."""
    rows = joined([*parts])
    letters = rows.reshape(-1).view(np.uint8) if rows.size else np.zeros(0, np.uint8)
    return letters.data
