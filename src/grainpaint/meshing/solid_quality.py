"""Whether tetrahedra are sound: turned right, of good shapes, volumes of grains."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.meshing.quality import OFF
from grainpaint.meshing.solid import SolidMesh
from grainpaint.microstructure import Microstructure

__all__ = ["SolidQuality", "dihedral_angles", "solid_quality_of"]


@dataclass(frozen=True)
class SolidQuality:
    """What is known of tetrahedra.

    Parameters
    ----------
    n_grains, n_nodes, n_tetrahedra : int
    n_turned : int
        Tetrahedra without volume, or inside out.
    volume_error : float
        Largest difference of a grain's volume from that of its voxels, as a share.
    worst_grain : int
        ID of that grain.
    n_off : int
        Grains whose volumes differ by more than 1 %.
    smallest_dihedral, low_dihedral, largest_dihedral : float
        Between two faces of a tetrahedron, degrees: the smallest one, that below which
        1 % of the tetrahedra have one, and the largest.
    """

    n_grains: int
    n_nodes: int
    n_tetrahedra: int
    n_turned: int
    volume_error: float
    worst_grain: int
    n_off: int
    smallest_dihedral: float
    low_dihedral: float
    largest_dihedral: float

    @property
    def sound(self) -> bool:
        """Whether all tetrahedra have a volume."""
        return not self.n_turned


def solid_quality_of(mesh: SolidMesh, volume: Microstructure) -> SolidQuality:
    """Check tetrahedra against the volume that they were made of."""
    ids = volume.ids()
    voxels = volume.grain_volumes() * np.prod(volume.spacing)
    own = mesh.volumes()
    found = np.bincount(np.searchsorted(ids, mesh.grain), own, ids.size)
    errors = np.abs(found / voxels - 1)
    angles = np.degrees(dihedral_angles(mesh.points, mesh.tetrahedra))
    return SolidQuality(
        n_grains=ids.size,
        n_nodes=len(mesh.points),
        n_tetrahedra=len(own),
        n_turned=int((own <= 0).sum()),
        volume_error=float(errors.max()),
        worst_grain=int(ids[errors.argmax()]),
        n_off=int((errors > OFF).sum()),
        smallest_dihedral=float(angles[:, 0].min()),
        low_dihedral=float(np.quantile(angles[:, 0], 0.01)),
        largest_dihedral=float(angles[:, 1].max()),
    )


def dihedral_angles(points: np.ndarray, tetrahedra: np.ndarray) -> np.ndarray:
    """Return the smallest and largest angle between faces of each tetrahedron.

    Returns
    -------
    numpy.ndarray, float64, shape (m, 2)
        Radians.

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    >>> found = dihedral_angles(corners, np.array([[0, 1, 2, 3]]))
    >>> np.degrees(found).round(4).tolist()
    [[54.7356, 90.0]]
    """
    found = np.empty((len(tetrahedra), 2))
    _dihedral(points, tetrahedra, found)
    return found


@nb.njit(cache=True, parallel=True)
def _dihedral(points, tetrahedra, found):
    for i in nb.prange(len(tetrahedra)):
        normal = np.empty((4, 3))
        for k in range(4):
            a = points[tetrahedra[i, (k + 1) % 4]]
            b = points[tetrahedra[i, (k + 2) % 4]]
            c = points[tetrahedra[i, (k + 3) % 4]]
            u, v = b - a, c - a
            sign = 1.0 if k % 2 else -1.0
            normal[k, 0] = sign * (u[1] * v[2] - u[2] * v[1])
            normal[k, 1] = sign * (u[2] * v[0] - u[0] * v[2])
            normal[k, 2] = sign * (u[0] * v[1] - u[1] * v[0])
        low, high = -1.0, 1.0  # cosines of the smallest and the largest angle
        for k in range(4):
            for m in range(k):
                length = np.sqrt((normal[k] ** 2).sum() * (normal[m] ** 2).sum())
                cosine = -(normal[k] * normal[m]).sum() / max(length, 1e-300)
                low, high = max(low, cosine), min(high, cosine)
        found[i, 0] = np.arccos(min(low, 1.0))
        found[i, 1] = np.arccos(max(high, -1.0))
