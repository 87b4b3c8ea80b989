"""A volume made as in the paper: blocks by a plan, RePaint, DBSCAN.

Blocks that do not depend on each other are painted in batches (section 2.5). Each is
given the values that earlier blocks wrote, unchanged: they are not centered again, so
that values do not drift across a volume.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from time import perf_counter

import numpy as np
import torch

from grainpaint.errors import InputError
from grainpaint.generation.batches import Batches
from grainpaint.generation.domain import load_mask
from grainpaint.generation.in_memory import Painted, StepClock
from grainpaint.generation.memory import check_free
from grainpaint.generation.paper_plans import Block, batches
from grainpaint.microstructure import Microstructure
from grainpaint.paper.halfway import Halfway
from grainpaint.paper.model import PaperModel, load_paper
from grainpaint.paper.recipe import PaperRecipe, plan_blocks
from grainpaint.paper.repaint import block_noise, repaint, timeline
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.dbscan import BLOCK, dbscan
from grainpaint.segmentation.noise import fill_noise
from grainpaint.segmentation.pieces import label_pieces

__all__ = [
    "BlockPainter",
    "forecast_paper",
    "grains_of",
    "paint_blocks",
    "paint_paper",
]

_BATCH = 8
_BYTES_PER_VOXEL, _BYTES_FIXED = 40, 700 << 20  # field and DBSCAN; libraries, a batch

# Takes values and which of them are known, both (N, dim, edge, edge, edge), and the
# places of the blocks in the plan; returns the values with the unknown ones filled in.
BlockPainter = Callable[[torch.Tensor, torch.Tensor, list[int]], torch.Tensor]


def paint_blocks(
    painter: BlockPainter,
    blocks: list[Block],
    shape: tuple[int, int, int],
    dim: int = 1,
    batch: int = _BATCH,
    progress: Progress = silent,
    halfway: Halfway | None = None,
) -> np.ndarray:
    """Paint blocks in batches; each block fits those before it.

    Parameters
    ----------
    painter : callable
        Fills the unknown part of blocks.
    blocks : list of Block
        See `grainpaint.generation.paper_plans`.
    shape : three ints
        Voxels of the volume.
    dim : int
        Values per voxel.
    batch : int
        Largest number of blocks painted at once.
    progress : Progress
        Told the blocks done.
    halfway : Halfway, optional
        Where the values are saved after each batch, and continued from.

    Returns
    -------
    numpy.ndarray, float32, shape (dim, nx, ny, nz)
        0 where no block wrote.

    Raises
    ------
    InputError
        If the saved values belong to another volume.
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


def _painter(model: PaperModel, recipe: PaperRecipe, batch: int) -> BlockPainter:
    """Return RePaint with a recipe's settings, in batches that fit into memory."""
    device = model.network.device
    work = Batches(device, batch)

    def paint(
        given: torch.Tensor, known: torch.Tensor, places: list[int]
    ) -> torch.Tensor:
        def some(items: Sequence[int]) -> list[torch.Tensor]:
            found = repaint(
                model.denoiser,
                given[items].to(device),
                known[items].to(device),
                model.card.levels.schedule,
                block_noise(recipe.seed, [places[i] for i in items], recipe.edge),
                recipe.resamplings + 1,
                recipe.jump,
                recipe.free,
            )
            return list(found.cpu())

        return torch.stack(work.run(list(range(len(places))), some))

    return paint


def grains_of(values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Segment a field as in section 2.6; noise goes to the neighboring grains.

    Parameters
    ----------
    values : numpy.ndarray, float32, shape (nx, ny, nz)
    mask : numpy.ndarray, bool, shape of values, optional
        The part.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n; 0 only outside the part: pieces of noise that touch no grain, as in
        walls too thin for the 15 points of a cluster, become grains of their own.

    Notes
    -----
    A difference of 1 in value counts as 100 voxels, the edge of the paper's
    sub-volumes, in smaller volumes too: a grain should not depend on the size of the
    volume.
    """
    label = fill_noise(dbscan(values, BLOCK, mask=mask), mask)
    left = label == 0 if mask is None else (label == 0) & mask
    if left.any():
        label = np.where(left, label_pieces(left.astype(np.int32)) + label.max(), label)
    return label


def _check_memory(shape: tuple[int, int, int]) -> None:
    need = _BYTES_FIXED + _BYTES_PER_VOXEL * math.prod(shape)
    check_free(need, f"{' x '.join(map(str, shape))} voxels", "use larger voxels")


def paint_paper(
    recipe: PaperRecipe,
    device: str = "cpu",
    progress: Progress = silent,
    batch: int = _BATCH,
    halfway: Halfway | None = None,
) -> tuple[Painted, np.ndarray]:
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
        Largest number of blocks painted at once.
    halfway : Halfway, optional
        Where the values are saved after each batch, and continued from.

    Returns
    -------
    run : Painted
        The volume, the seconds of each step and the blocks.
    field : numpy.ndarray, float32, shape `recipe.shape`
        The values before segmentation; 0 where no block wrote.

    Raises
    ------
    InputError
        If the model or the part is missing or has changed, the part is empty, there is
        not enough memory, or the saved values belong to another volume.
    """
    _check_memory(recipe.shape)
    mask = load_mask(recipe)
    model = load_paper(recipe.model, device, recipe.precision)
    if model.sha256 != recipe.model_sha256:
        raise InputError(
            f"the weights or settings of the model {recipe.model!r} have changed since "
            "the volume was begun"
        )
    clock = StepClock()
    blocks = plan_blocks(recipe, mask)
    painter = _painter(model, recipe, batch)
    (values,) = paint_blocks(painter, blocks, recipe.shape, 1, batch, progress, halfway)
    clock.lap("paint")
    with progress("segment", 1):
        grain_id = grains_of(values, mask)
    clock.lap("segment")
    volume = Microstructure(grain_id, (recipe.spacing,) * 3, recipe.origin)
    n_box = len(plan_blocks(recipe))
    return Painted(volume, clock.seconds, len(blocks), n_box), values


def forecast_paper(recipe: PaperRecipe, device: str = "cpu") -> list[tuple[str, str]]:
    """Return a table of what a volume takes, extrapolated from one evaluation.

    Raises
    ------
    InputError
        As `paint_paper`.
    """
    _check_memory(recipe.shape)
    mask = load_mask(recipe)
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
