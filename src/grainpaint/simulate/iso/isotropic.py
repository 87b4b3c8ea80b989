"""Isotropic grain growth, from settings or a recipe to grains."""

import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint import formats
from grainpaint.arguments import as_length, as_number, as_periodic, as_shape
from grainpaint.errors import InputError, brief
from grainpaint.formats.arrays import ARCHIVE_ERRORS, read_member
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins
from grainpaint.simulate.iso.recipe import IsoRecipe
from grainpaint.simulate.set_tasks import Elsewhere, Simulate
from grainpaint.simulate.sets import simulate_into
from grainpaint.simulate.toml import from_anywhere
from grainpaint.units import parse_length, parse_periodic

__all__ = ["grow_grains", "isotropic", "simulate_iso"]


def grow_grains(
    recipe: IsoRecipe, seed: int | None = None, progress: Progress = silent
) -> Iterator[Microstructure]:
    """Simulate one volume of a recipe; yield its grains at each of its times.

    Parameters
    ----------
    recipe : IsoRecipe
    seed : int, optional
        Replaces the seed of the recipe.
    progress : Progress
        Receives the time reached.

    Raises
    ------
    InputError
        If a setting is out of range or a file does not fit.
    """
    start = None if recipe.start is None else formats.load(recipe.start)
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
        start=None if start is None else start.grain_id,
        origin=(0.0, 0.0, 0.0) if start is None else start.origin,
        start_time=recipe.start_time,
        mask=None if recipe.mask is None else formats.load(recipe.mask).mask,
        mobility=None if recipe.mobility is None else _read_mobility(recipe.mobility),
    )


def simulate_iso(
    recipe: IsoRecipe,
    output: Path,
    force: bool = False,
    progress: Progress = silent,
    executor: Executor | None = None,
) -> str:
    """Simulate the volumes of a recipe into a file, or a Zarr set if there are several.

    Parameters
    ----------
    recipe : IsoRecipe
    output, force, progress
        As in `grainpaint.simulate.sets.simulate_into`.
    executor : Executor, optional
        Simulates the volumes of a set in place of this process, see
        `grainpaint.simulate.set_tasks.Elsewhere`.

    Returns
    -------
    str
        What was made, in words.

    Raises
    ------
    InputError
        If a setting is out of range, or the output cannot be written; as
        `grainpaint.simulate.sets.simulate_into` if there is an executor.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> recipe = IsoRecipe(shape=(16, 16, 16), time=(2.0, 4.0))
    >>> with TemporaryDirectory() as folder:
    ...     made = simulate_iso(recipe, Path(folder, "set.zarr"))
    ...     len(formats.find_volumes([Path(folder, "set.zarr")]))
    2
    """
    elsewhere = None
    if executor is not None:
        elsewhere = Elsewhere(executor, partial(_simulation, from_anywhere(recipe)))
    return simulate_into(
        output,
        recipe.model_dump(mode="json"),
        recipe.time,
        _simulation(recipe),
        force,
        progress,
        elsewhere,
    )


def _simulation(recipe: IsoRecipe) -> Simulate:
    """Return what simulates a seed of a recipe."""
    return lambda seed, progress: grow_grains(recipe, seed, progress)


def isotropic(
    shape: tuple[int, int, int] | str,
    time: float = 100.0,
    n_spins: int = 1000,
    seed: int = 0,
    spacing: float | str = 1.0,
    progress: Progress = silent,
    *,
    periodic: tuple[bool, bool, bool] | str = (True, True, True),
    lattice: str = "sc/26n",
    temperature: float = 0.0,
    mobility: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    start: np.ndarray | None = None,
    start_time: float = 0.0,
) -> Microstructure:
    """Simulate isotropic grain growth.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z, also as text, ``"100,100,100"``.
    time : float
        In the time units of SPPARKS' ``potts``; 100 is the paper's setting.
    n_spins : int
        Number of spins Q, at least 2; 0 = one per voxel.
    seed : int
        The same seed gives the same volume, whatever the number of threads.
    spacing : float or str
        Edge of a voxel, µm or text such as ``"2um"``.
    progress : Progress
        Receives the time reached.
    periodic, lattice, temperature, mobility, start_time
        As in `grainpaint.simulate.grow`; periodic axes also as text, ``"xy"``.
    mask : numpy.ndarray, bool, shape (nx, ny, nz), optional
        True = inside.
    start : numpy.ndarray, integer, shape (nx, ny, nz), optional
        Spins at the start, 0 = outside; such as the `grain_id` of a volume.

    Returns
    -------
    Microstructure
        A grain is a connected piece of equal spin, by the neighborhood of the lattice.
        With `n_spins` = 0 or a `start`, all voxels of a spin are one grain.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> isotropic((16, 16, 16), time=5, seed=1).n_grains > 10
    True
    """
    snapshots = _snapshots(
        as_shape(shape),
        [as_number(time, "time")],
        n_spins,
        seed,
        as_length(spacing, "edge of a voxel"),
        progress,
        periodic=as_periodic(periodic),
        lattice=lattice,
        temperature=temperature,
        mobility=mobility,
        mask=mask,
        start=start,
        start_time=start_time,
    )
    return next(snapshots)


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
    origin: tuple[float, ...] = (0.0, 0.0, 0.0),
    **settings: Any,
) -> Iterator[Microstructure]:
    """Yield the grains at the given times."""
    for name, array in (("start", start), ("mask", mask)):
        if isinstance(array, Microstructure):
            raise InputError(
                f"the {name} is an array, such as volume.grain_id; got a Microstructure"
            )
        if array is not None and np.shape(array) != shape:
            raise InputError(f"the {name} has shape {np.shape(array)}, the box {shape}")
    own = start is not None or n_spins == 0  # a spin is a grain
    if start is None:
        start = random_spins(shape, n_spins, seed)
    start = np.asarray(start)
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
        volume = Microstructure(grain_id, (spacing,) * 3, origin, wraps)
        yield volume.relabel() if own else volume


def _read_mobility(path: Path) -> np.ndarray:
    """Read the array `mobility` of an .npz."""
    try:
        with zipfile.ZipFile(path) as archive:
            return np.asarray(read_member(archive, "mobility"), np.float32)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except ARCHIVE_ERRORS as error:
        raise InputError(
            f"{path}: a mobility map is an .npz with the array 'mobility' "
            f"({brief(error)})"
        ) from None
