"""What decides the grains of a volume: model, plan, seed, level, sizes, scan."""

from dataclasses import dataclass

from grainpaint.generation.grain_size import Wanted
from grainpaint.generation.scan_field import ScanField
from grainpaint.generation.windows import BasePlan
from grainpaint.network.loading import Model

__all__ = ["Painter"]


@dataclass(frozen=True)
class Painter:
    """What decides the grains of a volume, apart from the mask of a part.

    Parameters
    ----------
    model : Model
    plan : BasePlan
        Of the base.
    seed : int
    levels : int
        Level of the result, which has 2^levels voxels per base voxel.
    wanted : Wanted, optional
        Grain sizes; without them, the size on the model's card.
    scan : ScanField, optional
        What an additive model follows.
    in_box : bool
        Whether a box is filled, not a part.
    """

    model: Model
    plan: BasePlan
    seed: int
    levels: int = 1
    wanted: Wanted | None = None
    scan: ScanField | None = None
    in_box: bool = True
