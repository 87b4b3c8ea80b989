"""Grains from colors: connected pieces of equal color, cleaned of fragments."""

import numpy as np

from grainpaint.segmentation.fragments import (
    MIN_VOXELS,
    choose_grains,
    cut_by_faces,
    fragment_contacts,
    number_in_order,
)
from grainpaint.segmentation.pieces import label_pieces

__all__ = ["grains"]


def grains(
    color: np.ndarray,
    periodic: tuple[bool, ...] = (False, False, False),
    min_voxels: int = MIN_VOXELS,
    keep_cut: bool = False,
) -> np.ndarray:
    """Turn colors into grains: pieces of equal color (26 neighbors), cleaned.

    As in the simulator, voxels of a color that share an edge or a corner are one grain.

    Parameters
    ----------
    color : numpy.ndarray, integer, shape (nx, ny, nz)
        0 = outside.
    periodic : three bools
        Whether grains continue through the faces along x, y, z.
    min_voxels : int
        Smaller pieces go to the neighbor that they touch most.
    keep_cut : bool
        Keep all pieces at faces of the box that are not periodic: in a box of
        material, most small ones are slivers of grains that the face cuts.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Grain IDs 1..n in the order of their first voxels, 0 = outside.
    """
    piece = label_pieces(color, periodic, corners=True)
    n_voxels = np.bincount(piece.ravel())
    if keep_cut:
        cut = cut_by_faces(piece, periodic)
        n_voxels[cut] = np.maximum(n_voxels[cut], min_voxels)
    contacts = fragment_contacts(piece, n_voxels, min_voxels, periodic)
    becomes = choose_grains(n_voxels, contacts, min_voxels)
    result: np.ndarray = number_in_order(becomes)[piece]
    return result
