"""Whether tetrahedra are sound: turned right, of good shapes, volumes of grains."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.meshing.edges import normal
from grainpaint.meshing.quality import VolumeCheck, check_volumes
from grainpaint.meshing.solid import SolidMesh
from grainpaint.microstructure import Microstructure

__all__ = ["SolidQuality", "dihedral_angles", "solid_quality_of"]


@dataclass(frozen=True)
class SolidQuality(VolumeCheck):
    """What is known of tetrahedra, besides their volumes.

    Parameters
    ----------
    n_grains, n_nodes, n_tetrahedra : int
    n_turned : int
        Tetrahedra without volume, or inside out.
    smallest_dihedral, low_dihedral, largest_dihedral : float
        Between two faces of a tetrahedron, degrees: the smallest one, that below which
        1 % of the tetrahedra have one, and the largest.
    """

    n_grains: int
    n_nodes: int
    n_tetrahedra: int
    n_turned: int
    smallest_dihedral: float
    low_dihedral: float
    largest_dihedral: float

    @property
    def sound(self) -> bool:
        """Whether all tetrahedra have a volume."""
        return not self.n_turned


def solid_quality_of(
    mesh: SolidMesh, volume: Microstructure, in_part: bool = False
) -> SolidQuality:
    """Check tetrahedra against the volume that they were made of.

    Parameters
    ----------
    mesh : SolidMesh
    volume, in_part
        As in `grainpaint.meshing.quality_of`.
    """
    ids = volume.ids()
    own = mesh.volumes()
    first = np.searchsorted(mesh.grain, ids)  # they stand by grain
    found = np.add.reduceat(own, first)
    volumes = check_volumes(found, volume, in_part)
    angles = dihedral_angles(mesh.points, mesh.tetrahedra)
    smallest, low = angles[:, 0].min(), np.quantile(angles[:, 0], 0.01)
    return SolidQuality(
        **vars(volumes),
        n_grains=ids.size,
        n_nodes=len(mesh.points),
        n_tetrahedra=len(own),
        n_turned=int((own <= 0).sum()),
        smallest_dihedral=math.degrees(smallest),
        low_dihedral=math.degrees(low),
        largest_dihedral=math.degrees(angles[:, 1].max()),
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


@nb.njit(inline="always")
def _cosine(one, other):
    """Return the cosine of the angle between two faces, by their outer normals."""
    length = (one[0] ** 2 + one[1] ** 2 + one[2] ** 2) * (
        other[0] ** 2 + other[1] ** 2 + other[2] ** 2
    )
    dot = one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
    return -dot / max(np.sqrt(length), 1e-300)


@nb.njit(cache=True, parallel=True)
def _dihedral(points, tetrahedra, found):
    for i in nb.prange(len(tetrahedra)):
        a, b, c, d = tetrahedra[i]
        # All normals point out of the tetrahedron, or all into it.
        s, t = normal(points, b, d, c), normal(points, a, c, d)
        u, v = normal(points, a, d, b), normal(points, a, b, c)
        e, f, g = _cosine(s, t), _cosine(s, u), _cosine(s, v)
        h, k, m = _cosine(t, u), _cosine(t, v), _cosine(u, v)
        high = max(max(e, f, g), max(h, k, m))
        low = min(min(e, f, g), min(h, k, m))
        found[i, 0] = np.arccos(min(high, 1.0))
        found[i, 1] = np.arccos(max(low, -1.0))
