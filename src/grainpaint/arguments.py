"""Values that programs pass, as numbers or as the text that the command line takes."""

import math
import os
from collections.abc import Callable, Collection, Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError, brief
from grainpaint.units import (
    parse_angle,
    parse_box,
    parse_length,
    parse_periodic,
    parse_shape,
)

__all__ = [
    "as_angle",
    "as_box",
    "as_length",
    "as_number",
    "as_path",
    "as_periodic",
    "as_shape",
    "as_slices",
    "as_three",
    "is_number",
    "not_a_volume",
]

Span = tuple[int, int]


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number, of NumPy or not, and no bool."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    try:
        return real and math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def not_a_volume(given: object) -> InputError:
    """Return the error for what is neither a volume nor the path of one."""
    return InputError(
        "a volume is a Microstructure or the path of its file, and an array becomes "
        "one by grainpaint.Microstructure(array, spacing=(1, 1, 1)); got "
        f"{type(given).__name__}"
    )


def _is_whole(value: Any) -> bool:
    return is_number(value) and float(value).is_integer()


def _is_span(value: Any) -> bool:
    """Return whether a value is two whole numbers, the first below the second."""
    ends = list(value) if isinstance(value, Collection) else []
    return len(ends) == 2 and all(map(_is_whole, ends)) and ends[0] < ends[1]


def _three(
    value: Any, fits: Callable[[Any], bool], wanted: str
) -> tuple[Any, Any, Any]:
    """Return three members that fit; raise InputError, which says what is wanted."""
    found = list(value) if isinstance(value, Iterable) else []
    if len(found) != 3 or not all(map(fits, found)):
        raise InputError(f"{wanted}; got {brief(repr(value), 50)}")
    x, y, z = found
    return x, y, z


def as_length(value: Any, what: str = "length") -> float:
    """Return a length in µm.

    Parameters
    ----------
    value : float or str
        A number of µm above 0, or what `parse_length` takes.
    what : str
        What it is the length of, for the message.

    Raises
    ------
    InputError
        If it is neither, or not positive.

    Examples
    --------
    >>> as_length(2), as_length("0.05mm")
    (2.0, 50.0)
    """
    if isinstance(value, str):
        return parse_length(value)
    if not is_number(value) or value <= 0:
        raise InputError(
            f"the {what} is a number of µm above 0, or text with a unit such as 50um; "
            f"got {brief(repr(value), 50)}"
        )
    return float(value)


def as_angle(value: Any, what: str) -> float:
    """Return an angle in degrees.

    Parameters
    ----------
    value : float or str
        A number of degrees, or what `parse_angle` takes.
    what : str
        What it is the angle of, for the message.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> as_angle(5, "misorientation"), as_angle("5deg", "misorientation")
    (5.0, 5.0)
    """
    return parse_angle(value) if isinstance(value, str) else as_number(value, what)


def as_number(value: Any, what: str) -> float:
    """Return a finite number.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> as_number(2, "scale")
    2.0
    """
    if not is_number(value):
        raise InputError(f"the {what} is a number; got {brief(repr(value), 50)}")
    return float(value)


def as_path(value: Any, what: str) -> Path:
    """Return a path.

    Parameters
    ----------
    value : str or path
    what : str
        What is there, with its article, for the message.

    Raises
    ------
    InputError
        If it is neither, such as an array.

    Examples
    --------
    >>> as_path("grains.npz", "a volume").suffix
    '.npz'
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(
            f"{what} is given by the path of its file; got {type(value).__name__}"
        )
    return Path(value)


def as_three(values: Any, what: str) -> tuple[float, float, float]:
    """Return three finite numbers of µm, along x, y, z.

    Raises
    ------
    InputError
        If they are none.

    Examples
    --------
    >>> as_three([2, 2, 1], "spacing")
    (2.0, 2.0, 1.0)
    """
    wanted = f"{what} needs three numbers of µm, such as (2, 2, 2)"
    x, y, z = map(float, _three(values, is_number, wanted))
    return x, y, z


def as_shape(value: Any) -> tuple[int, int, int]:
    """Return the numbers of voxels along x, y, z.

    Parameters
    ----------
    value : three ints or str
        A sequence of three whole numbers above 0, or what `parse_shape` takes.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> as_shape([128, 128, 64]), as_shape("128,128,64")
    ((128, 128, 64), (128, 128, 64))
    """
    if isinstance(value, str):
        return parse_shape(value)
    wanted = (
        "a shape is three whole numbers of voxels along x, y, z, such as (128, 128, 64)"
    )
    x, y, z = map(int, _three(value, lambda n: _is_whole(n) and n > 0, wanted))
    return x, y, z


def as_box(value: Any) -> tuple[Span, Span, Span]:
    """Return three half-open ranges of voxels.

    Parameters
    ----------
    value : three pairs of int or str
        First and last-plus-one voxel along x, y, z, or what `parse_box` takes.

    Raises
    ------
    InputError
        If it is neither, or a range is empty.

    Examples
    --------
    >>> as_box(((0, 64), (-8, 8), (0, 1))) == as_box("0:64,-8:8,0:1")
    True
    """
    wanted = (
        "a box is three ranges of voxels, such as ((0, 64), (0, 64), (0, 32)), with "
        "start < stop"
    )
    spans = parse_box(value) if isinstance(value, str) else value
    x, y, z = ((int(a), int(b)) for a, b in _three(spans, _is_span, wanted))
    return x, y, z


def as_slices(value: Any) -> tuple[slice, slice, slice]:
    """Return the three slices of a box.

    Parameters
    ----------
    value : three slices
        Along x, y, z, of whole numbers, with step 1.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> as_slices((slice(64), slice(0, 64), slice(None)))[2]
    slice(None, None, None)
    """

    def fits(part: Any) -> bool:
        ends = (part.start, part.stop) if isinstance(part, slice) else (0.0,)
        whole = all(end is None or isinstance(end, Integral) for end in ends)
        return whole and part.step in (None, 1)

    wanted = (
        "a box is three slices of voxels along x, y, z, such as [0:64, 0:64, :], with "
        "step 1"
    )
    return _three(value, fits, wanted)


def as_periodic(value: Any) -> tuple[bool, bool, bool]:
    """Return whether grains continue through the faces along x, y, z.

    Parameters
    ----------
    value : three bools or str
        One for each axis, or what `parse_periodic` takes.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> as_periodic([True, True, False]), as_periodic("none")
    ((True, True, False), (False, False, False))
    """
    if isinstance(value, str):
        return parse_periodic(value)
    wanted = (
        "periodic axes are three bools, such as (True, True, False), or text such as "
        "xy or none"
    )
    x, y, z = map(bool, _three(value, lambda flag: flag in (True, False), wanted))
    return x, y, z
