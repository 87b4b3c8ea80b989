"""Crystal symmetries as makers of EBSD systems write them."""

from __future__ import annotations

from grainpaint.errors import InputError, brief

__all__ = ["LAUE_GROUPS", "proper_group"]

# Laue groups 1..11 in files of Oxford Instruments.
LAUE_GROUPS = (
    *("-1", "2/m", "mmm", "4/m", "4/mmm", "-3", "-3m", "6/m", "6/mmm", "m-3", "m-3m"),
)
# Rotations of each Laue class, by all names of its point groups and by TSL's codes.
_NAMES = {
    "1": ("1", "-1"),
    "2": ("2",),
    "222": ("222", "mmm", "mm2", "22"),
    "3": ("3", "-3"),
    "32": ("32", "-3m", "3m", "321", "312", "-3m1", "-31m"),
    "4": ("4", "4/m", "-4"),
    "422": ("422", "4/mmm", "4mm", "-42m", "-4m2", "42"),
    "6": ("6", "6/m", "-6"),
    "622": ("622", "6/mmm", "6mm", "-6m2", "-62m", "62"),
    "23": ("23", "m-3", "m3"),
    "432": ("432", "m-3m", "m3m", "-43m", "43"),
}
_UNIQUE_B = ("2/m", "m", "20", "21", "121")  # a twofold axis along b or a
_GROUP = {name: group for group, names in _NAMES.items() for name in names}


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
    if plain not in _GROUP:
        raise InputError(
            f"unknown crystal symmetry {brief(name, 50)!r} in its header: known are "
            f"{', '.join(LAUE_GROUPS)} and TSL's codes 43, 62, ..."
        )
    return _GROUP[plain], ""
