"""All that decides the voxels of a generated volume, settled before it is made."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from grainpaint.errors import InputError
from grainpaint.generation.base_axis import BaseAxis, check_window
from grainpaint.generation.cuts import (
    GRADED_VOXELS,
    GROWN_VOXELS,
    LARGE_CORE,
    base_around,
    cores,
)
from grainpaint.generation.domain import BoxRecipe, Domain, settled
from grainpaint.generation.grain_size import (
    LARGEST,
    AnyGrainSize,
    GrainSize,
    choose_levels,
    make_wanted,
    read_grain_size,
)
from grainpaint.generation.windows import (
    HALO,
    OVERLAP,
    WINDOW,
    BasePlan,
    Order,
    lead_of,
    whole,
    windowed,
)
from grainpaint.network.cards import Sampling, read_card
from grainpaint.network.lookup import find_model
from grainpaint.philox import check_seed
from grainpaint.simulate.am.recipe import AmRecipe

__all__ = [
    "Options",
    "Recipe",
    "base_bytes",
    "make_recipe",
    "window_bytes",
    "zoomed",
]

_FIXED_BYTES = 800 << 20  # interpreter, libraries, a refinement window
_BYTES_PER_BASE_VOXEL = 300  # activations of the network
_BYTES_PER_VOXEL = 12  # that a refinement window computes
_GRADED_BYTES = 60  # where each has a grain size of its own
_RIM = 16  # voxels that windows of levels without a halo of their own compute more

_ORDERS: dict[str, Literal["grid", "center"]] = {"grid": "grid", "center": "center"}
_PLANS = ("windows", "whole", *_ORDERS)

Span = tuple[int, int]


class Recipe(BoxRecipe):
    """All that decides the voxels of a generated volume.

    On processors of one kind equal recipes give equal volumes, bit for bit, whatever
    the order of the windows and the number of threads and processes: windows have fixed
    shapes and are evaluated one at a time.
    """

    levels: int = Field(default=1, description="voxels per base voxel: 2^levels")
    grain_size: GrainSize | None = None
    periodic: tuple[bool, bool, bool] = (False, False, False)
    base: tuple[Span, Span, Span] = Field(description="block and halo along x, y, z")
    order: Order | None = Field(
        default=None, description="blocks of a base that is one window"
    )
    scan: AmRecipe | None = Field(
        default=None, description="what an additive model follows"
    )
    path_sha256: str | None = Field(default=None, description="of its path's file")
    around: tuple[int, int, int] = Field(
        default=(0, 0, 0), description="base voxels after which several blocks repeat"
    )
    core: tuple[int, int, int] = Field(
        description="edges of what a refinement window writes"
    )
    halo: int
    thrifty: bool = Field(
        default=False,
        description="refinement windows end where the volume repeats, and their halo "
        "narrows while grains grow",
    )
    even: bool = Field(
        default=False, description="sizes that the base is asked for do not scatter"
    )
    stretch: int = Field(
        default=1, ge=1, description="height of a base voxel over its width"
    )

    @field_validator("core", mode="before")
    @classmethod
    def _edges_of_a_cube(cls, core: Any) -> Any:
        return (core,) * 3 if isinstance(core, int) else core

    @model_serializer(mode="wrap")
    def _as_it_was(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Say a cube by its edge, and leave out what older volumes did not have."""
        found: dict[str, Any] = dump(self)
        if len(set(self.core)) == 1:
            found["core"] = self.core[0]
        usual = {"around": (0, 0, 0), "thrifty": False, "even": False, "stretch": 1}
        for name, value in (usual | {"path_sha256": None}).items():
            if getattr(self, name) == value:
                del found[name]
        return found

    @property
    def plan(self) -> BasePlan:
        """How the base is cut into windows."""
        lead = lead_of(self.halo)
        x, y, z = (
            BaseAxis(block, halo, lead if halo and not around else 0, around)
            for (block, halo), around in zip(self.base, self.around)
        )
        return BasePlan((x, y, z), self.order, self.stretch)


