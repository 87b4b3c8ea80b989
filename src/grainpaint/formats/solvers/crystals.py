"""How other programs call crystal symmetries, and Rodrigues vectors of orientations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from grainpaint.orientations import Orientations, operators

__all__ = ["CODES", "Codes", "axis_told", "rodrigues"]

_LEAST = 1e-8  # of w: a turn of 180 degrees has no Rodrigues vector


class Codes(NamedTuple):
    """What a crystal symmetry is called.

    Parameters
    ----------
    tsl : int
        In .ang files and by MOOSE.
    laue : int
        The number of the Laue group in .ctf files.
    ebsdlib : int
        In DREAM.3D.
    gamma : int
        Angle between the axes a and b of the lattice, degrees.
    """

    tsl: int
    laue: int
    ebsdlib: int
    gamma: int = 90


CODES = {
    "1": Codes(1, 1, 4),
    "2": Codes(2, 1, 4),  # in .ctf files and by DREAM.3D its axis would be b, not c
    "222": Codes(22, 3, 6),
    "3": Codes(3, 6, 9, 120),
    "32": Codes(32, 7, 10, 120),
    "4": Codes(4, 4, 7),
    "422": Codes(42, 5, 8),
    "6": Codes(6, 8, 2, 120),
    "622": Codes(62, 9, 0, 120),
    "23": Codes(23, 10, 3),
    "432": Codes(43, 11, 1),
}


def axis_told(known: Orientations) -> list[str]:
    """Return a note if a file cannot tell the axis of a crystal.

    Examples
    --------
    >>> axis_told(Orientations([[1, 0, 0, 0]], "432"))
    []
    """
    if "2" not in known.symmetry:
        return []
    return ["it has twofold axes along b, and not c: symmetry 2 is written as none (1)"]


def rodrigues(known: Orientations) -> np.ndarray:
    """Return Rodrigues vectors of orientations.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 3)
        Axis times tan(angle / 2) of the rotation that turns the axes of the sample onto
        those of the crystal; of equivalent rotations, the one of the smallest angle.

    Examples
    --------
    >>> half = Orientations(np.array([[0.0, 0, 0, 1]]), "432")  # by 180 degrees about z
    >>> rodrigues(half).tolist()
    [[0.0, 0.0, 0.0]]
    """
    result = np.zeros((len(known), 3))
    for phase, symmetry in enumerate(known.symmetry, 1):
        here = known.phase == phase
        w, x, y, z = known.quaternion[here].T
        best = np.zeros((int(here.sum()), 4))
        for a, b, c, d in operators(symmetry):
            # The quaternion times an operator of the crystal is the same orientation.
            turned = np.stack(
                [
                    w * a - x * b - y * c - z * d,
                    w * b + x * a + y * d - z * c,
                    w * c - x * d + y * a + z * b,
                    w * d + x * c - y * b + z * a,
                ],
                -1,
            )
            closer = np.abs(turned[:, 0]) > np.abs(best[:, 0]) + 1e-12
            first = (best == 0).all(1)
            best[closer | first] = turned[closer | first]
        best[best[:, 0] < 0] *= -1
        result[here] = best[:, 1:] / np.maximum(best[:, :1], _LEAST)
    return result + 0.0
