"""Parse values as users write them: lengths (50um, 0.05mm), shapes, boxes, axes."""

import math
import re
from collections.abc import Iterable, Mapping

from grainpaint.errors import InputError, brief

__all__ = [
    "UNITS",
    "count_text",
    "known_unit",
    "length_text",
    "micrometers",
    "parse_angle",
    "parse_box",
    "parse_length",
    "parse_numbers",
    "parse_periodic",
    "parse_shape",
    "parse_time",
    "place_text",
    "plain_unit",
]

# µm per unit
UNITS = {"nm": 1e-3, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25_400.0}

# Units of length as OME, ImageJ, TIFF, 3MF and others write them, µm. Symbols are told
# apart by case (Mm is no mm), words are not.
_SYMBOLS = {
    **{
        "pm": 1e-6,
        "\u00c5": 1e-4,
        "\u212b": 1e-4,
        "µm": 1.0,
        "\u03bcm": 1.0,
        "dm": 1e5,
    },
    **{"in": 25_400.0, '"': 25_400.0, "ft": 304_800.0, "thou": 25.4},
    **UNITS,
}
_WORDS = {
    **{"picometer": 1e-6, "angstrom": 1e-4, "nanometer": 1e-3, "micrometer": 1.0},
    **{"micron": 1.0, "millimeter": 1e3, "centimeter": 1e4, "decimeter": 1e5},
    **{"meter": 1e6, "inch": 25_400.0, "foot": 304_800.0},
}
_PIXELS = ("", "pixel", "voxel", "px", "reference frame")  # mean that there is no unit

_TIMES = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}  # s per unit

