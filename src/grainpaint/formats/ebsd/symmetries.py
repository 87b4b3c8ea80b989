"""Crystal symmetries as makers of EBSD systems write them."""

from __future__ import annotations

from grainpaint.errors import InputError, brief
from grainpaint.orientations.symmetry import group_of

__all__ = ["LAUE_GROUPS", "proper_group"]

# Laue groups 1..11 in files of Oxford Instruments.
LAUE_GROUPS = (
    *("-1", "2/m", "mmm", "4/m", "4/mmm", "-3", "-3m", "6/m", "6/mmm", "m-3", "m-3m"),
)
# Codes of TSL that are no symbols of point groups.
_TSL = {"22": "222", "42": "422", "62": "622", "43": "432"}
_UNIQUE_B = ("2/m", "m", "20", "21", "121")  # a twofold axis along b or a


def proper_group(name: str) -> tuple[str, str]:
    """Return the rotations of a crystal symmetry, and a note.

    Parameters
    ----------
    name : str
        A symbol such as m-3m, or a code of TSL such as 43.

    Returns
    -------
    symmetry : str
        A key of `grainpaint.orientations.GROUPS`.
    note : str
        What was left out, "" if nothing.

    Raises
    ------
    InputError
        If it is unknown.

    Examples
    --------
    >>> proper_group("m-3m"), proper_group("62")
    (('432', ''), ('622', ''))
    """
    plain = name.strip().lower().replace(" ", "")
    if plain in _UNIQUE_B:
        return "1", f"symmetry {name}: its twofold axis is not c, so it is left out"
    group = _TSL.get(plain) or group_of(plain)
    if group is None:
        raise InputError(
            f"unknown crystal symmetry {brief(name, 50)!r} in its header: known are "
            f"{', '.join(LAUE_GROUPS)} and TSL's codes 43, 62, ..."
        )
    return group, ""
