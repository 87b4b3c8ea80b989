"""What is filled with grains: a box of voxels, or a part in its box."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from grainpaint.cad import PartGrid, find_losses, load_part, plan_grid
from grainpaint.errors import InputError
from grainpaint.network.lookup import model_digest
from grainpaint.network.precision import Precision, resolve

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

LONGEST = 128  # voxels along the longest side of a part, where no voxel is asked for


class PartFile(BaseModel):
    """The CAD file of a part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    unit: str
    sha256: str


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
    """

    shape: tuple[int, int, int]
    spacing: float = 1.0
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    part: PartFile | None = None


def part_domain(
    path: Path,
    unit: str = "mm",
    voxel: float | None = None,
    longest: int | None = None,
) -> tuple[Domain, list[str]]:
    """Return the domain of a CAD part, and what a user should know of it.

    That is one line for each thing that was mended, and for each kind of loss: where
    the voxels hold another volume than the part.

    Parameters
    ----------
    path : Path
        An STL file of closed bodies.
    unit : str
        Unit of the coordinates in the file (STL names none).
    voxel : float, optional
        Edge of a voxel, µm.
    longest : int, optional
        Voxels along the longest side instead; 128 if neither is given.

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
    part = load_part(path, unit)
    grid = plan_grid(part, voxel, LONGEST if longest is None else longest)
    file = PartFile(path=str(path), unit=unit, sha256=part.sha256)
    notes = [*part.notes, *find_losses(grid)]
    return Domain(grid.shape, grid.spacing, grid.origin, file), notes


def warn_of(part: str | Path, notes: list[str]) -> None:
    """Warn a Python program of what was mended in a part or is lost of it."""
    for note in notes:
        warnings.warn(f"{part}: {note}", stacklevel=3)


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


def load_grid(recipe: BoxRecipe) -> PartGrid | None:
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
    part = load_part(path, file.unit)
    if part.sha256 != file.sha256:
        raise InputError(f"{path} has changed since the volume was begun")
    return PartGrid(part, recipe.shape, recipe.spacing, recipe.origin)


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
