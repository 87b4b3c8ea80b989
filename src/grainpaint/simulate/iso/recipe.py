"""Isotropic grain growth, from a recipe to grains."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
)

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.potts import grow, random_spins
from grainpaint.simulate.sets import write_set
from grainpaint.simulate.toml import check_recipe, load_toml
from grainpaint.units import parse_length, parse_periodic

__all__ = [
    "IsoRecipe",
    "grow_grains",
    "isotropic",
    "load_recipe",
    "simulate",
]


class IsoRecipe(BaseModel):
    """Everything that decides the grains, but the files that it names.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z; z = 1 for the lattices sq/8n and sq/4n.
    time : float or list of float
        When to take the grains, in time units of SPPARKS' ``potts``, rising.
    spins : int
        Number of spins Q; 0 = each voxel starts with a spin of its own.
    seed : int
        Of the first volume.
    count : int
        Number of volumes, with seeds seed, seed + 1, ...
    temperature : float
        T >= 0, in units of the energy of an unlike pair of neighbors.
    lattice : {'sc/26n', 'sc/6n', 'sq/8n', 'sq/4n'}
        Neighbors of a voxel.
    periodic : str
        The periodic axes, such as xyz or xy, or none.
    voxel : str
        Edge of a voxel, a length such as 2um.
    start : path, optional
        A volume whose grains are the start, instead of random spins; 0 = outside.
    start_time : float
        Time of that volume.
    mask : path, optional
        A volume; grains grow only where it has grains.
    mobility : path, optional
        An .npz with the array `mobility`, shape as the box, values in [0, 1], which
        multiply the rates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[PositiveInt, PositiveInt, PositiveInt]
    time: Annotated[
        tuple[NonNegativeFloat, ...],
        BeforeValidator(lambda t: t if isinstance(t, list | tuple) else (t,)),
        Field(min_length=1),
    ] = (100.0,)
    spins: NonNegativeInt = 1000
    seed: NonNegativeInt = 0
    count: PositiveInt = 1
    temperature: NonNegativeFloat = 0.0
    lattice: str = "sc/26n"
    periodic: str = "xyz"
    voxel: str = "1um"
    start: Path | None = None
    start_time: NonNegativeFloat = 0.0
    mask: Path | None = None
    mobility: Path | None = None


def load_recipe(path: Path) -> IsoRecipe:
    """Read a recipe; the files that it names lie relative to it.

    Raises
    ------
    InputError
        If it is no TOML, or a key is unknown or out of range.
    """
    recipe = check_recipe(IsoRecipe, load_toml(path), str(path))
    files = {
        key: path.parent / file
        for key in ("start", "mask", "mobility")
        if (file := getattr(recipe, key)) is not None
    }
    return recipe.model_copy(update=files)


def grow_grains(
    recipe: IsoRecipe, seed: int | None = None, progress: Progress = silent
) -> Iterator[Microstructure]:
    """Simulate one volume of a recipe; yield its grains at each of the times.

    Parameters
    ----------
    recipe : IsoRecipe
    seed : int, optional
        Instead of that of the recipe.
    progress : Progress
        Told the time reached.

    Raises
    ------
    InputError
        If a setting is out of range or a file does not fit.
    """
    return _snapshots(
        recipe.shape,
        recipe.time,
        recipe.spins,
        recipe.seed if seed is None else seed,
        parse_length(recipe.voxel),
        progress,
        lattice=recipe.lattice,
        periodic=parse_periodic(recipe.periodic),
        temperature=recipe.temperature,
        start=None if recipe.start is None else formats.load(recipe.start).grain_id,
        start_time=recipe.start_time,
        mask=None if recipe.mask is None else formats.load(recipe.mask).mask,
        mobility=None if recipe.mobility is None else _read_mobility(recipe.mobility),
    )


