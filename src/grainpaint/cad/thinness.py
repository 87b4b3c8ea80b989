"""Kernels: where a part is thin, and where voxels are the worst for it."""

import numba as nb
import numpy as np

__all__ = ["find_thinnest", "find_worst"]

_TWICE_TAKEN = 0.01  # voxels below 0 of a block, which rounding does not make


@nb.njit(cache=True)
def find_worst(exact, voxels, area, edge, gaps, thin, holes, share, depth, found):
    """Look at the neighborhoods (27 blocks) whose middle block has a surface.

    Where cavities overlap, volumes of blocks are below 0: walls there are left out.

    Parameters
    ----------
    exact, voxels, area : float64, shape (n_x, n_y, n_z)
        Volume of the part, of its voxels, and surface of each block, in voxels: that
        of what lies in it, or of the room in it if gaps are looked for. The first and
        the last layer along x are looked at as neighbors only.
    edge : int
        Of a block, voxels.
    gaps : bool
        Look at what is outside the part instead of inside.
    thin, holes : float
        Thickness (twice the volume by the surface) below which a volume must be right,
        and below which it is bad in any case, voxels.
    share, depth : float
        How wrong a volume may be: as a share, and as a thickness on both sides, voxels.
    found : float64, shape (7,)
        Badness, block (x, y, z), exact volume, voxels and thickness of the worst
        neighborhood: replaced if a worse one is found.
    """
    n_x, n_y, n_z = area.shape
    full = (3.0 * edge) ** 3
    sums = np.zeros(3)
    for i in range(1, n_x - 1):
        for j in range(n_y):
            for k in range(n_z):
                if area[i, j, k] <= edge * edge / 2.0:
                    continue
                sums[:] = 0.0
                least = 0.0
                for p in range(i - 1, i + 2):
                    for q in range(max(j - 1, 0), min(j + 2, n_y)):
                        for r in range(max(k - 1, 0), min(k + 2, n_z)):
                            sums[0] += exact[p, q, r]
                            least = min(least, exact[p, q, r])
                            sums[1] += voxels[p, q, r]
                            sums[2] += area[p, q, r]
                if least < -_TWICE_TAKEN and not gaps:
                    continue
                if gaps:
                    sums[0], sums[1] = full - sums[0], full - sums[1]
                thickness = 2.0 * sums[0] / sums[2]
                if sums[0] <= 1.0 or thickness >= thin:
                    continue
                bad = abs(sums[1] - sums[0])
                if bad <= max(share * sums[0], depth * sums[2] / 2.0):
                    bad = 0.0
                if thickness < holes:
                    bad = max(bad, sums[0] / 4.0)
                if bad > found[0]:
                    found[0], found[6] = bad, thickness
                    found[1], found[2], found[3] = i, j, k
                    found[4], found[5] = sums[0], sums[1]


@nb.njit(cache=True)
def find_thinnest(exact, area, edge, found):
    """Look for the neighborhood with the least thickness (twice volume by surface).

    Parameters
    ----------
    exact, area : float64, shape (n_x, n_y, n_z)
        As in `find_worst` for what lies inside; all layers are looked at.
    edge : int
        Of a block, voxels.
    found : float64, shape (4,)
        Thickness and block (x, y, z); replaced if a thinner place is found. Places
        where cavities overlap are left out.
    """
    n_x, n_y, n_z = area.shape
    for i in range(n_x):
        for j in range(n_y):
            for k in range(n_z):
                if area[i, j, k] <= edge * edge / 2.0:
                    continue
                volume, surface, least = 0.0, 0.0, 0.0
                for p in range(max(i - 1, 0), min(i + 2, n_x)):
                    for q in range(max(j - 1, 0), min(j + 2, n_y)):
                        for r in range(max(k - 1, 0), min(k + 2, n_z)):
                            volume += exact[p, q, r]
                            least = min(least, exact[p, q, r])
                            surface += area[p, q, r]
                if least < -_TWICE_TAKEN:
                    continue
                if volume > 1.0 and 2.0 * volume / surface < found[0]:
                    found[0] = 2.0 * volume / surface
                    found[1], found[2], found[3] = i, j, k
