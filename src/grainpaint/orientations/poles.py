"""The poles of crystals that pole figures show."""

import numpy as np

__all__ = ["poles_of"]

_CUBIC = {"001": (0, 0, 1), "011": (0, 1, 1), "111": (1, 1, 1)}
_HEXAGONAL = {
    "0001": (0, 0, 1),
    "11-20": (0.5, 0.75**0.5, 0),
    "10-10": (0.75**0.5, 0.5, 0),
}
_TETRAGONAL = {"001": (0, 0, 1), "100": (1, 0, 0), "110": (1, 1, 0)}
_ORTHORHOMBIC = {"001": (0, 0, 1), "100": (1, 0, 0), "010": (0, 1, 0)}
# Poles that do not depend on the edges and angles of the unit cell.
_POLES = {
    **dict.fromkeys(("432", "23"), _CUBIC),
    **dict.fromkeys(("622", "6", "32", "3"), _HEXAGONAL),
    **dict.fromkeys(("422", "4"), _TETRAGONAL),
    "222": _ORTHORHOMBIC,
}


def poles_of(symmetry: str) -> dict[str, np.ndarray]:
    """Return three poles by their indices, in Cartesian axes of the crystal.

    Parameters
    ----------
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    dict of str to numpy.ndarray, shape (3,)
        Unit vectors. Empty for 1 and 2, whose poles depend on the unit cell.
    """
    found = _POLES.get(symmetry, {})
    return {
        name: np.array(pole, float) / np.linalg.norm(pole)
        for name, pole in found.items()
    }
