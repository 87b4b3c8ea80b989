"""A generated volume by its recipe: any piece of it is made where it is asked for."""

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grainpaint.cad import Box, PartGrid, load_part
from grainpaint.errors import InputError
from grainpaint.formats import file_digest
from grainpaint.generation.grain_size import (
    LARGEST,
    GrainSize,
    choose_levels,
    make_wanted,
    read_grain_size,
)
from grainpaint.generation.sampler import Painter, base_window, refine_window
from grainpaint.generation.windows import (
    HALO,
    OVERLAP,
    WINDOW,
    BaseAxis,
    BasePlan,
    Key,
    Order,
    Window,
    lead_of,
    whole,
    windowed,
)
from grainpaint.microstructure import Microstructure
from grainpaint.network.cards import Sampling, read_card
from grainpaint.network.library import find_model, model_digest
from grainpaint.network.loading import Model, load_model
from grainpaint.network.precision import Precision, resolve
from grainpaint.philox import check_seed
from grainpaint.record import find_record, outputs, read_record
from grainpaint.segmentation.pieces import grains

__all__ = [
    "PartFile",
    "Recipe",
    "Volume",
    "load_grid",
    "load_recipe",
    "make_painter",
    "make_recipe",
    "window_bytes",
    "zoomed",
]

_LARGE = 256  # edge of what large refinement windows write
_MARGIN = 8  # voxels around a piece that are segmented with it: fragments are smaller
_FIXED_BYTES = 700 << 20  # interpreter, libraries, a refinement window
_BYTES_PER_BASE_VOXEL = 400  # activations of the network
_KEPT = 64  # windows of the base, and of the refinement, that are held in memory

Span = tuple[int, int]


class PartFile(BaseModel):
    """The CAD file of a part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    unit: str
    sha256: str


class Recipe(BaseModel):
    """All that decides the voxels of a generated volume.

    On processors of one kind equal recipes give equal volumes, bit for bit, whatever
    the order of the windows and the number of threads and processes: windows have fixed
    shapes and are evaluated one at a time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[int, int, int]
    spacing: float = Field(description="edge of a voxel, µm")
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    model: str
    model_sha256: str
    seed: int = Field(ge=0, lt=2**63)
    levels: int = Field(default=1, description="voxels of one of the base: 2^levels")
    grain_size: GrainSize | None = None
    periodic: tuple[bool, bool, bool] = (False, False, False)
    base: tuple[Span, Span, Span] = Field(description="block and halo along x, y, z")
    order: Order | None = Field(
        default=None, description="blocks of a base that is one window"
    )
    core: int = Field(description="edge of what a refinement window writes")
    halo: int
    part: PartFile | None = None
    precision: Precision = Field(description="that networks are evaluated in")

    @property
    def plan(self) -> BasePlan:
        """How the base is cut into windows."""
        lead = lead_of(self.halo)
        x, y, z = (
            BaseAxis(block, halo, lead if halo else 0) for block, halo in self.base
        )
        return BasePlan((x, y, z), self.order)


