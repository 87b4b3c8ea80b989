"""Tables with a line for each voxel, x fastest."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.text import float_words, int_words, table

__all__ = ["write_points"]


def write_points(
    slabs: Slabs,
    file: BinaryIO,
    before: np.ndarray,
    after: np.ndarray,
    counted: bool = False,
) -> None:
    """Write what stands before and after the coordinates of each voxel.

    Parameters
    ----------
    slabs : Slabs
    file : binary file
    before, after : numpy.ndarray, bytes, shape (n_grains + 1,)
        Text by grain, in the order of IDs; the first one is that of the outside.
    counted : bool
        Whether coordinates are numbers of voxels, from 1; else centers, µm.
    """
    words = []
    for n, origin, spacing in zip(slabs.shape, slabs.origin, slabs.spacing):
        place = np.arange(n)
        centers = origin + (place + 0.5) * spacing
        words.append(int_words(place + 1) if counted else float_words(centers, "%.12g"))
    x, y, z = words
    done = 0
    for rows in slabs.rows():
        for row in rows:
            file.write(
                table(
                    [
                        before.take(row),
                        b" ",
                        x[None, :],
                        b" ",
                        y[:, None],
                        b" ",
                        z[done],
                        after.take(row),
                    ]
                )
            )
            done += 1
