"""What decides the grains of a volume: model, plan, seed, level, grain sizes."""

from dataclasses import dataclass

from grainpaint.generation.grain_size import Wanted
from grainpaint.generation.windows import BasePlan
from grainpaint.network.cards import Model

__all__ = ["Painter"]


@dataclass(frozen=True)
class Painter:
    """All that decides the grains of a volume, but for the mask of a part.

    Parameters
    ----------
    model : Model
    plan : BasePlan
        Of the base.
    seed : int
    levels : int
        Level of the result: it has 2^levels voxels for one of the base.
    wanted : Wanted, optional
        Grain sizes; those of the model's card without.
    """

    model: Model
    plan: BasePlan
    seed: int
    levels: int = 1
    wanted: Wanted | None = None
