"""Integrity of grains: whole grains, no isolated voxels; gaps in the IDs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.microstructure import Microstructure
from grainpaint.segmentation.pieces import label_pieces

__all__ = ["Integrity", "integrity"]

_LISTED = 1000


@dataclass(frozen=True)
class Integrity:
    """Faults in the grains of a volume.

    Parameters
    ----------
    n_grains : int
        Number of grains.
    missing : numpy.ndarray, int, shape (k,)
        IDs below the largest one that no voxel has, the first thousand of them; no
        fault: pieces cut out of a volume keep their IDs.
    n_missing : int
        Their number.
    in_pieces : dict of int to int
        Number of pieces of each grain that is in several (26 neighbors, also through
        periodic faces), of which one at least ends within the volume.
    n_cut : int
        Number of grains whose several pieces all end at open faces of the volume,
        beyond which they may meet; no fault. Faces across an axis of one voxel are
        closed.
    isolated : numpy.ndarray, int, shape (k, 3)
        Indices of voxels without a neighbor (of 26) in their grain that do not lie at
        an open face.
    n_by_corners : int
        Number of grains held together only by edges or corners of voxels; no fault.
    """

    n_grains: int
    missing: np.ndarray
    n_missing: int
    in_pieces: dict[int, int]
    n_cut: int
    isolated: np.ndarray
    n_by_corners: int

    @property
    def sound(self) -> bool:
        """Whether there are grains, and none of these faults."""
        return self.n_grains > 0 and not self.in_pieces and not len(self.isolated)


def integrity(volume: Microstructure) -> Integrity:
    """Find grains in pieces, isolated voxels and missing IDs.

    Examples
    --------
    >>> found = integrity(Microstructure(np.array([[[1, 3, 1, 3, 3]]])))
    >>> found.sound, found.missing.tolist(), found.in_pieces, found.n_cut
    (False, [2], {1: 2, 3: 2}, 0)
    """
    known = volume.ids()
    volume, ids = volume.compact()
    n_pieces, n_within = _pieces_of_grains(volume, corners=True)
    by_faces, _ = _pieces_of_grains(volume, corners=False)
    broken = np.flatnonzero((n_pieces > 1) & (n_within > 0))
    return Integrity(
        n_grains=known.size,
        missing=_missing(known),
        n_missing=int(known.max(initial=0)) - known.size,
        in_pieces={int(ids[g]): int(n_pieces[g]) for g in broken},
        n_cut=int(np.count_nonzero((n_pieces > 1) & (n_within == 0))),
        isolated=_isolated(volume),
        n_by_corners=int(np.count_nonzero((by_faces > 1) & (n_pieces == 1))),
    )


def _missing(known: np.ndarray) -> np.ndarray:
    """Return the first thousand IDs that are not among the known, ascending ones."""
    first = np.arange(1, min(known.max(initial=0), known.size + _LISTED) + 1)
    return np.setdiff1d(first, known)[:_LISTED]


def _pieces_of_grains(
    volume: Microstructure, corners: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pieces of each ID, and those at no open face; none for ID 0."""
    label = label_pieces(volume.grain_id, volume.periodic, corners)
    n = int(label.max()) + 1
    grain_of = np.zeros(n, np.int64)
    grain_of[label.ravel()] = volume.grain_id.ravel()
    within = np.ones(n, bool)
    for face in _open_faces(volume):
        within[label[face]] = False
    within[0] = False
    n_ids = int(volume.grain_id.max()) + 1
    every = np.bincount(grain_of[1:], minlength=n_ids)
    return every, np.bincount(grain_of[within], minlength=n_ids)


def _open_faces(volume: Microstructure) -> Iterator[tuple[slice, ...]]:
    """Yield where the first and last layers across open axes lie."""
    for axis in volume.axes:
        if not volume.periodic[axis]:
            for layer in (slice(1), slice(-1, None)):
                yield (slice(None),) * axis + (layer,)


@nb.njit(cache=True)
def _mark_isolated(grain_id, periodic, isolated):
    """Mark the voxels without a neighbor in their grain."""
    nx, ny, nz = grain_id.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                g = grain_id[x, y, z]
                alone = g != 0
                for p in range(27):
                    a, b, c = x + p // 9 - 1, y + p // 3 % 3 - 1, z + p % 3 - 1
                    if p == 13 or not alone:
                        continue
                    if a < 0 or a >= nx:
                        if not periodic[0]:
                            continue
                        a %= nx
                    if b < 0 or b >= ny:
                        if not periodic[1]:
                            continue
                        b %= ny
                    if c < 0 or c >= nz:
                        if not periodic[2]:
                            continue
                        c %= nz
                    alone = grain_id[a, b, c] != g
                isolated[x, y, z] = alone


def _isolated(volume: Microstructure) -> np.ndarray:
    """Return the indices of voxels alone in their grain, not at open faces."""
    isolated = np.zeros(volume.shape, bool)
    # Through a flat periodic axis, a voxel would be its own neighbor.
    wraps = np.array(volume.periodic) & (np.array(volume.shape) > 1)
    _mark_isolated(volume.grain_id, wraps, isolated)
    for face in _open_faces(volume):
        isolated[face] = False
    return np.argwhere(isolated)
