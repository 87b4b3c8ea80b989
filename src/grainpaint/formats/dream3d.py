"""Volumes of DREAM.3D, versions 7 (6.x) and 8 (NX), HDF5.

Arrays are stored (nz, ny, nx, components). Feature 0 is outside; row i of a feature
array is feature i. Orientations are those by feature if the file has them, otherwise
the means of the cells' Euler angles (radians). Crystal axes are left as they are
stored: DREAM.3D turns those of hexagonal crystals on demand of its user.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.dream3d_images import Image, image_of
from grainpaint.formats.ebsd.grains import to_grains
from grainpaint.formats.ebsd.points import OrientationMap, inverses, quaternions
from grainpaint.formats.hdf5_file import array_of, floats_of, text_of
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.orientations import Orientations
from grainpaint.segmentation.orientation_map import mean_by_grain
from grainpaint.units import count_text

__all__ = ["read_volume"]

# Crystal structures 0..10 of EbsdLib, as rotations; 999 is unknown.
_STRUCTURES = ("622", "432", "6", "23", "1", "1", "222", "4", "422", "3", "32")
_UNKNOWN, _MONOCLINIC = 999, 5
_GROWN = 32  # memory that grains take, for each byte of angles
_SPARSE = 1_000_000  # how far IDs may exceed the number of cells
_STATED = ("AvgEulerAngles", "EulerAngles", "AvgQuats", "Phases")
_NO_GRAINS = ("phases", "mask", "ipfcolors", "boundarycells")  # integers all the same
_UNIT = "lengths in µm, as in DREAM.3D"


def read_volume(file: Any, options: ReadOptions) -> RawVolume:
    """Read the only image of an open file.

    Parameters
    ----------
    file : h5py.File
    options : ReadOptions
        array names the one with the grains instead of FeatureIds.

    Raises
    ------
    InputError
        If it has no image, several, or neither grains nor orientations.
    """
    name = options.array or "FeatureIds"
    image = image_of(file, name)
    symmetry, names = _ensemble(image)
    phase = _array(image.cells, "Phases")
    phases = None if phase is None else _whole(_cells(phase, image)[..., 0])
    angles = _array(image.cells, "EulerAngles")
    points = None if angles is None else _points(angles, phases, image, symmetry, names)
    notes = _unused(options)
    if name not in image.cells:
        if points is not None and options.array is None:
            return to_grains(points, options)
        name = _only_integers(image, options.array)
        notes = (*notes, f"it has no array FeatureIds: the grains are those of {name}")
    ids = integers(_cells(image.cells[name], image)[..., 0], repr(name))
    raw = RawVolume(
        ids,
        image.spacing,
        image.origin,
        unit=image.unit or "um",
        assumed_unit="" if image.unit else _UNIT,
        notes=notes,
    )
    if ids.min() < 0 or not ids.any():
        return raw
    known = _by_feature(image, ids, phases, symmetry, names)
    if known is None and points is not None:
        known = _means(points, ids)
    return replace(
        raw, orientations=known, notes=(*raw.notes, *_told(image, known, symmetry))
    )


def _only_integers(image: Image, wanted: str | None) -> str:
    """Return the name of the only array that may hold the grains.

    Raises
    ------
    InputError
        If another one is wanted, or there is not one alone.
    """
    held = ", ".join(image.cells)
    if wanted is not None:
        raise InputError(f"its cells have no array {wanted}; they have {held}")
    whole: list[str] = [
        name
        for name, array in image.cells.items()
        if name.lower() not in _NO_GRAINS
        and hasattr(array, "dtype")
        and array.dtype.kind in "iu"
        and array.size == np.prod(image.shape)
    ]
    if len(whole) != 1:
        raise InputError(
            "its cells have no array FeatureIds: which array holds the grains? Name "
            f"one (array): {held}"
        )
    return whole[0]


def _told(
    image: Image, known: Orientations | None, symmetry: tuple[str, ...]
) -> list[str]:
    """Return what a user has to know of the orientations."""
    if known is not None:
        structures = [] if not symmetry else _structures(image)
        unknown = [
            known.names[i] for i, code in enumerate(structures) if code == _UNKNOWN
        ]
        notes = []
        if unknown:
            notes.append(
                f"the crystal structure of {', '.join(unknown)} is stated as unknown: "
                "without symmetry (1)"
            )
        if _MONOCLINIC in structures:
            notes.append("its monoclinic axis is not c, so it is left out")
        if len(known.names) > len(symmetry):
            n = int((known.phase == len(known.names)).sum())
            notes.append(f"{count_text(n, 'grain')} of no phase (0): of one of its own")
        return notes
    if not any(name in f for f in (image.cells, *image.others) for name in _STATED):
        return []
    if not symmetry:
        return ["no orientations and phases: it states no crystal structures"]
    return [
        "no orientations: not every grain has one and a phase, or IDs are far apart"
    ]


def _unused(options: ReadOptions) -> tuple[str, ...]:
    names = [*options.of_maps, *["spacing_z"] * (options.spacing_z is not None)]
    if not names:
        return ()
    return (f"it holds grains, so settings of maps are unused ({', '.join(names)})",)


def _array(folder: Any, name: str) -> Any:
    return folder.get(name)


def _cells(array: Any, image: Image) -> np.ndarray:
    """Return an array of the cells as [x, y, z, component]."""
    return _as_cells(array_of(array), array.name, image)


def _as_cells(values: np.ndarray, name: str, image: Image) -> np.ndarray:
    """Return the values of cells as [x, y, z, component]."""
    if values.shape[:3] != image.shape[::-1]:
        raise InputError(
            f"damaged: {name} has shape {values.shape}, for {image.shape} cells"
        )
    return values.reshape(*values.shape[:3], -1).transpose(2, 1, 0, 3)


def _whole(phases: np.ndarray) -> np.ndarray:
    """Return phases as integers; raise if they are none, or far too large."""
    found = integers(phases, "'Phases'")
    if found.size and not 0 <= found.min() <= found.max() <= _SPARSE:
        raise InputError(f"damaged: it has points of phase {found.max()}")
    return found


def _ensemble(image: Image) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return symmetry and name of phases 1, 2, ...; none if it is not stated."""
    symmetry = tuple(_structure(code) for code in _structures(image))
    phases = range(1, len(symmetry) + 1)
    named = [f["MaterialName"] for f in image.others if "MaterialName" in f]
    told = [text_of(named[0], i) if named else "" for i in phases]
    return symmetry, tuple(t or f"phase{i}" for i, t in zip(phases, told))


