"""Random training samples of additive builds: crops with their process maps.

The substrate has the grains there that it began with: they are what is known of a build
before it is painted.
"""

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
from grainpaint.simulate.am.build import PreparedBuild, first_spins, prepare
from grainpaint.simulate.am.channels import (
    channels,
    has_columns,
    mirrored,
    stretched,
    transposed,
    unmelted,
)
from grainpaint.simulate.am.exposure import expose
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.recipe_range import RANGE
from grainpaint.simulate.sets import member_seed
from grainpaint.simulate.toml import check_recipe

__all__ = ["GRAIN_DIAMETER", "Builds", "describe_builds", "first_grains", "load_builds"]

GRAIN_DIAMETER = 8.0  # what the network is told; the maps say which grains are wanted
_LEAST, _LARGEST = 32, (32, 32, 48)  # of a sample, base voxels: columns are tall
_MULTIPLE = 8  # base voxels, that networks of three levels take
_MARGIN = 4  # base voxels outside the box that a sample may reach
_OF_SET = {"kind", "seed", "count"}  # keys of a set's recipe that are not the build's


@dataclass(frozen=True, eq=False)
class _Build:
    """A simulated build, with everything that its maps follow from."""

    grain_id: np.ndarray
    job: PreparedBuild
    seed: int


class Builds:
    """Random crops of builds in base voxels, as tall as the tallest allows.

    What a crop has above a lower build is outside.

    Parameters
    ----------
    builds : list
        As `load_builds` returns them.
    n_colors : int
        Size of the palette.
    stretch : int
        Height of a base voxel over its width.
    """

    def __init__(self, builds: list[_Build], n_colors: int, stretch: int = 1) -> None:
        self.sources = builds
        self.stretch = stretch
        edges = (2, 2, 2 * stretch)
        shapes = [
            [n // edge + 2 * _MARGIN for n, edge in zip(b.grain_id.shape, edges)]
            for b in builds
        ]
        along_x, along_y, along_z = zip(*shapes)
        longest = (min(along_x), min(along_y), max(along_z))
        self.crop = tuple(
            min(most, n // _MULTIPLE * _MULTIPLE) for most, n in zip(_LARGEST, longest)
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
        recipes = [
            (build.seed, build.job.recipe.model_dump_json()) for build in self.sources
        ]
        stretched = [] if self.stretch == 1 else [self.stretch]
        return digest_of(arrays, self.n_colors, recipes, *stretched)

    def _halves_of(self, source: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return a build in base voxels, for two offsets; computed once."""
        if source not in self._halves:
            build = self.sources[source]
            begun = first_grains(build.grain_id, build.job.recipe, build.seed)
            found = [
                half_build(build.grain_id, begun, build.job, offset, self.stretch)
                for offset in ((0, 0, 0), (1, 1, self.stretch))
            ]
            self._halves[source] = [
                (self._raised(g), self._raised(maps.astype(np.float16)))
                for g, maps in found
            ]
        return self._halves[source]

    def _raised(self, values: np.ndarray) -> np.ndarray:
        """Return what is as tall as a crop at least, with zeros on top."""
        more = max(0, self.crop[2] - values.shape[2])
        return np.pad(values, [(0, more * (axis == 2)) for axis in range(values.ndim)])


def first_grains(grain_id: np.ndarray, recipe: AmRecipe, seed: int) -> np.ndarray:
    """Return a build in which the substrate still has the grains that it began with.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
        Of the finished build; 0 outside.
    recipe : AmRecipe
    seed : int
        Of its simulation.

    Returns
    -------
    numpy.ndarray, int32, shape of grain_id
        A grain of the finished build keeps its ID in the cell that most of it under the
        surface of the substrate lies in; cells that no grain is left of have new IDs.
    """
    found = grain_id.copy()
    slab = grain_id[:, :, : recipe.ground]
    inside = slab > 0
    if not inside.any():
        return found
    spin = first_spins(recipe.spins, recipe.substrate, grain_id > 0, seed)
    cell = spin[:, :, : recipe.ground] - recipe.spins
    n = int(grain_id.max()) + 1
    keys, counts = np.unique(
        cell[inside] * n + slab[inside].astype(int), return_counts=True
    )
    keys = keys[np.argsort(counts)]
    of_cell = n + np.arange(int(cell.max()) + 1)
    cells, grains = keys // n, keys % n
    cell_of = np.zeros(n, int)
    cell_of[grains] = cells
    own = cell_of[grains] == cells
    of_cell[cells[own]] = grains[own]
    found[:, :, : recipe.ground][inside] = of_cell[cell[inside]]
    return found


def half_build(
    grain_id: np.ndarray,
    begun: np.ndarray,
    job: PreparedBuild,
    offset: tuple[int, int, int],
    stretch: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a build in base voxels of 2 x 2 x 2 stretch voxels, with a margin.

    Parameters
    ----------
    grain_id, begun : numpy.ndarray, int32, shape (nx, ny, nz)
        The build, and as `first_grains` returns it.
    job : PreparedBuild
        What the build was made from.
    offset : three ints
        Where base voxels begin: 0 or 1, along z 0 to 2 stretch - 1.
    stretch : int

    Returns
    -------
    grain_id : numpy.ndarray, int32
        0 outside; of a base voxel taller than wide, the commonest grain of those parts
        that a network makes (`has_columns`), if there are any. Where some of it never
        melted, it has the commonest grain that this part began with.
    maps : numpy.ndarray, float32, shape of grain_id and the channels
    """
    edges = (2, 2, 2 * stretch)
    before = [edge * _MARGIN + o for edge, o in zip(edges, offset)]
    after = [
        edge * _MARGIN + -(n + b) % edge
        for n, edge, b in zip(grain_id.shape, edges, before)
    ]
    coarse, first = (
        halve(np.pad(g, list(zip(before, after)))) for g in (grain_id, begun)
    )
    x, y, z = (2.0 * np.arange(n) + 0.5 - b for n, b in zip(coarse.shape, before))
    recipe = job.recipe
    exposure = expose((x, y, z), job.path, recipe.pool, recipe.haz)
    maps = channels(recipe, exposure, coarse > 0, z)
    coarse = _commonest(coarse, has_columns(maps), stretch)
    first = _commonest(first, unmelted(maps) > 0, stretch)
    maps = stretched(maps, stretch)
    return np.where((unmelted(maps) > 0) & (first > 0), first, coarse), maps


def _commonest(coarse: np.ndarray, wanted: np.ndarray, stretch: int) -> np.ndarray:
    """Return the commonest value of each `stretch` along z, of those wanted if any."""
    nx, ny, nz = coarse.shape
    values = coarse.reshape(nx, ny, nz // stretch, stretch)
    counts = wanted.reshape(values.shape)
    counts = counts | ~counts.any(-1, keepdims=True)
    alike = values[..., :, None] == values[..., None, :]
    votes = (alike & counts[..., None, :]).sum(-1) * counts
    first = np.indices(votes.shape[:3]).sum(0)[..., None]  # which wins a tie
    chosen = (votes * stretch + (np.arange(stretch) + first) % stretch).argmax(-1)
    found: np.ndarray = np.take_along_axis(values, chosen[..., None], -1)[..., 0]
    return found


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
        seed = member_seed(path)
        if is_held_out(seed) != held_out:
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
        builds.append(_Build(grain_id, prepare(recipe), seed))
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
