"""Columns of numbers to lines of text, as C's %d and %g write them, and quickly."""

from collections.abc import Iterator, Sequence

import numpy as np

__all__ = ["text_rows"]

_PIECE = 1 << 17  # rows that are turned into text at a time
_SPACE, _NEWLINE, _ZERO, _MINUS = b" \n0-"


def text_rows(columns: Sequence[np.ndarray], ends: bytes = b"\n") -> Iterator[bytes]:
    r"""Yield the text of rows, in pieces: each number with a space behind it.

    Parameters
    ----------
    columns : sequence of numpy.ndarray, shape (n,)
        Integers are written as by %d, others as by %g.
    ends : bytes
        End of a row: a line break, or nothing.

    Examples
    --------
    >>> b"".join(text_rows([np.array([7, -12]), np.array([0.5, 1e-9])]))
    b'7 0.5 \n-12 1e-09 \n'
    """
    n = len(columns[0])
    for start in range(0, n, _PIECE):
        blocks = [_words(column[start : start + _PIECE]) for column in columns]
        size = len(blocks[0])
        blocks.append(np.full((size, len(ends)), _NEWLINE, np.uint8))
        table = np.concatenate(blocks, axis=1)
        yield table[table != 0].tobytes()


def _words(values: np.ndarray) -> np.ndarray:
    """Return the characters of numbers (rows, padded with 0) and a space each."""
    if values.dtype.kind in "iub":
        return _integers(values)
    whole = np.rint(values)
    # From a million on, %g writes an exponent; -0 has a sign.
    plain = (whole == values) & (abs(values) < 1e6) & ~np.signbit(values)
    if plain.all():
        return _integers(whole.astype(np.int32))
    different, place = np.unique(values, return_inverse=True)
    words = np.array([b"%g " % v for v in different.tolist()])
    chars = words.view(np.uint8).reshape(len(words), -1)
    return chars[place.reshape(-1)]


def _integers(values: np.ndarray) -> np.ndarray:
    """Return the decimal digits of integers, as in `_words`."""
    rest = np.abs(values.astype(np.int64))
    if rest.max(initial=0) < 2**31:
        rest = rest.astype(np.uint32)  # divides faster
    width = len(str(int(rest.max(initial=0))))
    chars = np.zeros((len(rest), width + 2), np.uint8)
    chars[:, -1] = _SPACE
    for place in range(width, 0, -1):
        quotient = rest // rest.dtype.type(10)
        digit = (rest - quotient * rest.dtype.type(10)).astype(np.uint8) + _ZERO
        chars[:, place] = digit if place == width else np.where(rest > 0, digit, 0)
        rest = quotient
    chars[values < 0, 0] = _MINUS  # zeros between are left out
    return chars
