"""Lists of orientations as text: Euler angles or quaternions, perhaps with weights."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.content import content_of
from grainpaint.formats.plain_text import is_numeral
from grainpaint.orientations import Orientations

__all__ = ["read_orientations"]

_ANGLES = (("phi1", "phi", "phi2"), ("euler1", "euler2", "euler3"))
_QUATERNIONS = (
    ("w", "x", "y", "z"),
    ("q0", "q1", "q2", "q3"),
    ("qw", "qx", "qy", "qz"),
)
_WEIGHTS = ("weight", "volume", "area", "fraction")
_UNIT = re.compile(r"[\s_(\[]*(deg|degrees?|rad|radians?)[)\]]*$")
_LENGTH = 1e-3  # how far from 1 the length of a quaternion in a text may be


def read_orientations(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a list of orientations.

    Parameters
    ----------
    path : Path
        A text with a row for each orientation and commas, semicolons or spaces between
        its columns. The first row names them: phi1, Phi, phi2 (Bunge) in degrees, or in
        radians if their names end in _rad, or w, x, y, z (sample to crystal); and, if
        rows differ in weight, weight, volume, area or fraction. Three columns without
        names are phi1, Phi, phi2 in degrees. Lines that begin with # are skipped.

    Returns
    -------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    weight : numpy.ndarray, float64, shape (n,)

    Raises
    ------
    InputError
        If it is no such text, or angles and their unit do not fit together.
    """
    try:
        names, values = _columns(content_of(path))
        _refuse_phases(names, values)
        return _quaternions(names, values), _weights(names, values)
    except InputError as error:
        text = str(error)
        raise InputError(
            text if text.startswith(str(path)) else f"{path}: {text}"
        ) from None


def _refuse_phases(names: list[str], values: np.ndarray) -> None:
    """Refuse a list of several phases, whose crystals may differ in symmetry."""
    if "phase" in names and len(np.unique(values[:, names.index("phase")])) > 1:
        raise InputError("has several phases: make a list for each")


def _columns(data: bytes) -> tuple[list[str], np.ndarray]:
    """Return the names of the columns, in lower case, and their values."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("no text, so no list of orientations") from None
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise InputError("holds no orientation")
    comma = next((c for c in ";,\t" if c in lines[0]), None)
    first = [word.strip().strip('"') for word in lines[0].split(comma)]
    named = not all(is_numeral(word) for word in first)
    if not named and len(first) != 3:
        raise InputError(
            f"has {len(first)} columns without names: let the first row name them, "
            "phi1,Phi,phi2 or w,x,y,z"
        )
    names = [word.lower() for word in first] if named else ["phi1", "phi", "phi2"]
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise InputError(f"names the column {brief(name, 50)!r} {times} times")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of no row, refused below
            values = np.loadtxt(lines[named:], delimiter=comma, ndmin=2)
    except ValueError as error:
        reason = brief(str(error).split(";")[0])
        raise InputError(f"is not a table of numbers ({reason})") from None
    if values.size == 0:
        raise InputError("holds no orientation")
    if values.shape[1] != len(names):
        raise InputError(f"names {len(names)} columns and has {values.shape[1]}")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(1))[0])
        raise InputError(f"orientation {row + 1} is not finite")
    return names, values


def _quaternions(names: list[str], values: np.ndarray) -> np.ndarray:
    for known in _QUATERNIONS:
        if set(known) <= set(names):
            found = values[:, [names.index(name) for name in known]]
            with np.errstate(over="ignore"):
                length = np.linalg.norm(found, axis=1)
            wrong = np.flatnonzero(np.abs(length - 1) > _LENGTH)
            if wrong.size:
                raise InputError(
                    f"quaternions have length 1; that of orientation {wrong[0] + 1} "
                    f"has {length[wrong[0]]:.6g}"
                )
            return Orientations(found / length[:, None]).quaternion
    plain = [_UNIT.sub("", name) for name in names]
    for three in _ANGLES:
        if set(three) <= set(plain):
            columns = [plain.index(name) for name in three]
            units = {_unit(names[column]) for column in columns}
            return _from_euler(values[:, columns], units)
    raise InputError(
        f"has the columns {brief(', '.join(names))}: orientations are phi1, Phi, phi2 "
        "or w, x, y, z"
    )


def _unit(name: str) -> str:
    match = _UNIT.search(name)
    return match[1][:3] if match else ""


def _from_euler(angles: np.ndarray, units: set[str]) -> np.ndarray:
    """Return quaternions; refuse angles that do not look like their unit."""
    if len(units) > 1:
        raise InputError("gives its Euler angles in different units")
    (unit,) = units
    largest = float(np.abs(angles).max())
    circle = 2 * np.pi + 1e-3
    if unit == "rad" and largest > circle:
        raise InputError(
            f"says that its Euler angles are radians and has {largest:g}: above 2 pi "
            "they are degrees, so name them phi1_deg, Phi_deg, phi2_deg"
        )
    if not unit and 0 < largest <= circle:
        raise InputError(
            f"has no Euler angle above 2 pi, the largest is {largest:g}: name them "
            "phi1_rad, Phi_rad, phi2_rad, or phi1_deg, Phi_deg, phi2_deg"
        )
    if unit != "rad" and largest > 360 + 1e-6:
        raise InputError(f"has an Euler angle of {largest:g} degrees, above 360")
    turned = angles if unit == "rad" else np.radians(angles)
    return Orientations.from_euler(turned).quaternion


def _weights(names: list[str], values: np.ndarray) -> np.ndarray:
    column = next((names.index(name) for name in _WEIGHTS if name in names), None)
    if column is None:
        return np.ones(len(values))
    weight: np.ndarray = values[:, column]
    with np.errstate(over="ignore"):
        total = weight.sum()
    if weight.min() < 0 or not 0 < total < np.inf:
        raise InputError(
            f"{names[column]} must not be negative, not 0 everywhere, and not infinite "
            "in sum"
        )
    return weight
