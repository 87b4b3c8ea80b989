"""The line that names the columns of a table of orientations, in many spellings."""

import re
from typing import NamedTuple

__all__ = ["ANGLES", "QUATERNION", "WHITE", "Head", "head_of", "names_of"]

WHITE = r"\s+"  # the pattern of columns between blanks
ANGLES = ("phi1", "phi", "phi2")
QUATERNION = ("q0", "q1", "q2", "q3")  # scalar first

_WORD = re.compile(r"[^a-z0-9]")
_BLANK = re.compile(r"(?<=euler)\s+(?=[123])")  # within a name
_MOST_COMMENTS = 100
_UNIT = re.compile(
    r"[\[(]?\b(deg|degrees?|°|rad|radians?|um|µm|nm|mm|m)\b[\])]?|[\[(]?°[\])]?"
)
_NAMES = {
    "x": ("x", "xposition"),
    "y": ("y", "yposition"),
    "z": ("z", "zposition"),
    "phi1": ("phi1", "euler1", "eulerangles0", "avgeulerangles0", "eulers0", "e1"),
    "phi": ("phi", "euler2", "eulerangles1", "avgeulerangles1", "eulers1", "e2"),
    "phi2": ("phi2", "euler3", "eulerangles2", "avgeulerangles2", "eulers2", "e3"),
    "phase": ("phase", "phaseid", "phases", "phaseindex", "phasename"),
    "q0": ("q0", "qw", "quatw", "quaternionw"),
    "q1": ("q1", "qx", "quatx", "quaternionx"),
    "q2": ("q2", "qy", "quaty", "quaterniony"),
    "q3": ("q3", "qz", "quatz", "quaternionz"),
}
_COLUMN = {name: column for column, names in _NAMES.items() for name in names}


class Head(NamedTuple):
    """The line of names of a table.

    Parameters
    ----------
    columns, units : list of str
    separator : str
        A character, or the pattern of white space.
    n_lines, start : int
        Lines and bytes up to the first point.
    """

    columns: list[str]
    units: list[str]
    separator: str
    n_lines: int
    start: int


def head_of(head: bytes) -> Head | None:
    """Return the line of names of a table, if it is one.

    Comments (``#`` or ``%``), blank lines and Excel's ``sep=;`` may come first.

    Parameters
    ----------
    head : bytes
        How the file begins.

    Returns
    -------
    Head or None
        None unless three angles or the four parts of quaternions are named.
    """
    start = 0
    for n_lines in range(1, _MOST_COMMENTS + 1):
        end = head.find(b"\n", start)
        line = head[start : len(head) if end < 0 else end][:2000]
        text = line.decode("utf-8", "replace").strip("\ufeff\r \t")
        start = end + 1
        columns, units, separator = names_of(text.lstrip("#% "))
        kinds = (ANGLES, QUATERNION)
        if any(all(columns.count(name) == 1 for name in kind) for kind in kinds):
            return Head(columns, units, separator, n_lines, start if end >= 0 else -1)
        aside = not text or text[0] in "#%" or text.lower().startswith("sep=")
        if not aside or end < 0:
            return None
    return None


def names_of(line: str) -> tuple[list[str], list[str], str]:
    """Return columns, their units and the separator of a line of names.

    Examples
    --------
    >>> names_of("Euler 1 [deg];PHI_deg;phi2 (°)")
    (['phi1', 'phi', 'phi2'], ['deg', 'deg', '°'], ';')
    """
    separator = max(";\t,", key=line.count)
    line = line.replace("\u03bc", "\u00b5")  # the Greek letter for the sign of micro
    fields = line.lower().split(separator)
    if len(fields) == 1:
        separator, fields = WHITE, _BLANK.sub("", line.lower()).split()
    columns: list[str] = []
    units: list[str] = []
    for field in (one.replace("_", " ") for one in fields):
        unit = _UNIT.search(field)
        bare = field[: unit.start()] + field[unit.end() :] if unit else field
        plain = _WORD.sub("", bare.replace("φ", "phi").replace("ϕ", "phi"))
        if separator == WHITE and unit and not plain and units:
            units[-1] = unit[0].strip("[()] ")  # of the name before it
            continue
        columns.append(_COLUMN.get(plain, plain))
        units.append(unit[0].strip("[()] ") if unit else "")
    return columns, units, separator