@dataclass(frozen=True)
class Options:
    """What a user chooses about a volume, beside its domain, model and seed.

    Parameters
    ----------
    grain_size : float, str, path, callable or numpy.ndarray, optional
        See `read_grain_size`; without it, that of the model's data.
    periodic : three bools
        Axes along which the volume repeats without a seam.
    plan : {'windows', 'whole', 'grid', 'center'}
        As many base windows as it takes, or one; or, by the plans of the paper, blocks
        that each fit those before them (see `grainpaint.generation.paper_plans`).
    window : int, optional
        Longest edge of what a base window or block computes, base voxels. Without it,
        in a part 128, and in a box what lets windows compute little that others do too.
    halo : int
        How much of it, on either side, is computed but not written, base voxels.
    overlap : int, optional
        Base voxels that a block shares with those before it; 8 if not given. Only for
        the plans 'grid' and 'center'.

    Raises
    ------
    InputError
        If there is no such plan, or it has no overlap.
    """

    grain_size: AnyGrainSize | None = None
    periodic: tuple[bool, bool, bool] = (False, False, False)
    plan: str = "windows"
    window: int | None = None
    halo: int = HALO
    overlap: int | None = None

    def __post_init__(self) -> None:
        """Check what depends on nothing else."""
        if self.plan not in _PLANS:
            raise InputError(
                f"the plan must be {', '.join(_PLANS[:-1])} or {_PLANS[-1]}, got "
                f"{self.plan!r}"
            )
        if self.overlap is not None and self.plan not in _ORDERS:
            raise InputError(
                f"only the plans grid and center have an overlap, not {self.plan}"
            )


