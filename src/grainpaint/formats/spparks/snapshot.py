"""Spins of all sites of a box at one time, and the grains they form."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.segmentation.pieces import label_pieces

__all__ = ["Snapshot", "choose_time", "grains_of_spins", "label_spins"]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Spins of all sites of a box at one time.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
        Spin of each site.
    time : float
        SPPARKS' time; 0 if the file does not say.
    spacing : float
        Lattice constant.
    origin : three floats
        Place of site (0, 0, 0).
    periodic : three bools
        Whether the box was periodic along x, y, z, as far as the file says.
    """

    spin: np.ndarray
    time: float = 0.0
    spacing: float = 1.0
    origin: tuple[float, ...] = (0.0, 0.0, 0.0)
    periodic: tuple[bool, ...] = (False, False, False)


def label_spins(
    spin: np.ndarray, periodic: tuple[bool, ...], outside: np.ndarray | None = None
) -> np.ndarray:
    """Return numbers of the connected pieces of equal spin (26 neighbors).

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (nx, ny, nz)
    periodic : three bools
        Whether pieces continue through the faces, along x, y, z.
    outside : numpy.ndarray, bool, optional
        Voxels in no piece.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Pieces 1..n, 0 outside.

    Raises
    ------
    InputError
        If the range of the spins exceeds int32.
    """
    low = int(spin.min())
    if int(spin.max()) - low + 1 > np.iinfo(np.int32).max:
        raise InputError("the range of the spins exceeds 32-bit integers")
    # 0 is a spin like any other (melted sites), but means outside to label_pieces.
    above = (spin - spin.dtype.type(low)).astype(np.int32) + np.int32(1)
    if outside is not None:
        above[outside] = 0
    return label_pieces(above, periodic, corners=True)


def grains_of_spins(
    snapshot: Snapshot, periodic: tuple[bool, ...] | None = None
) -> Microstructure:
    """Return the grains of a snapshot: connected pieces of equal spin.

    Parameters
    ----------
    snapshot : Snapshot
    periodic : three bools, optional
        Whether the box was periodic along x, y, z; as the snapshot says if not given.

    Raises
    ------
    InputError
        If the range of the spins exceeds int32.
    """
    periodic = snapshot.periodic if periodic is None else periodic
    grain_id = label_spins(snapshot.spin, periodic)
    return Microstructure(grain_id, (snapshot.spacing,) * 3, snapshot.origin, periodic)


def choose_time(path: Path, known: list[float], time: float | None) -> int:
    """Return the index of a time, by default the last."""
    if time is None:
        return len(known) - 1
    nearest = min(range(len(known)), key=lambda i: abs(known[i] - time))
    # SPPARKS writes at the first event or sweep past a time: 60.0001.
    if abs(known[nearest] - time) > 1e-3 * max(1.0, abs(time)):
        raise InputError(
            f"{path}: no snapshot of time {time:g}; it has {_listing(known)}"
        )
    return nearest


def _listing(values: list[float]) -> str:
    if len(values) > 12:
        return f"{_listing(values[:5])}, ..., {_listing(values[-5:])}"
    return ", ".join(f"{v:g}" for v in values) or "none"
