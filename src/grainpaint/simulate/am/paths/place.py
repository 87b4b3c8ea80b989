"""Paths between a file and a box of voxels: micrometers and seconds, or voxels."""

from dataclasses import replace

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am.paths.file_path import FilePath
from grainpaint.simulate.am.scan import ScanPath

__all__ = ["on_centers", "to_file", "to_voxels"]

Place = tuple[float, float, float]
_ROUNDED = 1e-3  # voxels


def to_voxels(
    path: FilePath,
    edge: float,
    origin: Place,
    *,
    time: float | None = None,
    speed: float | None = None,
) -> ScanPath:
    """Return a path in voxels and units of time.

    Parameters
    ----------
    path : FilePath
    edge : float
        Of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0) in the file's coordinates, µm. Voxels lie at their
        centers, so the surface of n layers of voxels has the height n - 0.5.
    time : float, optional
        Seconds in a unit of time.
    speed : float, optional
        Voxels per unit of time in all tracks, instead of the path's own speeds.

    Raises
    ------
    InputError
        If neither speed nor time are given, or time without speeds in the path.
    """
    if speed is not None:
        speeds = np.full(len(path.speed), float(speed))
    elif time is None:
        raise InputError(
            "how fast is the beam? Give `time`, the duration of one unit of time (such "
            "as 1ms), or `speed`, voxels per unit of time"
        )
    elif not path.has_speeds:
        raise InputError(
            "the file has no speeds: give `speed`, voxels per unit of time"
        )
    else:
        speeds = path.speed * (time / edge)
    corner = np.asarray(origin)
    start, end = ((ends - corner) / edge - 0.5 for ends in (path.start, path.end))
    return ScanPath(start, end, speeds, path.on)


def on_centers(path: ScanPath) -> ScanPath:
    """Return a path whose surfaces, where they nearly do, pass through voxels' centers.

    Files round, and voxels whose centers lie above the surface do not melt: a height
    less than a thousandth of a voxel from a center is meant to be there.
    """
    start, end = path.start.copy(), path.end.copy()
    for ends in (start, end):
        center = np.rint(ends[:, 2])
        near = np.abs(ends[:, 2] - center) < _ROUNDED
        ends[near, 2] = center[near]
    return replace(path, start=start, end=end)


def to_file(
    path: ScanPath, edge: float, origin: Place, time: float | None = None
) -> FilePath:
    """Return a path in µm and seconds; the inverse of `to_voxels`.

    Parameters
    ----------
    path, edge, origin
        As in `to_voxels`.
    time : float, optional
        Seconds in a unit of time; without it there are no speeds.
    """
    corner = np.asarray(origin)
    start, end = ((ends + 0.5) * edge + corner for ends in (path.start, path.end))
    speed = path.speed * (np.nan if time is None else edge / time)
    return FilePath(start, end, speed, path.on)
