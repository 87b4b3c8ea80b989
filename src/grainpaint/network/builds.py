"""Random training samples of additive builds: crops with their process maps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.network.dataset import (
    digest_of,
    find_members,
    is_held_out,
    recipe_of,
)
from grainpaint.network.samples import Sample
from grainpaint.palette import color_grains, contact_graph
from grainpaint.pyramid import halve
from grainpaint.simulate.am.build import Job, prepare
from grainpaint.simulate.am.channels import channels, has_columns, mirrored, transposed
from grainpaint.simulate.am.exposure import expose
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.recipe_range import RANGE
from grainpaint.simulate.toml import check_recipe

__all__ = ["GRAIN_DIAMETER", "Builds", "describe_builds", "load_builds"]

GRAIN_DIAMETER = 8.0  # what the network is told; the maps say which grains are wanted
_LEAST, _LARGEST = 32, (32, 32, 48)  # of a sample, base voxels: columns are tall
_MULTIPLE = 8  # base voxels, that networks of three levels take
_MARGIN = 4  # base voxels outside the box that a sample may reach
_OFFSETS = (np.zeros(3, int), np.ones(3, int))  # where the cells of 2^3 voxels begin
_OF_SET = {"kind", "seed", "count"}  # keys of a set's recipe that are not the build's


@dataclass(frozen=True, eq=False)
class _Build:
    """A simulated build, with everything that its maps follow from."""

    grain_id: np.ndarray
    job: Job


class Builds:
    """Random crops of builds at half resolution, as tall as all builds allow.

    Parameters
    ----------
    builds : list
        As `load_builds` returns them.
    n_colors : int
        Size of the palette.
    """

    def __init__(self, builds: list[_Build], n_colors: int) -> None:
        self.sources = builds
        shapes = [[n // 2 + 2 * _MARGIN for n in b.grain_id.shape] for b in builds]
        self.crop = tuple(
            min(most, *(n // _MULTIPLE * _MULTIPLE for n in along))
            for most, along in zip(_LARGEST, zip(*shapes))
        )
        self.n_colors = n_colors
        self._halves: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}

    def draw(self, rng: np.random.Generator, source: int | None = None) -> Sample:
        """Return one sample, from a random build unless one is given."""
        if source is None:
            source = int(rng.integers(len(self.sources)))
        halves = self._halves_of(source)
        grain_id, maps = halves[int(rng.integers(len(halves)))]
        start = [
            int(rng.integers(n - c + 1)) for n, c in zip(grain_id.shape, self.crop)
        ]
        crop = tuple(slice(a, a + c) for a, c in zip(start, self.crop))
        grain_id, maps = grain_id[crop], maps[crop].astype(np.float32)
        if rng.random() < 0.5:
            grain_id, maps = grain_id.transpose(1, 0, 2), transposed(maps)
        for axis in (0, 1):
            if rng.random() < 0.5:
                grain_id, maps = np.flip(grain_id, axis), mirrored(maps, axis)
        grain_id = Microstructure(np.ascontiguousarray(grain_id)).relabel().grain_id
        graph = contact_graph(grain_id, (False,) * 3)
        color = color_grains(graph, self.n_colors, rng)[grain_id]
        color[(grain_id == 0) | ~has_columns(maps)] = -1
        return Sample(color, None, GRAIN_DIAMETER, True, maps)

    def digest(self) -> str:
        """Return a digest of all that samples depend on."""
        arrays = []
        for build in self.sources:
            path = build.job.path
            arrays += [build.grain_id, path.start, path.end, path.speed, path.on]
        recipes = [build.job.recipe.model_dump_json() for build in self.sources]
        return digest_of(arrays, self.n_colors, recipes)

    def _halves_of(self, source: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return a build at half resolution, for each offset; computed once."""
        if source not in self._halves:
            build = self.sources[source]
            found = [half_build(build.grain_id, build.job, o) for o in _OFFSETS]
            self._halves[source] = [(g, maps.astype(np.float16)) for g, maps in found]
        return self._halves[source]


def half_build(
    grain_id: np.ndarray, job: Job, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a build at half resolution, with a margin around it.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
    job : Job
        What the build was made from.
    offset : three ints
        0 or 1: where the cells of 2 x 2 x 2 voxels begin.

    Returns
    -------
    grain_id : numpy.ndarray, int32
        0 outside.
    maps : numpy.ndarray, float32, shape of grain_id and the channels
    """
    before = [2 * _MARGIN + int(o) for o in offset]
    after = [2 * _MARGIN + (n + b) % 2 for n, b in zip(grain_id.shape, before)]
    wide = np.pad(grain_id, list(zip(before, after)))
    coarse = halve(wide)
    x, y, z = (2.0 * np.arange(n) + 0.5 - b for n, b in zip(coarse.shape, before))
    recipe = job.recipe
    exposure = expose((x, y, z), job.path, recipe.pool, recipe.haz)
    return coarse, channels(recipe, exposure, coarse > 0, z)


def load_builds(folder: Path, held_out: bool) -> list[_Build]:
    """Read the simulated builds of a folder: those to train on, or those held out.

    Raises
    ------
    InputError
        If a volume is not a build that was simulated into a set, or is too small.
    """
    builds = []
    for path in find_members(folder):
        settings = recipe_of(path.parent)
        if settings.get("kind") != "additive":
            raise InputError(
                f"{path}: not a build: an additive network learns from sets that "
                "`grainpaint simulate am RECIPE -o NAME.zarr --count N` makes"
            )
        if is_held_out(settings["seed"]) != held_out:
            continue
        known = {k: v for k, v in settings.items() if k not in _OF_SET}
        recipe = check_recipe(AmRecipe, known, str(path.parent))
        grain_id = formats.load(path).grain_id
        least = 2 * (_LEAST - 2 * _MARGIN)
        if min(grain_id.shape) < least:
            raise InputError(
                f"{path}: builds need at least {least} voxels along each axis, got "
                f"{grain_id.shape}"
            )
        builds.append(_Build(grain_id, prepare(recipe)))
    if not builds:
        raise InputError(f"{folder}: training needs at least 2 builds")
    return builds


def describe_builds(trained: Builds, held_out: Builds) -> dict[str, Any]:
    """Return what a model card says about the builds that it learned from."""
    return {
        "n_volumes": len(trained.sources) + len(held_out.sources),
        "n_held_out": len(held_out.sources),
        "shapes": sorted({b.grain_id.shape for b in trained.sources}),
        "range": RANGE,
    }
