"""Maps of Oxford Instruments, .h5oina (HDF5): Euler angles in radians.

Phase 0 means no solution. Crystal axes: x along a*, which is turned to a.

References
----------
https://github.com/oinanoanalysis/h5oina, H5OINAFile.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.ctf import laue_group
from grainpaint.formats.ebsd.grid import Stated, point_grid
from grainpaint.formats.ebsd.points import (
    OrientationMap,
    from_columns,
    over_a_turn,
    with_x_along_a,
)
from grainpaint.formats.ebsd.table import whole
from grainpaint.formats.hdf5_file import array_of, floats_of, text_of

__all__ = ["read_points", "read_slices"]

_VOLUMES = ("DataStructure", "DataContainers", "VTKHDF")  # of other programs
_GROWN = 32  # memory that grains take, for each byte of angles


def read_points(file: Any, name: str | None = None) -> OrientationMap:
    """Read the only map of an open file, or one of its slices.

    Parameters
    ----------
    file : h5py.File
    name : str, optional
        The slice, 1, 2, ...; not needed if there is one.

    Raises
    ------
    InputError
        If it has no map, several, or lacks a part of it.
    """
    slices = _slices(file)
    if name is not None and name not in slices:
        raise InputError(
            f"it has no slice {brief(name, 50)!r}; it has {brief(', '.join(slices))}"
        )
    if any(name in file for name in _VOLUMES):
        raise InputError(
            "it holds a volume, not a map: leave out the distance of sections "
            "(spacing_z)"
        )
    if not slices:
        raise InputError("an .h5oina file without an EBSD map")
    if len(slices) > 1 and name is None:
        raise InputError(
            f"an .h5oina file of {len(slices)} slices, {slices[0]} to {slices[-1]}: "
            "name one (array), or say their distance (spacing_z) to read all as a "
            "volume"
        )
    return _read_slice(file[name or slices[0]]["EBSD"])


def read_slices(file: Any, name: str | None = None) -> list[OrientationMap]:
    """Read all maps of an open file in the order of their numbers, or the one named.

    Raises
    ------
    InputError
        As `read_points`.
    """
    slices = _slices(file)
    if name is not None or len(slices) < 2:
        return [read_points(file, name)]
    return [_read_slice(file[one]["EBSD"]) for one in slices]


def _slices(file: Any) -> list[str]:
    """Return the names of the groups that hold a map, by their numbers."""
    found = [
        name
        for name, group in file.items()
        if hasattr(group, "keys") and "EBSD" in group and "Data" in group["EBSD"]
    ]
    return sorted(found, key=lambda name: (len(name), name))  # 2 comes before 10


def _read_slice(group: Any) -> OrientationMap:
    """Read a map."""
    data, header = (group.get(part) for part in ("Data", "Header"))
    lost = [name for name in ("Euler", "Phase") if name not in data]
    if header is None or lost:
        raise InputError(f"damaged: its EBSD map lacks {', '.join(lost or ['Header'])}")
    angles = floats_of(data["Euler"], _GROWN)
    phase = whole(np.nan_to_num(array_of(data["Phase"]).ravel()), "the phase")
    columns, rows = (_scalar(header, f"{axis} Cells") for axis in "XY")
    steps = [_scalar(header, f"{axis} Step") for axis in "XY"]
    if columns is None or rows is None:
        raise InputError("damaged: its header lacks X Cells or Y Cells")
    columns, rows = (int(whole(np.array([n]), "the count")[0]) for n in (columns, rows))
    if angles.shape != (phase.size, 3) or phase.size != columns * rows:
        raise InputError(
            f"damaged: its header states {columns} x {rows} points, its angles have "
            f"shape {angles.shape}, its phases {phase.shape}"
        )
    known = angles[(phase > 0) & ~np.isnan(angles).any(1)]
    largest = np.abs(known).max(initial=0.0)
    if largest > 4 * np.pi + 1e-3:
        raise InputError(
            f"an .h5oina file has angles in radians, but these reach {largest:.5g}"
        )
    noted = over_a_turn(known)
    if "X" in data and "Y" in data:
        x, y = (floats_of(data[axis]).ravel() for axis in "XY")
    else:
        y, x = (i.ravel().astype(float) for i in np.indices((rows, columns)))
        x, y = x * (steps[0] or 1.0), y * (steps[1] or steps[0] or 1.0)
    inside = np.isfinite(x) & np.isfinite(y)  # of a map that is not a rectangle
    stated = Stated(columns, None, rows, steps[0], steps[1])
    grid = point_grid(x[inside], y[inside], stated=stated)
    symmetry, names, notes = _phases(header)
    if phase.size and phase.max() > len(symmetry):
        raise InputError(
            f"has points of phase {phase.max()}, but its header has {len(symmetry)}"
        )
    return from_columns(
        with_x_along_a(angles, phase, symmetry)[inside],
        phase[inside],
        grid.point,
        symmetry,
        names,
        spacing=grid.spacing,
        origin=grid.origin,
        notes=(*grid.notes, *notes, *noted),
    )


def _scalar(group: Any, name: str) -> float | None:
    """Return a number of a header."""
    if name not in group:
        return None
    return float(array_of(group[name]).ravel()[0])


def _phases(header: Any) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Return symmetry and name of each phase, and notes."""
    groups: list[str] = []
    names: list[str] = []
    notes: list[str] = []
    folder = header.get("Phases", {})
    for i in range(1, len(folder) + 1):
        if str(i) not in folder or "Laue Group" not in folder[str(i)]:
            raise InputError(f"damaged: its header lacks phase {i} or its Laue group")
        one = folder[str(i)]
        group, note = laue_group(int(array_of(one["Laue Group"]).ravel()[0]))
        groups.append(group)
        notes += [note] if note else []
        names.append(text_of(one["Phase Name"]) if "Phase Name" in one else "")
    if not groups:
        raise InputError("damaged: its header lists no phase")
    return (
        tuple(groups),
        tuple(n or f"phase{i + 1}" for i, n in enumerate(names)),
        notes,
    )