def _structures(image: Image) -> list[int]:
    """Return the crystal structures of phases 1, 2, ...; none if it states none."""
    for folder in image.others:
        if "CrystalStructures" in folder:
            codes = array_of(folder["CrystalStructures"]).ravel()[1:]
            return list(codes.tolist())
    return []


def _structure(code: int) -> str:
    """Return the rotations of a crystal structure."""
    if code == _UNKNOWN:
        return "1"
    if not 0 <= code < len(_STRUCTURES):
        raise InputError(f"damaged: it states the crystal structure {code}")
    return _STRUCTURES[code]


def _points(
    angles: Any,
    phases: np.ndarray | None,
    image: Image,
    symmetry: tuple[str, ...],
    names: tuple[str, ...],
) -> OrientationMap | None:
    """Return the orientations of the cells; None without symmetry, or phases of it."""
    if not symmetry or (phases is None and len(symmetry) > 1):
        return None
    values = _as_cells(floats_of(angles, _GROWN), angles.name, image)
    if values.shape[-1] != 3 or not np.isfinite(values).all():
        raise InputError("damaged: its EulerAngles are not three numbers for each cell")
    _check_radians(values)
    kinds = np.ones(image.shape, np.int32) if phases is None else phases
    if kinds.min() < 0 or kinds.max() > len(symmetry):
        raise InputError(
            f"has cells of phase {kinds.max()}, but states "
            f"{count_text(len(symmetry), 'phase')}"
        )
    return OrientationMap(
        quaternions(values.reshape(-1, 3)).reshape(*image.shape, 4),
        kinds.astype(np.int32),
        symmetry,
        names,
        image.spacing,
        image.origin,
        unit=image.unit or "um",
        assumed_unit="" if image.unit else _UNIT,
    )


