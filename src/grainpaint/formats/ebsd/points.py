"""A map of orientations as measured: a point for each voxel, no grains yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError
from grainpaint.units import count_text

__all__ = [
    "OrientationMap",
    "from_columns",
    "inverses",
    "over_a_turn",
    "quaternions",
    "with_x_along_a",
]

_TURNED = np.radians(30.0)
_HEXAGONAL = ("3", "32", "6", "622")
_FULL_TURNS = 4 * np.pi - 1e-3  # the Euler angles of points without a solution


@dataclass(frozen=True, eq=False)
class OrientationMap:
    """Orientation and phase of each point of a grid.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (nx, ny, nz, 4)
        Unit quaternions, scalar first: the passive rotation of Bunge.
    phase : numpy.ndarray, int32, shape (nx, ny, nz)
        1..n; 0 where there is no orientation.
    symmetry, names : tuple of str
        Crystal symmetry and name of each phase.
    spacing, origin : three floats
        Distances of points, and lower corner of the voxel around the first point.
    unit, assumed_unit : str
        Unit of the lengths, and why it is that one if the file does not state it.
    notes : tuple of str
        What a user has to know.
    """

    quaternion: np.ndarray
    phase: np.ndarray
    symmetry: tuple[str, ...]
    names: tuple[str, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    unit: str = "um"
    assumed_unit: str = ""
    notes: tuple[str, ...] = ()


def over_a_turn(angles: np.ndarray) -> list[str]:
    """Return a note if angles in radians are larger than a full turn.

    Parameters
    ----------
    angles : numpy.ndarray, float64
        Those of two turns tell points without a solution, and do not count.

    Examples
    --------
    >>> over_a_turn(np.array([1.0, 6.28])), len(over_a_turn(np.array([1.0, 9.0])))
    ([], 1)
    """
    counted = np.abs(angles[np.abs(angles) < _FULL_TURNS])
    largest = counted.max(initial=0.0)
    if largest <= 2 * np.pi + 1e-3:
        return []
    return [
        f"Euler angles in radians reach {largest:.4g}, more than a full turn: are they "
        "degrees?"
    ]


def inverses(quaternion: np.ndarray) -> np.ndarray:
    """Return the rotations that undo some, as quaternions (w, x, y, z).

    Examples
    --------
    >>> inverses(np.array([[0.5, 0.5, 0.5, -0.5]]))
    array([[ 0.5, -0.5, -0.5,  0.5]])
    """
    undone: np.ndarray = quaternion * (1, -1, -1, -1)
    return undone


def quaternions(angles: np.ndarray) -> np.ndarray:
    """Return unit quaternions (w, x, y, z) of Euler angles of Bunge.

    Parameters
    ----------
    angles : numpy.ndarray, float64, shape (n, 3)
        phi1, PHI, phi2, radians.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 4)

    Examples
    --------
    >>> quaternions(np.radians([[90.0, 0, 0]])).round(4).tolist()
    [[0.7071, 0.0, 0.0, 0.7071]]
    """
    total = (angles[:, 0] + angles[:, 2]) / 2
    turn = (angles[:, 0] - angles[:, 2]) / 2
    cap, tip = np.cos(angles[:, 1] / 2), np.sin(angles[:, 1] / 2)
    return np.stack(
        [
            cap * np.cos(total),
            tip * np.cos(turn),
            tip * np.sin(turn),
            cap * np.sin(total),
        ],
        -1,
    )


def with_x_along_a(
    angles: np.ndarray, phase: np.ndarray, symmetry: tuple[str, ...]
) -> np.ndarray:
    """Return angles of Oxford's crystal axes as those of axes with x along a.

    Oxford's x is perpendicular to b and c (along a*), which in hexagonal and trigonal
    crystals is 30 degrees about c from a. Others are left as they are.

    Parameters
    ----------
    angles : numpy.ndarray, float64, shape (n, 3)
        Euler angles, radians.
    phase : numpy.ndarray, integer, shape (n,)
        1..; 0 where there is none.
    symmetry : tuple of str
        Of each phase.
    """
    turned = [False, *(s in _HEXAGONAL for s in symmetry)]
    if not any(turned):
        return angles
    result: np.ndarray = angles.copy()
    result[:, 2] -= np.where(np.array(turned)[phase], _TURNED, 0.0)
    return result


def from_columns(
    angles: np.ndarray,
    phase: np.ndarray,
    point: np.ndarray,
    symmetry: tuple[str, ...],
    names: tuple[str, ...],
    **more: object,
) -> OrientationMap:
    """Lay points out on their grid.

    Parameters
    ----------
    angles : numpy.ndarray, float64, shape (n, 3)
        Euler angles, radians; not finite, or beyond two full turns, where there is no
        orientation.
    phase : numpy.ndarray, integer, shape (n,)
    point : numpy.ndarray, integer, shape (nx, ny, nz)
        Which point each voxel has, -1 for none.
    symmetry, names : tuple of str
        Of each phase.
    **more
        Further fields of the map.

    Raises
    ------
    InputError
        If a phase is none of those.
    """
    known = np.isfinite(angles).all(1) & (np.abs(angles) < _FULL_TURNS).all(1)
    phase = np.where(known, phase, 0).astype(np.int32)
    if phase.size and not 0 <= phase.min() <= phase.max() <= len(symmetry):
        raise InputError(
            f"has points of phase {phase.max() if phase.min() >= 0 else phase.min()}, "
            f"but its header has {count_text(len(symmetry), 'phase')}"
        )
    one = quaternions(np.where(known[:, None], angles, 0.0))
    at = np.where(point < 0, 0, point)
    return OrientationMap(
        one[at],
        np.where(point < 0, 0, phase[at]).astype(np.int32),
        symmetry,
        names,
        **more,  # type: ignore[arg-type]
    )
