"""Builds from a temperature history: from a recipe and its file to grains."""

import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, field_validator

from grainpaint.errors import InputError, InputNote
from grainpaint.microstructure import Microstructure
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.build import first_spins
from grainpaint.simulate.am.freezing import freeze_grains
from grainpaint.simulate.am.recipe import Substrate
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME
from grainpaint.simulate.am.thermal_history import ThermalHistory, read_thermal_history
from grainpaint.simulate.set_tasks import Elsewhere, Simulate
from grainpaint.simulate.sets import check_place, simulate_into
from grainpaint.simulate.toml import (
    RecipePart,
    check_recipe,
    from_anywhere,
    given_recipe,
    load_toml,
)
from grainpaint.units import UNITS, parse_time

__all__ = ["HistoryRecipe", "load_history_recipe", "simulate_thermal", "thermal"]

# Units of time that sites stay mobile, beyond which a note is due; the length of the
# zone over the speed, in the recipes that `am` learns from, is 0.07 to 4.
_SHORT, _LONG = 0.05, 1000.0
_NEAR, _FAR = 0.02, 1000.0  # µm between points, beyond which a note is due


class HistoryFile(RecipePart):
    """A temperature history and what its numbers mean.

    Parameters
    ----------
    file : path
        See `grainpaint.simulate.am.thermal_history`; relative to the recipe file.
        Times are in s, cooling rates in K/s. Its points become the voxels.
    unit : str, optional
        Unit of its coordinates, by default that of its names, or mm.
    time : str
        Duration of one unit of time, in which a site of mobility 1 is attempted 26
        times, such as "1ms".
    range : float
        By how much a site cools, after it froze, until its grain boundaries stand
        still, K.
    """

    file: Path
    unit: str | None = None
    time: str
    range: PositiveFloat

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str | None) -> str | None:
        if unit is not None and unit not in UNITS:
            raise ValueError(f"a unit is {', '.join(UNITS)}")
        return unit

    @field_validator("time")
    @classmethod
    def _is_a_time(cls, time: str) -> str:
        parse_time(time)
        return time


class HistoryRecipe(RecipePart):
    """Settings of a build that a temperature history drives, except for the seed.

    Parameters
    ----------
    history : HistoryFile
    substrate : Substrate, optional
        Grains of the sites that never melted, up to a height; above it they are powder.
    spins, temperature
        As in `grainpaint.simulate.am.recipe.AmRecipe`.
    """

    history: HistoryFile
    substrate: Substrate | None = None
    spins: Annotated[int, Field(ge=2, lt=2**30)] = 10_000
    temperature: NonNegativeFloat = 0.25


def load_history_recipe(path: Path) -> HistoryRecipe:
    """Read the recipe of a build that a temperature history drives from a TOML file.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, or a key is unknown, missing or out of
        range.
    """
    data = load_toml(path)
    table = data.get("history")
    if isinstance(table, dict) and isinstance(table.get("file"), str):
        table["file"] = str(path.parent / table["file"])
    return check_recipe(HistoryRecipe, data, str(path))


@dataclass(frozen=True, eq=False)
class _Job:
    """A recipe with its history, in sweeps and µm."""

    recipe: HistoryRecipe
    freeze: np.ndarray
    fall: np.ndarray
    edge: float
    origin: tuple[float, float, float]


def _prepare(recipe: HistoryRecipe) -> _Job:
    """Read the history of a recipe."""
    told = recipe.history
    found = read_thermal_history(told.file)
    unit = _unit(told, found)
    dx, dy, dz = (step * unit for step in found.spacing)
    if not np.allclose((dy, dz), dx, rtol=1e-3):
        raise InputError(
            f"{told.file}: grains grow in cubes, but its points lie {dx:g} x {dy:g} x "
            f"{dz:g} µm apart: give a grid with equal steps"
        )
    if np.isnan(found.freeze).all():
        raise InputError(f"{told.file}: no point ever melted: nothing would grow")
    still = ~(found.rate > 0) & np.isfinite(found.freeze)
    if still.any():
        at = tuple(np.argwhere(still)[0].tolist())
        raise InputError(
            f"{told.file}: point {at} of the grid froze with a cooling rate of 0, so "
            "its boundaries would never stop: give a rate above 0"
        )
    sweep = parse_time(told.time) / SWEEPS_PER_TIME
    fall = found.rate * sweep / told.range
    _warn_of_times(told, fall)
    x, y, z = (o * unit - dx / 2 for o in found.origin)
    return _Job(recipe, found.freeze / sweep, fall, dx, (x, y, z))