def make_recipe(
    shape: tuple[int, int, int],
    spacing: float,
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    model: str = "iso",
    seed: int = 0,
    plan: str = "windows",
    window: int = WINDOW,
    base_halo: int = HALO,
    part: PartFile | None = None,
    grain_size: str | None = None,
    periodic: tuple[bool, bool, bool] = (False, False, False),
    overlap: int | None = None,
    precision: str = "auto",
    device: str = "cpu",
) -> Recipe:
    """Return the recipe of a volume.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    model : str
        A shipped model's name, or the folder of another.
    seed : int
        0..2^63 - 1.
    plan : {'whole', 'windows', 'grid', 'center'}
        One base window, or as many as it takes; or, by the plans of the paper, blocks
        that are each given what those before them wrote, see
        `grainpaint.generation.blocks`.
    window, base_halo : int
        Largest edge of what a base window or block computes, and how much of it on
        either side is not written, base voxels (of two voxels each).
    overlap : int, optional
        Of blocks with those before them, base voxels; 8 without.
    part : PartFile, optional
        What is to be filled; a box if not given.
    grain_size : str, optional
        See `grainpaint.generation.grain_size.read_grain_size`; without it, that of the
        model.
    periodic : three bools
        Axes along which the volume repeats without a seam.
    precision : {'auto', 'float32', 'bfloat16'}
        That networks are evaluated in; 'auto' is the faster one on `device`, see
        `grainpaint.network.precision.resolve`.
    device : str
        A torch device.

    Raises
    ------
    InputError
        If there is no such model, or plan, window, halo, overlap, seed, grain size,
        periodic axes, precision or device cannot serve.
    """
    check_seed(seed)
    card = read_card(find_model(model) / "base.json")
    multiple = 2 ** len(card.network.channels)
    refine = read_card(find_model(model) / "refine.json").sampling
    levels, size, halo = 1, None, refine.halo
    if grain_size is not None:
        size = read_grain_size(grain_size, shape, spacing, origin)
        levels = choose_levels(
            size.low / spacing, size.high / spacing, card.sampling.calibration
        )
        if levels != 1 and refine.n_steps > 0:
            raise InputError(
                "the model's refine network doubles once: at this grain size, voxels "
                f"must be {2.0 ** (levels - 1):g} times as large"
            )
        wanted = make_wanted(size, card.sampling.calibration, spacing, levels)
        halo = refine.halo_of(wanted.most_growth)
    if plan == "windows":
        axes = windowed(shape, multiple, window, base_halo, levels, lead_of(halo)).axes
    elif plan in ("whole", "grid", "center"):
        axes = whole(shape, multiple, levels).axes
    else:
        raise InputError(f"--plan is windows, whole, grid or center, got {plan!r}")
    order = None
    if plan in ("grid", "center"):
        windowed(shape, multiple, window, base_halo)  # refuses what cannot serve
        edge, shared = window - 2 * base_halo, OVERLAP if overlap is None else overlap
        order = Order("grid" if plan == "grid" else "center", edge, shared, base_halo)
        order.blocks((1, 1, 1))
    elif overlap is not None:
        raise InputError(f"--overlap is of --plan grid and center, not {plan}")
    _check_periodic(shape, periodic, axes, levels, part)
    x, y, z = ((axis.block, axis.halo) for axis in axes)
    return Recipe(
        shape=shape,
        spacing=spacing,
        origin=origin,
        model=model,
        model_sha256=model_digest(model),
        seed=seed,
        levels=levels,
        grain_size=size,
        periodic=periodic,
        base=(x, y, z),
        order=order,
        core=_core(axes, levels, refine),
        halo=halo,
        part=part,
        precision=resolve(precision, device),
    )


def _core(axes: tuple[BaseAxis, ...], levels: int, refine: Sampling) -> int:
    """Return the edge of what a refinement window writes.

    A volume that is a torus of no more than 256 voxels a side is one window, for it
    needs no halo then. Above level 1 windows are large, for the halo is as wide as at
    level 1. A window of the refine network costs memory, so there it is as it is.
    """
    closed = all(axis.closed for axis in axes)
    longest = max(axis.block << levels for axis in axes)
    if refine.n_steps > 0 or (closed and longest <= refine.core):
        return refine.core
    return _LARGE if levels > 1 or (closed and longest <= _LARGE) else refine.core


def _check_periodic(
    shape: tuple[int, int, int],
    periodic: tuple[bool, bool, bool],
    axes: tuple[BaseAxis, ...],
    levels: int,
    part: PartFile | None,
) -> None:
    """Raise unless the base is a torus of the volume's length along periodic axes."""
    if part is not None and any(periodic):
        raise InputError("a part ends at its surface: only boxes are periodic")
    for name, n, wanted, axis in zip("xyz", shape, periodic, axes):
        if not wanted:
            continue
        if not axis.closed:
            raise InputError(
                f"a periodic axis takes one base window: make {name} shorter, or "
                "--window longer, or take --plan whole"
            )
        if axis.block << levels != n:
            step = axis.block << levels
            raise InputError(
                f"at this grain size a periodic axis cannot have {n} voxels: the next "
                f"number that serves is {step} ({name})"
            )


