"""Rotations that leave a crystal as it is: the proper point groups."""

import numpy as np

from grainpaint.errors import InputError

__all__ = ["GROUPS", "checked_symmetry", "operators"]

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


def checked_symmetry(symmetry: str) -> str:
    """Return a symmetry, or raise if it is unknown.

    Raises
    ------
    InputError
        Unless it is a key of `GROUPS`.
    """
    if symmetry not in GROUPS:
        raise InputError(
            f"unknown crystal symmetry {symmetry!r}: use one of {', '.join(GROUPS)} "
            "(432 for cubic, 622 for hexagonal metals)"
        )
    return symmetry


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
