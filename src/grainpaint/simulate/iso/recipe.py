"""Recipes of isotropic grain growth."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    field_validator,
)

from grainpaint.simulate.toml import RecipePart, check_recipe, load_toml
from grainpaint.units import parse_length, parse_periodic

__all__ = ["IsoRecipe", "load_iso_recipe"]


class IsoRecipe(RecipePart):
    """Settings of isotropic grain growth.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z; z = 1 for the lattices sq/8n and sq/4n.
    time : float or list of float
        Times of the volumes, increasing, in the time units of SPPARKS' ``potts``.
    spins : int
        Number of spins Q; 0 = each voxel starts with a spin of its own.
    seed : int
        Seed of the first volume.
    count : int
        Number of volumes, with seeds seed, seed + 1, ...
    temperature : float
        T >= 0, in units of the energy of an unlike pair of neighbors.
    lattice : {'sc/26n', 'sc/6n', 'sq/8n', 'sq/4n'}
        Neighborhood of a voxel.
    periodic : str
        The periodic axes, such as xyz or xy, or none.
    voxel : str
        Edge of a voxel with its unit, such as 2um.
    start : path, optional
        A volume whose grains are the start, instead of random spins; 0 = outside.
    start_time : float
        Time of that volume.
    mask : path, optional
        A volume; grains grow only where it has grains.
    mobility : path, optional
        An .npz file with the array `mobility` in the shape of the box: factors in
        [0, 1] for the rates.
    """

    shape: tuple[PositiveInt, PositiveInt, PositiveInt]
    time: Annotated[
        tuple[NonNegativeFloat, ...],
        BeforeValidator(lambda t: t if isinstance(t, list | tuple) else (t,)),
        Field(min_length=1),
    ] = (100.0,)
    spins: Annotated[int, Field(ge=0, lt=2**31)] = 1000
    seed: NonNegativeInt = 0
    count: PositiveInt = 1
    temperature: NonNegativeFloat = 0.0
    lattice: Literal["sc/26n", "sc/6n", "sq/8n", "sq/4n"] = "sc/26n"
    periodic: str = "xyz"
    voxel: str = "1um"
    start: Path | None = None
    start_time: NonNegativeFloat = 0.0
    mask: Path | None = None
    mobility: Path | None = None

    @field_validator("voxel")
    @classmethod
    def _is_a_length(cls, voxel: str) -> str:
        parse_length(voxel)
        return voxel

    @field_validator("periodic")
    @classmethod
    def _are_axes(cls, periodic: str) -> str:
        parse_periodic(periodic)
        return periodic


def load_iso_recipe(path: Path) -> IsoRecipe:
    """Read a recipe from a TOML file; paths in it are relative to that file.

    Raises
    ------
    InputError
        If the file is missing or is not TOML, or a key is unknown, missing or out of
        range.
    """
    recipe = check_recipe(IsoRecipe, load_toml(path), str(path))
    files = {
        key: path.parent / file
        for key in ("start", "mask", "mobility")
        if (file := getattr(recipe, key)) is not None
    }
    return recipe.model_copy(update=files)
