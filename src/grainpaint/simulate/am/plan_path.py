"""The scan path of a build: layers of contours and hatch lines, or a file."""

import math

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am.contours import contours
from grainpaint.simulate.am.hatch import Hatch, fill_area
from grainpaint.simulate.am.paths import read_path
from grainpaint.simulate.am.paths.check import check_fit
from grainpaint.simulate.am.paths.place import to_voxels
from grainpaint.simulate.am.recipe import AmRecipe, FileScan
from grainpaint.simulate.am.scan import ScanPath, make_path
from grainpaint.simulate.am.scan_file import read_scan
from grainpaint.units import UNITS, parse_length, parse_time

__all__ = ["plan_path"]


def plan_path(
    recipe: AmRecipe,
    mask: np.ndarray,
    origin: tuple[float, float, float] | None = None,
) -> ScanPath:
    """Return the scan path of a build.

    Parameters
    ----------
    recipe : AmRecipe
    mask : numpy.ndarray, bool, shape (nx, ny, nz)
        The voxels that are built.
    origin : three floats, optional
        Corner of voxel (0, 0, 0), µm; required for a path in real units.

    Raises
    ------
    InputError
        If the file of the path is missing, damaged or does not fit the box, or no line
        is left.
    """
    scan = recipe.scan
    if scan.kind == "csv":
        return read_scan(scan.file)
    if scan.kind == "file":
        return _path_of_file(scan, recipe, mask, origin)
    hatch = Hatch(
        scan.speed,
        scan.hatch,
        scan.start,
        scan.serpentine,
        scan.overrun,
        scan.island,
    )
    ground = recipe.substrate.height if recipe.substrate else 0
    first = ground - 1 + scan.thickness if scan.first is None else scan.first
    top = mask.shape[2] - 1
    if first > top:
        raise InputError(
            f"the first layer is scanned at height {first:g}, outside the box, whose "
            f"highest voxel is {top}: give a lower `first` or a taller box"
        )
    n_layers = max(1, math.ceil((top - first) / scan.thickness - 1e-9) + 1)
    segments, heights = [], []
    for i in range(n_layers):
        z = min(first + i * scan.thickness, top)
        low = max(0, math.floor(z - scan.thickness) + 1)
        area = np.asarray(mask[:, :, low : math.floor(z) + 1].any(axis=2))
        loops, inner = contours(area, scan.contours, scan.hatch, scan.speed)
        lines = fill_area(inner, hatch, scan.angle + i * scan.rotation)
        segments += loops + lines
        heights += [z] * (len(loops) + len(lines))
    return make_path(segments, heights)


def _path_of_file(
    scan: FileScan,
    recipe: AmRecipe,
    mask: np.ndarray,
    origin: tuple[float, float, float] | None,
) -> ScanPath:
    """Return a path from a file in the voxels of a box."""
    if origin is None:
        raise InputError(
            f"{scan.file}: a path in real units cannot be placed here, since the "
            "corner of the box is unknown: convert it with `grainpaint scan` to .csv, "
            'and set kind = "csv"'
        )
    unit = UNITS[scan.unit or "mm"]
    x, y, z = (o - s * unit for o, s in zip(origin, scan.shift))
    edge = parse_length(recipe.voxel)
    time = None if scan.time is None else parse_time(scan.time)
    found = read_path(scan.file, scan.unit, scan.laser)
    nx, ny, nz = mask.shape
    try:
        path = to_voxels(found, edge, (x, y, z), time=time, speed=scan.speed)
        check_fit(path, (nx, ny, nz), edge, recipe.pool)
    except InputError as error:
        raise InputError(f"{scan.file}: {error}") from None
    return path
