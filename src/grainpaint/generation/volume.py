"""A volume whose pieces are made where they are looked at."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Self

import numpy as np

from grainpaint.arguments import as_length, as_path, as_shape, as_slices
from grainpaint.cad import make_pose
from grainpaint.errors import InputError
from grainpaint.generation.base import base_window
from grainpaint.generation.domain import Domain, load_grid, part_domain, warn_of
from grainpaint.generation.finish import finish_window, label_grains
from grainpaint.generation.grain_size import AnyGrainSize
from grainpaint.generation.painter import make_painter
from grainpaint.generation.recipe import (
    Options,
    Recipe,
    make_recipe,
    zoomed,
)
from grainpaint.generation.recorded import in_precision, load_recipe
from grainpaint.generation.scan_recipe import make_scan_recipe
from grainpaint.generation.windows import WINDOW, Key, Window
from grainpaint.microstructure import Microstructure, VoxelBox
from grainpaint.network.loading import load_any
from grainpaint.simulate.am.recipe import AmRecipe, read_am_recipe
from grainpaint.units import parse_length

__all__ = ["Volume"]

_MARGIN = 8  # voxels around a piece that are segmented with it: fragments are smaller
# Windows of the base, and of the refinement, that are held in memory.
_MOST_KEPT = 64
_LEAST_BASE, _BASE_BYTES = 8, 128 << 20
_LEAST_REFINED, _REFINED_BYTES = 1, 268 << 20


class Volume:
    """A volume that is generated where it is looked at.

    ``volume[0:64, 0:64, 128:192]`` makes the windows that these voxels depend on, and
    no others.

    Usually made by `Volume.of_box`, `Volume.of_part` or `Volume.of_file`.

    Parameters
    ----------
    recipe : Recipe
    device : str
        A torch device.
    base : callable, optional
        Returns what a window of the base wrote, if that was made before.

    Raises
    ------
    InputError
        If the model or the part is missing, or has changed since the recipe was made.

    Examples
    --------
    A part of a box, which may be of any size, for nothing else of it is made:

    >>> box = Volume.of_box((64, 64, 64), seed=1)
    >>> box[20:44, :, :16].shape
    (24, 64, 16)
    """

    def __init__(
        self,
        recipe: Recipe,
        device: str = "cpu",
        base: Callable[[Key], np.ndarray] | None = None,
    ) -> None:
        if not isinstance(recipe, Recipe):
            raise InputError(
                "a Volume is made by Volume.of_box, of_part, of_scan or of_file; got "
                f"{type(recipe).__name__} in place of a recipe"
            )
        self.recipe, self.device = recipe, device
        self.plan = recipe.plan
        self.model = load_any(recipe.model, device, recipe.precision)
        if self.model.sha256 != recipe.model_sha256:
            raise InputError(
                f"the weights or settings of the model {recipe.model!r} have changed "
                "since the volume was begun"
            )
        self.grid = load_grid(recipe)
        self.painter = make_painter(recipe, self.model)
        n_base = max(_LEAST_BASE, _BASE_BYTES // math.prod(self.plan.shape))
        n_refined = max(_LEAST_REFINED, _REFINED_BYTES // (2 * math.prod(recipe.core)))
        self._base = lru_cache(min(n_base, _MOST_KEPT))(base or self.make_base)
        self._refined = lru_cache(min(n_refined, _MOST_KEPT))(self._refine)

    @classmethod
    def of_box(
        cls,
        shape: tuple[int, int, int] | str,
        model: str | Path = "iso",
        seed: int = 0,
        voxel: float | str = 1.0,
        grain_size: AnyGrainSize | None = None,
        window: int = WINDOW,
        device: str = "cpu",
        precision: str = "auto",
    ) -> Self:
        """Return a box of grains that is generated where it is looked at.

        Parameters
        ----------
        shape, model, seed, voxel, grain_size, device, precision
            As in `grainpaint.generate`.
        window : int
            Longest edge of what a base window computes, base voxels: small windows
            make small pieces quickly, large ones make large pieces efficiently.

        Raises
        ------
        InputError
            As `grainpaint.generate`.

        Examples
        --------
        >>> Volume.of_box((640, 640, 640), seed=1)
        <Volume 640 x 640 x 640 voxels of 1 µm, model iso, seed 1>
        """
        domain = Domain(as_shape(shape), as_length(voxel, "edge of a voxel"))
        return cls._of(domain, model, seed, grain_size, window, device, precision)

    @classmethod
    def of_part(
        cls,
        part: str | Path,
        voxel: float | str | None = None,
        unit: str | None = None,
        longest: int | None = None,
        model: str | Path = "iso",
        seed: int = 0,
        grain_size: AnyGrainSize | None = None,
        window: int = WINDOW,
        device: str = "cpu",
        precision: str = "auto",
        scale: float = 1.0,
        up: str = "z",
        rotate: Sequence[tuple[str, float]] | str = (),
        repair: bool = False,
    ) -> Self:
        """Return a part whose grains are generated where they are looked at.

        Parameters
        ----------
        part, voxel, unit, longest, model, seed, grain_size, device, precision, scale,
        up, rotate, repair
            As in `grainpaint.paint`.
        window : int
            As in `of_box`.

        Raises
        ------
        InputError
            As `grainpaint.paint`.

        Examples
        --------
        >>> Volume.of_part("examples/parts/gear.stl", longest=64).shape
        (63, 64, 25)
        """
        edge = None if voxel is None else as_length(voxel, "edge of a voxel")
        pose = make_pose(scale, up, rotate)
        domain, notes = part_domain(part, unit, edge, longest, pose, repair)
        warn_of(part, notes)
        return cls._of(domain, model, seed, grain_size, window, device, precision)

    @classmethod
    def of_scan(
        cls,
        recipe: AmRecipe | Mapping[str, Any] | str | Path,
        model: str | Path = "am",
        seed: int = 0,
        device: str = "cpu",
        precision: str = "auto",
    ) -> Self:
        """Return a box of an additive build that is painted where it is looked at.

        Parameters
        ----------
        recipe : path, mapping or AmRecipe
            As in `grainpaint.simulate.additive`, with the shape of a box; layers are
            planned where they are needed, so it may be of any size.
        model : str or path
            Name or folder of an additive model.
        seed, device, precision
            As in `grainpaint.generate`.

        Raises
        ------
        InputError
            If the recipe has a mistake or is outside the range of the model, or builds
            a part.

        Examples
        --------
        >>> Volume.of_scan("examples/am.toml")
        <Volume 96 x 96 x 96 voxels of 5 µm, model am, seed 0>
        """
        scan = read_am_recipe(recipe)
        if scan.shape is None:
            raise InputError("the recipe builds a part: give the shape of a box")
        domain = Domain(scan.shape, parse_length(scan.voxel))
        return cls(
            make_scan_recipe(domain, scan, str(model), seed, precision, device), device
        )

    @classmethod
    def _of(
        cls,
        domain: Domain,
        model: str | Path,
        seed: int,
        grain_size: AnyGrainSize | None,
        window: int,
        device: str,
        precision: str,
    ) -> Self:
        options = Options(grain_size=grain_size, window=window)
        recipe = make_recipe(domain, options, str(model), seed, precision, device)
        return cls(recipe, device)

    @classmethod
    def of_file(
        cls, path: str | Path, device: str = "cpu", precision: str = "auto"
    ) -> Self:
        """Return a volume that `grainpaint paint` or `generate` wrote before.

        Parameters
        ----------
        path : path
            The volume, or the record beside it.
        device : str
            A torch device.
        precision : {'auto', 'float32', 'bfloat16'}
            That networks are evaluated in; 'auto' is as the volume was made.

        Raises
        ------
        InputError
            If there is no record of how the volume was made.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> import grainpaint
        >>> with TemporaryDirectory() as folder:
        ...     _ = grainpaint.generate((8, 8, 8), seed=1, store=f"{folder}/a.zarr")
        ...     Volume.of_file(f"{folder}/a.zarr")
        <Volume 8 x 8 x 8 voxels of 1 µm, model iso, seed 1>
        """
        recipe = load_recipe(as_path(path, "a volume"))
        return cls(in_precision(recipe, precision, device), device)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y, z."""
        return self.recipe.shape

    def __repr__(self) -> str:
        """Return shape, voxel edge, model and seed."""
        shape, made = " x ".join(map(str, self.shape)), self.recipe
        edge = f"{made.spacing:g} µm"
        return (
            f"<Volume {shape} voxels of {edge}, model {made.model}, seed {made.seed}>"
        )

    def __reduce__(self) -> tuple[type[Self], tuple[Recipe, str]]:
        """Copy and pickle the recipe; a copy makes its windows anew."""
        return type(self), (self.recipe, self.device)

    def zoom(self, voxel: float | str) -> "Volume":
        """Return the volume with the same grains in smaller voxels.

        Parameters
        ----------
        voxel : float or str
            Edge of a voxel, µm or text such as ``"0.5um"``: that of this volume, halved
            once or more.

        Raises
        ------
        InputError
            If the edge is another one, or the model cannot make grains that large.

        Examples
        --------
        >>> Volume.of_box((64, 64, 64), seed=1).zoom(0.5)
        <Volume 128 x 128 x 128 voxels of 0.5 µm, model iso, seed 1>
        """
        edge = as_length(voxel, "edge of a voxel")
        return Volume(zoomed(self.recipe, edge), self.device)

    def make_base(self, key: Key) -> np.ndarray:
        """Generate a window of the base."""
        return base_window(self.painter, key)

    def tags(self, box: VoxelBox) -> np.ndarray:
        """Return the tags of the grains in a box (uint16), 0 outside the part."""
        cores = self.recipe.core
        result = np.zeros([b - a for a, b in box], np.uint16)
        mask = None if self.grid is None else self.grid.mask(box)
        blocks = (range(a // c, -(-b // c)) for (a, b), c in zip(box, cores))
        for index in product(*blocks):
            spans = [
                (max(i * c, a), min((i + 1) * c, b))
                for i, c, (a, b) in zip(index, cores, box)
            ]
            here = tuple(slice(p - a, q - a) for (p, q), (a, _) in zip(spans, box))
            if mask is not None and not mask[here].any():
                continue
            within = tuple(
                slice(p - i * c, q - i * c) for i, c, (p, q) in zip(index, cores, spans)
            )
            result[here] = self._refined(index)[within]
        return result if mask is None else result * mask

    def _refine(self, index: tuple[int, int, int]) -> np.ndarray:
        """Generate a refinement window."""
        core, halo = self.recipe.core, self.recipe.halo
        x, y, z = (i * c for i, c in zip(index, core))
        stop = (x + core[0], y + core[1], z + core[2])
        window = Window((x, y, z), stop, core, halo)
        inside = None if self.grid is None else self.grid.mask
        return finish_window(self.painter, window, self._base, inside=inside)

    def __getitem__(self, box: tuple[slice, slice, slice]) -> Microstructure:
        """Generate the grains of a box.

        Parameters
        ----------
        box : three slices
            Voxels along x, y, z, step 1; without a bound, those of the shape. Negative
            numbers lie before voxel 0.

        Returns
        -------
        Microstructure
            Grains numbered by their first voxels in the box; one that leaves the box
            and comes back counts as two. In the volume's own coordinates.

        Raises
        ------
        InputError
            If the box is empty, lies beyond the volume, or is no three slices.
        """
        wanted = [self.span(s, axis) for axis, s in enumerate(as_slices(box))]
        inside = all(a >= 0 and b <= n for (a, b), n in zip(wanted, self.shape))
        wide = [(a - _MARGIN, b + _MARGIN) for a, b in wanted]
        if inside:
            wide = [(max(a, 0), min(b, n)) for (a, b), n in zip(wide, self.shape)]
        tags = self.tags(wide)
        here = tuple(slice(a - p, b - p) for (a, b), (p, _) in zip(wanted, wide))
        grain_id = label_grains(self.painter, tags)[here]
        spacing = (self.recipe.spacing,) * 3
        origin = [
            o + a * self.recipe.spacing for o, (a, _) in zip(self.recipe.origin, wanted)
        ]
        return Microstructure(grain_id, spacing, tuple(origin)).relabel()

    def span(self, part: slice, axis: int) -> tuple[int, int]:
        """Return the first and the last-plus-one voxel of a range along an axis.

        Raises
        ------
        InputError
            If it is empty, or lies outside the volume.
        """
        start = 0 if part.start is None else part.start
        stop = self.shape[axis] if part.stop is None else part.stop
        if start >= stop:
            raise InputError(f"the range {start}:{stop} along {'xyz'[axis]} is empty")
        ends = self.plan.axes[axis].period > 0 or self.grid is not None
        if ends and (start < 0 or stop > self.shape[axis]):
            raise InputError(
                f"the volume has voxels 0:{self.shape[axis]} along {'xyz'[axis]}, "
                f"so {start}:{stop} lies outside"
            )
        return start, stop
