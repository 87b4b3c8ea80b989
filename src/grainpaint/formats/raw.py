"""What a file holds before it is a volume, and what its reader may be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from grainpaint.errors import InputError
from grainpaint.orientations import Orientations
from grainpaint.orientations.symmetry import checked_symmetry
from grainpaint.units import known_unit

__all__ = ["RawVolume", "ReadOptions", "in_order", "integers"]

_TILE = 16


@dataclass(frozen=True)
class ReadOptions:
    """What a user says about a file; what is None is left to the file.

    Parameters
    ----------
    time : float, optional
        Which snapshot of a SPPARKS dump or stitch file; the last if not given.
    array : str, optional
        Name of the array with the grain IDs.
    unit : str, optional
        Unit of the lengths (nm, um, mm, cm, m, inch) of a file that does not state it.
    void : int or "none", optional
        The ID that means outside; "none" if every ID is a grain, 0 too.
    periodic : three bools, optional
        Whether grains continue through the faces, along x, y, z.
    misorientation : float, optional
        Of maps of orientations: the largest angle between neighbors in a grain, degrees
        in 0..180; 5 if not given.
    min_size : int, optional
        Of maps of orientations: points of the smallest grain; 5 if not given.
    fill : bool
        Of maps of orientations: whether points without one take the nearest grain.
    spacing_z : float, optional
        The files of a pattern or folder are sections so far apart, µm.
    symmetry : str, optional
        Crystal symmetry of maps that do not state it, such as 432.

    Raises
    ------
    InputError
        If a value is none that its field takes.
    """

    time: float | None = None
    array: str | None = None
    unit: str | None = None
    void: int | Literal["none"] | None = None
    periodic: tuple[bool, ...] | None = None
    misorientation: float | None = None
    min_size: int | None = None
    fill: bool = False
    spacing_z: float | None = None
    symmetry: str | None = None

    def __post_init__(self) -> None:
        """Check the words."""
        if self.unit is not None:
            object.__setattr__(self, "unit", known_unit(self.unit))
        if isinstance(self.void, str) and self.void != "none":
            raise InputError(f"void is an ID, or none; got {self.void!r}")
        if self.periodic is not None and len(self.periodic) != 3:
            raise InputError("periodic needs three values")
        if self.misorientation is not None and not 0 < self.misorientation <= 180:
            raise InputError(
                f"a misorientation lies in 0..180 degrees; got {self.misorientation:g}"
            )
        if self.min_size is not None and self.min_size < 1:
            raise InputError(f"a grain has at least 1 point; got {self.min_size}")
        if self.spacing_z is not None and not 0 < self.spacing_z < float("inf"):
            raise InputError(f"spacing_z is a length above 0; got {self.spacing_z:g}")
        if self.symmetry is not None:
            object.__setattr__(self, "symmetry", checked_symmetry(self.symmetry))

    @property
    def of_maps(self) -> list[str]:
        """Names of the fields given that only maps of orientations have."""
        names = ("misorientation", "min_size", "fill", "symmetry")
        return [name for name in names if getattr(self, name) not in (None, False)]


@dataclass(frozen=True, eq=False)
class RawVolume:
    """What a file says, in its own unit and with its own IDs.

    Parameters
    ----------
    ids : numpy.ndarray, integer, shape (nx, ny, nz)
        Any IDs, perhaps negative or beyond 32 bits.
    spacing, origin : three floats
        Edges of a voxel and lower corner of voxel (0, 0, 0).
    periodic : three bools
    unit : str
        Unit of the lengths.
    void : int, optional
        The ID of what is outside, if there is one.
    assumed_unit, assumed_void : str
        Why unit and void are what they are if the file does not state them.
    notes : tuple of str
        What else a user has to know.
    spins : bool
        Whether the IDs are spins: a grain is then a connected piece of equal spin.
    spins_are_ids : bool
        Whether grains keep spins as IDs where each spin is one piece.
    orientations : Orientations, optional
        Those of the grains with IDs 1..n.
    """

    ids: np.ndarray
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    periodic: tuple[bool, ...] = (False, False, False)
    unit: str = "um"
    void: int | None = 0
    assumed_unit: str = ""
    assumed_void: str = ""
    notes: tuple[str, ...] = ()
    spins: bool = False
    spins_are_ids: bool = False
    orientations: Orientations | None = None

    def told(self, options: ReadOptions) -> RawVolume:
        """Return it with what a user says about it."""
        raw = self
        if options.periodic is not None:
            raw = replace(raw, periodic=options.periodic)
        if options.void is not None:
            void = None if options.void == "none" else int(options.void)
            raw = replace(raw, void=void, assumed_void="")
            if void and not (raw.ids == void).any():
                note = f"no voxel has the ID {void}, so nothing is outside (void)"
                raw = replace(raw, notes=(*raw.notes, note))
        if options.unit is None or options.unit == raw.unit:
            return raw if options.unit is None else replace(raw, assumed_unit="")
        if raw.assumed_unit or raw.spins:  # lattice constants have no unit
            return replace(raw, unit=options.unit, assumed_unit="")
        note = f"its lengths are stated in {raw.unit}, so unit {options.unit} is unused"
        return replace(raw, notes=(*raw.notes, note))


def integers(values: np.ndarray, name: str) -> np.ndarray:
    """Return values as integers, if they are.

    Parameters
    ----------
    values : numpy.ndarray
        Integers, bools, or floats without fractions; of three axes if they are x, y, z.
    name : str
        How an error calls them.

    Raises
    ------
    InputError
        If they are of another kind, or a float is not an integer.
    """
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "b":
        return values.view(np.uint8)
    if values.dtype.kind != "f":
        raise InputError(f"{name} holds {values.dtype}, not integers")
    limit = 2.0 ** min(63, np.finfo(values.dtype).nmant + 1)  # exact up to there
    good = (np.abs(values) <= limit) & (values == np.floor(values))
    if not good.all():
        if np.isfinite(values).all() and (values == np.floor(values)).all():
            raise InputError(
                f"{name} holds {values.dtype} beyond 2^{int(np.log2(limit))}, which "
                "does not tell all integers apart: save grain IDs as integers"
            )
        first = np.unravel_index(int(good.argmin()), good.shape)
        place = f" at voxel {', '.join(map(str, first))}" if good.ndim == 3 else ""
        raise InputError(
            f"{name} holds numbers that are not integers, so no grain IDs: "
            f"{values[first]:g}{place}"
        )
    return values.astype(np.int64)


def in_order(values: np.ndarray, dtype: str = "i4") -> np.ndarray:
    """Return a 3-D array in C order, copied only if it is not already.

    An array whose first axis runs fastest, as in files, is copied tile by tile, in a
    third of the time that NumPy takes.
    """
    if values.flags.c_contiguous or values.size < _TILE**3:
        return np.ascontiguousarray(values, dtype)
    result = np.empty(values.shape, dtype)
    for i in range(0, values.shape[0], _TILE):
        for k in range(0, values.shape[2], _TILE):
            here = np.s_[i : i + _TILE, :, k : k + _TILE]
            result[here] = values[here]
    return result
