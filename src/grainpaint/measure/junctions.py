"""Triple lines and quadruple points: where three or more grains meet."""

import numba as nb
import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.microstructure import Microstructure

__all__ = ["count_junctions"]

_PLANES = (
    63  # of a volume that is read as it is needed; with one more, those of a chunk
)


@nb.njit(cache=True)
def _distinct(a, b, c, d):
    """Count the distinct grains of a square of four voxels; 0 if one is outside."""
    if a == 0 or b == 0 or c == 0 or d == 0:
        return 0
    n = 1
    n += b != a
    n += c != a and c != b
    n += d != a and d != b and d != c
    return n


@nb.njit(cache=True, parallel=True)
def _count(grain_id, stop, n):
    """Count triple points of sections across x, y, z, and quadruple points twice.

    Those of the first n planes.
    """
    nx, ny, nz = grain_id.shape
    found = np.zeros((n, 4), np.int64)
    for x in nb.prange(n):
        u = (x + 1) % nx
        in_x = x < stop[0]
        for y in range(ny):
            v = (y + 1) % ny
            in_y = y < stop[1]
            for z in range(nz):
                w = (z + 1) % nz
                in_z = z < stop[2]
                g, gx = grain_id[x, y, z], grain_id[u, y, z]
                gy, gxy = grain_id[x, v, z], grain_id[u, v, z]
                gz, gxz = grain_id[x, y, w], grain_id[u, y, w]
                gyz, gxyz = grain_id[x, v, w], grain_id[u, v, w]
                if (
                    g == gx
                    and g == gy
                    and g == gz
                    and g == gxy
                    and g == gxz
                    and g == gyz
                    and g == gxyz
                ):
                    continue
                across_x = _distinct(g, gy, gz, gyz)
                across_y = _distinct(g, gx, gz, gxz)
                across_z = _distinct(g, gx, gy, gxy)
                if in_y and in_z:
                    found[x, 0] += max(0, across_x - 2)
                if in_x and in_z:
                    found[x, 1] += max(0, across_y - 2)
                if in_x and in_y:
                    found[x, 2] += max(0, across_z - 2)
                if not (in_x and in_y and in_z):
                    continue
                # Triple lines that meet at the corner between these eight voxels.
                n = (across_x > 2) + (across_y > 2) + (across_z > 2)
                n += _distinct(gx, gxy, gxz, gxyz) > 2
                n += _distinct(gy, gxy, gyz, gxyz) > 2
                n += _distinct(gz, gxz, gyz, gxyz) > 2
                if n > 0:
                    found[x, 3] += n - 2
    return found.sum(0)


def count_junctions(volume: Microstructure | Slabs) -> tuple[list[int], float]:
    """Count triple points of plane sections, and quadruple points.

    Parameters
    ----------
    volume : Microstructure or Slabs
        Slabs are read as they are needed; without periodic axes.

    Returns
    -------
    triple : list of three int
        Points of all sections across x, y, z at which three or more grains meet.
    quadruple : float
        Points at which four triple lines meet: half the sum of (lines - 2) over the
        corners of voxels, that is, the edges less the vertices of the graph of triple
        lines.

    Examples
    --------
    >>> count_junctions(Microstructure(np.array([[[1], [2]], [[3], [3]]])))
    ([0, 0, 1], 0.0)
    """
    stop = [n if wrap else n - 1 for n, wrap in zip(volume.shape, volume.periodic)]
    found = np.zeros(4, np.int64)
    if isinstance(volume, Microstructure):
        found += _count(volume.grain_id, np.array(stop), volume.shape[0])
    else:
        n = volume.shape[0]
        for start in range(0, n, _PLANES):
            planes = slice(start, min(start + _PLANES + 1, n))
            layer = volume.fetch((planes, slice(None), slice(None)))
            own = min(_PLANES, n - start)
            here = [min(own, n - 1 - start), *stop[1:]]
            found += _count(layer, np.array(here), own)
    *triple, twice = found.tolist()
    return triple, twice / 2
