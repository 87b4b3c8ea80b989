"""Grains of the substrate of a build, at any places of it.

As in the simulator they are the Voronoi cells of points that lie anywhere in the slab
with the same chance. Here each voxel draws the point that it may hold, so the grains of
a box need only the voxels around it.
"""

from typing import Any

import numpy as np

from grainpaint.philox import normal_field
from grainpaint.simulate.am.recipe import Substrate

__all__ = ["substrate_colors"]

_STREAM = 16  # of random numbers
_AROUND = 1.5  # grain diameters around places in which the points of their grains lie
_NEAR = 1.8  # grain diameters between points: 98 % of the grains that touch are nearer
_ROUNDS = 2  # of new colors for grains that have that of a neighbor
_WEYL = 7919.0  # turns a random number into others


def substrate_colors(
    places: np.ndarray,
    slab: tuple[int, int, int],
    substrate: Substrate,
    seed: int,
    n_colors: int,
) -> np.ndarray:
    """Return the colors of the grains of a substrate at some places.

    Grains that touch differ, but for one in a thousand pairs.

    Parameters
    ----------
    places : numpy.ndarray, float, shape (n, 3)
        In voxels of the build; those of a box, without large gaps.
    slab : three ints
        Voxels of the substrate along x, y, z.
    substrate : Substrate
    seed : int
    n_colors : int
        Size of the palette.

    Returns
    -------
    numpy.ndarray, uint8, shape (n,)
        0..n_colors - 1. A function of seed, slab, substrate and place.
    """
    from scipy.spatial import cKDTree

    if not len(places):
        return np.zeros(0, np.uint8)
    points, drawn = _points(places, slab, substrate.grain, seed)
    tree = cKDTree(points)
    near = tree.sparse_distance_matrix(
        tree, _NEAR * substrate.grain, output_type="coo_matrix"
    )
    color = _colored(drawn, near, n_colors)
    found: np.ndarray = color[tree.query(places)[1]]
    return found


def _points(
    places: np.ndarray, slab: tuple[int, int, int], grain: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a slab around places (n, 3), and a number 0..1 for each."""
    from scipy.special import ndtr

    more = int(np.ceil((_AROUND + _ROUNDS * _NEAR) * grain))
    first, last = np.floor(places.min(0)), np.ceil(places.max(0))
    ends = [
        (max(0, int(a) - more), min(int(b) + 1 + more, n))
        for a, b, n in zip(first, last, slab)
    ]
    numbers = normal_field(seed, _STREAM, [np.arange(a, b) for a, b in ends], 4)
    chance = ndtr(numbers[..., 0].astype(float)) / (6 / np.pi / grain**3)
    held = np.argwhere(chance < 1)
    held = held if held.size else np.zeros((1, 3), int)  # a slab smaller than a grain
    at = tuple(held.T)
    points = held + [a for a, _ in ends] + ndtr(numbers[at][:, 1:].astype(float)) - 0.5
    return points, chance[at] % 1


def _colored(drawn: np.ndarray, near: Any, n_colors: int) -> np.ndarray:
    """Return a color for each grain, given a random number each and distances.

    What a grain gets depends on those at most `_ROUNDS` neighbors away: one that has
    the color of a neighbor takes one that no neighbor has, or else only a far one.
    """
    color = (drawn * n_colors).astype(np.uint8)
    own, other, distance = near.row, near.col, near.data
    for turn in range(1, _ROUNDS + 1):
        clash = (color[own] == color[other]) & (drawn[own] < drawn[other])
        gives_way = np.zeros(len(drawn), bool)
        gives_way[own[clash]] = True
        nearest = np.full((len(drawn), n_colors), np.inf)
        np.minimum.at(nearest, (own, color[other]), distance)
        nearest = nearest[gives_way]
        free = nearest == nearest.max(1, keepdims=True)
        pick = (drawn[gives_way] * _WEYL**turn % 1 * free.sum(1)).astype(int)
        color[gives_way] = (free.cumsum(1) > pick[:, None]).argmax(1)
    return color
