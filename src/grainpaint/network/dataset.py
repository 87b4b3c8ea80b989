"""Volumes to train on, read from folders and split into trained and held out.

A set is a folder of volumes of one kind. Training takes one set or a folder of sets.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint import formats
from grainpaint.diameter import equivalent_diameter
from grainpaint.errors import InputError
from grainpaint.formats.zarr import read_recipe
from grainpaint.microstructure import Microstructure
from grainpaint.simulate.sets import member_time

__all__ = [
    "TrainingSet",
    "describe_sets",
    "digest_of",
    "find_members",
    "is_held_out",
    "load_sets",
    "recipe_of",
    "split",
]

_HELD_OUT = 20  # one volume in this many is never trained on


def find_members(folder: Path) -> list[Path]:
    """Return the paths of all volumes of a set, or of all sets in a folder.

    Raises
    ------
    InputError
        If there is no volume.
    """
    below = []
    if folder.is_dir() and not (folder / "zarr.json").is_file():
        below = sorted(p for p in folder.iterdir() if p.is_dir())
    return formats.find_volumes(below or [folder])


def recipe_of(folder: Path) -> dict[str, Any]:
    """Return the recipe of a simulated set, or else the name of its folder."""
    return read_recipe(folder) or {"folder": folder.name}


def is_held_out(number: int) -> bool:
    """Return whether a volume is held out, by its number 0, 1, 2, ...

    The first is, and every twentieth after it: the same ones while a set grows.
    """
    return number % _HELD_OUT == 0


@dataclass(frozen=True)
class TrainingSet:
    """Volumes of one kind.

    Attributes
    ----------
    volumes : list of Microstructure
        Periodic, all of one shape.
    grain_diameter : float
        Mean equivalent diameter of all grains, voxels.
    recipe : dict
        See `recipe_of`, with the `time` of the volumes if the set has several times.
    """

    volumes: list[Microstructure]
    grain_diameter: float
    recipe: dict[str, Any]


def load_sets(folder: Path) -> list[TrainingSet]:
    """Read a set (a Zarr set or a folder of volumes), or all sets in a folder.

    Snapshots of a Zarr set at different times become separate sets.

    Raises
    ------
    InputError
        If there is no volume, or a volume is not periodic, has outside voxels, has an
        edge that is not a multiple of 16, or voxels that are no cubes or of another
        size than those of its set.
    """
    sets: dict[tuple[Path, float | None], list[Path]] = {}
    for path in find_members(folder):
        sets.setdefault((path.parent, member_time(path)), []).append(path)
    return [_load_set(paths) for paths in sets.values()]


def _load_set(paths: list[Path]) -> TrainingSet:
    """Read and check the volumes of a set."""
    volumes = [formats.load(path) for path in paths]
    for path, volume in zip(paths, volumes):
        if volume.shape != volumes[0].shape or any(n % 16 for n in volume.shape):
            raise InputError(
                f"{path}: the volumes of a set must share one shape with edges that "
                f"are multiples of 16, got {volume.shape}"
            )
        if volume.spacing != volumes[0].spacing or len(set(volume.spacing)) > 1:
            found = " x ".join(f"{edge:g}" for edge in volume.spacing)
            raise InputError(
                f"{path}: the voxels of a set must be cubes of one size (the first "
                f"volume has {volumes[0].spacing[0]:g} µm), got {found} µm"
            )
        if not all(volume.periodic) or volume.grain_id.min() == 0:
            raise InputError(
                f"{path}: training volumes must be periodic along x, y and z and "
                "have no outside voxels (grain_id 0)"
            )
    n_voxels = np.concatenate([volume.grain_volumes() for volume in volumes])
    diameter = float(equivalent_diameter(n_voxels).mean())
    recipe = recipe_of(paths[0].parent)
    time = member_time(paths[0])
    if time is not None:
        recipe = {**recipe, "time": time}
    return TrainingSet(volumes, diameter, recipe)


def split(sets: list[TrainingSet], held_out: bool) -> list[TrainingSet]:
    """Return the sets with their held-out volumes only, or without them."""
    return [
        replace(
            s,
            volumes=[v for i, v in enumerate(s.volumes) if is_held_out(i) == held_out],
        )
        for s in sets
    ]


def digest_of(arrays: Iterable[np.ndarray], *others: Any) -> str:
    """Return a digest of what samples are drawn from.

    Parameters
    ----------
    arrays : iterable of numpy.ndarray
    *others
        Numbers and text.
    """
    result = hashlib.sha256(repr(others).encode())
    for values in arrays:
        result.update(repr((values.shape, values.dtype.str)).encode())
        result.update(np.ascontiguousarray(values).data)
    return result.hexdigest()


def describe_sets(sets: list[TrainingSet]) -> dict[str, Any]:
    """Return what a model card says about the training data."""
    return {
        "sets": [
            {**s.recipe, "grain_diameter_voxels": round(s.grain_diameter, 3)}
            for s in sets
        ],
        "n_volumes": sum(len(s.volumes) for s in sets),
        "n_held_out": sum(len(s.volumes) for s in split(sets, held_out=True)),
    }
