"""Crystals of volumes and sets: orientations, volumes, angles between neighbors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grainpaint.measure.dimensions import boundary_size_of_faces
from grainpaint.measure.tally import Tally
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations
from grainpaint.orientations.disorientation import pair_angles

__all__ = ["Phase", "VolumeCrystals", "beside", "crystals", "phases_of"]


@dataclass(frozen=True, eq=False)
class VolumeCrystals:
    """The crystals of a volume.

    Parameters
    ----------
    known : Orientations
        Row i is that of row i of the table of grains.
    size : numpy.ndarray, int64, shape (n,)
        Voxels of each grain.
    angle : numpy.ndarray, float64, shape (m,)
        Disorientation across the boundary between two grains of one phase, degrees.
    area : numpy.ndarray, float64, shape (m,)
        Area of each of these boundaries in voxel faces, µm² (length in sections).
    phase : numpy.ndarray, int32, shape (m,)
        Phase of each boundary.
    """

    known: Orientations
    size: np.ndarray
    angle: np.ndarray
    area: np.ndarray
    phase: np.ndarray


def crystals(volume: Microstructure, counted: Tally) -> VolumeCrystals | None:
    """Return the crystals of a volume, or None if it has no orientations.

    Parameters
    ----------
    volume : Microstructure
    counted : Tally
        Its tally.
    """
    known = volume.orientations
    if known is None:
        return None
    grain = np.flatnonzero(counted.sums[:, 0])
    grain = grain[grain > 0]
    pairs = counted.ids[counted.pairs].astype(np.int64) - 1
    area = boundary_size_of_faces(counted.faces, volume.spacing, volume.axes)
    same = known.phase[pairs[:, 0]] == known.phase[pairs[:, 1]]
    pairs, area = pairs[same], area[same].astype(np.float64)
    phase = known.phase[pairs[:, 0]]
    angle = np.zeros(len(pairs))
    for number, symmetry in enumerate(known.symmetry, 1):
        own = phase == number
        angle[own] = pair_angles(known.quaternion, pairs[own], symmetry)
    rows = known.rows(counted.ids[grain])
    size = counted.sums[grain, 0]
    return VolumeCrystals(rows, size, np.degrees(angle), area, phase)


@dataclass(frozen=True, eq=False)
class Phase:
    """The crystals of one phase of a set of volumes.

    Parameters
    ----------
    name, symmetry : str
    quaternion : numpy.ndarray, float64, shape (n, 4)
    size : numpy.ndarray, float64, shape (n,)
        Volumes of the grains, voxels.
    volume : numpy.ndarray, int64, shape (n,)
        Index of the volume of each grain.
    angle, area : numpy.ndarray, float64, shape (m,)
        Disorientation across boundaries, degrees, and their areas.
    """

    name: str
    symmetry: str
    quaternion: np.ndarray
    size: np.ndarray
    volume: np.ndarray
    angle: np.ndarray
    area: np.ndarray


def phases_of(members: Sequence[VolumeCrystals | None]) -> list[Phase]:
    """Return the phases of a set.

    Parameters
    ----------
    members : sequence of VolumeCrystals
        Of each volume; None if it has none.

    Returns
    -------
    list of Phase
        Those that have a grain, in the order of their numbers in the first volume;
        empty if a volume has no orientations, or symmetries differ between volumes.
        Where all volumes name the same phases, names tell them, otherwise numbers.
    """
    known = [one for one in members if one is not None]
    if len(known) < len(members) or not known:
        return []
    known = [_renumbered(one, known[0].known) for one in known]
    if len({one.known.symmetry for one in known}) != 1:
        return []
    found = []
    first = known[0].known
    for number, (name, symmetry) in enumerate(zip(first.names, first.symmetry), 1):
        own = [one.known.phase == number for one in known]
        if not any(mask.any() for mask in own):
            continue
        beside = [one.phase == number for one in known]
        found.append(
            Phase(
                name,
                symmetry,
                np.concatenate([c.known.quaternion[m] for c, m in zip(known, own)]),
                np.concatenate([c.size[m] for c, m in zip(known, own)]).astype(float),
                np.repeat(np.arange(len(known)), [int(m.sum()) for m in own]),
                np.concatenate([c.angle[m] for c, m in zip(known, beside)]),
                np.concatenate([c.area[m] for c, m in zip(known, beside)]),
            )
        )
    return found


def _renumbered(one: VolumeCrystals, first: Orientations) -> VolumeCrystals:
    """Return crystals with the phases in another one's order, if names are the same."""
    own = one.known
    names, wanted = own.names, first.names
    if names == wanted or sorted(names) != sorted(wanted):
        return one
    if len(set(names)) < len(names):  # a name that several have tells none
        return one
    number = np.array([0, *(wanted.index(name) + 1 for name in names)], np.int32)
    symmetry = tuple(own.symmetry[names.index(name)] for name in wanted)
    known = Orientations(own.quaternion, symmetry, number[own.phase], wanted)
    return replace(one, known=known, phase=number[one.phase])


def beside(one: Sequence[Phase], other: Sequence[Phase]) -> list[Phase]:
    """Return the phases of another set in the order of the first, if names agree.

    Parameters
    ----------
    one, other : sequence of Phase

    Returns
    -------
    list of Phase
        Those of `other`; as they come unless both sets name the same phases.
    """
    named = {phase.name: phase for phase in other}
    if len(named) == len(other) and sorted(named) == sorted(p.name for p in one):
        return [named[phase.name] for phase in one]
    return list(other)
