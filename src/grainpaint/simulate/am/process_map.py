"""Where each voxel lies in the track that melted it last, without Monte Carlo.

The pool moves along straight pieces, so the time for which it covers a voxel is known
in closed form. With the pool's forward and backward reach along the line through the
voxel (`Pool.reach`), the voxel is molten while the pool's origin lies between the
voxel's position along the track minus the forward reach and that position plus the
backward reach.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.files import refuse_to_replace, replace_with
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, ScanPath

__all__ = ["ProcessMap", "check_maps", "process_map", "write_maps"]

_AT_ONCE = 1 << 18  # voxels whose directions are found together


@dataclass(frozen=True, eq=False)
class ProcessMap:
    """The last melting of each voxel (arrays of shape (nx, ny, nz)).

    Parameters
    ----------
    track : numpy.ndarray, int32
        Segment of the path that melted the voxel last, from 0; -1 = never molten.
    across : numpy.ndarray, float32
        Position across the track in pool widths, -0.5..0.5, positive to the left; NaN
        where never molten, as in the arrays that follow.
    below : numpy.ndarray, float32
        Position below the scanned surface in pool depths, 0..1.
    direction : numpy.ndarray, float32
        Angle between the track and x, radians, -pi..pi.
    time : numpy.ndarray, float32
        Time at which the voxel solidified, units of time since the path began.
    growth : numpy.ndarray, float32, shape (nx, ny, nz, 3)
        Direction in which the voxel solidified, a unit vector: the normal of the rear
        surface of the moving pool, into the melt (`Pool.growth`).
    """

    track: np.ndarray
    across: np.ndarray
    below: np.ndarray
    direction: np.ndarray
    time: np.ndarray
    growth: np.ndarray


def process_map(shape: tuple[int, int, int], path: ScanPath, pool: Pool) -> ProcessMap:
    """Return where, how and when each voxel was last molten.

    Parameters
    ----------
    shape : three ints
        Voxels of the box.
    path : ScanPath
        Path of the pool.
    pool : Pool
        Shape of the pool.

    Returns
    -------
    ProcessMap
        32 bytes per voxel. The pool moves continuously here and in steps in the sweeps
        of the simulation, so times differ by up to one sweep. Where the pool comes to
        rest, the direction of growth is still that of a moving one.
    """
    track = np.full(shape, -1, np.int32)
    across, below, direction, time = (
        np.full(shape, np.nan, np.float32) for _ in range(4)
    )
    growth = np.full((*shape, 3), np.nan, np.float32)
    begin = 0.0
    for i in range(len(path.speed)):
        if path.on[i]:
            box = _box_of(shape, path, pool, i)
            if box is not None:
                done = _melt(path, pool, i, box)
                hit = ~np.isnan(done)
                track[box][hit] = i
                time[box][hit] = begin + done[hit]
        begin += path.n_sweeps[i] / SWEEPS_PER_TIME
    n_planes = max(1, _AT_ONCE // (shape[1] * shape[2]))
    for x0 in range(0, shape[0], n_planes):
        slab = slice(x0, x0 + n_planes)
        hit = track[slab] >= 0
        last = track[slab][hit]
        x, y, z = np.nonzero(hit)
        ux, uy = path.direction[last, :2].T
        dx, dy = x + x0 - path.start[last, 0], y - path.start[last, 1]
        place, depth = ux * dy - uy * dx, path.start[last, 2] - z
        across[slab][hit], below[slab][hit] = place / pool.width, depth / pool.depth
        direction[slab][hit] = np.arctan2(uy, ux)
        growth[slab][hit] = _turned(pool.growth(place, -depth), ux, uy)
    return ProcessMap(track, across, below, direction, time, growth)


def _turned(vectors: np.ndarray, ux: np.ndarray, uy: np.ndarray) -> np.ndarray:
    """Return vectors from the axes of pools that move along (ux, uy)."""
    x, y, z = vectors.T
    found: np.ndarray = np.stack([ux * x - uy * y, uy * x + ux * y, z], -1)
    return found


def _box_of(
    shape: tuple[int, int, int], path: ScanPath, pool: Pool, i: int
) -> tuple[slice, slice, slice] | None:
    """Return the voxels that segment i may melt, or None."""
    margin = max(*pool.ends, pool.width / 2)
    ends = np.stack([path.start[i], path.end[i]])
    low = np.ceil(ends.min(0) - (margin, margin, pool.depth)).astype(int)
    high = np.floor(ends.max(0) + np.array([margin, margin, 0])).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, np.array(shape) - 1)
    if (low > high).any():
        return None
    x, y, z = (slice(a, b + 1) for a, b in zip(low.tolist(), high.tolist()))
    return x, y, z


def _melt(
    path: ScanPath, pool: Pool, i: int, box: tuple[slice, slice, slice]
) -> np.ndarray:
    """Return when voxels solidify in segment i, since it began; NaN = not melted."""
    ux, uy, _ = path.direction[i]
    x, y, z = np.ogrid[box]
    dx, dy = x - path.start[i, 0], y - path.start[i, 1]
    along, place = ux * dx + uy * dy, ux * dy - uy * dx
    front, rear = pool.reach(place, z - path.start[i, 2])
    first = np.maximum(along - front, 0)
    last = np.minimum(along + rear, path.length[i])
    done: np.ndarray = np.where(first <= last, last / path.speed[i], np.nan)
    return done


def check_maps(path: Path, force: bool) -> None:
    """Raise InputError unless process maps may be written to `path`."""
    if path.suffix != ".npz":
        raise InputError(f"{path}: process maps are written as .npz")
    refuse_to_replace(path, force)


def write_maps(maps: ProcessMap, path: Path) -> None:
    """Write process maps to an .npz file, one array per field."""
    replace_with(path, lambda aside: np.savez_compressed(aside, **asdict(maps)))
