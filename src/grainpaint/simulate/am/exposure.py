"""What the scan did to each place: its last melting, and how mobile it was afterwards.

A place is molten last by the last track whose molten part of the line passes over it.
Its dose is the sum, over all sweeps since then, of the mobility of Eq. (19) of Hoffman
et al. (Acta Materialia 288, 2025): the number of moves that were proposed there. No
Monte Carlo is needed, and any box can be computed on its own.
"""

from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.simulate.am.heat_affected_zone import Haz
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.scan import ScanPath
from grainpaint.simulate.am.tracks import (
    FINE,
    at_rest,
    columns,
    frozen_mobility,
    is_cold,
    near_segments,
    span,
    summed,
    sweeps_at_rest,
    tabulate_lines,
)

__all__ = ["Exposure", "expose"]


@dataclass(frozen=True, eq=False)
class Exposure:
    """What the scan did, arrays of shape (nx, ny, nz).

    Parameters
    ----------
    track : numpy.ndarray, int64
        Segment of the path that melted the place last, -1 = never molten; the next
        three are 0 there.
    across : numpy.ndarray, float32
        Position across the track that melted it last, pool widths, positive to the
        left.
    below : numpy.ndarray, float32
        Position below the surface that was scanned, pool depths.
    heading : numpy.ndarray, float32, shape (nx, ny, nz, 2)
        Cosine and sine of the angle between that track and x.
    dose : numpy.ndarray, float32
        Mobility summed over the sweeps since it solidified, or since the start.
    """

    track: np.ndarray
    across: np.ndarray
    below: np.ndarray
    heading: np.ndarray
    dose: np.ndarray

    @property
    def melted(self) -> np.ndarray:
        """Whether the place was ever molten."""
        found: np.ndarray = self.track >= 0
        return found


def expose(
    axes: tuple[np.ndarray, np.ndarray, np.ndarray],
    path: ScanPath,
    pool: Pool,
    haz: Haz,
    freeze: bool = True,
) -> Exposure:
    """Return what a scan did at the places of a grid.

    Parameters
    ----------
    axes : three float arrays
        Coordinates along x, y, z in voxels of the path, evenly spaced and rising.
    path : ScanPath
    pool : Pool
    haz : Haz
    freeze : bool
        Whether the melt freezes where the beam goes off.
    """
    x, y, z = (np.asarray(a, float) for a in axes)
    shape = (x.size, y.size, z.size)
    numbers, segments = near_segments((x, y, z), path, pool, haz, freeze)
    track = np.full(shape, -1)
    place = np.zeros((*shape, 2), np.float32)
    dose = np.zeros(shape, np.float32)
    _expose(x, y, z, segments, tabulate_lines(pool, haz), track, place, dose)
    heading = np.zeros((*shape, 2), np.float32)
    melted = track >= 0
    heading[melted] = segments[track[melted], 3:5]
    track[melted] = numbers[track[melted]]
    place /= np.array([pool.width, pool.depth], np.float32)
    return Exposure(track, place[..., 0], place[..., 1], heading, dose)


@nb.njit(cache=True)
def _expose(x, y, z, segments, lines, track, place, dose):
    """Go through the segments in their order."""
    n_below = lines.mobility.shape[1]
    for s in range(len(segments)):
        segment = segments[s]
        sz, length, stride = segment[2], segment[5], segment[6]
        z0, z1 = span(sz - lines.below, sz, z)
        for i, j, along, across, aside in columns(segment, lines, x, y):
            end = along - length
            for k in range(z0, z1 + 1):
                deep = int((sz - z[k]) * FINE + 0.5)
                if deep >= n_below:
                    continue
                total = lines.mobility[aside, deep]
                last = max(lines.rear[aside, deep], np.float32(end))
                distance = at_rest(segment, lines, (along, aside, deep))
                rests = sweeps_at_rest(segment, distance) > 0
                if rests:
                    last = np.float32(end)
                if rests or last <= min(lines.front[aside, deep], np.float32(along)):
                    track[i, j, k] = s
                    place[i, j, k, 0] = across
                    place[i, j, k, 1] = sz - z[k]
                    dose[i, j, k] = 0
                else:
                    last = np.float32(along)
                more = summed(total, end, lines.first)
                more -= summed(total, last, lines.first)
                more = max(more, np.float32(0)) / stride
                if distance < np.inf:
                    for _ in range(int(segment[7])):
                        distance += segment[8]
                        if is_cold(distance, lines.shells):
                            break
                        more += frozen_mobility(distance, lines.shells)
                dose[i, j, k] += more
