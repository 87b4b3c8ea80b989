"""The state of a simulation: checked spins with ghosts, alarms and mobility."""

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.simulate.iso.alarms import AWAKE, QUIET
from grainpaint.simulate.iso.lattice import Lattice, neighbor_offsets, neighborhood

__all__ = ["check_box", "checked_mobility", "checked_spins", "make_lattice"]


def make_lattice(
    spin: np.ndarray,
    offsets: np.ndarray,
    periodic: tuple[bool, bool, bool],
    mobility: np.ndarray | None,
    origin: tuple[int, int, int],
    period: tuple[int, int, int],
) -> Lattice:
    """Return the lattice of spins with ghosts around it, every site awake.

    Ghosts are copies across periodic faces and 0 elsewhere; `offsets` are those of
    `neighbor_offsets`, the other parameters those of `grainpaint.simulate.grow`.
    """
    nx, ny, nz = spin.shape
    # Alarms are read eight at a time, neighbors in rows that are one site longer.
    row = -(-(nz + 3) // 8) * 8
    padded = np.zeros((nx + 2, ny + 2, row), spin.dtype)
    inside = padded[:, :, : nz + 2]
    inside[1:-1, 1:-1, 1:-1] = spin
    for axis in range(3):
        if periodic[axis] and spin.shape[axis] > 1:
            ends = np.moveaxis(inside, axis, 0)
            ends[0], ends[-1] = ends[-2], ends[1]
    alarm = np.full(padded.shape, QUIET, np.uint8)
    for alarms, sites in zip(alarm[1:-1, 1:-1, 1 : nz + 1], spin):
        alarms[sites > 0] = AWAKE
    strides = ((ny + 2) * row, row)
    places = []
    for n, start, length in zip(spin.shape, origin, period):
        place = np.arange(start, start + n)
        place = place % length if length else place & 0xFFFFFF
        places.append(place.astype(np.uint64))
    return Lattice(
        padded.reshape(-1),
        alarm.reshape(-1),
        alarm.reshape(-1).view(np.uint64),
        np.empty((0, 0, 0), np.float32) if mobility is None else mobility,
        *neighborhood(offsets, *strides),
        np.array([p and n > 1 for p, n in zip(periodic, spin.shape)]),
        nx,
        ny,
        nz,
        *places,
    )


def checked_spins(spin: np.ndarray) -> np.ndarray:
    """Return spins as uint16 or int32; raise InputError unless they are valid."""
    spin = np.asarray(spin)
    if spin.ndim != 3 or spin.dtype.kind not in "iu" or spin.size == 0:
        raise InputError(
            "spins must be a non-empty 3-D array of integers, got shape "
            f"{spin.shape} of {spin.dtype}"
        )
    if spin.min() < 0 or spin.max() >= 2**31:
        raise InputError(
            f"spins must lie in 0..2147483647, got {spin.min()}..{spin.max()}"
        )
    return spin if spin.dtype == np.uint16 else spin.astype(np.int32, copy=False)


def check_box(
    shape: tuple[int, ...], lattice: str, periodic: tuple[bool, bool, bool]
) -> None:
    """Raise InputError unless a lattice of this shape can be simulated."""
    flat = not neighbor_offsets(lattice)[:, 2].any()
    if flat and shape[2] != 1:
        raise InputError(f"the lattice {lattice} needs a box X,Y,1; Z is {shape[2]}")
    for axis, n, p in zip("xyz", shape, periodic):
        if p and n < 3 and not (flat and axis == "z"):
            raise InputError(
                f"a periodic axis needs at least 3 sites, {axis} has {n}: make "
                "the box larger or this axis open"
            )
        if n >= 2**24:
            raise InputError(f"an axis has at most 2^24 sites, got {n} along {axis}")


def checked_mobility(mobility: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return mobilities as float32; raise InputError unless they are valid."""
    try:
        mobility = np.ascontiguousarray(mobility, np.float32)
    except (TypeError, ValueError):
        raise InputError(
            "mobilities are an array of factors 0..1 in the shape of the box; got "
            f"{brief(repr(mobility), 50)}"
        ) from None
    if mobility.shape != shape:
        raise InputError(
            f"the mobility map has shape {mobility.shape}, the box {tuple(shape)}"
        )
    if not (mobility.min() >= 0 and mobility.max() <= 1):
        raise InputError(
            f"mobilities must lie in 0..1, got {mobility.min():g}..{mobility.max():g}"
        )
    return mobility
