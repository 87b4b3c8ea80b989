"""The numbers in sets, as lines."""

import numpy as np

from grainpaint.formats.text import int_words, table

__all__ = ["set_lines"]

_PER_LINE = 16  # as many as Abaqus takes


def set_lines(numbers: np.ndarray, sizes: np.ndarray) -> memoryview:
    """Return the text of sets behind each other, 16 numbers a line.

    Parameters
    ----------
    numbers : numpy.ndarray, integer, shape (n,)
    sizes : numpy.ndarray, integer
        Of each set; their sum is n. All numbers are equally wide.
    """
    last = np.cumsum(sizes)
    first = np.repeat(last - sizes, sizes)
    place = np.arange(numbers.size) - first
    ends = place % _PER_LINE == _PER_LINE - 1
    ends[last[sizes > 0] - 1] = True
    return table([int_words(numbers), np.where(ends, b"\n", b",")])
