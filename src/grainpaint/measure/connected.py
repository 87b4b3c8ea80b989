"""Telling grains apart that share an ID, as those of a lattice of spins do.

Each connected piece (26 neighbors, also through periodic faces) becomes a grain. That
is what a simulation with 26 neighbors regards as a grain, and what
`grainpaint.measure.integrity` regards as whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grainpaint.microstructure import Microstructure, new_ids
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.units import count_text

__all__ = ["PieceCount", "as_pieces"]


@dataclass(frozen=True)
class PieceCount:
    """Number of IDs, and of the connected pieces that they form.

    Parameters
    ----------
    n_ids, n_pieces : int
    """

    n_ids: int = 0
    n_pieces: int = 0

    def __add__(self, other: PieceCount) -> PieceCount:
        """Return the counts of two volumes together."""
        return PieceCount(self.n_ids + other.n_ids, self.n_pieces + other.n_pieces)

    @property
    def note(self) -> str | None:
        """What a user should know; None if every ID is one piece."""
        if self.n_pieces == self.n_ids:
            return None
        return (
            f"{count_text(self.n_ids, 'ID')} in {count_text(self.n_pieces, 'piece')}: "
            "measured as pieces"
        )


def as_pieces(volume: Microstructure) -> tuple[Microstructure, PieceCount]:
    """Make every connected piece a grain of its own.

    Parameters
    ----------
    volume : Microstructure
        Its IDs may be spins, which distant grains share.

    Returns
    -------
    pieces : Microstructure
        The largest piece of each ID keeps it (the first of equal ones); the others get
        new IDs above the largest one, in the order of their first voxels. It is
        `volume` itself if every ID is one piece.
    count : PieceCount

    Examples
    --------
    >>> spins = Microstructure(np.array([[[7, 5, 7, 7, 0]]]))
    >>> volume, count = as_pieces(spins)
    >>> volume.grain_id.tolist(), count.note
    ([[[8, 5, 7, 7, 0]]], '2 IDs in 3 pieces: measured as pieces')
    """
    label = label_pieces(volume.grain_id, volume.periodic, corners=True)
    size = np.bincount(label.ravel())
    spin = np.zeros(size.size, np.int64)
    spin[label.ravel()] = volume.grain_id.ravel()
    order = np.lexsort((-size[1:], spin[1:])) + 1  # stable: ties by first voxel
    first = np.ones(order.size, bool)
    first[1:] = np.diff(spin[order]) > 0
    count = PieceCount(int(first.sum()), order.size)
    if count.n_ids == count.n_pieces:
        return volume, count
    rest = np.sort(order[~first])
    known = volume.orientations
    fresh = new_ids(spin, rest.size)
    if known is not None:  # pieces have the orientation of their ID
        source = np.minimum(np.arange(1, max(fresh.max(), len(known)) + 1), len(known))
        source[fresh - 1] = spin[rest]
        known = known.rows(source)
    spin[rest] = fresh
    return replace(volume, grain_id=spin[label], orientations=known), count