def zoomed(recipe: Recipe, voxel: float) -> Recipe:
    """Return the recipe of the same grains in smaller voxels.

    Parameters
    ----------
    recipe : Recipe
    voxel : float
        Edge of a voxel, µm: that of the recipe, halved once or more.

    Raises
    ------
    InputError
        If the edge is another one, grains would be too many voxels wide, or the model
        cannot double more than once.
    """
    times = round(math.log2(recipe.spacing / voxel))
    if times < 1 or not math.isclose(voxel * 2**times, recipe.spacing, rel_tol=1e-6):
        raise InputError(
            f"--voxel must be that of the run ({recipe.spacing:g} µm) halved once or "
            f"more, such as {recipe.spacing / 2:g}um; got {voxel:g} µm"
        )
    base = read_card(find_model(recipe.model) / "base.json").sampling
    refine = read_card(find_model(recipe.model) / "refine.json").sampling
    if refine.n_steps > 0 or base.sizes is None:
        raise InputError(f"the model {recipe.model!r} cannot refine more than once")
    size = recipe.grain_size
    widest = 2 * base.grain_diameter if size is None else size.high / recipe.spacing
    if widest * 2**times > LARGEST:
        raise InputError(
            f"grains would be {widest * 2**times:.3g} voxels wide; at most "
            f"{LARGEST:g} can be made: use larger voxels"
        )
    x, y, z = (n << times for n in recipe.shape)
    return recipe.model_copy(
        update={
            "shape": (x, y, z),
            "spacing": recipe.spacing / 2**times,
            "levels": recipe.levels + times,
            "core": refine.core,
        }
    )


def make_painter(recipe: Recipe, model: Model) -> Painter:
    """Return what decides the grains of a recipe."""
    size, wanted = recipe.grain_size, None
    if size is not None:
        rows = model.base_card.sampling.calibration
        wanted = make_wanted(size, rows, recipe.spacing, recipe.levels, recipe.origin)
    return Painter(model, recipe.plan, recipe.seed, recipe.levels, wanted)


def window_bytes(plan: BasePlan) -> int:
    """Return the bytes of a process that computes windows of a plan, at its peak."""
    return _FIXED_BYTES + _BYTES_PER_BASE_VOXEL * math.prod(plan.seen_shape)


def load_recipe(path: Path) -> Recipe:
    """Read the recipe of a generated volume.

    Parameters
    ----------
    path : Path
        A volume that was generated here, or its record.

    Raises
    ------
    InputError
        If there is none.
    """
    if path.is_dir() and (path / "zarr.json").is_file():  # not finished, perhaps
        found = read_record(path / "zarr.json").get("attributes", {})
        if "recipe" in found:
            return _recipe_of(path, found)
    record = find_record(path)
    if not path.exists() and (record is None or record == path):
        raise InputError(f"{path}: no such file")
    if record is None:
        raise InputError(
            f"{path}: no record of how it was made: wanted is a volume that paint or "
            f"generate wrote, beside its record {outputs(path).record.name}"
        )
    return _recipe_of(record, read_record(record))


def _recipe_of(path: Path, found: dict[str, Any]) -> Recipe:
    """Return the recipe in a record."""
    recipe = found.get("recipe")
    if isinstance(recipe, dict) and "resamplings" in recipe:
        raise InputError(
            f"{path}: the volume is of the paper's method, whose blocks depend on all "
            "before them: no piece can be made alone"
        )
    try:
        return Recipe.model_validate(recipe)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "recipe"
        raise InputError(
            f"{path}: not the record of a generated volume ({where}: {first['msg']})"
        ) from None


