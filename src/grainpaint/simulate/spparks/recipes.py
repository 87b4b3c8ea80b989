"""Recipes of ours as simulations that SPPARKS can do."""

from itertools import groupby, pairwise
from pathlib import Path as FilePath

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am import melt_pool
from grainpaint.simulate.am.build import AdditiveRecipe, plan_path
from grainpaint.simulate.am.build import load_recipe as load_build
from grainpaint.simulate.am.scan import Path, Segment
from grainpaint.simulate.iso.recipe import IsoRecipe
from grainpaint.simulate.iso.recipe import load_recipe as load_iso
from grainpaint.simulate.spparks.scanning import duration
from grainpaint.simulate.spparks.values import (
    Bezier,
    Box,
    Build,
    Ellipsoid,
    Potts,
    Run,
    SetSpins,
    Simulation,
)
from grainpaint.simulate.toml import load_toml
from grainpaint.units import parse_length, parse_periodic

__all__ = ["build_simulation", "iso_simulation", "read_recipe"]


def read_recipe(path: FilePath, seed: int | None = None) -> tuple[Simulation, float]:
    """Read a recipe of `simulate iso` or `simulate am`, for SPPARKS.

    Parameters
    ----------
    path : path
        A TOML file; with a pool it is a build.
    seed : int, optional
        At least 1; by default the recipe's own, or 1.

    Returns
    -------
    simulation : Simulation
    edge : float
        Of a voxel, µm.

    Raises
    ------
    InputError
        If the recipe has a mistake, or has what SPPARKS has not.
    """
    if "pool" in load_toml(path):
        build = load_build(path)
        simulation = build_simulation(build, 1 if seed is None else seed)
        return simulation, parse_length(build.voxel)
    iso = load_iso(path)
    simulation = iso_simulation(iso, iso.seed if seed is None else seed)
    return simulation, parse_length(iso.voxel)


def _check(seed: int) -> None:
    if not 1 <= seed < 2**31:
        raise InputError(f"SPPARKS' seeds are 1..2147483647, got {seed}")


def iso_simulation(recipe: IsoRecipe, seed: int) -> Simulation:
    """Return what SPPARKS must do for a recipe of isotropic growth.

    Parameters
    ----------
    recipe : IsoRecipe
        Of one volume with a random start.
    seed : int
        At least 1, as SPPARKS wants it.

    Raises
    ------
    InputError
        If the recipe has what SPPARKS has not.
    """
    _check(seed)
    for key in ("start", "mask", "mobility"):
        if getattr(recipe, key) is not None:
            raise InputError(f"SPPARKS cannot run a recipe with {key!r}")
    if recipe.count > 1 or recipe.spins < 1:
        raise InputError("SPPARKS runs one volume at a time (count = 1), spins >= 1")
    periodic = parse_periodic(recipe.periodic)
    flat = recipe.lattice.startswith("sq")
    if flat:
        periodic = (*periodic[:2], True)  # as SPPARKS wants it in two dimensions
    box = Box(
        recipe.shape,
        (0.0,) * 3,
        1.0,
        recipe.lattice,
        periodic,
    )
    runs = [
        Run(begin, end, recipe.temperature, rejection=False, seed=seed)
        for begin, end in pairwise((0.0, *recipe.time))
    ]
    start = SetSpins(1, recipe.spins, seed=seed)
    return Simulation(Potts(recipe.spins), box, (start, *runs))


def build_simulation(recipe: AdditiveRecipe, seed: int) -> Simulation:
    """Return what SPPARKS must do for the recipe of a build.

    Parameters
    ----------
    recipe : AdditiveRecipe
        Of a box without a substrate.
    seed : int
        At least 1, as SPPARKS wants it.

    Raises
    ------
    InputError
        If the recipe has what SPPARKS has not.
    """
    if recipe.shape is None or recipe.substrate is not None:
        raise InputError(
            "SPPARKS knows neither parts nor substrates: give the shape of a box alone"
        )
    _check(seed)
    scan = _scan(plan_path(recipe, np.ones(recipe.shape, bool)))
    run = Run(0.0, duration(scan), recipe.temperature, rejection=True, seed=seed)
    box = Box(recipe.shape, (0.0,) * 3, 1.0, "sc/26n", (False,) * 3)
    start = SetSpins(1, recipe.spins, seed=seed)
    return Simulation(_app(recipe), box, (start, run), scan)


def _app(recipe: AdditiveRecipe) -> Ellipsoid | Bezier:
    """Return SPPARKS' application with the pool and the zone of a recipe."""
    pool, haz = recipe.pool, recipe.haz
    if isinstance(pool, melt_pool.Ellipsoid):
        half = pool.length / 2
        pool = melt_pool.DoubleEllipsoid(
            width=pool.width, depth=pool.depth, front=half, rear=half
        )
    if isinstance(pool, melt_pool.DoubleEllipsoid) and isinstance(
        haz, melt_pool.ExponentialHaz
    ):
        return Ellipsoid(
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
    if isinstance(pool, melt_pool.Bezier) and isinstance(haz, melt_pool.LinearHaz):
        return Bezier(
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
        "SPPARKS knows ellipsoid and double-ellipsoid pools with an exponential zone, "
        f"and bezier pools with a linear one; got {pool.shape} and {haz.law}"
    )


def _scan(path: Path) -> Build:
    """Return a path as layers of SPPARKS."""
    if not path.on.all():
        raise InputError("SPPARKS cannot move with the beam off (on = 0 in the path)")
    if (path.start[:, 2] != path.end[:, 2]).any():
        raise InputError("SPPARKS scans level layers, and the path climbs")
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
    return Build(tuple(zip(layers, thickness)), heights[0], len(layers))
