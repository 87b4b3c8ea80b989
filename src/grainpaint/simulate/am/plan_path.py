"""The scan path of a build: layers of contours and hatch lines, or a file."""

import math

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am.contours import contours
from grainpaint.simulate.am.hatch import Hatch, fill_area
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.scan import ScanPath, make_path
from grainpaint.simulate.am.scan_file import read_scan

__all__ = ["plan_path"]


def plan_path(recipe: AmRecipe, mask: np.ndarray) -> ScanPath:
    """Return the scan path of a build inside a mask (bool, shape (nx, ny, nz)).

    Raises
    ------
    InputError
        If the file of the path is missing or damaged, or no line is left.
    """
    scan = recipe.scan
    if scan.kind == "csv":
        return read_scan(scan.file)
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
