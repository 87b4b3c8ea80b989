"""A volume as in the paper: blocks by a plan, RePaint, DBSCAN.

Blocks that do not depend on each other are painted in batches (section 2.5); each is
given what earlier blocks wrote, as it is: it is not centered anew, so that values do
not drift across a volume.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter
from typing import Literal

import numpy as np
import psutil
import torch
from pydantic import BaseModel, ConfigDict, Field

from grainpaint.errors import InputError
from grainpaint.generation.blocks import EDGE, Block, batches, center, grid
from grainpaint.generation.in_memory import Clock, Run
from grainpaint.generation.volume import PartFile, load_grid
from grainpaint.microstructure import Microstructure
from grainpaint.network.cards import read_card
from grainpaint.network.library import find_model, model_digest
from grainpaint.network.precision import Precision, resolve
from grainpaint.paper.halfway import Halfway
from grainpaint.paper.model import PaperCard, PaperModel, load_paper
from grainpaint.paper.repaint import block_noise, check_edge, repaint, timeline
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.dbscan import BLOCK, dbscan, fill_noise
from grainpaint.segmentation.pieces import label_pieces

__all__ = [
    "Painter",
    "PaperRecipe",
    "forecast_paper",
    "grains_of",
    "make_paper_recipe",
    "paint_blocks",
    "paint_paper",
    "plan_blocks",
]

_BATCH = 8
_BYTES_PER_VOXEL, _BYTES_FIXED = 40, 700 << 20  # field and DBSCAN; libraries, a batch
_PLANS = {"grid": grid, "center": center}

# From known values and what is known, (N, dim, edge, edge, edge) each, and the places
# of the blocks in the plan to the same values and the rest.
Painter = Callable[[torch.Tensor, torch.Tensor, list[int]], torch.Tensor]


class PaperRecipe(BaseModel):
    """All that decides the voxels of a volume of the paper's method."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[int, int, int]
    spacing: float = Field(description="edge of a voxel, µm")
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    model: str
    model_sha256: str
    seed: int = Field(ge=0, lt=2**63)
    plan: Literal["grid", "center"]
    edge: int = Field(description="of a block, voxels")
    overlap: int = Field(description="of blocks that touch, voxels")
    resamplings: int = Field(description="jumps back up at every level but the last")
    jump: int = Field(description="levels of a jump")
    free: int = Field(description="last levels without jumps")
    part: PartFile | None = None
    precision: Precision = Field(description="that the network is evaluated in")


