"""Orientations of the grains of a volume."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grainpaint.errors import InputError
from grainpaint.orientations.symmetry import checked_symmetry

__all__ = ["Orientations"]

_UNIT = 1e-6  # how far from 1 the length of a quaternion may be
_ROUNDING = 1e-15


@dataclass(frozen=True, eq=False)
class Orientations:
    """Orientation, and phase if there are several, of grains 1..n.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
        Row i is that of grain i + 1: unit, scalar first and not negative, the passive
        rotation of Bunge from sample to crystal. Normed, turned to w >= 0 and kept
        read-only.
    symmetry : tuple of str
        Crystal symmetry of each phase, a key of `grainpaint.orientations.GROUPS`; a
        single str for one phase.
    phase : numpy.ndarray, integer, shape (n,), optional
        Phase of each grain, 1..; all 1 by default.
    names : tuple of str, optional
        Name of each phase; ``phase1``, ... by default.

    Raises
    ------
    InputError
        If the quaternions are not unit ones, a symmetry is unknown, or lengths differ.
    """

    quaternion: np.ndarray
    symmetry: tuple[str, ...] | str = ("432",)
    phase: np.ndarray = None  # type: ignore[assignment]  # made in __post_init__
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check and freeze the fields."""
        quaternion = np.array(self.quaternion, np.float64)
        if quaternion.ndim != 2 or quaternion.shape[1] != 4:
            raise InputError(
                "orientations are quaternions (w, x, y, z), a row for each grain; got "
                f"shape {quaternion.shape}"
            )
        length = np.linalg.norm(quaternion, axis=1)
        wrong = np.flatnonzero(~(np.abs(length - 1) <= _UNIT))
        if wrong.size:
            raise InputError(
                f"quaternions have length 1; {wrong.size} of {length.size} do not: "
                f"that of grain {wrong[0] + 1} has {length[wrong[0]]:.6g}"
            )
        # What is a unit vector up to rounding stays as it is, so that files hold it.
        length[np.abs(length - 1) <= _ROUNDING] = 1
        quaternion /= length[:, None]
        quaternion[quaternion[:, 0] < 0] *= -1
        one = isinstance(self.symmetry, str)
        symmetry = (self.symmetry,) if one else tuple(self.symmetry)
        symmetry = tuple(checked_symmetry(str(s)) for s in symmetry)
        phase = np.ones(len(quaternion), np.int32)
        if self.phase is not None:
            phase = np.array(self.phase, np.int32)
        names = tuple(self.names) or tuple(
            f"phase{i + 1}" for i in range(len(symmetry))
        )
        if phase.shape != (len(quaternion),):
            raise InputError(
                f"{len(quaternion)} orientations need as many phases, got shape "
                f"{phase.shape}"
            )
        if phase.size and not 1 <= phase.min() <= phase.max() <= len(symmetry):
            raise InputError(
                f"phases must lie in 1..{len(symmetry)}, as there are symmetries; got "
                f"{phase.min()}..{phase.max()}"
            )
        if len(names) != len(symmetry):
            raise InputError(
                f"{len(symmetry)} phases need as many names, got {len(names)}"
            )
        quaternion.flags.writeable = phase.flags.writeable = False
        for name, value in (
            ("quaternion", quaternion),
            ("symmetry", symmetry),
            ("phase", phase),
            ("names", names),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Return the number of grains."""
        return len(self.quaternion)

    @property
    def several(self) -> bool:
        """Whether its grains have different phases."""
        return np.unique(self.phase).size > 1

    def used(self) -> Orientations:
        """Return them with the phases alone that a grain has, numbered anew."""
        numbers, phase = np.unique(self.phase, return_inverse=True)
        if numbers.size in (0, len(self.symmetry)):
            return self
        symmetry = tuple(self.symmetry[i - 1] for i in numbers)
        names = tuple(self.names[i - 1] for i in numbers)
        return replace(self, symmetry=symmetry, names=names, phase=phase + 1)

    def listed(self) -> str:
        """Return number, name and symmetry of each phase, as text.

        Examples
        --------
        >>> Orientations([[1, 0, 0, 0]], ("432", "622"), names=("Al", "Ti")).listed()
        '1 Al (432), 2 Ti (622)'
        """
        each = zip(self.names, self.symmetry)
        return ", ".join(f"{i} {name} ({s})" for i, (name, s) in enumerate(each, 1))

    def rows(self, ids: np.ndarray) -> Orientations:
        """Return the orientations of grains ``ids``, as those of grains 1, 2, ...

        Parameters
        ----------
        ids : numpy.ndarray, integer, shape (m,)
            Grain IDs, 1..n.
        """
        at = np.asarray(ids) - 1
        return replace(self, quaternion=self.quaternion[at], phase=self.phase[at])

    def euler(self) -> np.ndarray:
        """Return the Euler angles of Bunge, radians.

        Returns
        -------
        numpy.ndarray, float64, shape (n, 3)
            phi1 and phi2 in [0, 2 pi), PHI in [0, pi].

        Examples
        --------
        >>> Orientations(np.array([[1.0, 0, 0, 1]]) / 2**0.5).euler().round(4).tolist()
        [[1.5708, 0.0, 0.0]]
        """
        w, x, y, z = self.quaternion.T
        # Sum and difference of phi1 and phi2; where PHI is 0 or pi only one is defined.
        cap, tip = np.hypot(w, z), np.hypot(x, y)
        total = np.where(cap > 1e-9, np.arctan2(z, w), 0.0)
        turn = np.where(tip > 1e-9, np.arctan2(y, x), 0.0)
        phi1 = np.where(tip > 1e-9, total + turn, 2 * total)
        phi2 = np.where(tip > 1e-9, total - turn, 0.0)
        phi1 = np.where(cap > 1e-9, phi1, 2 * turn)
        phi2 = np.where(cap > 1e-9, phi2, 0.0)
        return np.stack(
            [phi1 % (2 * np.pi), 2 * np.arctan2(tip, cap), phi2 % (2 * np.pi)], -1
        )

    @staticmethod
    def from_euler(
        angles: np.ndarray, symmetry: tuple[str, ...] | str = "432"
    ) -> Orientations:
        """Return orientations from Euler angles of Bunge, radians, shape (n, 3)."""
        from scipy.spatial.transform import Rotation

        angles = np.asarray(angles, np.float64).reshape(-1, 3)
        rotation = Rotation.from_euler("ZXZ", angles)
        return Orientations(rotation.as_quat(scalar_first=True), symmetry)