def simulate(
    recipe: IsoRecipe, output: Path, force: bool = False, progress: Progress = silent
) -> str:
    """Simulate the volume of a recipe into a file, or several into a Zarr set.

    Parameters
    ----------
    recipe : IsoRecipe
    output : Path
        A volume; with several seeds or times a set, NAME.zarr, which goes on where it
        was stopped.
    force : bool
        Replace what exists.
    progress : Progress
        Told the time reached, or the volumes done.

    Returns
    -------
    str
        What was made, in words.

    Raises
    ------
    InputError
        If a setting is out of range, or the output cannot be written.
    """
    if recipe.count == 1 and len(recipe.time) == 1:
        formats.check_output(output, force)
        volume = next(grow_grains(recipe, progress=progress))
        formats.write(volume, output)
        return f"{volume.n_grains:,} grains"
    if output.suffix != ".zarr":
        raise InputError(
            f"{output}: several volumes go into a Zarr set, -o {output.stem}.zarr"
        )
    if force and output.exists():
        shutil.rmtree(output)
    n = write_set(
        output,
        recipe.model_dump(mode="json"),
        recipe.time,
        lambda seed: grow_grains(recipe, seed),
        progress,
    )
    return f"{n} volumes"


def isotropic(
    shape: tuple[int, int, int],
    time: float = 100.0,
    n_spins: int = 1000,
    seed: int = 0,
    spacing: float = 1.0,
    progress: Progress = silent,
    **settings: Any,
) -> Microstructure:
    """Simulate isotropic grain growth.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    time : float
        Time units of SPPARKS' ``potts``; 100 is the paper's setting.
    n_spins : int
        Number of spins Q, at least 2; 0 = one a voxel.
    seed : int
        The same seed gives the same volume, whatever the number of threads.
    spacing : float
        Edge of a voxel, µm.
    progress : Progress
        Told the time reached.
    **settings
        `lattice`, `periodic`, `temperature` and `mobility` as in
        `grainpaint.simulate.grow`; `mask` (bool, True = inside), `start` (int, spins
        at the start, 0 = outside) and `start_time`.

    Returns
    -------
    Microstructure
        A grain is a piece of equal spin connected through the neighbors of a voxel;
        where each voxel or a start brought its own spin, a grain is a spin.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> isotropic((16, 16, 16), time=5, seed=1).n_grains > 10
    True
    """
    return next(_snapshots(shape, [time], n_spins, seed, spacing, progress, **settings))


def _snapshots(
    shape: tuple[int, int, int],
    times: Sequence[float],
    n_spins: int,
    seed: int,
    spacing: float,
    progress: Progress,
    *,
    periodic: tuple[bool, bool, bool] = (True, True, True),
    lattice: str = "sc/26n",
    start: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    **settings: Any,
) -> Iterator[Microstructure]:
    """Yield the grains at the times."""
    for name, array in (("start", start), ("mask", mask)):
        if array is not None and array.shape != tuple(shape):
            raise InputError(
                f"the {name} has shape {array.shape}, the box {tuple(shape)}"
            )
    own = start is not None or n_spins == 0  # spins that are grains for good
    if start is None:
        start = random_spins(shape, n_spins, seed)
    if mask is not None:
        start = np.where(mask, start, start.dtype.type(0))
    if not start.any():
        raise InputError("no voxel is inside: nothing can grow")
    frames = grow(
        start,
        times,
        seed=seed,
        lattice=lattice,
        periodic=periodic,
        progress=progress,
        **settings,
    )
    del start
    wraps = tuple(p and n > 1 for p, n in zip(periodic, shape))
    corners = lattice in ("sc/26n", "sq/8n")
    for spin in frames:
        grain_id = spin.astype(np.int32) if own else label_pieces(spin, wraps, corners)
        grain_id.flags.writeable = False
        volume = Microstructure(grain_id, (spacing,) * 3, (0.0,) * 3, wraps)
        yield volume.relabel() if own else volume


def _read_mobility(path: Path) -> np.ndarray:
    """Read the array `mobility` of an .npz."""
    try:
        with path.open("rb") as file, np.load(file) as archive:
            return np.asarray(archive["mobility"], np.float32)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, AttributeError, KeyError) as error:
        raise InputError(
            f"{path}: a mobility map is an .npz with the array 'mobility' ({error})"
        ) from None