def make_paper_recipe(
    shape: tuple[int, int, int],
    spacing: float,
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    model: str = "paper-iso",
    seed: int = 0,
    plan: str = "grid",
    edge: int = EDGE,
    resamplings: int = 10,
    jump: int = 1,
    free: int = 25,
    part: PartFile | None = None,
    overlap: int | None = None,
    precision: str = "auto",
    device: str = "cpu",
) -> PaperRecipe:
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
    plan : {'grid', 'center'}
        See `grainpaint.generation.blocks`.
    edge : int
        Voxels a side of a block; the network halves it at each of its levels.
    resamplings : int
        Jumps back up at every level, at least 1.
    jump : int
        Levels of a jump; divides the levels of the model and `free`.
    free : int
        The last levels, without jumps.
    part : PartFile, optional
        What is to be filled; a box if not given.
    overlap : int, optional
        Voxels that blocks share; without, a quarter of their edge, as in the paper.
    precision, device : str
        As of `grainpaint.generation.volume.make_recipe`.

    Raises
    ------
    InputError
        If there is no such model, or it is not of the paper's kind, or a number is out
        of range.
    """
    check_seed(seed)
    if plan not in ("grid", "center"):
        raise InputError(f"--plan of the paper is grid or center, got {plan!r}")
    card = read_card(find_model(model, "paper") / "paper.json", PaperCard)
    if resamplings < 1:
        raise InputError(f"there must be at least 1 resampling, got {resamplings}")
    timeline(card.levels.n_steps, resamplings + 1, jump, free)
    check_edge(edge, len(card.network.channels))
    shared = edge // 4 if overlap is None else overlap
    _PLANS[plan]((1, 1, 1), None, edge, shared)
    return PaperRecipe(
        shape=shape,
        spacing=spacing,
        origin=origin,
        model=model,
        model_sha256=model_digest(model),
        seed=seed,
        plan="grid" if plan == "grid" else "center",
        edge=edge,
        overlap=shared,
        resamplings=resamplings,
        jump=jump,
        free=free,
        part=part,
        precision=resolve(precision, device),
    )


def plan_blocks(recipe: PaperRecipe, mask: np.ndarray | None = None) -> list[Block]:
    """Return the blocks of a recipe, without those that write nothing of a part."""
    return _PLANS[recipe.plan](recipe.shape, mask, recipe.edge, recipe.overlap)


def paint_blocks(
    painter: Painter,
    blocks: list[Block],
    shape: tuple[int, int, int],
    dim: int = 1,
    batch: int = _BATCH,
    progress: Progress = silent,
    halfway: Halfway | None = None,
) -> np.ndarray:
    """Paint blocks in batches, each fitting those before it.

    Parameters
    ----------
    painter : callable
        Fills the unknown part of blocks.
    blocks : list of Block
        See `grainpaint.generation.blocks`.
    shape : three ints
        Voxels of the volume.
    dim : int
        Numbers a voxel.
    batch : int
        Largest number of blocks at once.
    progress : Progress
        Told the blocks done.
    halfway : Halfway, optional
        Where it is kept after each batch, and goes on from.

    Returns
    -------
    numpy.ndarray, float32, shape (dim, nx, ny, nz)
        0 where no block wrote.

    Raises
    ------
    InputError
        If what is kept is of another volume.
    """
    values = np.zeros((dim, *shape), np.float32)
    done = np.zeros(len(blocks), bool)
    if halfway is not None:
        halfway.load(values, done)
    with progress("paint", len(blocks), int(done.sum())) as bar:
        for turn in batches(blocks, batch):
            places = [place for place in turn if not done[place]]
            if not places:
                continue
            edge = blocks[places[0]].edge
            given = np.zeros((len(places), dim, edge, edge, edge), np.float32)
            known = np.zeros(given.shape, bool)
            for i, place in enumerate(places):
                block = blocks[place]
                given[i][(slice(None), *block.inside)] = values[:, *block.read]
                known[i] = block.known()
            found = painter(torch.from_numpy(given), torch.from_numpy(known), places)
            for i, place in enumerate(places):
                block = blocks[place]
                here = block.written()[block.inside]
                drawn = found[i].cpu().numpy()[:, *block.inside]
                values[:, *block.read][:, here] = drawn[:, here]
            done[places] = True
            if halfway is not None:
                halfway.save(values, done)
            bar.update(int(done.sum()))
    return values


def _painter(model: PaperModel, recipe: PaperRecipe) -> Painter:
    """Return RePaint with the settings of a recipe."""
    device = model.network.device

    def paint(
        given: torch.Tensor, known: torch.Tensor, places: list[int]
    ) -> torch.Tensor:
        return repaint(
            model.denoiser,
            given.to(device),
            known.to(device),
            model.card.levels.schedule,
            block_noise(recipe.seed, places, recipe.edge),
            recipe.resamplings + 1,
            recipe.jump,
            recipe.free,
        )

    return paint


def grains_of(values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Segment a field as in section 2.6, and give noise to its neighbors.

    Parameters
    ----------
    values : numpy.ndarray, float32, shape (nx, ny, nz)
    mask : numpy.ndarray, bool, shape of values, optional
        The part.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n, 0 outside the part only: pieces of noise that touch no grain, in
        walls too thin for the 15 points of a cluster, become grains of their own.

    Notes
    -----
    A difference of 1 in value is worth 100 voxels, the edge of the sub-volumes, in
    smaller volumes too: what is a grain should not depend on the size of the volume.
    """
    label = fill_noise(dbscan(values, BLOCK, mask=mask), mask)
    left = label == 0 if mask is None else (label == 0) & mask
    if left.any():
        label = np.where(left, label_pieces(left.astype(np.int32)) + label.max(), label)
    return label


