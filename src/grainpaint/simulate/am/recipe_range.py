"""Builds at random over a range of recipes, and which recipes lie inside that range."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.paths.check import hatch_of, thickness_of
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.scan import ScanPath
from grainpaint.simulate.toml import check_recipe

__all__ = [
    "RANGE",
    "check_in_range",
    "check_path_in_range",
    "draw_recipe",
    "quantities",
]

# What a recipe is measured by, and how far `draw_recipe` goes. Lengths are in voxels.
RANGE: dict[str, tuple[float, float]] = {
    "pool width": (14, 32),
    "pool depth": (8, 28),
    "pool length": (16, 72),
    "zone width": (2, 12),  # where the mobility has fallen to 1/e or 0
    "zone tail": (2, 24),
    "speed": (6, 30),
    "hatch / pool width": (0.4, 0.95),
    "thickness / pool depth": (0.3, 0.9),
    "substrate grain": (8, 24),
}
_ISLANDS = (20, 50)  # voxels; larger ones are like whole layers
_BEZIER_X = np.array([-2.26, -2.26, 1.3, 2.23, 2.23])


def quantities(recipe: AmRecipe) -> dict[str, float]:
    """Return what a recipe is measured by, under the names of `RANGE`.

    A scan from a file has no hatch and no thickness, and a build may have no substrate.
    """
    pool, haz, scan = recipe.pool, recipe.haz, recipe.scan
    found = {
        "pool width": pool.width,
        "pool depth": pool.depth,
        "pool length": sum(pool.ends),
    }
    if haz.law == "linear":
        found |= {"zone width": haz.width, "zone tail": haz.tail or haz.width}
    else:
        found |= {"zone width": 1 / haz.decay, "zone tail": 1 / haz.decay}
    if scan.kind == "lines":
        found |= {
            "speed": scan.speed,
            "hatch / pool width": scan.hatch / pool.width,
            "thickness / pool depth": scan.thickness / pool.depth,
        }
    if recipe.substrate:
        found["substrate grain"] = recipe.substrate.grain
    return found


def check_in_range(recipe: AmRecipe) -> None:
    """Raise InputError if a recipe lies outside `RANGE`, naming what does."""
    outside = _outside(quantities(recipe).items())
    island = recipe.scan.island if recipe.scan.kind == "lines" else 0
    if 0 < island < _ISLANDS[0]:
        outside.append(f"island {island:g} ({_ISLANDS[0]} or more)")
    if recipe.pool.shape == "weld":
        outside.append("a weld pool")
    if recipe.copy_molten:
        outside.append("copy_molten")
    if not recipe.freeze:
        outside.append("freeze = false")
    if not 0.2 <= recipe.temperature <= 0.3:
        outside.append(f"temperature {recipe.temperature:g} (0.25)")
    _refuse(outside)


def check_path_in_range(path: ScanPath, pool: Pool) -> None:
    """Raise InputError if a path from a file lies outside `RANGE`, naming what does.

    Of the speeds, those between a twentieth of the length and the rest count, so that
    single slow tracks at corners do not.
    """
    order = np.argsort(path.speed[path.on], kind="stable")
    speed, length = (v[path.on][order] for v in (path.speed, path.length))
    share = np.cumsum(length) / length.sum()
    slow, fast = (speed[np.searchsorted(share, s)] for s in (0.05, 0.95))
    found = [("speed", float(slow)), ("speed", float(fast))]
    if hatch := hatch_of(path):
        found.append(("hatch / pool width", hatch / pool.width))
    if thickness := thickness_of(path):
        found.append(("thickness / pool depth", thickness / pool.depth))
    remedy = ", or choose another voxel size, `time` or `speed`"
    _refuse(_outside(found), remedy)


def _outside(found: Iterable[tuple[str, float]]) -> list[str]:
    """Return what lies outside `RANGE`, in words."""
    told = (
        f"{name} {value:.3g} ({RANGE[name][0]:g} to {RANGE[name][1]:g})"
        for name, value in found
        if not RANGE[name][0] * 0.999 <= value <= RANGE[name][1] * 1.001
    )
    return list(dict.fromkeys(told))


def _refuse(outside: list[str], remedy: str = "") -> None:
    """Raise InputError if something lies outside; finer voxels help lengths alone."""
    if not outside:
        return
    lengths = ("pool", "zone", "substrate")
    if not remedy and all(told.startswith(lengths) for told in outside):
        remedy = ", or count its lengths in voxels of another size"
    raise InputError(
        "the model was not trained on such a build (voxels; trained range in "
        f"brackets): {', '.join(outside)}; simulate it with `grainpaint simulate "
        f"am`{remedy}"
    )


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number that is evenly spread in its logarithm, three digits."""
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.3g}")