def _check_radians(angles: np.ndarray) -> None:
    largest = np.abs(angles).max(initial=0.0)
    if largest > 4 * np.pi + 1e-3:
        raise InputError(
            f"EulerAngles of DREAM.3D are radians, but these reach {largest:.5g}: they "
            "look like degrees"
        )


def _by_feature(
    image: Image,
    ids: np.ndarray,
    cells: np.ndarray | None,
    symmetry: tuple[str, ...],
    names: tuple[str, ...],
) -> Orientations | None:
    """Return the orientations by feature, None if there are none."""
    n = int(ids.max())
    for folder in image.others:
        for name, size in (("AvgEulerAngles", 3), ("EulerAngles", 3), ("AvgQuats", 4)):
            if not symmetry or name not in folder:
                continue
            rows = floats_of(folder[name])
            if rows.ndim != 2 or rows.shape[1] != size or len(rows) <= n:
                continue
            rows = rows[1:]
            if not np.isfinite(rows).all():
                raise InputError(f"damaged: its {name} are not all numbers")
            if size == 3:
                _check_radians(rows)
            # Its quaternions have the scalar last, and are the inverse of ours (those
            # of its Euler angles have a minus: epsijk is 1); unused rows are zero.
            one = quaternions(rows) if size == 3 else inverses(rows[:, [3, 0, 1, 2]])
            held = np.unique(ids[ids > 0]) - 1
            none = ~(np.linalg.norm(one, axis=1) > 0.5)
            if none[held].any():
                continue
            one[none] = (1, 0, 0, 0)
            one /= np.linalg.norm(one, axis=1, keepdims=True)
            if "Phases" in folder:
                phase = _whole(array_of(folder["Phases"]).ravel()[1:]).astype(np.int32)
            elif cells is not None:
                phase = _most_common(ids, cells, len(rows), len(symmetry))
            elif len(symmetry) == 1:
                phase = np.ones(len(rows), np.int32)
            else:
                return None
            return _with_phases(one, phase, held, symmetry, names)
    return None


def _most_common(
    ids: np.ndarray, cells: np.ndarray, n: int, n_phases: int
) -> np.ndarray:
    """Return the phase that most cells of each feature 1..n have."""
    if cells.max() > n_phases:
        raise InputError(
            f"has cells of phase {cells.max()}, but states "
            f"{count_text(n_phases, 'phase')}"
        )
    counts = np.zeros((n + 1, n_phases + 1), np.int64)
    np.add.at(counts, (ids.ravel(), cells.ravel()), 1)
    phase: np.ndarray = counts[1:].argmax(1).astype(np.int32)
    return phase


def _with_phases(
    quaternion: np.ndarray,
    phase: np.ndarray,
    held: np.ndarray,
    symmetry: tuple[str, ...],
    names: tuple[str, ...],
) -> Orientations:
    """Return orientations; grains of phase 0 get one of their own, unknown.

    Parameters
    ----------
    held : numpy.ndarray, integer
        The rows of features that have cells.
    """
    if phase.shape != (len(quaternion),):
        return Orientations(quaternion, symmetry, phase, names)  # which it refuses
    lost = np.zeros(phase.size, bool)
    lost[held] = phase[held] == 0
    if lost.any():
        symmetry, names = (*symmetry, "1"), (*names, "unknown")
    phase = np.where(lost, len(symmetry), np.where(phase == 0, 1, phase))
    return Orientations(quaternion, symmetry, phase, names)


def _means(points: OrientationMap, ids: np.ndarray) -> Orientations | None:
    """Return mean orientations of grains; None if one lacks it or IDs are sparse."""
    label = np.where(points.phase > 0, ids, 0).astype(np.int32)
    n = int(ids.max())
    if n > _SPARSE + ids.size:
        return None
    held = np.bincount(label.ravel(), minlength=n + 1)[1:] > 0
    if not held[np.unique(ids[ids > 0]) - 1].all():
        return None
    phase = np.ones(n + 1, np.int32)
    phase[label.ravel()] = points.phase.ravel()
    phase[0] = 1
    kinds = np.where(label > 0, phase[label], 0)
    mean = mean_by_grain(points.quaternion, label, kinds, points.symmetry)
    mean[~held] = (1, 0, 0, 0)
    return Orientations(mean, points.symmetry, phase[1:], points.names)