def _unit(told: HistoryFile, found: ThermalHistory) -> float:
    """Return µm per unit of the coordinates; a note says if points lie oddly near.

    Raises
    ------
    InputError
        If the names in the file say another unit than the recipe.
    """
    given = None if told.unit is None else UNITS[told.unit]
    if None not in (given, found.unit) and given != found.unit:
        raise InputError(
            f"{told.file}: its names say another unit of length than {told.unit}: "
            "leave `unit` out"
        )
    unit = found.unit or given or UNITS["mm"]
    step = found.spacing[0] * unit
    if not _NEAR <= step <= _FAR:
        warnings.warn(
            f"{told.file}: its points lie {step:.3g} µm apart: is their unit "
            f"{told.unit or 'mm'}? Solvers often write m: give it as `unit`",
            InputNote,
            stacklevel=4,
        )
    return unit


def _warn_of_times(told: HistoryFile, fall: np.ndarray) -> None:
    """Tell if sites stay mobile for so long, or short, that units may be others."""
    median = 1 / float(np.nanmedian(fall)) / SWEEPS_PER_TIME
    if not _SHORT <= median <= _LONG:
        what = "hardly any grain grows" if median < _SHORT else "this takes long"
        warnings.warn(
            f"{told.file}: half of its points move for {median:.3g} units of time or "
            f"more after they froze, and {what} (told below {_SHORT:g} and above "
            f"{_LONG:g}). Is a unit of time {told.time}, and the range "
            f"{told.range:g} K?",
            InputNote,
            stacklevel=3,
        )


def _simulate(job: _Job, seed: int, progress: Progress) -> Microstructure:
    """Simulate the grains of a build with one seed."""
    recipe = job.recipe
    everywhere = np.ones(job.freeze.shape, bool)
    spin = freeze_grains(
        first_spins(recipe.spins, recipe.substrate, everywhere, seed),
        job.freeze,
        job.fall,
        n_spins=recipe.spins,
        temperature=recipe.temperature,
        seed=seed,
        progress=progress,
    )
    grain_id = label_pieces(spin, corners=True)
    return Microstructure(grain_id, (job.edge,) * 3, job.origin)


def thermal(
    recipe: HistoryRecipe | Mapping[str, Any] | str | Path,
    seed: int = 0,
    progress: Progress = silent,
) -> Microstructure:
    """Simulate the grains of a build from the temperatures that a solver computed.

    Parameters
    ----------
    recipe : path, mapping or HistoryRecipe
        A TOML file (docs/additive.md), or its content.
    seed : int
        The same seed gives the same grains.
    progress : Progress
        Receives the number of moves attempted.

    Returns
    -------
    Microstructure
        A voxel for each point of the history, which lies in its center. A grain is a
        piece of equal spin connected through 26 neighbors.

    Raises
    ------
    InputError
        If the recipe has a mistake, the history cannot be read, its grid has unequal
        steps, a point freezes without cooling, or none ever melted.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     history = Path(folder, "history.csv")
    ...     rows = [f"{x},{y},{z},0,{z + 1},9" for x, y, z in np.ndindex(8, 8, 8)]
    ...     np.savetxt(history, rows, fmt="%s")
    ...     told = {"file": history, "time": "100ms", "range": 20}
    ...     thermal({"history": told}, seed=1).shape
    (8, 8, 8)
    """
    check_seed(seed)
    made = given_recipe(recipe, HistoryRecipe, load_history_recipe)
    return _simulate(_prepare(made), seed, progress)


def simulate_thermal(
    recipe: HistoryRecipe,
    output: Path,
    seed: int = 0,
    count: int = 1,
    force: bool = False,
    progress: Progress = silent,
    executor: Executor | None = None,
) -> str:
    """Simulate a build into a file, or with several seeds into a Zarr set.

    Parameters
    ----------
    recipe : HistoryRecipe
    output, seed, count, force, progress, executor
        As in `grainpaint.simulate.am.build.simulate_am`.

    Returns
    -------
    str
        What was made, in words.

    Raises
    ------
    InputError
        As in `thermal`, and if the output cannot be written.
    """
    if count < 1:
        raise InputError(f"the count must be at least 1, got {count}")
    check_seed(seed)
    check_place(output, count, force)
    job = _prepare(recipe)
    settings = {"kind": "thermal", **recipe.model_dump(mode="json")}
    elsewhere = None
    if executor is not None:
        elsewhere = Elsewhere(executor, partial(_prepared, from_anywhere(recipe)))
    return simulate_into(
        output,
        settings | {"seed": seed, "count": count},
        [float(np.nanmax(job.freeze)) / SWEEPS_PER_TIME],
        _simulation(job),
        force,
        progress,
        elsewhere,
    )


def _simulation(job: _Job) -> Simulate:
    """Return what simulates a seed of a build."""
    return lambda seed, progress: iter([_simulate(job, seed, progress)])


def _prepared(recipe: HistoryRecipe) -> Simulate:
    """Return what simulates a seed of a recipe."""
    return _simulation(_prepare(recipe))
