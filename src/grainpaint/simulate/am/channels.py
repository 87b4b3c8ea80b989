"""Process maps in the form that a network reads: channels of about unit size."""

import math

import numpy as np

from grainpaint.simulate.am.exposure import Exposure
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.recipe_range import quantities

__all__ = [
    "CHANNELS",
    "COOLED_FAST",
    "channels",
    "depths_above",
    "has_columns",
    "mirrored",
    "mobile_dose",
    "stretched",
    "transposed",
    "unmelted",
]

COOLED_FAST = 16.0  # dose below which grains are too fine for a network
_LITTLE = 8.0
_OF_FAR_ZONE = 0.6

CHANNELS = (
    "inside",
    "melted",
    "powder",
    "across",
    "below",
    "cosine",
    "sine",
    "dose",
    "little dose",
    "height",
    "pool width",
    "pool depth",
    "pool length",
    "zone width",
    "zone tail",
    "speed",
    "substrate grain",
    "exponential zone",
)
_TYPICAL = {
    "pool width": 22.0,
    "pool depth": 14.0,
    "pool length": 36.0,
    "zone width": 6.0,
    "zone tail": 8.0,
    "speed": 14.0,
    "substrate grain": 14.0,
}
_ACROSS, _COSINE, _SINE = (CHANNELS.index(c) for c in ("across", "cosine", "sine"))


def channels(
    recipe: AmRecipe, exposure: Exposure, inside: np.ndarray, heights: np.ndarray
) -> np.ndarray:
    """Return what a network reads of a build.

    Parameters
    ----------
    recipe : AmRecipe
    exposure : Exposure
        Of the places, shape (nx, ny, nz).
    inside : numpy.ndarray, bool, shape (nx, ny, nz)
        Whether a place lies in the box or the part.
    heights : numpy.ndarray, float, shape (nz,)
        z of the places, voxels.

    Returns
    -------
    numpy.ndarray, float32, shape (nx, ny, nz, len(CHANNELS))
        0 outside.
    """
    above = heights - (recipe.ground - 0.5)
    known = quantities(recipe)
    found = np.zeros((*inside.shape, len(CHANNELS)), np.float32)
    columns = {
        "inside": 1.0,
        "melted": exposure.melted,
        "powder": ~exposure.melted & (above > 0),
        "across": 2 * exposure.across,
        "below": exposure.below,
        "cosine": exposure.heading[..., 0],
        "sine": exposure.heading[..., 1],
        "dose": np.log1p(exposure.dose) / 2 - 1.5,
        "little dose": np.exp(-exposure.dose / _LITTLE),
        "height": np.log1p(np.maximum(above, 0) / recipe.pool.depth) / 2,
        "exponential zone": float(recipe.haz.law == "exponential"),
    }
    for name, typical in _TYPICAL.items():
        columns[name] = math.log2(known.get(name, typical) / typical)
    for i, name in enumerate(CHANNELS):
        found[..., i] = columns[name]
    found *= inside[..., None]
    return found


def has_columns(maps: np.ndarray) -> np.ndarray:
    """Return where a network makes grains (bool): not in powder or what cooled fast.

    Grains of places that cooled fast are too fine for it, see `COOLED_FAST`.
    """
    inside, melted, powder, little = (
        maps[..., CHANNELS.index(c)]
        for c in ("inside", "melted", "powder", "little dose")
    )
    fast = (melted > 0) & (little > math.exp(-COOLED_FAST / _LITTLE))
    wanted: np.ndarray = (inside > 0) & (powder == 0) & ~fast
    return wanted


def unmelted(maps: np.ndarray) -> np.ndarray:
    """Return which share (0..1) of what a network makes grains of never melted.

    That is the substrate, with the grains that it had before the build.
    """
    melted = maps[..., CHANNELS.index("melted")]
    found: np.ndarray = (1 - melted) * has_columns(maps)
    return found


def stretched(maps: np.ndarray, stretch: int) -> np.ndarray:
    """Return the means of channels over each `stretch` places along z.

    Where a network makes grains in some of them (`has_columns`), the means are of
    those, and it makes grains in the whole; elsewhere it makes none.
    """
    nx, ny, nz, n_maps = maps.shape
    parts = maps.reshape(nx, ny, nz // stretch, stretch, n_maps)
    made = has_columns(parts)
    some = np.any(made, axis=3)
    counted = made | ~some[..., None]
    found: np.ndarray = parts.mean(3, where=counted[..., None])
    little = parts[..., CHANNELS.index("little dose")]
    least = little.min(3, initial=1.0, where=made)
    found[..., CHANNELS.index("little dose")] = np.where(some, least, little.max(3))
    return found


def depths_above(maps: np.ndarray) -> np.ndarray:
    """Return how many pool depths places lie above the substrate, at least 0."""
    found: np.ndarray = np.expm1(2 * maps[..., CHANNELS.index("height")])
    return found


def mobile_dose(maps: np.ndarray) -> np.ndarray:
    """Return the dose of places that were molten, 0 elsewhere; what moves grains of it.

    In a zone that reaches far, part of it comes so late and slowly that it does not.
    """
    dose, melted, exponential = (
        maps[..., CHANNELS.index(c)] for c in ("dose", "melted", "exponential zone")
    )
    share = np.where(exponential > 0, _OF_FAR_ZONE, 1)
    found: np.ndarray = share * np.expm1(2 * (dose + 1.5)) * (melted > 0)
    return found


def mirrored(maps: np.ndarray, axis: int) -> np.ndarray:
    """Return channels as in a mirror across x (axis 0) or y (1)."""
    maps = np.flip(maps, axis).copy()
    maps[..., (_COSINE, _SINE)[axis]] *= -1
    maps[..., _ACROSS] *= -1
    return maps


def transposed(maps: np.ndarray) -> np.ndarray:
    """Return channels with x and y exchanged."""
    maps = maps.transpose(1, 0, 2, 3).copy()
    maps[..., [_COSINE, _SINE]] = maps[..., [_SINE, _COSINE]]
    maps[..., _ACROSS] *= -1
    return maps
