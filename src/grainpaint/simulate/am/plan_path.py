"""The scan path of a build: layers of contours and hatch lines, or a file."""

import math
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.contours import contours
from grainpaint.simulate.am.hatch import Hatch, fill_area
from grainpaint.simulate.am.paths import read_path
from grainpaint.simulate.am.paths.check import check_fit, check_lines
from grainpaint.simulate.am.paths.place import on_centers, to_voxels
from grainpaint.simulate.am.recipe import AmRecipe, FileScan
from grainpaint.simulate.am.scan import ScanPath, Segment, make_path
from grainpaint.simulate.am.scan_file import read_scan
from grainpaint.units import UNITS, count_text, parse_length, parse_time

__all__ = ["heights_of", "layers_within", "mask_area", "plan_layers", "plan_path"]

_MOST_SEGMENTS = 1 << 24  # of a layer

# Given a first voxel along z and the one after the last, returns the area built there.
Area = Callable[[int, int], np.ndarray]


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
        If the file of the path is missing or damaged, the path does not fit the box, or
        no line is left.
    """
    scan = recipe.scan
    nx, ny, nz = mask.shape
    if scan.kind == "lines":
        layers = layers_within(recipe, (nx, ny, nz))
        path = plan_layers(recipe, layers, mask_area(mask))
        if not path.on.any():
            raise InputError(
                "no line of the scan lies in the part: nothing would melt; it is "
                f"thinner than {scan.contours:g} contours {scan.hatch:g} voxels apart"
            )
        _tell_bare(path, layers, mask_area(mask), scan.thickness)
        return path
    in_voxels = scan.kind == "csv"
    if scan.kind == "csv":
        path = read_scan(scan.file)
    else:
        path = _path_of_file(scan, recipe, origin)
    if not path.on.any():
        raise InputError(f"{scan.file}: the beam is never on: nothing would melt")
    edge = parse_length(recipe.voxel)
    try:
        check_fit(path, (nx, ny, nz), edge, recipe.pool, in_voxels)
    except InputError as error:
        raise InputError(f"{scan.file}: {error}") from None
    return _numbered(path)


def layers_within(
    recipe: AmRecipe, shape: tuple[int, int, int]
) -> list[tuple[int, float]]:
    """Return the number and the height of each layer of lines that can build a box.

    Raises
    ------
    InputError
        If the first layer lies above the box, or the lines cannot be meant.
    """
    scan = recipe.scan
    assert scan.kind == "lines"
    edge = parse_length(recipe.voxel)
    check_lines(scan.hatch, scan.thickness, shape, edge, recipe.pool)
    return heights_of(recipe, shape[2])


def heights_of(recipe: AmRecipe, n_z: int) -> list[tuple[int, float]]:
    """Return the number and the height of each layer of hatch lines.

    Parameters
    ----------
    recipe : AmRecipe
    n_z : int
        Voxels of the box along z.

    Raises
    ------
    InputError
        If the first layer lies above the box.
    """
    scan = recipe.scan
    assert scan.kind == "lines"
    first = recipe.ground - 1 + scan.thickness if scan.first is None else scan.first
    top = n_z - 1
    if first > top:
        raise InputError(
            f"the first layer is scanned at height {first:g}, outside the box, whose "
            f"highest voxel is {top}: give a lower `first` or a taller box"
        )
    n_layers = max(1, math.ceil((top - first) / scan.thickness - 1e-9) + 1)
    return [(i, min(first + i * scan.thickness, top)) for i in range(n_layers)]


def mask_area(mask: np.ndarray) -> Area:
    """Return the function that gives the area that a mask has between two heights."""
    return lambda low, high: np.asarray(mask[:, :, low:high].any(axis=2))


def plan_layers(
    recipe: AmRecipe, layers: list[tuple[int, float]], area_of: Area
) -> ScanPath:
    """Return the scan path of some layers of contours and hatch lines.

    If no line lies in them, it is a track with the beam off.

    Parameters
    ----------
    recipe : AmRecipe
    layers : list of (int, float)
        Of those that `heights_of` returns.
    area_of : callable
        Given a first voxel along z and the one after the last, returns the area that is
        built there (bool, shape (nx, ny)).
    """
    scan = recipe.scan
    assert scan.kind == "lines"
    hatch = Hatch(
        scan.speed,
        scan.hatch,
        scan.start,
        scan.serpentine,
        scan.overrun,
        scan.island,
    )
    segments, heights = [], []
    numbers: list[int] = []
    for i, z in layers:
        area = _area(z, scan.thickness, area_of)
        loops, inner = contours(area, scan.contours, scan.hatch, scan.speed)
        lines = fill_area(inner, hatch, scan.angle + i * scan.rotation)
        n = len(loops) + len(lines)
        segments += loops + lines
        heights += [z] * n
        numbers += range(i * _MOST_SEGMENTS, i * _MOST_SEGMENTS + n)
    if not segments:
        nothing = make_path([Segment((0.0, 0.0), (1.0, 0.0), scan.speed)], [0.0])
        return replace(nothing, on=np.zeros(1, bool))
    path = make_path(segments, heights)
    return replace(path, number=np.array(numbers, np.int64))


def _area(z: float, thickness: float, area_of: Area) -> np.ndarray:
    """Return the area that is built in a layer whose surface has the height z."""
    return area_of(max(0, math.floor(z - thickness) + 1), math.floor(z) + 1)


def _tell_bare(
    path: ScanPath, layers: list[tuple[int, float]], area_of: Area, thickness: float
) -> None:
    """Warn of layers in which the part is too thin for their contours."""
    assert path.number is not None
    scanned = set(np.unique(path.number // _MOST_SEGMENTS).tolist())
    bare = [
        z for i, z in layers if i not in scanned and _area(z, thickness, area_of).any()
    ]
    if bare:
        warnings.warn(
            f"the scan path: {count_text(len(bare), 'layer')}, the first at height "
            f"{bare[0]:g}, stays powder: the part is too thin there for the contours",
            InputNote,
            stacklevel=3,
        )


def _numbered(path: ScanPath) -> ScanPath:
    """Return a path from a file whose tracks have the numbers of hatch lines.

    Random numbers depend on those, so a path makes the same grains from either.
    """
    burning = np.flatnonzero(path.on)
    layer = np.cumsum(np.diff(path.start[burning, 2], prepend=np.nan) != 0) - 1
    within = np.arange(len(burning)) - np.searchsorted(layer, layer)
    if within.max() >= _MOST_SEGMENTS:
        return path
    number = np.zeros(len(path.on), np.int64)
    number[burning] = layer * _MOST_SEGMENTS + within
    return replace(path, number=np.maximum.accumulate(number))


def _path_of_file(
    scan: FileScan,
    recipe: AmRecipe,
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
    try:
        path = to_voxels(found, edge, (x, y, z), time=time, speed=scan.speed)
    except InputError as error:
        raise InputError(f"{scan.file}: {error}") from None
    return on_centers(path)
