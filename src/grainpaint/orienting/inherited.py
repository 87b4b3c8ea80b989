"""Orientations of grains that were made again, or that continue known ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats import load
from grainpaint.microstructure import Microstructure
from grainpaint.record import find_record, read_record, volume_of
from grainpaint.units import count_text

__all__ = ["as_recorded", "continued", "drawn_note", "inherited"]

_STREAM = 32


def inherited(
    piece: Microstructure,
    known: Microstructure,
    first: Sequence[int],
    times: int = 0,
    seed: int = 0,
) -> tuple[Microstructure, int]:
    """Give the grains of a piece the orientations that they have in a volume.

    Parameters
    ----------
    piece : Microstructure
        Part of the volume, with IDs of its own.
    known : Microstructure
        The volume, with orientations.
    first : three ints
        Voxel (0, 0, 0) of the piece, counted in voxels of the piece.
    times : int
        How often the voxels of the volume were halved.
    seed : int
        For grains that have no voxel in the volume.

    Returns
    -------
    piece : Microstructure
        Each grain has the orientation of the grain with which it shares most voxels; if
        there is none, that of a grain drawn by volume.
    n_drawn : int
        Number of the latter.
    """
    places, inside = [], []
    axes = zip(first, piece.shape, known.shape, known.periodic)
    for start, n, n_known, wraps in axes:
        at = (start + np.arange(n)) >> times
        at = at % n_known if wraps else at
        inside.append((at >= 0) & (at < n_known))
        places.append(np.clip(at, 0, n_known - 1))
    x, y, z = np.meshgrid(*inside, indexing="ij", sparse=True)
    there = np.where(x & y & z, known.grain_id[np.ix_(*places)], 0)
    own, of = piece.grain_id.ravel().astype(np.int64), there.ravel().astype(np.int64)
    base = int(of.max()) + 1
    pairs, counts = np.unique(own * base + of, return_counts=True)
    grain, other = pairs // base, pairs % base
    held = (grain > 0) & (other > 0)
    grain, other, counts = grain[held], other[held], counts[held]
    source = np.zeros(int(own.max()) + 1, np.int64)
    rising = np.argsort(counts, kind="stable")
    source[grain[rising]] = other[rising]  # the last one counts: the most common
    return _with_sources(piece, known, source, seed)


def continued(
    volume: Microstructure, known: Microstructure, seed: int = 0
) -> tuple[Microstructure, int]:
    """Give grains the orientations of those with the same IDs in a smaller volume.

    Parameters
    ----------
    volume : Microstructure
        The grains of `known`, and more.
    known : Microstructure
        With orientations.
    seed : int
        For the other grains, whose orientations are those of known ones drawn by
        volume.

    Returns
    -------
    volume : Microstructure
    n_drawn : int
        Number of the other grains.
    """
    source = np.arange(int(volume.grain_id.max()) + 1)
    source[~np.isin(source, known.ids())] = 0
    return _with_sources(volume, known, source, seed)


def as_recorded(
    piece: Microstructure, volume: Path, first: Sequence[int], times: int = 0
) -> tuple[Microstructure, int]:
    """Give the grains of a piece the orientations that a volume on disk has, if any.

    Parameters
    ----------
    piece : Microstructure
    volume : Path
        The volume, or its record, which says whether it was given orientations.
    first, times
        As in `inherited`.

    Returns
    -------
    piece : Microstructure
    n_drawn : int
        As `inherited` returns them.
    """
    record = find_record(volume)
    if record is None or "orient" not in read_record(record):
        return piece, 0
    whole = load(volume_of(volume))
    if whole.orientations is None:
        return piece, 0
    return inherited(piece, whole, first, times)


def drawn_note(n_drawn: int, which: str) -> str:
    """Return what a user should know of grains with the orientation of another one.

    Examples
    --------
    >>> drawn_note(1, "filled in"), drawn_note(0, "filled in")
    ('1 grain filled in has an orientation drawn from the others', '')
    """
    if not n_drawn:
        return ""
    has = "has an orientation" if n_drawn == 1 else "have orientations"
    return f"{count_text(n_drawn, 'grain')} {which} {has} drawn from the others"


def _with_sources(
    volume: Microstructure, known: Microstructure, source: np.ndarray, seed: int
) -> tuple[Microstructure, int]:
    """Give grain g the orientation of the known grain source[g], 0 = a drawn one."""
    if known.orientations is None:
        raise InputError("the known grains have no orientations")
    rng = np.random.default_rng((seed, _STREAM))
    ids, sizes = known.ids(), known.grain_volumes()
    drawn = np.flatnonzero(source[1:] == 0) + 1
    source[drawn] = rng.choice(ids, drawn.size, p=sizes / sizes.sum())
    n_drawn = int(np.isin(drawn, volume.ids()).sum())
    rows = known.orientations.rows(source[1:])
    return replace(volume, orientations=rows), n_drawn
