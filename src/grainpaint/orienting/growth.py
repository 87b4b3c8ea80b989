"""Fibers along the direction in which the grains of a build solidified.

In the frame of a grain, z is its mean direction. There all grains have one fiber along
z, so that the volume has it evenly; the frames turn it to where each grain grew.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.files import check_file
from grainpaint.microstructure import Microstructure

__all__ = ["Growth", "check_growth_file", "directions", "growth_of"]

_MOLTEN = 0.5  # share of a grain's voxels


@dataclass(frozen=True, eq=False)
class Growth:
    """The directions in which grains grew.

    Parameters
    ----------
    frame : numpy.ndarray, float64, shape (n, 4)
        Unit quaternions: the smallest rotations that turn z to the directions; the
        identity for grains without one.
    follows : numpy.ndarray, bool, shape (n,)
        Which grains have a direction: at least half of their voxels were molten.
    """

    frame: np.ndarray
    follows: np.ndarray


def growth_of(volume: Microstructure, ids: np.ndarray, vectors: np.ndarray) -> Growth:
    """Return the mean directions of grains.

    Parameters
    ----------
    volume : Microstructure
    ids : numpy.ndarray, integer, shape (n,)
        IDs of its grains, ascending.
    vectors : numpy.ndarray, float, shape (nx, ny, nz, 3)
        See `directions`.
    """
    length = np.linalg.norm(vectors, axis=-1)
    known = np.isfinite(length) & (length > 0) & volume.mask
    grain = volume.grain_id[known]
    unit = vectors[known] / length[known][:, None]
    n = int(ids[-1]) + 1
    total = np.stack([np.bincount(grain, part, n)[ids] for part in unit.T], 1)
    share = np.bincount(grain, minlength=n)[ids] / volume.grain_volumes()
    size = np.linalg.norm(total, axis=1)
    follows = (share >= _MOLTEN) & (size > 1e-9)
    x, y, z = (total / np.where(follows, size, 1)[:, None]).T
    frame = np.stack([1 + z, -y, x, 0 * z], 1)
    frame[1 + z < 1e-12] = 0, 1, 0, 0
    frame[~follows] = 1, 0, 0, 0
    return Growth(frame / np.linalg.norm(frame, axis=1)[:, None], follows)


def check_growth_file(path: Path) -> None:
    """Raise unless a file can be read for directions.

    Raises
    ------
    InputError
        As `directions`, but for what depends on the volume.
    """
    if path.suffix.lower() == ".toml":
        from grainpaint.simulate.am.recipe import load_am_recipe

        load_am_recipe(path)
        return
    check_file(path)
    try:
        with np.load(path) as found:
            named = "growth" in found
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        raise InputError(f"{path}: not an .npz file of arrays") from None
    if not named:
        raise InputError(
            f"{path}: it has no array `growth`: write process maps with "
            "grainpaint simulate am --maps, or give the recipe (.toml)"
        )


def directions(path: Path, volume: Microstructure) -> np.ndarray:
    """Return the directions in which the voxels of a volume solidified.

    Parameters
    ----------
    path : Path
        A recipe of a build (.toml), whose pool and scan tell them; or an .npz with an
        array `growth` of vectors of any length, such as process maps.
    volume : Microstructure

    Returns
    -------
    numpy.ndarray, float, shape (nx, ny, nz, 3)
        NaN or 0 where a voxel was never molten.

    Raises
    ------
    InputError
        If the file cannot be read, or is not of this volume.
    """
    check_growth_file(path)
    if path.suffix.lower() == ".toml":
        from grainpaint.simulate.am.build import map_volume
        from grainpaint.simulate.am.recipe import load_am_recipe

        try:
            return map_volume(load_am_recipe(path), volume).growth
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    with np.load(path) as found:
        vectors = found["growth"]
    if vectors.shape != (*volume.shape, 3) or not np.issubdtype(
        vectors.dtype, np.floating
    ):
        expected = ", ".join(map(str, (*volume.shape, 3)))
        raise InputError(
            f"{path}: `growth` is an array of floats of shape ({expected}), as the "
            f"volume has voxels; got {vectors.dtype} of shape {vectors.shape}"
        )
    return np.asarray(vectors)