_QUANTITY = re.compile(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*([a-zA-Zµμ]+)\s*")

_ANGLE = re.compile(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(deg|°|rad|)\s*")


def parse_length(text: str) -> float:
    """Return a length in µm.

    Parameters
    ----------
    text : str
        A number > 0 with a unit: nm, um (or µm), mm, cm, m, inch.

    Raises
    ------
    InputError
        If the number or the unit is invalid, or the length is not positive.

    Examples
    --------
    >>> parse_length("0.05mm")
    50.0
    """
    return _quantity(text, UNITS, "length", "50um")


def micrometers(word: object) -> float | None:
    """Return how many µm a unit has that a file names, None if it names none.

    Parameters
    ----------
    word : object
        A symbol such as mm, or a word such as millimeter or microns; None or pixel
        stand for no unit.

    Raises
    ------
    InputError
        If it is unknown.

    Examples
    --------
    >>> micrometers("nm"), micrometers("Millimetres"), micrometers("pixel")
    (0.001, 1000.0, None)
    """
    text = "" if word is None else str(word).strip().replace("\\u00B5", "µ")
    plain = text.lower().replace("metre", "meter").removesuffix("s")
    if plain in _PIXELS or text.lower() in _PIXELS:
        return None
    found = _SYMBOLS.get(text, _WORDS.get(plain))
    if found is None:
        raise InputError(
            f"its unit of length is {brief(word, 50)!r}; known are "
            f"{', '.join((*UNITS, *_WORDS))}"
        )
    return found


def parse_time(text: str) -> float:
    """Return a duration in seconds.

    Parameters
    ----------
    text : str
        A number > 0 with a unit: ns, us (or µs), ms, s, min.

    Raises
    ------
    InputError
        If the number or the unit is invalid, or the duration is not positive.

    Examples
    --------
    >>> parse_time("5ms")
    0.005
    """
    return _quantity(text, _TIMES, "duration", "1ms")


def _quantity(text: str, units: Mapping[str, float], what: str, such: str) -> float:
    """Return a number above 0 with a unit, times that unit."""
    match = _QUANTITY.fullmatch(text)
    unit = plain_unit(match[2]) if match else ""
    try:
        value = float(match[1]) if match else math.nan
    except ValueError:
        value = math.nan
    if unit not in units or not 0 < value < math.inf:
        raise InputError(
            f"a {what} is a number above 0 with a unit ({', '.join(units)}), such as "
            f"{such}; got {text!r}"
        )
    return value * units[unit]


def plain_unit(unit: str) -> str:
    """Return a unit with a u in the place of either letter for micro.

    Examples
    --------
    >>> plain_unit("µm")
    'um'
    """
    return unit.replace("µ", "u").replace("μ", "u")


def known_unit(unit: object) -> str:
    """Return the plain name of a unit of length.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> known_unit("µm")
    'um'
    """
    plain = plain_unit(unit) if isinstance(unit, str) else unit
    if plain not in UNITS:
        raise InputError(f"unknown unit {unit!r}: use one of {', '.join(UNITS)}")
    return str(plain)


def length_text(length: float) -> str:
    """Return a length (µm) in a unit that suits it, with three digits.

    Examples
    --------
    >>> length_text(48.0), length_text(12_345.0)
    ('48 µm', '12.3 mm')
    """
    return f"{length:.3g} µm" if length < 1000 else f"{length / 1000:.3g} mm"


def count_text(n: int, noun: str) -> str:
    """Return how many of something there are, in words.

    Examples
    --------
    >>> count_text(1, "grain"), count_text(1200, "grain")
    ('1 grain', '1,200 grains')
    """
    return f"{n:,} {noun}{'s' * (n != 1)}"


def place_text(place: Iterable[float], extent: float) -> str:
    """Return a place (µm) in a unit that suits the size of the whole (µm).

    Examples
    --------
    >>> place_text((100.0, 2.5, 0.0), 2000.0)
    '(0.1, 0.0025, 0) mm'
    """
    unit, edge = ("mm", 1000.0) if extent >= 1000 else ("µm", 1.0)
    return f"({', '.join(f'{v / edge:.4g}' for v in place)}) {unit}"


def parse_angle(text: str) -> float:
    """Return an angle in degrees.

    Parameters
    ----------
    text : str
        A number with or without deg, ° or rad.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> parse_angle("5deg"), parse_angle("2.5")
    (5.0, 2.5)
    """
    match = _ANGLE.fullmatch(text)
    try:
        value = float(match[1]) if match else math.nan
    except ValueError:
        value = math.nan
    if not match or not math.isfinite(value):
        raise InputError(f"an angle is a number of degrees, such as 5deg; got {text!r}")
    return math.degrees(value) if match[2] == "rad" else value


def parse_shape(text: str) -> tuple[int, int, int]:
    """Return three voxel counts from text such as 128,128,64.

    Raises
    ------
    InputError
        Unless there are three positive integers.

    Examples
    --------
    >>> parse_shape("128,128,64")
    (128, 128, 64)
    """
    parts = text.split(",")
    if len(parts) != 3 or not all(p.strip().isdecimal() and int(p) > 0 for p in parts):
        raise InputError(f"a shape is three numbers of voxels, X,Y,Z; got {text!r}")
    x, y, z = map(int, parts)
    return x, y, z


def parse_numbers(text: str) -> tuple[float, ...]:
    """Return numbers from text such as 25,50,100.

    Raises
    ------
    InputError
        If a part is not a number.

    Examples
    --------
    >>> parse_numbers("25,50")
    (25.0, 50.0)
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"numbers are written as 25,50,100; got {text!r}") from None


def parse_box(text: str) -> list[tuple[int, int]]:
    """Return three half-open voxel ranges from text such as 0:64,-8:8,128:192.

    Raises
    ------
    InputError
        Unless there are three ranges of integers with start < stop.

    Examples
    --------
    >>> parse_box("0:64,-8:8,128:192")
    [(0, 64), (-8, 8), (128, 192)]
    """
    match = re.fullmatch(r"\s*,\s*".join([r"(-?\d+):(-?\d+)"] * 3), text.strip())
    numbers = [int(n) for n in match.groups()] if match else []
    box = list(zip(numbers[::2], numbers[1::2]))
    if not match or any(a >= b for a, b in box):
        raise InputError(
            f"a box is three ranges of voxels, x0:x1,y0:y1,z0:z1, with start < stop; "
            f"got {text!r}"
        )
    return box


def parse_periodic(text: str) -> tuple[bool, bool, bool]:
    """Return whether x, y, z are periodic from text such as xyz, xy or none.

    Raises
    ------
    InputError
        If the text contains another letter.

    Examples
    --------
    >>> parse_periodic("xy")
    (True, True, False)
    """
    axes = "" if text == "none" else text
    if not set(axes) <= set("xyz") or text == "":
        raise InputError(f"periodic axes are letters of xyz, or none; got {text!r}")
    return "x" in axes, "y" in axes, "z" in axes
