"""The pieces of one tile of a volume: what is needed to join it with the others."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.segmentation.fragments import MIN_VOXELS, fragment_contacts
from grainpaint.segmentation.pieces import label_pieces

__all__ = ["Place", "Survey", "survey"]

Place = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Survey:
    """What `join_tiles` needs from a tile whose pieces are 1..n, 0 = outside.

    Parameters
    ----------
    shape : three ints
        Voxels of the volume along x, y, z.
    low : three ints
        First voxel of the tile in the volume.
    min_voxels : int
        Smaller grains are fragments.
    color : numpy.ndarray, integer, shape (n + 1,)
        Color of each piece.
    n_voxels : numpy.ndarray, int64, shape (n + 1,)
        Voxels of each piece, 0 for the outside.
    first : numpy.ndarray, int64, shape (n + 1,)
        Index in the volume of the first voxel of each piece (x slowest, z fastest).
    contacts : numpy.ndarray, int64, shape (k, 3)
        Piece with fewer than min_voxels voxels in this tile, its neighbor in this tile,
        and the number of faces between them.
    faces : six numpy.ndarrays, unsigned, 2-D
        Pieces on the faces of the tile: x low, x high, y low, y high, z low, z high.
    """

    shape: Place
    low: Place
    min_voxels: int
    color: np.ndarray
    n_voxels: np.ndarray
    first: np.ndarray
    contacts: np.ndarray
    faces: tuple[np.ndarray, ...]

    def to_bytes(self) -> bytes:
        """Return the survey as a compressed .npz after its CRC-32 (4 bytes)."""
        named = vars(self).copy()
        file = io.BytesIO()
        np.savez_compressed(file, *named.pop("faces"), **named)
        data = file.getvalue()
        return zlib.crc32(data).to_bytes(4) + data

    @classmethod
    def from_bytes(cls, data: bytes) -> Survey:
        """Read what `to_bytes` returned.

        Raises
        ------
        ValueError
            If the bytes were cut short or damaged.
        """
        if len(data) < 4 or zlib.crc32(data[4:]) != int.from_bytes(data[:4]):
            raise ValueError("the survey of a tile is damaged or incomplete")
        with np.load(io.BytesIO(data[4:])) as file:
            arrays = dict(file)
        faces = tuple(arrays.pop(f"arr_{i}") for i in range(6))
        shape, low = (tuple(arrays.pop(name).tolist()) for name in ("shape", "low"))
        least = int(arrays.pop("min_voxels"))
        return cls(shape=shape, low=low, min_voxels=least, faces=faces, **arrays)


@nb.njit(cache=True)
def _count_pieces(piece, n):
    """Return the voxels and the index of the first voxel of each piece 0..n."""
    n_voxels, first = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for i in range(piece.size):
        p = piece[i]
        if p != 0:
            if n_voxels[p] == 0:
                first[p] = i
            n_voxels[p] += 1
    return n_voxels, first


def survey(
    color: np.ndarray,
    low: Place,
    shape: Place,
    min_voxels: int = MIN_VOXELS,
) -> Survey:
    """Find the pieces of one tile.

    Parameters
    ----------
    color : numpy.ndarray, integer, shape (tx, ty, tz)
        Colors of the tile, 0 = outside.
    low : three ints
        First voxel of the tile in the volume.
    shape : three ints
        Voxels of the volume along x, y, z; fewer than 2^63 in total.
    min_voxels : int
        Smaller grains are fragments.

    Raises
    ------
    ValueError
        If the tile does not lie within the volume.
    """
    if any(a < 0 or a + t > n for a, t, n in zip(low, color.shape, shape)):
        raise ValueError(
            f"a tile of {color.shape} voxels at {low} must lie within the volume's "
            f"{shape}"
        )
    piece = label_pieces(color, corners=True)
    n = int(piece.max())
    n_voxels, first = _count_pieces(piece.reshape(-1), n)
    place = np.unravel_index(first, piece.shape)
    x, y, z = (i + a for i, a in zip(place, low))
    of_piece = color[place]
    of_piece[0] = 0
    planes = (piece.take(i, axis) for axis in range(3) for i in (0, -1))
    return Survey(
        shape=shape,
        low=low,
        min_voxels=min_voxels,
        color=of_piece,
        n_voxels=n_voxels,
        first=(x * shape[1] + y) * shape[2] + z,
        contacts=fragment_contacts(piece, n_voxels, min_voxels),
        faces=tuple(plane.astype(np.min_scalar_type(n)) for plane in planes),
    )
