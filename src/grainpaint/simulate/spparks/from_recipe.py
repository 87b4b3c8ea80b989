"""Translate recipes of isotropic growth and of builds into SPPARKS' simulations."""

from itertools import groupby, pairwise
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am import melt_pool
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, LinearHaz
from grainpaint.simulate.am.plan_path import plan_path
from grainpaint.simulate.am.recipe import AmRecipe, load_am_recipe
from grainpaint.simulate.am.scan import ScanPath, Segment
from grainpaint.simulate.iso.recipe import IsoRecipe, load_iso_recipe
from grainpaint.simulate.spparks.applications import BezierApp, EllipsoidApp, PottsApp
from grainpaint.simulate.spparks.script.build_state import scan_duration
from grainpaint.simulate.spparks.simulation import (
    LayeredScan,
    RunCommand,
    SetSpins,
    Simulation,
    SimulationBox,
)
from grainpaint.simulate.toml import load_toml
from grainpaint.units import parse_length, parse_periodic

__all__ = ["from_am_recipe", "from_iso_recipe", "from_recipe_file"]


def from_recipe_file(path: Path, seed: int | None = None) -> tuple[Simulation, float]:
    """Return the simulation of a recipe of isotropic growth or of a build.

    Parameters
    ----------
    path : path
        A TOML file; a recipe with a pool is one of a build.
    seed : int, optional
        At least 1; by default the recipe's own, or 1.

    Returns
    -------
    simulation : Simulation
    edge : float
        Edge of a voxel, µm.

    Raises
    ------
    InputError
        If the recipe has a mistake, or SPPARKS cannot run it.
    """
    if "pool" in load_toml(path):
        build = load_am_recipe(path)
        simulation = from_am_recipe(build, 1 if seed is None else seed)
        return simulation, parse_length(build.voxel)
    iso = load_iso_recipe(path)
    simulation = from_iso_recipe(iso, iso.seed if seed is None else seed)
    return simulation, parse_length(iso.voxel)


def _check(seed: int) -> None:
    if not 1 <= seed < 2**31:
        raise InputError(f"SPPARKS' seeds are 1..2147483647, got {seed}")


def from_iso_recipe(recipe: IsoRecipe, seed: int) -> Simulation:
    """Return the simulation of a recipe of isotropic growth.

    Parameters
    ----------
    recipe : IsoRecipe
        A recipe of one volume with a random start.
    seed : int
        At least 1, as SPPARKS requires.

    Raises
    ------
    InputError
        If SPPARKS cannot run the recipe.
    """
    _check(seed)
    for key in ("start", "mask", "mobility"):
        if getattr(recipe, key) is not None:
            raise InputError(f"SPPARKS cannot run a recipe with {key!r}")
    if recipe.count > 1 or recipe.spins < 1:
        raise InputError("SPPARKS runs one volume at a time: count = 1, spins >= 1")
    periodic = parse_periodic(recipe.periodic)
    flat = recipe.lattice.startswith("sq")
    if flat:
        periodic = (*periodic[:2], True)  # as SPPARKS requires in two dimensions
    box = SimulationBox(
        recipe.shape,
        (0.0,) * 3,
        1.0,
        recipe.lattice,
        periodic,
    )
    runs = [
        RunCommand(begin, end, recipe.temperature, rejection=False, seed=seed)
        for begin, end in pairwise((0.0, *recipe.time))
    ]
    start = SetSpins(1, recipe.spins, seed=seed)
    return Simulation(PottsApp(recipe.spins), box, (start, *runs))


def from_am_recipe(recipe: AmRecipe, seed: int) -> Simulation:
    """Return the simulation of a recipe of a build.

    Parameters
    ----------
    recipe : AmRecipe
        A recipe of a box without a substrate.
    seed : int
        At least 1, as SPPARKS requires.

    Raises
    ------
    InputError
        If SPPARKS cannot run the recipe.
    """
    if recipe.shape is None or recipe.substrate is not None:
        raise InputError(
            "SPPARKS supports neither parts nor substrates: give the shape of a box"
        )
    _check(seed)
    mask = np.ones(recipe.shape, bool)
    scan = _scan(plan_path(recipe, mask, (0.0, 0.0, 0.0)))
    run = RunCommand(
        0.0,
        scan_duration(scan),
        recipe.temperature,
        rejection=True,
        seed=seed,
        scan=scan,
    )
    box = SimulationBox(recipe.shape, (0.0,) * 3, 1.0, "sc/26n", (False,) * 3)
    start = SetSpins(1, recipe.spins, seed=seed)
    return Simulation(_app(recipe), box, (start, run))


def _app(recipe: AmRecipe) -> EllipsoidApp | BezierApp:
    """Return the application with the pool and the zone of a recipe."""
    pool, haz = recipe.pool, recipe.haz
    if isinstance(pool, melt_pool.Ellipsoid):
        half = pool.length / 2
        pool = melt_pool.DoubleEllipsoid(
            width=pool.width, depth=pool.depth, front=half, rear=half
        )
    if isinstance(pool, melt_pool.DoubleEllipsoid) and isinstance(haz, ExponentialHaz):
        return EllipsoidApp(
            recipe.spins,
            pool.width,
            pool.rear,
            pool.depth,
            pool.front,
            haz.width,
            haz.rear,
            haz.depth,
            haz.front,
            haz.decay,
        )
    if isinstance(pool, melt_pool.Bezier) and isinstance(haz, LinearHaz):
        return BezierApp(
            recipe.spins,
            pool.width,
            pool.depth,
            haz.width,
            haz.tail or haz.width,
            haz.power,
            pool.x,
            pool.y,
            pool.z,
            (pool.beta_y, pool.beta_z),
        )
    raise InputError(
        "SPPARKS supports ellipsoid and double-ellipsoid pools with an exponential "
        f"zone, and bezier pools with a linear one; got {pool.shape} and {haz.law}"
    )


def _scan(path: ScanPath) -> LayeredScan:
    """Return a scan path as layers of SPPARKS."""
    if not path.on.all():
        raise InputError("SPPARKS cannot move with the beam off (on = 0 in the path)")
    if (path.start[:, 2] != path.end[:, 2]).any():
        raise InputError("SPPARKS scans level layers, but the path climbs")
    layers, heights = [], []
    for z, members in groupby(range(len(path.speed)), lambda i: path.start[i, 2]):
        heights.append(float(z))
        tracks = tuple(
            Segment(
                (float(path.start[i, 0]), float(path.start[i, 1])),
                (float(path.end[i, 0]), float(path.end[i, 1])),
                float(path.speed[i]),
            )
            for i in members
        )
        layers.append(tracks)
    rises = [b - a for a, b in pairwise(heights)] or [1.0]
    if any(rise <= 0 or rise != int(rise) for rise in rises):
        raise InputError(f"SPPARKS' layers rise by whole voxels, these by {rises[0]:g}")
    thickness = [*rises, rises[-1]]
    return LayeredScan(tuple(zip(layers, thickness)), heights[0], len(layers))
