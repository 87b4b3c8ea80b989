"""Color keys of Laue classes whose sectors mirrors do not bound on all sides.

Where a rotation joins two sides of a sector, three corners cannot be its colors without
a jump there. Closed along these sides, a sector is a disk (2/m, 4/m, 6/m, -3m, m-3):
white in its middle, with all hues along its rim, each direction has its own color. Of
the other two, -1 and -3, no surface of colors can be the sector without a jump or a
crossing. There hues run around c, which is white, and darken to black at right angles
to c, where directions are not told apart.
"""

from __future__ import annotations

import numpy as np

__all__ = ["ROUND_KEYS", "in_round_key", "round_colors"]

_HALF = 0.75**0.5
_THIRD = 3**-0.5
# Names of directions in each key, and the directions in Cartesian axes of the crystal.
ROUND_KEYS: dict[str, dict[str, tuple[float, float, float]]] = {
    "1": {"z": (0, 0, 1), "x": (1, 0, 0), "y": (0, 1, 0)},
    "2": {"z": (0, 0, 1), "x": (1, 0, 0), "-x": (-1, 0, 0)},
    "3": {"0001": (0, 0, 1), "2-1-10": (1, 0, 0), "-12-10": (-0.5, _HALF, 0)},
    "32": {
        "0001": (0, 0, 1),
        "2-1-10": (1, 0, 0),
        "10-10": (_HALF, 0.5, 0),
        "1-100": (_HALF, -0.5, 0),
    },
    "4": {"001": (0, 0, 1), "100": (1, 0, 0), "010": (0, 1, 0)},
    "6": {"0001": (0, 0, 1), "2-1-10": (1, 0, 0), "11-20": (0.5, _HALF, 0)},
    "23": {
        "001": (0, 0, 1),
        "101": (0.5**0.5, 0, 0.5**0.5),
        "111": (_THIRD, _THIRD, _THIRD),
        "011": (0, 0.5**0.5, 0.5**0.5),
    },
}
# Where the sectors around c begin and end, degrees from x.
_WEDGES = {"1": (0, 360), "2": (0, 180), "3": (0, 120), "4": (0, 90), "6": (0, 60)}
_WEDGES["32"] = (-30, 30)


def in_round_key(directions: np.ndarray, symmetry: str) -> np.ndarray:
    """Return which directions lie in the sector that a key shows (bool, shape (n,))."""
    x, y, z = directions.T
    if symmetry == "23":
        return np.asarray((x >= 0) & (y >= 0) & (z >= x) & (z >= y))
    low, high = _WEDGES[symmetry]
    turn = (np.degrees(np.arctan2(y, x)) - low) % 360
    return np.asarray((z >= 0) & (turn <= high - low))


def round_colors(directions: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the colors of directions in the crystal.

    Parameters
    ----------
    directions : numpy.ndarray, float64, shape (n, 3)
        Unit vectors.
    symmetry : str
        A key of `ROUND_KEYS`.

    Returns
    -------
    numpy.ndarray, uint8, shape (n, 3)

    Examples
    --------
    >>> c, a, between = (0, 0, 1.0), (0, -1.0, 0), (0.5**0.5, 0.5**0.5, 0)
    >>> round_colors(np.array([c, a, between]), "4").tolist()
    [[255, 255, 255], [255, 0, 0], [0, 255, 255]]
    """
    place = _PLACES.get(symmetry, _around)(directions, symmetry)
    away = np.minimum(np.abs(place), 1)
    pure = _hues(np.angle(place))
    if symmetry in ("1", "3"):
        white, dark = np.clip(1 - 2 * away, 0, 1), np.clip(2 * away - 1, 0, 1)
    else:
        white, dark = 1 - away, 0 * away
    shade = (pure + (1 - pure) * white[:, None]) * (1 - dark)[:, None]
    return np.asarray(np.round(255 * shade), np.uint8)


def _hues(angle: np.ndarray) -> np.ndarray:
    """Return the pure colors at angles: red at 0, green at 120 degrees."""
    sixth = angle[:, None] / (np.pi / 3) - np.array([0, 2, 4])
    apart = np.abs((sixth + 3) % 6 - 3)  # from each of the three colors
    return np.asarray(np.clip(2 - apart, 0, 1))


def _polar(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return angles from z over 90 degrees, 0..1, and around z, of the upper half."""
    x, y, z = directions.T
    tilt = np.arctan2(np.hypot(x, y), np.abs(z)) / (np.pi / 2)
    return tilt, np.arctan2(y, x)


def _around(directions: np.ndarray, symmetry: str) -> np.ndarray:
    """Return places in the disk, of classes with rotations about z only."""
    tilt, turn = _polar(directions)
    if symmetry in ("1", "3"):  # no mirror: what is below is opposite to what is above
        turn = turn + np.pi * (directions[:, 2] < 0)
    return np.asarray(tilt * np.exp(1j * int(symmetry) * turn))


def _trigonal(directions: np.ndarray, symmetry: str) -> np.ndarray:
    """Return places in the disk of -3m: mirrors at 30 degrees from the axis a, its rim.

    The sector lies between two mirrors, and its side across from c is joined to itself
    by half a turn about a: squares of complex numbers do the same to a triangle.
    """
    tilt, turn = _polar(directions)
    turn = np.degrees(turn) + 180 * (directions[:, 2] < 0)
    fold = (turn + 30) % 120
    fold = np.minimum(fold, 120 - fold) / 30 - 1  # -1 to 1, from mirror to mirror
    square = -((tilt * fold + 1j * (1 - tilt)) ** 2)
    turn = np.angle(square)
    # The mirrors become two parabolas, 1 / (1 + sine) away; c is red, and a is white.
    away = np.sqrt(np.abs(square) * (1 + np.abs(np.sin(turn))))
    return np.asarray(away * np.exp(1j * turn))


def _tetrahedral(directions: np.ndarray, symmetry: str) -> np.ndarray:
    """Return places in the disk of m-3: an octant about its threefold axis."""
    parts = np.abs(directions)
    parts = parts / parts.sum(1, keepdims=True)
    third = np.exp(2j * np.pi / 3)
    place = parts @ np.array([third, third**2, 1])
    turn = np.angle(place)
    rim = 0.5 / np.cos(turn % (2 * np.pi / 3) - np.pi / 3)
    return np.asarray(np.abs(place) / rim * np.exp(3j * turn))


_PLACES = {"32": _trigonal, "23": _tetrahedral}
