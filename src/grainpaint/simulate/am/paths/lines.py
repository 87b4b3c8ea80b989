"""Polylines and hatches of layers to tracks."""

from dataclasses import dataclass

import numpy as np

__all__ = ["LayerLines", "tracks_of"]


@dataclass(frozen=True, eq=False)
class LayerLines:
    """The lines of a file of layers, as it lists them.

    Parameters
    ----------
    n_layers : int
    z : numpy.ndarray, float, shape (n,)
        Height of the layer of each polyline or block of hatches.
    n_points : numpy.ndarray, int, shape (n,)
        Its number of points.
    hatches : numpy.ndarray, bool, shape (n,)
        Whether it is a block of hatches, two points each.
    solid : numpy.ndarray, bool, shape (n,)
        Whether it is a polyline around a solid or a hole.
    point : numpy.ndarray, float, shape (sum of n_points, 2)
    """

    n_layers: int
    z: np.ndarray
    n_points: np.ndarray
    hatches: np.ndarray
    solid: np.ndarray
    point: np.ndarray


def tracks_of(lines: LayerLines) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the tracks of lines in their order.

    Returns
    -------
    start, end : numpy.ndarray, float, shape (m, 2)
    z : numpy.ndarray, float, shape (m,)
    """
    count, point = lines.n_points, lines.point
    block = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    place = np.arange(len(point)) - first[block]
    last = place == count[block] - 1
    following = np.where(last, first[block], np.arange(1, len(point) + 1))
    gap = np.zeros(len(point), bool)  # from the last point of a solid to its first
    closes = np.flatnonzero(last & lines.solid[block])
    gap[closes] = (point[closes] != point[following[closes]]).any(axis=1)
    begins = np.where(lines.hatches[block], place % 2 == 0, ~last | gap)
    start = np.flatnonzero(begins)
    return point[start], point[following[start]], lines.z[block[start]]
