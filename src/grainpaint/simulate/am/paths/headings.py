"""Names over the columns of a table, with the units that stand in brackets there."""

import re

from grainpaint.errors import InputError, brief
from grainpaint.units import micrometers, parse_time

__all__ = ["lengths_in", "seconds_in", "split_names"]

_UNIT = re.compile(r"[\[(]([^\[\]()]*)[\])]\Z")
_SECONDS = ("", "s", "sec", "second", "seconds")
_SPACED = re.compile(rb"[ \t]+(?=[\[(])")


def split_names(line: bytes, separator: bytes | None) -> tuple[list[str], list[str]]:
    """Return the names over columns, in small letters, and their units, "" without.

    Examples
    --------
    >>> split_names(b'Time [s], "X (mm)", y', b",")
    (['time', 'x', 'y'], ['s', 'mm', ''])
    """
    names, units = [], []
    for word in _SPACED.sub(b"", line.strip()).split(separator):
        text = word.decode("utf-8", "replace").strip(' \t"')
        unit = _UNIT.search(text)
        names.append(text[: unit.start() if unit else None].strip().lower())
        units.append(unit[1].strip() if unit else "")
    return names, units


def lengths_in(units: list[str]) -> float | None:
    """Return how many µm have the units of columns of coordinates; None if none does.

    Raises
    ------
    InputError
        If one is unknown, or they differ.
    """
    found = {micrometers(unit) for unit in units}
    if len(found) > 1:
        raise InputError(
            f"its columns x, y, z are in {brief(', '.join(map(repr, units)), 60)}: "
            "write all in one unit"
        )
    return found.pop()


def seconds_in(units: list[str]) -> list[float]:
    """Return how many seconds have the units of columns of times; 1 without a unit.

    Raises
    ------
    InputError
        If one is unknown.
    """
    return [_seconds(unit) for unit in units]


def _seconds(unit: str) -> float:
    try:
        return parse_time(f"1{unit}") if unit.lower() not in _SECONDS else 1.0
    except InputError:
        raise InputError(
            f"the unit of a time is {brief(unit, 30)!r} in its names: ns, us, ms, s "
            "and min are known"
        ) from None