def _check_memory(shape: tuple[int, int, int]) -> None:
    n_voxels = math.prod(shape)
    need = _BYTES_FIXED + _BYTES_PER_VOXEL * n_voxels
    have = psutil.virtual_memory().available
    if need > have:
        raise InputError(
            f"{' x '.join(map(str, shape))} voxels would take {need / 2**30:,.1f} GiB "
            f"of memory, {have / 2**30:,.1f} GiB are free: use larger voxels"
        )


def paint_paper(
    recipe: PaperRecipe,
    device: str = "cpu",
    progress: Progress = silent,
    batch: int = _BATCH,
    halfway: Halfway | None = None,
) -> tuple[Run, np.ndarray]:
    """Generate the volume of a recipe.

    Parameters
    ----------
    recipe : PaperRecipe
        See `make_paper_recipe`.
    device : str
        A torch device.
    progress : Progress
        Told the blocks done.
    batch : int
        Largest number of blocks at once.
    halfway : Halfway, optional
        Where the values are kept after each batch, and gone on from.

    Returns
    -------
    run : Run
        The volume, the seconds of each step and the blocks.
    field : numpy.ndarray, float32, shape `recipe.shape`
        The values that the grains were found in; 0 where no block wrote.

    Raises
    ------
    InputError
        If model or part are missing or others than in the recipe, the part is empty,
        the memory is too small, or what is kept is of another volume.
    """
    _check_memory(recipe.shape)
    part = load_grid(recipe)
    mask = None if part is None else part.mask([(0, n) for n in recipe.shape])
    if mask is not None and not mask.any():
        raise InputError(
            "no voxel center lies inside the part: use voxels below "
            f"{recipe.spacing:g} µm"
        )
    model = load_paper(recipe.model, device, recipe.precision)
    if model.sha256 != recipe.model_sha256:
        raise InputError(
            f"the model {recipe.model!r} has other weights or settings than those in "
            "the recipe"
        )
    clock = Clock()
    blocks = plan_blocks(recipe, mask)
    painter = _painter(model, recipe)
    (values,) = paint_blocks(painter, blocks, recipe.shape, 1, batch, progress, halfway)
    clock.lap("paint")
    with progress("segment", 1):
        grain_id = grains_of(values, mask)
    clock.lap("segment")
    volume = Microstructure(grain_id, (recipe.spacing,) * 3, recipe.origin)
    n_box = len(plan_blocks(recipe))
    return Run(volume, clock.seconds, len(blocks), n_box), values


def forecast_paper(recipe: PaperRecipe, device: str = "cpu") -> list[tuple[str, str]]:
    """Return rows that tell what a volume takes, timed on one evaluation.

    Raises
    ------
    InputError
        As `paint_paper`.
    """
    _check_memory(recipe.shape)
    part = load_grid(recipe)
    mask = None if part is None else part.mask([(0, n) for n in recipe.shape])
    model = load_paper(recipe.model, device, recipe.precision)
    levels = timeline(
        model.card.levels.n_steps, recipe.resamplings + 1, recipe.jump, recipe.free
    )
    n_blocks = len(plan_blocks(recipe, mask))
    n_each = sum(t > s for t, s in pairwise(levels))
    noise = block_noise(recipe.seed, [0], recipe.edge)
    x = noise(0).to(model.network.device)
    seconds = []
    with torch.inference_mode():
        for number in (1, 2, 3):  # the first is slow
            start = perf_counter()
            model.denoiser(x, torch.full((1,), number, device=x.device))
            noise(number)
            noise(number)
            seconds.append(perf_counter() - start)
    total = min(seconds) * n_blocks * n_each
    return [
        ("voxels", " x ".join(map(str, recipe.shape))),
        ("voxel edge", f"{recipe.spacing:g} µm"),
        ("blocks", f"{n_blocks:,} of {recipe.edge}^3 voxels"),
        ("evaluations", f"{n_blocks * n_each:,}, {n_each:,} a block"),
        ("time", f"about {total / 60:,.1f} minutes on this machine"),
    ]
