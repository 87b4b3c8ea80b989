"""Directions and ideal orientations, from names to the axes of the crystal."""

from __future__ import annotations

import re

import numpy as np

from grainpaint.errors import InputError
from grainpaint.orientations.disorientation import disorientations

__all__ = ["COMPONENTS", "component", "crystal_direction"]

# {hkl} parallel to the sheet (normal to z) and <uvw> along the rolling direction x.
COMPONENTS = {
    "cube": ((0, 0, 1), (1, 0, 0)),
    "goss": ((0, 1, 1), (1, 0, 0)),
    "brass": ((0, 1, 1), (2, 1, -1)),
    "copper": ((1, 1, 2), (1, 1, -1)),
    "s": ((1, 2, 3), (6, 3, -4)),
}
_HEXAGONAL = ("3", "32", "6", "622")
_CUBIC = ("23", "432")


def component(name: str, symmetry: str) -> np.ndarray:
    """Return an ideal orientation of rolled sheet and its mirror images in the sheet.

    Parameters
    ----------
    name : str
        One of COMPONENTS.
    symmetry : str
        Of the crystals, which must be cubic.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 4)
        Unit quaternions: one for cube and goss, two for brass and copper, four for s,
        which half turns about x, y and z make of each other.

    Raises
    ------
    InputError
        If there is no such component, or crystals are not cubic.
    """
    from scipy.spatial.transform import Rotation

    if name not in COMPONENTS:
        raise InputError(
            f"unknown component {name!r}: use one of {', '.join(COMPONENTS)}, or three "
            "Euler angles in degrees, such as (35,45,0)"
        )
    if symmetry not in _CUBIC:
        raise InputError(
            f"{name} is a component of cubic crystals (432, 23), these are {symmetry}: "
            "give its Euler angles, such as (35,45,0)"
        )
    normal, rolling = (np.array(v) / np.linalg.norm(v) for v in COMPONENTS[name])
    # Rows: the axes x, y, z of the sample in the crystal; so sample from crystal.
    turned = Rotation.from_matrix([rolling, np.cross(normal, rolling), normal])
    half_turns = Rotation.from_quat(np.eye(4)[[3, 0, 1, 2]])
    kept: list[np.ndarray] = []
    for one in (half_turns * turned).as_quat(scalar_first=True):
        others = np.reshape(kept, (-1, 4))
        same = disorientations(np.tile(one, (len(kept), 1)), others, symmetry) < 1e-3
        if not same.any():
            kept.append(one)
    return np.array(kept)


def indices(text: str) -> np.ndarray:
    """Return numbers written as digits, 1-10, or with blanks or commas; none if not.

    Examples
    --------
    >>> indices("1-10").tolist(), indices("1, -1, 0.5").tolist()
    ([1.0, -1.0, 0.0], [1.0, -1.0, 0.5])
    """
    digits = re.fullmatch(r"(?:-?\d){3,4}", text)
    parts = re.findall(r"-?\d", text) if digits else re.split(r"[\s,]+", text.strip())
    try:
        return np.array([float(part) for part in parts])
    except ValueError:
        return np.zeros(0)


def crystal_direction(text: str, symmetry: str) -> np.ndarray:
    """Return a direction <uvw>, or <uvtw> of hexagonal crystals, in Cartesian axes.

    Parameters
    ----------
    text : str
        Such as <001>, 1-10, <1 0 -1 0>.
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    numpy.ndarray, float64, shape (3,)
        A unit vector.

    Raises
    ------
    InputError
        If it is no direction, or depends on edges of the unit cell that are unknown.
    """
    inner = text.strip().strip("<>[]")
    index = indices(inner)
    four = index.size == 4
    if index.size not in (3, 4) or not index.any() or not np.isfinite(index).all():
        raise InputError(
            f"a crystal direction is written as <001> or <1 0 -1>; got {text!r}"
        )
    if four and (symmetry not in _HEXAGONAL or index[:3].sum() != 0):
        raise InputError(
            f"{text}: four indices <uvtw> are for {', '.join(_HEXAGONAL)}, and "
            "u + v + t = 0"
        )
    if four:
        u, v, t, w = index
        index = np.array([u - t, v - t, w])
    _check_edges(text, index, symmetry)
    if symmetry in _HEXAGONAL:
        u, v, w = index
        index = np.array([u - v / 2, v * np.sqrt(0.75), w])
    found: np.ndarray = index / np.linalg.norm(index)
    return found


def _check_edges(text: str, index: np.ndarray, symmetry: str) -> None:
    """Raise if a direction depends on the ratios of the edges of the unit cell."""
    if symmetry in _CUBIC or np.count_nonzero(index) == 1:
        return
    if symmetry in (*_HEXAGONAL, "4", "422") and index[2] == 0:
        return
    raise InputError(
        f"{text}: in {symmetry} this direction depends on the edges of the unit cell; "
        "use one along an edge, or within the basal plane"
    )
