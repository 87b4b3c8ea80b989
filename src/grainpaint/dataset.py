"""Volumes in, training samples out: shifts, symmetries and fresh colours."""

import itertools
from pathlib import Path
from typing import Literal

import numpy as np

from grainpaint.encode import color_grains, contact_graph
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.pyramid import halve

__all__ = ["Samples", "Stage", "load_set"]

Stage = Literal["base", "refine"]


def load_set(path: Path) -> list[Microstructure]:
    """Read all volumes of a Zarr set or a folder, in the order of their names.

    Raises
    ------
    InputError
        If there is none, or they are not periodic volumes of one shape, without
        outside voxels, whose edges are multiples of 16.
    """
    from grainpaint import formats

    paths = formats.find_volumes([path])
    volumes = [formats.read(p) for p in paths]
    for name, volume in zip(paths, volumes):
        if volume.shape != volumes[0].shape or any(n % 16 for n in volume.shape):
            raise InputError(
                f"{name}: training volumes must share one shape with edges that are "
                f"multiples of 16, got {volume.shape}"
            )
        if not all(volume.periodic) or volume.grain_id.min() == 0:
            raise InputError(
                f"{name}: training volumes must be periodic along x, y and z and "
                "have no outside voxels (grain_id 0)"
            )
    return volumes


class Samples:
    """Random training samples of one stage of the pyramid.

    Parameters
    ----------
    volumes : list of Microstructure
        As `load_set` returns them.
    stage : {'base', 'refine'}
        The base sees volumes at half resolution, the refiner at full.
    n_colors : int
        Size of the palette.
    """

    def __init__(
        self, volumes: list[Microstructure], stage: Stage, n_colors: int
    ) -> None:
        self.n_colors = n_colors
        self.grain_id = []
        for volume in volumes:
            if stage == "refine":
                self.grain_id.append(volume.grain_id)
                continue
            for shift in itertools.product((0, 1), repeat=3):
                moved = np.roll(volume.grain_id, shift, (0, 1, 2))
                half = Microstructure(halve(moved)).relabel()
                self.grain_id.append(half.grain_id.astype(np.int16))
        self.graph = [contact_graph(g, (True,) * 3) for g in self.grain_id]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return one sample: int8 colours, shape (nx, ny, nz) or a permutation."""
        i = rng.integers(len(self.grain_id))
        color = color_grains(self.graph[i], self.n_colors, rng)[self.grain_id[i]]
        color = np.roll(color, rng.integers(0, color.shape), (0, 1, 2))
        color = color.transpose(rng.permutation(3))
        flipped = tuple(axis for axis in range(3) if rng.random() < 0.5)
        return np.ascontiguousarray(np.flip(color, flipped))