class Volume:
    """A volume that is generated where it is looked at.

    ``volume[0:64, 0:64, 128:192]`` makes the windows that these voxels depend on, and
    no others. Along the axes that the plan leaves open the volume has no end; along the
    others, and in a part, it is as long as its shape.

    Parameters
    ----------
    recipe : Recipe
    device : str
        A torch device.
    base : callable, optional
        Returns what a window of the base wrote, where that is known already.

    Raises
    ------
    InputError
        If the model or the part is missing or another one than in the recipe.
    """

    def __init__(
        self,
        recipe: Recipe,
        device: str = "cpu",
        base: Callable[[Key], np.ndarray] | None = None,
    ) -> None:
        self.recipe = recipe
        self.plan = recipe.plan
        self.model = load_model(recipe.model, device, recipe.precision)
        if self.model.sha256 != recipe.model_sha256:
            raise InputError(
                f"the model {recipe.model!r} has other weights or settings than those "
                "that the volume was begun with"
            )
        self.grid = load_grid(recipe)
        self.painter = make_painter(recipe, self.model)
        self._base = lru_cache(_KEPT)(base or self.make_base)
        self._refined = lru_cache(_KEPT)(self._refine)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y, z."""
        return self.recipe.shape

    def make_base(self, key: Key) -> np.ndarray:
        """Generate a window of the base."""
        return base_window(self.painter, key)

    def tags(self, box: Box) -> np.ndarray:
        """Return the tags of the grains in a box (uint16), 0 outside the part."""
        core = self.recipe.core
        result = np.zeros([b - a for a, b in box], np.uint16)
        mask = None if self.grid is None else self.grid.mask(box)
        blocks = (range(a // core, -(-b // core)) for a, b in box)
        for index in product(*blocks):
            spans = [
                (max(i * core, a), min((i + 1) * core, b))
                for i, (a, b) in zip(index, box)
            ]
            here = tuple(slice(p - a, q - a) for (p, q), (a, _) in zip(spans, box))
            if mask is not None and not mask[here].any():
                continue
            within = tuple(
                slice(p - i * core, q - i * core) for i, (p, q) in zip(index, spans)
            )
            result[here] = self._refined(index)[within]
        return result if mask is None else result * mask

    def _refine(self, index: tuple[int, int, int]) -> np.ndarray:
        """Generate a refinement window."""
        core = self.recipe.core
        x, y, z = (i * core for i in index)
        stop = (x + core, y + core, z + core)
        window = Window((x, y, z), stop, core, self.recipe.halo)
        inside = None if self.grid is None else self.grid.mask
        return refine_window(self.painter, window, self._base, inside=inside)

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
            If the box is empty or lies beyond the volume.
        """
        if not isinstance(box, tuple) or len(box) != 3:
            raise InputError(f"a box is three ranges of voxels, got {box!r}")
        wanted = [self._span(s, axis) for axis, s in enumerate(box)]
        inside = all(a >= 0 and b <= n for (a, b), n in zip(wanted, self.shape))
        wide = [(a - _MARGIN, b + _MARGIN) for a, b in wanted]
        if inside:
            wide = [(max(a, 0), min(b, n)) for (a, b), n in zip(wide, self.shape)]
        tags = self.tags(wide)
        here = tuple(slice(a - p, b - p) for (a, b), (p, _) in zip(wanted, wide))
        grain_id = grains(tags, keep_cut=self.grid is None)[here]
        spacing = (self.recipe.spacing,) * 3
        origin = [
            o + a * self.recipe.spacing for o, (a, _) in zip(self.recipe.origin, wanted)
        ]
        return Microstructure(grain_id, spacing, tuple(origin)).relabel()

    def _span(self, part: slice, axis: int) -> Span:
        start = 0 if part.start is None else part.start
        stop = self.shape[axis] if part.stop is None else part.stop
        if part.step not in (None, 1) or start >= stop:
            raise InputError(f"the range {start}:{stop} along {'xyz'[axis]} is empty")
        closed = self.plan.axes[axis].closed or self.grid is not None
        if closed and (start < 0 or stop > self.shape[axis]):
            raise InputError(
                f"the volume has voxels 0:{self.shape[axis]} along {'xyz'[axis]}, "
                f"{start}:{stop} lies beyond; a plan of windows goes on for ever along "
                "the axes that it cuts, see grainpaint plan"
            )
        return start, stop


class OfPart(Protocol):
    """What recipes of all kinds tell of a part."""

    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def spacing(self) -> float: ...
    @property
    def origin(self) -> tuple[float, float, float]: ...
    @property
    def part(self) -> PartFile | None: ...


def load_grid(recipe: OfPart) -> PartGrid | None:
    """Return the voxels of a recipe's part, None if it is of a box.

    Raises
    ------
    InputError
        If the part is missing, or another one than the volume was begun with.
    """
    file = recipe.part
    if file is None:
        return None
    path = Path(file.path)
    part = load_part(path, file.unit)
    if file_digest(path) != file.sha256:
        raise InputError(f"{path} is another part than the volume was begun with")
    return PartGrid(part, recipe.shape, recipe.spacing, recipe.origin)