def make_recipe(
    domain: Domain,
    options: Options = Options(),
    model: str = "iso",
    seed: int = 0,
    precision: str = "auto",
    device: str = "cpu",
) -> Recipe:
    """Settle all that decides the voxels of a volume.

    Parameters
    ----------
    domain : Domain
        What is to be filled.
    options : Options
    model : str
        Name of a shipped model, or the folder of another.
    seed : int
        0..2^63 - 1.
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
    voxel = domain.spacing
    levels, size, halo, graded = 1, None, refine.halo, False
    if options.grain_size is not None:
        size = read_grain_size(options.grain_size, domain)
        rows = card.sampling.calibration
        levels = choose_levels(
            size.low / domain.spacing, size.high / domain.spacing, rows
        )
        if levels != 1 and refine.n_steps > 0:
            raise InputError(
                "this model's refine network doubles the base once only: for this "
                f"grain size, voxels must be {2.0 ** (levels - 1):g} times as large"
            )
        wanted = make_wanted(size, rows, voxel, levels)
        halo, graded = refine.halo_of(wanted.most_growth), not size.uniform
    axes = _axes(domain, options, multiple, levels, halo)
    _check_periodic(domain, options.periodic, axes, levels)
    x, y, z = ((axis.block, axis.halo) for axis in axes)
    return Recipe(
        **settled(domain, model, seed, precision, device),
        levels=levels,
        grain_size=size,
        periodic=options.periodic,
        base=(x, y, z),
        around=(axes[0].around, axes[1].around, axes[2].around),
        order=_order(options, multiple),
        core=_core(axes, levels, refine, halo, graded, options.window),
        halo=halo,
        thrifty=refine.n_steps == 0,
        even=levels == 0,  # hardly grown, they spread enough; zoomed, they stay as even
    )


def _axes(
    domain: Domain, options: Options, multiple: int, levels: int, halo: int
) -> tuple[BaseAxis, BaseAxis, BaseAxis]:
    """Return how the base is cut along each axis."""
    shape, window, base_halo = domain.shape, options.window, options.halo
    if options.plan != "windows":
        return whole(shape, multiple, levels).axes
    if domain.part is None:
        return base_around(shape, multiple, levels, base_halo, window)
    window, lead = window or WINDOW, lead_of(halo)
    return windowed(shape, multiple, window, base_halo, levels, lead).axes


def _order(options: Options, multiple: int) -> Order | None:
    """Return the order in which the blocks of a paper plan are made."""
    if options.plan not in _ORDERS:
        return None
    window = options.window or WINDOW
    check_window(window, options.halo, multiple)
    shared = OVERLAP if options.overlap is None else options.overlap
    edge = window - 2 * options.halo
    order = Order(_ORDERS[options.plan], edge, shared, options.halo)
    order.blocks((1, 1, 1))  # raises, too
    return order


def _core(
    axes: tuple[BaseAxis, BaseAxis, BaseAxis],
    levels: int,
    refine: Sampling,
    halo: int,
    graded: bool,
    window: int | None,
) -> tuple[int, int, int]:
    """Return the edges of what a refinement window writes.

    A torus of no more than 256 voxels a side is one window, for it needs no halo then.
    In larger boxes windows are as large as memory allows, or, if the size of base
    windows was asked for, no larger than those or 128 voxels. In parts, which skip
    windows, they are of 128 voxels; above level 1 larger, for the halo is as wide as at
    level 1. A window of the refine network costs memory, so there it is as it is.
    """
    x, y, z = (axis.period << levels for axis in axes)
    longest = max(x, y, z)
    cube = refine.core
    if refine.n_steps == 0 and min(x, y, z) == 0:
        cube = LARGE_CORE if levels > 1 else refine.core
    elif refine.n_steps == 0 and longest > refine.core:
        if longest > LARGE_CORE:
            most = GRADED_VOXELS if graded else GROWN_VOXELS
            least = LARGE_CORE if levels > 1 else refine.core
            edge = None if window is None else max(least, window)
            return cores((x, y, z), levels, halo, most, edge)
        cube = LARGE_CORE
    return cube, cube, cube


def _check_periodic(
    domain: Domain,
    periodic: tuple[bool, bool, bool],
    axes: tuple[BaseAxis, BaseAxis, BaseAxis],
    levels: int,
) -> None:
    """Raise unless the base is a torus of the volume's length along periodic axes."""
    if domain.part is not None and any(periodic):
        raise InputError("a part ends at its surface: only boxes can be periodic")
    for name, n, wanted, axis in zip("xyz", domain.shape, periodic, axes):
        if not wanted:
            continue
        if axis.period << levels != n:
            step = axis.period << levels
            raise InputError(
                f"at this grain size a periodic axis cannot have {n} voxels: the next "
                f"number that works is {step} ({name})"
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
        If the edge is another one, grains would be too many voxels wide, the model
        cannot double more than once, or the volume follows a scan.
    """
    if recipe.scan is not None:
        raise InputError(
            "a build is painted in the voxels that its scan counts: for smaller ones "
            "give a recipe with a smaller `voxel` and all lengths in it larger"
        )
    times = round(math.log2(recipe.spacing / voxel))
    if times < 1 or not math.isclose(voxel * 2**times, recipe.spacing, rel_tol=1e-6):
        raise InputError(
            f"the voxel edge must be that of the volume ({recipe.spacing:g} µm) halved "
            f"once or more, such as {recipe.spacing / 2:g}um; got {voxel:g} µm"
        )
    base = read_card(find_model(recipe.model) / "base.json").sampling
    refine = read_card(find_model(recipe.model) / "refine.json").sampling
    if refine.n_steps > 0 or base.sizes is None:
        raise InputError(f"the model {recipe.model!r} cannot double more than once")
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
            "core": (refine.core,) * 3,
        }
    )


def base_bytes(plan: BasePlan) -> int:
    """Return the bytes of a process that draws windows of a base, at its peak."""
    return _FIXED_BYTES + _BYTES_PER_BASE_VOXEL * math.prod(plan.seen_shape)


def window_bytes(recipe: Recipe) -> int:
    """Return the bytes of a process that makes windows of a recipe, at its peak."""
    lengths = recipe.plan.period(recipe.levels)
    rim = max(2 * recipe.halo, _RIM)
    grown = math.prod(
        n if 0 < n <= core else core + rim for core, n in zip(recipe.core, lengths)
    )
    size = recipe.grain_size
    each = _BYTES_PER_VOXEL if size is None or size.uniform else _GRADED_BYTES
    return max(base_bytes(recipe.plan), _FIXED_BYTES + each * grown)
