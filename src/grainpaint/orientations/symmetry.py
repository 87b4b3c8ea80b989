"""Rotations that leave a crystal as it is: the proper point groups."""

import numpy as np

from grainpaint.errors import InputError

__all__ = ["GROUPS", "checked_symmetry", "group_of", "operators"]

# Hermann-Mauguin symbol to Schoenflies symbol, as scipy names groups. Axes of the
# crystal: z along the axis of highest order, x along a twofold axis (a).
GROUPS = {
    "1": "C1",
    "2": "C2",
    "222": "D2",
    "3": "C3",
    "32": "D3",
    "4": "C4",
    "422": "D4",
    "6": "C6",
    "622": "D6",
    "23": "T",
    "432": "O",
}
# All point groups whose rotations these are, and crystal systems in words.
_NAMES = {
    "1": ("-1", "triclinic"),
    "222": ("mmm", "mm2", "orthorhombic"),
    "3": ("-3",),
    "32": ("-3m", "3m", "321", "312", "-3m1", "-31m"),
    "4": ("4/m", "-4"),
    "422": ("4/mmm", "4mm", "-42m", "-4m2", "tetragonal"),
    "6": ("6/m", "-6"),
    "622": ("6/mmm", "6mm", "-6m2", "-62m", "hexagonal"),
    "23": ("m-3", "m3"),
    "432": ("m-3m", "m3m", "-43m", "cubic"),
}
_GROUP = {name: group for group, names in _NAMES.items() for name in (group, *names)}
_GROUP["2"] = "2"  # of 2/m and m, the axis is b as a rule, and here it is c


def group_of(name: str) -> str | None:
    """Return the rotations of a point group, None if it is unknown.

    Examples
    --------
    >>> group_of("m-3m"), group_of("Hexagonal"), group_of("43m")
    ('432', '622', None)
    """
    return _GROUP.get(str(name).strip().lower().replace(" ", ""))


def checked_symmetry(symmetry: str) -> str:
    """Return a symmetry as a key of `GROUPS`, whatever name of it is given.

    Raises
    ------
    InputError
        If it is unknown.
    """
    group = group_of(symmetry)
    if group is None:
        raise InputError(
            f"unknown crystal symmetry {symmetry!r}: use one of {', '.join(GROUPS)} "
            "(432 for cubic, 622 for hexagonal metals)"
        )
    return group


def operators(symmetry: str) -> np.ndarray:
    """Return the rotations of a proper point group.

    Parameters
    ----------
    symmetry : str
        A key of `GROUPS`, such as 432.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 4)
        Unit quaternions, scalar first and not negative; the identity comes first.

    Raises
    ------
    InputError
        If the symmetry is unknown.

    Examples
    --------
    >>> len(operators("432")), operators("622")[0].tolist()
    (24, [1.0, 0.0, 0.0, 0.0])
    """
    from scipy.spatial.transform import Rotation

    group = Rotation.create_group(GROUPS[checked_symmetry(symmetry)])
    found = group.as_quat(canonical=True, scalar_first=True)
    first = np.argsort(-found[:, 0], kind="stable")
    return np.asarray(found[first])
