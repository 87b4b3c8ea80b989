"""All that decides the voxels of a volume made by the paper's method."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from grainpaint.errors import InputError
from grainpaint.generation.domain import BoxRecipe, Domain, settled
from grainpaint.generation.paper_plans import EDGE, Block, center, grid
from grainpaint.network.cards import read_card
from grainpaint.network.lookup import find_model
from grainpaint.paper.model import PaperCard
from grainpaint.paper.repaint import check_edge, timeline
from grainpaint.philox import check_seed

__all__ = ["PaperOptions", "PaperRecipe", "make_paper_recipe", "plan_blocks"]

_PLANS = {"grid": grid, "center": center}


class PaperRecipe(BoxRecipe):
    """All that decides the voxels of a volume made by the paper's method."""

    plan: Literal["grid", "center"]
    edge: int = Field(description="of a block, voxels")
    overlap: int = Field(description="of blocks that touch, voxels")
    resamplings: int = Field(description="jumps back up at every level but the last")
    jump: int = Field(description="levels of a jump")
    free: int = Field(description="last levels, without jumps")


@dataclass(frozen=True)
class PaperOptions:
    """What a user chooses about a volume, beside its domain, model and seed.

    Parameters
    ----------
    plan : {'grid', 'center'}, optional
        See `grainpaint.generation.paper_plans`; if not given, that on the model's card.
    edge : int
        Edge of a block, voxels; the network halves it at each of its levels.
    overlap : int, optional
        Voxels that blocks share; if not given, a quarter of their edge, as in the
        paper.
    resamplings : int
        Jumps back up at every level, at least 1.
    jump : int
        Levels of a jump; divides the levels of the model and `free`.
    free : int
        The last levels, without jumps.

    Raises
    ------
    InputError
        If there is no such plan, or no resampling.
    """

    plan: str | None = None
    edge: int = EDGE
    overlap: int | None = None
    resamplings: int = 10
    jump: int = 1
    free: int = 25

    def __post_init__(self) -> None:
        """Check what depends on nothing else."""
        if self.plan not in (None, *_PLANS):
            raise InputError(
                f"the paper's plan must be grid or center, got {self.plan!r}"
            )
        if self.resamplings < 1:
            raise InputError(
                f"there must be at least 1 resampling, got {self.resamplings}"
            )


def make_paper_recipe(
    domain: Domain,
    options: PaperOptions = PaperOptions(),
    model: str = "paper-iso",
    seed: int = 0,
    precision: str = "auto",
    device: str = "cpu",
) -> PaperRecipe:
    """Settle all that decides the voxels of a volume.

    Parameters
    ----------
    domain : Domain
        What is to be filled.
    options : PaperOptions
    model : str
        Name of a shipped model, or the folder of another.
    seed : int
        0..2^63 - 1.
    precision, device : str
        As in `grainpaint.generation.recipe.make_recipe`.

    Raises
    ------
    InputError
        If there is no such model, it does not use the paper's method, or a number is
        out of range.
    """
    check_seed(seed)
    card = read_card(find_model(model, "paper") / "paper.json", PaperCard)
    edge, resamplings = options.edge, options.resamplings
    timeline(card.levels.n_steps, resamplings + 1, options.jump, options.free)
    check_edge(edge, len(card.network.channels))
    shared = edge // 4 if options.overlap is None else options.overlap
    plan = options.plan or card.plan
    _PLANS[plan]((1, 1, 1), None, edge, shared)  # refuses what cannot work
    return PaperRecipe(
        **settled(domain, model, seed, precision, device),
        plan="grid" if plan == "grid" else "center",
        edge=edge,
        overlap=shared,
        resamplings=resamplings,
        jump=options.jump,
        free=options.free,
    )


def plan_blocks(recipe: PaperRecipe, mask: np.ndarray | None = None) -> list[Block]:
    """Return the blocks of a recipe, without those that write nothing of a part."""
    return _PLANS[recipe.plan](recipe.shape, mask, recipe.edge, recipe.overlap)
