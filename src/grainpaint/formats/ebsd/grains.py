"""From a map of orientations to grains, with a note that says what was changed."""

from __future__ import annotations

import numpy as np

from grainpaint.formats.ebsd.points import OrientationMap
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.orientations import Orientations
from grainpaint.segmentation.fragments import (
    choose_grains,
    fragment_contacts,
    number_in_order,
)
from grainpaint.segmentation.orientation_map import grains_of_points, mean_by_grain
from grainpaint.units import count_text

__all__ = ["DEGREES", "MIN_SIZE", "to_grains"]

DEGREES = 5.0  # misorientation of neighbors in a grain, if nothing else is said
MIN_SIZE = 5  # points of the smallest grain, if nothing else is said


def to_grains(found: OrientationMap, options: ReadOptions) -> RawVolume:
    """Return the grains of a map, with their mean orientations.

    Parameters
    ----------
    found : OrientationMap
    options : ReadOptions
        misorientation, min_size, fill and spacing_z count, symmetry if it is not that
        of the map.

    Notes
    -----
    Grains of fewer than min_size points go to the neighbor that they share most faces
    with, whatever its phase; those that touch no larger one become unindexed. Only the
    points that a grain had before count for its mean orientation. Unindexed points are
    outside (0), or, to fill, take the nearest grain.
    """
    degrees = DEGREES if options.misorientation is None else options.misorientation
    least = MIN_SIZE if options.min_size is None else options.min_size
    label = grains_of_points(found.quaternion, found.phase, found.symmetry, degrees)
    size = np.bincount(label.ravel())
    becomes = choose_grains(size, fragment_contacts(label, size, least), least)
    merged = np.bincount(becomes, size, size.size)
    merged[0] = least  # what is unindexed stays so
    lost = merged[becomes] < least
    becomes[lost] = 0
    number = number_in_order(becomes)
    grain_id = number[label].astype(np.int32)
    own = np.where(becomes == np.arange(becomes.size), number, 0)[label]
    orientations = _orientations(found, own)
    indexed = found.phase > 0
    told = [
        f"{_size(found.phase.shape)} points, {_percent(1 - indexed.mean())} unindexed",
        f"{count_text(int(grain_id.max()), 'grain')} at {degrees:g} degrees",
    ]
    small = np.flatnonzero((size[1:] < least) & ~lost[1:]) + 1
    joined = int((becomes[small] != small).sum())
    if joined:
        told.append(
            f"{count_text(joined, 'grain')} below {least} points joined to neighbors"
        )
    if lost.any():
        told.append(f"{lost.sum():,} below {least} without neighbors left out")
    told += _of_phases(found, grain_id, orientations)
    filled = int((grain_id == 0).sum())
    if options.fill and filled and grain_id.any():
        grain_id = _filled(grain_id, found.spacing)
        told.append(f"{count_text(filled, 'point')} filled from the nearest grains")
    spacing, origin = found.spacing, found.origin
    notes = list(found.notes)
    if options.symmetry and set(found.symmetry) - {options.symmetry}:
        stated = ", ".join(sorted(set(found.symmetry)))
        notes.append(f"its header states the symmetry {stated}, so that is the one")
    if not indexed.any():
        notes.append("none of its points has an orientation, so there are no grains")
    return RawVolume(
        grain_id,
        spacing,
        origin,
        unit=found.unit,
        assumed_unit=found.assumed_unit,
        notes=(*notes, "; ".join(told)),
        orientations=orientations,
    )


def _size(shape: tuple[int, ...]) -> str:
    """Return a shape as text, a thickness of one left out."""
    return " x ".join(str(n) for n in (shape if shape[2] > 1 else shape[:2]))


def _percent(share: float) -> str:
    return "none" if share == 0 else f"{share:.2%}" if share < 0.01 else f"{share:.0%}"


def _orientations(found: OrientationMap, own: np.ndarray) -> Orientations | None:
    """Return the orientations of grains from the points that are theirs."""
    if not own.any():
        return None
    mean = mean_by_grain(found.quaternion, own, found.phase, found.symmetry)
    phase = np.ones(len(mean) + 1, np.int32)
    phase[own.ravel()] = np.maximum(found.phase.ravel(), 1)
    return Orientations(mean, found.symmetry, phase[1:], found.names)


def _of_phases(
    found: OrientationMap, grain_id: np.ndarray, known: Orientations | None
) -> list[str]:
    """Return the shares of the phases, if there are several, and what changed its."""
    if known is None or np.unique(found.phase[found.phase > 0]).size < 2:
        return []
    becomes = np.append(0, known.phase)[grain_id]
    counts = np.bincount(becomes.ravel(), minlength=len(known.names) + 1)[1:]
    shares = counts / max(int(counts.sum()), 1)
    named = [f"{n} {_percent(s)}" for n, s in zip(known.names, shares)]
    told = [f"phases {', '.join(named)}"]
    other = int(((found.phase != becomes) & (becomes > 0) & (found.phase > 0)).sum())
    if other:
        told.append(f"{count_text(other, 'point')} joined grains of another phase")
    return told


def _filled(grain_id: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return grains grown into what is outside: each point takes the nearest one."""
    from scipy import ndimage

    _, nearest = ndimage.distance_transform_edt(
        grain_id == 0, sampling=spacing, return_indices=True
    )
    result: np.ndarray = grain_id[tuple(nearest)]
    return result
