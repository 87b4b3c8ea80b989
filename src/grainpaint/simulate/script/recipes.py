"""Recipes of ours as simulations that SPPARKS can do."""

from itertools import groupby, pairwise

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate import pool as pools
from grainpaint.simulate.build import AdditiveRecipe, plan_path
from grainpaint.simulate.scan import Path, Segment
from grainpaint.simulate.script.scanning import duration
from grainpaint.simulate.script.values import (
    Bezier,
    Box,
    Build,
    Ellipsoid,
    Run,
    SetSpins,
    Simulation,
)

__all__ = ["build_simulation"]


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
    if not 1 <= seed < 2**31:
        raise InputError(f"SPPARKS' seeds are 1..2147483647, got {seed}")
    scan = _scan(plan_path(recipe, np.ones(recipe.shape, bool)))
    run = Run(0.0, duration(scan), recipe.temperature, rejection=True, seed=seed)
    box = Box(recipe.shape, (0.0,) * 3, 1.0, "sc/26n", (False,) * 3)
    start = SetSpins(1, recipe.spins, seed=seed)
    return Simulation(_app(recipe), box, (start, run), scan)


def _app(recipe: AdditiveRecipe) -> Ellipsoid | Bezier:
    """Return SPPARKS' application with the pool and the zone of a recipe."""
    pool, haz = recipe.pool, recipe.haz
    if isinstance(pool, pools.Ellipsoid):
        half = pool.length / 2
        pool = pools.DoubleEllipsoid(
            width=pool.width, depth=pool.depth, front=half, rear=half
        )
    if isinstance(pool, pools.DoubleEllipsoid) and isinstance(
        haz, pools.ExponentialHaz
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
    if isinstance(pool, pools.Bezier) and isinstance(haz, pools.LinearHaz):
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