def _pool(rng: np.random.Generator) -> dict[str, Any]:
    """Return a random pool."""
    shapes = ["ellipsoid", "double-ellipsoid", "teardrop", "bezier", "bezier"]
    shape = shapes[rng.integers(len(shapes))]
    width = _between(rng, *RANGE["pool width"])
    low, high = RANGE["pool depth"]
    depth = _between(rng, max(low, 0.4 * width), min(high, width))
    pool = {"shape": shape, "width": width, "depth": depth}
    low, high = RANGE["pool length"]
    length = _between(rng, max(low, 0.9 * width), min(high, 2.6 * width))
    if shape == "ellipsoid":
        return pool | {"length": length}
    if shape == "bezier":  # the length follows from the control points
        x = _BEZIER_X * rng.uniform(0.55, 1.1)
        y = rng.uniform(0.7, 1.6, 3)
        z = -rng.uniform(0.7, 1.9, 3)
        return pool | {
            "x": np.round(x, 3).tolist(),
            "y": np.round(y, 3).tolist(),
            "z": np.round(z, 3).tolist(),
        }
    front = round(length * rng.uniform(0.2, 0.5), 1)
    return pool | {"front": front, "rear": round(length - front, 1)}


def _zone(rng: np.random.Generator, pool: dict[str, Any]) -> dict[str, Any]:
    """Return a random heat-affected zone."""
    width = _between(rng, 3, RANGE["zone width"][1])
    if rng.random() < 0.7:
        tail = min(width * _between(rng, 1, 2.5), RANGE["zone tail"][1])
        return {"law": "linear", "width": width, "tail": round(tail, 2)}
    more = 3 * width
    length = pool.get("length", 3 * pool["width"])
    front, rear = pool.get("front", length / 2), pool.get("rear", length / 2)
    return {
        "law": "exponential",
        "decay": round(1 / width, 3),
        "width": round(pool["width"] + more, 1),
        "depth": round(pool["depth"] + more / 2, 1),
        "front": round(front + more / 2, 1),
        "rear": round(rear + more / 2, 1),
    }


def draw_recipe(number: int, shape: tuple[int, int, int]) -> AmRecipe:
    """Return a build drawn at random from `RANGE`.

    Rotations are 0, 67 and 90 degrees or any; a third of the builds has islands, a
    quarter runs one way.

    Parameters
    ----------
    number : int
        The same number gives the same recipe.
    shape : three ints
        Voxels of the box.
    """
    rng = np.random.default_rng((20261128, number))
    while True:
        recipe = check_recipe(AmRecipe, _drawn(rng, shape), f"recipe {number}")
        try:
            check_in_range(recipe)
        except InputError:
            continue
        return recipe


def _drawn(rng: np.random.Generator, shape: tuple[int, int, int]) -> dict[str, Any]:
    """Return a random recipe, which may be a little outside the range."""
    pool = _pool(rng)
    rotations = [0.0, 67.0, 90.0, round(rng.uniform(0, 180), 1)]
    angles = [0.0, 90.0, round(rng.uniform(0, 180), 1)]
    scan = {
        "speed": _between(rng, *RANGE["speed"]),
        "hatch": round(pool["width"] * rng.uniform(*RANGE["hatch / pool width"]), 1),
        "thickness": round(
            pool["depth"] * rng.uniform(*RANGE["thickness / pool depth"]), 1
        ),
        "rotation": rotations[rng.integers(4)],
        "angle": angles[rng.integers(3)],
        "start": ["LL", "LR", "UL", "UR"][rng.integers(4)],
        "serpentine": bool(rng.random() < 0.75),
        "overrun": [0.0, 0.0, round(rng.uniform(0, 30), 1)][rng.integers(3)],
        "island": round(rng.uniform(*_ISLANDS), 1) if rng.random() < 0.33 else 0.0,
    }
    height = int(rng.integers(12, 30))
    grain = _between(rng, *RANGE["substrate grain"])
    return {
        "shape": shape,
        "substrate": {"height": height, "grain": grain},
        "pool": pool,
        "haz": _zone(rng, pool),
        "scan": scan,
    }
