"""Volumes in, training samples out: shifts, symmetries and fresh colors.

A set is a folder of volumes of one kind; its grain diameter is the mean over all its
grains. Training takes one set or a folder of sets with grains of different sizes.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.zarr import read_recipe
from grainpaint.microstructure import Microstructure
from grainpaint.palette import color_grains, contact_graph
from grainpaint.pyramid import double, halve
from grainpaint.simulate.sets import member_time

__all__ = ["GRAIN_RANGE", "Sample", "Samples", "Stage", "TrainingSet", "load_sets"]

Stage = Literal["base", "refine"]

# Mean grain diameters, in its own voxels, from which a stage learns.
GRAIN_RANGE: dict[Stage, tuple[float, float]] = {"base": (4, 8.5), "refine": (7, 14)}


@dataclass(frozen=True)
class TrainingSet:
    """Volumes of one kind.

    Attributes
    ----------
    volumes : list of Microstructure
        Periodic, of one shape.
    grain_diameter : float
        Mean equivalent diameter of all grains, voxels.
    recipe : dict
        What `grainpaint simulate` noted about the set, otherwise its folder.
    """

    volumes: list[Microstructure]
    grain_diameter: float
    recipe: dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """One training sample.

    Attributes
    ----------
    color : numpy.ndarray, int8, shape (nx, ny, nz)
        Colors, 0..n_colors - 1; grains that touch differ.
    guide : numpy.ndarray, int8, shape of color, or None
        For a refiner: the same colors, halved and doubled.
    grain_diameter : float
        Mean equivalent grain diameter of its set, in its own voxels.
    halved : bool
        Whether the volume was halved, which smooths its boundaries.
    """

    color: np.ndarray
    guide: np.ndarray | None
    grain_diameter: float
    halved: bool


def load_sets(folder: Path) -> list[TrainingSet]:
    """Read a Zarr set or a folder of volumes, or all those in a folder.

    Snapshots of different times in a Zarr set are sets of their own.

    Raises
    ------
    InputError
        If there is no volume, or one is not periodic, has outside voxels, or an edge
        that is no multiple of 16.
    """
    from grainpaint import formats

    if folder.is_dir() and not (folder / "zarr.json").is_file():
        below = sorted(p for p in folder.iterdir() if p.is_dir())
    else:
        below = []
    sets: dict[tuple[Path, float | None], list[Path]] = {}
    for path in formats.find_volumes(below or [folder]):
        sets.setdefault((path.parent, member_time(path)), []).append(path)
    return [_load_set(paths) for paths in sets.values()]


def _load_set(paths: list[Path]) -> TrainingSet:
    """Read and check the volumes of a set."""
    from grainpaint import formats

    volumes = [formats.load(path) for path in paths]
    for path, volume in zip(paths, volumes):
        if volume.shape != volumes[0].shape or any(n % 16 for n in volume.shape):
            raise InputError(
                f"{path}: the volumes of a set must share one shape with edges that "
                f"are multiples of 16, got {volume.shape}"
            )
        if not all(volume.periodic) or volume.grain_id.min() == 0:
            raise InputError(
                f"{path}: training volumes must be periodic along x, y and z and "
                "have no outside voxels (grain_id 0)"
            )
    n_voxels = np.concatenate([volume.grain_volumes() for volume in volumes])
    diameter = float(np.cbrt(6 * n_voxels[n_voxels > 0] / np.pi).mean())
    folder = paths[0].parent
    recipe = read_recipe(folder) or {"folder": folder.name}
    time = member_time(paths[0])
    if time is not None:
        recipe = {**recipe, "time": time}
    return TrainingSet(volumes, diameter, recipe)


class Samples:
    """Random training samples of one stage of the pyramid.

    A stage learns from the sets whose grains have a mean diameter within its
    `GRAIN_RANGE`, as they are or halved; each kind is drawn equally often.

    Parameters
    ----------
    sets : list of TrainingSet
        As `load_sets` returns them.
    stage : {'base', 'refine'}
        The network to train.
    n_colors : int
        Size of the palette.

    Raises
    ------
    InputError
        If no set has grains of a size that the stage learns from, or those that have
        differ in shape.
    """

    def __init__(self, sets: list[TrainingSet], stage: Stage, n_colors: int) -> None:
        self.stage = stage
        self.n_colors = n_colors
        low, high = GRAIN_RANGE[stage]
        self.kinds = [
            _Kind(training_set, halved)
            for training_set in sets
            for halved in (False, True)
            if low <= training_set.grain_diameter / (1 + halved) <= high
        ]
        shapes = {kind.grain_id[0].shape for kind in self.kinds}
        if not shapes:
            found = ", ".join(f"{s.grain_diameter:.3g}" for s in sets)
            raise InputError(
                f"the {stage} network learns from mean grain diameters of {low} to "
                f"{high} voxels, or twice that; the sets have {found}"
            )
        if len(shapes) > 1:
            raise InputError(
                f"the {stage} network needs volumes of one shape, after large "
                f"grains are halved; the sets have {sorted(shapes)}"
            )

    def draw(self, rng: np.random.Generator, kind: int | None = None) -> Sample:
        """Return one sample, of a random kind unless one is named."""
        chosen = self.kinds[rng.integers(len(self.kinds)) if kind is None else kind]
        i = int(rng.integers(len(chosen.grain_id)))
        grain_id = chosen.grain_id[i]
        grain_id = np.roll(grain_id, rng.integers(0, grain_id.shape), (0, 1, 2))
        grain_id = grain_id.transpose(rng.permutation(3))
        flipped = tuple(axis for axis in range(3) if rng.random() < 0.5)
        grain_id = np.flip(grain_id, flipped)
        colors = color_grains(chosen.graph(i), self.n_colors, rng)
        guide = colors[double(halve(grain_id))] if self.stage == "refine" else None
        return Sample(colors[grain_id], guide, chosen.grain_diameter, chosen.halved)


class _Kind:
    """The volumes of a set at full or at half resolution, with their contacts."""

    def __init__(self, training_set: TrainingSet, halved: bool) -> None:
        self.grain_diameter = training_set.grain_diameter / (1 + halved)
        self.halved = halved
        self.grain_id = [volume.grain_id for volume in training_set.volumes]
        if halved:  # with every offset of the 2^3 cells
            shifts = list(itertools.product((0, 1), repeat=3))
            self.grain_id = [
                Microstructure(halve(np.roll(g, shift, (0, 1, 2)))).relabel().grain_id
                for g in self.grain_id
                for shift in shifts
            ]
        self._graph: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def graph(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Return who touches whom in volume i; found once."""
        if i not in self._graph:
            self._graph[i] = contact_graph(self.grain_id[i], (True,) * 3)
        return self._graph[i]
