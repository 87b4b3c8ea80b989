"""What is filled with grains: a box of voxels, or a part in its box."""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from grainpaint.arguments import as_path
from grainpaint.cad import (
    AS_IT_IS,
    MaskGrid,
    PartGrid,
    Pose,
    WindingGrid,
    doubt_of,
    find_losses,
    is_mask,
    load_mask_file,
    load_open_part,
    load_part,
    plan_grid,
    unit_of,
)
from grainpaint.errors import InputError, InputNote
from grainpaint.network.lookup import model_digest
from grainpaint.network.precision import Precision, resolve
from grainpaint.units import length_text

__all__ = [
    "BoxRecipe",
    "Domain",
    "PartFile",
    "load_grid",
    "load_mask",
    "part_domain",
    "settled",
    "warn_of",
]

Grid = PartGrid | MaskGrid | WindingGrid
_MOST_VOXELS = 10**12
LONGEST = 128  # voxels along the longest side of a part, where no voxel is asked for


class PartFile(BaseModel):
    """The file of a part, and how it is read: a surface, or a mask of voxels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    unit: str
    sha256: str
    scale: float = 1.0
    up: str = "z"
    rotate: tuple[tuple[str, float], ...] = ()
    repair: bool = Field(default=False, description="the surface is open")

    @property
    def pose(self) -> Pose:
        """How the part is turned and scaled."""
        return Pose(self.scale, self.up, self.rotate)

    @model_serializer(mode="wrap")
    def _without_what_is_usual(
        self, dump: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        """Leave out how parts are posed by default: records stay what they were."""
        usual = {"scale": 1.0, "up": "z", "rotate": (), "repair": False}
        found: dict[str, Any] = dump(self)
        return {
            name: value
            for name, value in found.items()
            if name not in usual or getattr(self, name) != usual[name]
        }


@dataclass(frozen=True)
class Domain:
    """The voxels that are to be filled.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    part : PartFile, optional
        Fill only the voxels inside this part; without it, the whole box.

    Raises
    ------
    InputError
        If there are more voxels than can ever be made.
    """

    shape: tuple[int, int, int]
    spacing: float = 1.0
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    part: PartFile | None = None

    def __post_init__(self) -> None:
        """Refuse sizes for which even counting the tasks would take hours."""
        if math.prod(self.shape) > _MOST_VOXELS:
            size = " x ".join(f"{n:,}" for n in self.shape)
            raise InputError(
                f"{size} voxels of {length_text(self.spacing)} are too many: at most "
                f"{_MOST_VOXELS:.0e} can be made; use larger voxels, and check the unit"
            )


def part_domain(
    part: str | Path,
    unit: str | None = None,
    voxel: float | None = None,
    longest: int | None = None,
    pose: Pose = AS_IT_IS,
    repair: bool = False,
) -> tuple[Domain, list[str]]:
    """Return the domain of a part, and what a user should know of it.

    That is one line for each thing that was mended, and for each kind of loss: where
    the voxels hold another volume than the part.

    Parameters
    ----------
    part : path
        A file of closed bodies (see `grainpaint.cad.load_part`) or a mask (see
        `grainpaint.cad.load_mask_file`).
    unit : str, optional
        Unit of the coordinates in the file; without it, what the file says, or mm.
    voxel : float, optional
        Edge of a voxel, µm; of a mask, that of its own voxels.
    longest : int, optional
        Voxels along the longest side instead; 128 if neither is given. Not for masks.
    pose : Pose
        How the part is turned and scaled. Not for masks.
    repair : bool
        Fill a surface that is open by its winding number instead of refusing it.

    Raises
    ------
    InputError
        If both are given, the part cannot be read or voxelized, or a body has no voxel.
    """
    if voxel is not None and longest is not None:
        raise InputError(
            "the voxel edge and the voxels along the longest side both set the "
            "resolution: give one of them"
        )
    path = as_path(part, "a part")
    if is_mask(path):
        return _mask_domain(path, unit, voxel, longest, pose)
    opened = load_open_part(path, unit, pose) if repair else None
    solid = load_part(path, unit, pose) if opened is None else opened
    planned = plan_grid(solid, voxel, LONGEST if longest is None else longest)
    file = PartFile(
        path=str(path),
        unit=unit_of(path, unit),
        sha256=solid.sha256,
        scale=pose.scale,
        up=pose.up,
        rotate=pose.rotate,
        repair=opened is not None,
    )
    place = planned.shape, planned.spacing, planned.origin
    domain = Domain(*place, file)
    if opened is None:
        doubts = find_losses(planned)
    else:
        doubts = [doubt_of(WindingGrid(solid, *place))]
    return domain, [*solid.notes, *doubts]


def _mask_domain(
    path: Path,
    unit: str | None,
    voxel: float | None,
    longest: int | None,
    pose: Pose,
) -> tuple[Domain, list[str]]:
    """Return the domain of a mask, whose voxels are those of the volume."""
    mask = load_mask_file(path)
    if longest is not None or pose != AS_IT_IS or unit is not None:
        raise InputError(
            f"{path} is a mask, which brings its own voxels: it is not turned, scaled "
            "or given other voxels or a unit; the voxel edge says how large they are"
        )
    edge = mask.spacing if voxel is None else voxel
    if edge is None:
        raise InputError(
            f"{path} is a mask and does not say how large its voxels are: give their "
            "edge as the voxel edge, such as 5um"
        )
    if not 0 < edge < float("inf"):
        raise InputError(f"the voxel size must be above 0, got {edge:g} µm")
    notes = list(mask.notes)
    origin = mask.origin
    if mask.spacing is not None and abs(mask.spacing / edge - 1) > 1e-6:
        notes.append(f"the file says voxels of {mask.spacing:g} µm, not {edge:g} µm")
        x, y, z = (o * edge / mask.spacing for o in origin)
        origin = x, y, z
    nx, ny, nz = mask.inside.shape
    file = PartFile(path=str(path), unit="um", sha256=mask.sha256)
    return Domain((nx, ny, nz), edge, origin, file), notes


def warn_of(part: str | Path, notes: list[str]) -> None:
    """Warn a Python program of what was mended in a part or is lost of it."""
    for note in notes:
        warnings.warn(f"{part}: {note}", InputNote, stacklevel=3)


class BoxRecipe(BaseModel):
    """What recipes for all kinds of model have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[int, int, int]
    spacing: float = Field(description="edge of a voxel, µm")
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    model: str
    model_sha256: str
    seed: int = Field(ge=0, lt=2**63)
    part: PartFile | None = None
    precision: Precision = Field(description="that networks are evaluated in")


