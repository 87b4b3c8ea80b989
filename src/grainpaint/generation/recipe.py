"""All that decides the voxels of a generated volume, settled before it is made."""

import math
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from grainpaint.errors import InputError
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
    BaseAxis,
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
    "LARGE_CORE",
    "Options",
    "Recipe",
    "make_recipe",
    "window_bytes",
    "zoomed",
]

LARGE_CORE = 256  # edge of what large refinement windows write
_FIXED_BYTES = 700 << 20  # interpreter, libraries, a refinement window
_BYTES_PER_BASE_VOXEL = 400  # activations of the network

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
    core: int = Field(description="edge of what a refinement window writes")
    halo: int

    @property
    def plan(self) -> BasePlan:
        """How the base is cut into windows."""
        lead = lead_of(self.halo)
        x, y, z = (
            BaseAxis(block, halo, lead if halo else 0) for block, halo in self.base
        )
        return BasePlan((x, y, z), self.order)


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
        that each fit those before them (see `grainpaint.generation.blocks`).
    window : int
        Longest edge of what a base window or block computes, base voxels.
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
    window: int = WINDOW
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
    shape, voxel = domain.shape, domain.spacing
    levels, size, halo = 1, None, refine.halo
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
        halo = refine.halo_of(wanted.most_growth)
    axes = _axes(shape, options, multiple, levels, halo)
    _check_periodic(domain, options.periodic, axes, levels)
    x, y, z = ((axis.block, axis.halo) for axis in axes)
    return Recipe(
        **settled(domain, model, seed, precision, device),
        levels=levels,
        grain_size=size,
        periodic=options.periodic,
        base=(x, y, z),
        order=_order(shape, options, multiple),
        core=_core(axes, levels, refine),
        halo=halo,
    )


def _axes(
    shape: tuple[int, int, int],
    options: Options,
    multiple: int,
    levels: int,
    halo: int,
) -> tuple[BaseAxis, BaseAxis, BaseAxis]:
    """Return how the base is cut along each axis."""
    if options.plan != "windows":
        return whole(shape, multiple, levels).axes
    window, base_halo, lead = options.window, options.halo, lead_of(halo)
    return windowed(shape, multiple, window, base_halo, levels, lead).axes


def _order(
    shape: tuple[int, int, int], options: Options, multiple: int
) -> Order | None:
    """Return the order in which the blocks of a paper plan are made."""
    if options.plan not in _ORDERS:
        return None
    windowed(shape, multiple, options.window, options.halo)  # refuses what cannot work
    shared = OVERLAP if options.overlap is None else options.overlap
    edge = options.window - 2 * options.halo
    order = Order(_ORDERS[options.plan], edge, shared, options.halo)
    order.blocks((1, 1, 1))  # this too
    return order


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
    large = levels > 1 or (closed and longest <= LARGE_CORE)
    return LARGE_CORE if large else refine.core


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
        if not axis.closed:
            raise InputError(
                f"a periodic axis must fit into one base window: make {name} shorter "
                "or the window longer, or choose the plan whole"
            )
        if axis.block << levels != n:
            step = axis.block << levels
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
        If the edge is another one, grains would be too many voxels wide, or the model
        cannot double more than once.
    """
    times = round(math.log2(recipe.spacing / voxel))
    if times < 1 or not math.isclose(voxel * 2**times, recipe.spacing, rel_tol=1e-6):
        raise InputError(
            f"the voxel edge must be that of the run ({recipe.spacing:g} µm) halved "
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
            "core": refine.core,
        }
    )


def window_bytes(plan: BasePlan) -> int:
    """Return the bytes of a process that computes windows of a plan, at its peak."""
    return _FIXED_BYTES + _BYTES_PER_BASE_VOXEL * math.prod(plan.seen_shape)
