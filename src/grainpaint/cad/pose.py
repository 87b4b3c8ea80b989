"""How a part is turned and scaled before it is cut into voxels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grainpaint.arguments import as_number, is_number
from grainpaint.errors import InputError, brief

__all__ = ["AS_IT_IS", "Pose", "make_pose", "parse_rotations"]

# Rows of the rotation that makes an axis of the file the z axis.
_UP = {
    "z": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-z": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "y": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "-y": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "x": ((0, 0, -1), (0, 1, 0), (1, 0, 0)),
    "-x": ((0, 0, 1), (0, 1, 0), (-1, 0, 0)),
}
_LEAST, _MOST = 1e-20, 1e20  # scale


@dataclass(frozen=True)
class Pose:
    """Scale, then turn, about the origin of the file's coordinates.

    Parameters
    ----------
    scale : float
        Factor by which the part is enlarged.
    up : {'z', '-z', 'y', '-y', 'x', '-x'}
        The axis of the file that becomes z.
    rotate : sequence of (axis, degrees)
        Turns about the axes x, y, z after that, one after the other,
        counter-clockwise seen from the tip of the axis.

    Raises
    ------
    InputError
        If one of them makes no sense.
    """

    scale: float = 1.0
    up: str = "z"
    rotate: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Check the parameters."""
        if as_number(self.scale, "scale") <= 0:
            raise InputError(f"the scale must be above 0, got {self.scale:g}")
        if not _LEAST <= self.scale <= _MOST:
            raise InputError(
                f"a scale is between {_LEAST:g} and {_MOST:g}, got {self.scale:g}"
            )
        if self.up not in _UP:
            raise InputError(
                f"up is the axis of the file that becomes z: {', '.join(_UP)}; got "
                f"{self.up!r}"
            )
        if not all(map(_is_turn, self.rotate)):
            raise InputError(
                'rotations are axes and degrees, such as [("z", 30)], or text, such '
                f"as z:30,x:90; got {brief(repr(self.rotate), 50)}"
            )

    @property
    def matrix(self) -> np.ndarray:
        """The linear map, float64, shape (3, 3): new = matrix @ old."""
        found: np.ndarray = np.array(_UP[self.up], float) * self.scale
        for axis, degrees in self.rotate:
            found = _turn(axis, degrees) @ found
        return found

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return points (n, 3) where they come to lie; as they are if nothing moves."""
        if self == Pose():
            return points
        placed: np.ndarray = points @ self.matrix.T
        return placed


def _is_turn(value: Any) -> bool:
    """Return whether a value is the name of an axis and a number."""
    pair = isinstance(value, Sequence) and len(value) == 2
    return pair and value[0] in ("x", "y", "z") and is_number(value[1])


def _turn(axis: str, degrees: float) -> np.ndarray:
    """Return the rotation about an axis; quarter turns are exact."""
    quarters, rest = divmod(degrees, 90.0)
    if rest == 0.0:
        c, s = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][int(quarters) % 4]
    else:
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    found = np.eye(3)
    found[i, i] = found[j, j] = c
    found[i, j], found[j, i] = -s, s
    return found


AS_IT_IS = Pose()


def parse_rotations(text: str) -> tuple[tuple[str, float], ...]:
    """Return turns from text such as z:30 or x:90,z:-15.

    Raises
    ------
    InputError
        If the text says anything else.

    Examples
    --------
    >>> parse_rotations("x:90,z:-15")
    (('x', 90.0), ('z', -15.0))
    """
    words = [word.strip().partition(":") for word in text.split(",")]
    try:
        turns = tuple((axis, float(degrees)) for axis, _, degrees in words)
        return Pose(rotate=turns).rotate
    except ValueError:  # of the numbers, or of the pose
        raise InputError(
            "a rotation is an axis and degrees, such as z:30 or x:90,z:-15; got "
            f"{text!r}"
        ) from None


def make_pose(scale: float, up: str, rotate: Sequence[tuple[str, float]] | str) -> Pose:
    """Return a pose whose turns may be text such as z:30; errors as in `Pose`."""
    turns: Any = parse_rotations(rotate) if isinstance(rotate, str) else rotate
    # What is no sequence is refused as a wrong turn.
    return Pose(scale, up, tuple(turns) if isinstance(turns, Sequence) else (turns,))