def settled(
    domain: Domain, model: str, seed: int, precision: str, device: str
) -> dict[str, Any]:
    """Return the fields of `BoxRecipe`, the precision settled for a device.

    Raises
    ------
    InputError
        If there is no such model, precision or device.
    """
    return {
        "shape": domain.shape,
        "spacing": domain.spacing,
        "origin": domain.origin,
        "model": model,
        "model_sha256": model_digest(model),
        "seed": seed,
        "part": domain.part,
        "precision": resolve(precision, device),
    }


def load_grid(recipe: BoxRecipe) -> Grid | None:
    """Return the voxel grid of a recipe's part, or None if it fills a box.

    Raises
    ------
    InputError
        If the part is missing or has changed since the volume was begun.
    """
    file = recipe.part
    if file is None:
        return None
    path = Path(file.path)
    grid: Grid
    if is_mask(path):
        mask = load_mask_file(path)
        sha256 = mask.sha256
        grid = MaskGrid(mask.inside, recipe.spacing, recipe.origin)
    else:
        opened = load_open_part(path, file.unit, file.pose) if file.repair else None
        part = load_part(path, file.unit, file.pose) if opened is None else opened
        sha256 = part.sha256
        kind = PartGrid if opened is None else WindingGrid
        grid = kind(part, recipe.shape, recipe.spacing, recipe.origin)
    if sha256 != file.sha256:
        raise InputError(f"{path} has changed since the volume was begun")
    return grid


def load_mask(recipe: BoxRecipe) -> np.ndarray | None:
    """Return which voxels lie inside a recipe's part, or None if it fills a box.

    Returns
    -------
    numpy.ndarray, bool, shape `recipe.shape`, or None

    Raises
    ------
    InputError
        As `load_grid`, or if no voxel lies inside the part.
    """
    grid = load_grid(recipe)
    return None if grid is None else grid.mask_of_all()
