"""Whether a mesh is sound: edges, volumes, angles, crossings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.meshing.crossings import crossing
from grainpaint.meshing.edges import check_edges
from grainpaint.meshing.mesh import GrainMesh
from grainpaint.meshing.triangles import smallest_angles
from grainpaint.microstructure import Microstructure

__all__ = ["Quality", "VolumeCheck", "check_volumes", "quality_of"]

_OFF = 0.01  # of a volume


@dataclass(frozen=True)
class VolumeCheck:
    """How near the volumes of the grains of a mesh are to those of their voxels.

    Parameters
    ----------
    of_voxels : float
        Volume of the mesh over that of all voxels.
    volume_error : float
        Largest difference of a grain's volume from that of its voxels, as a share; in a
        part, from its share of the part.
    worst_grain : int
        ID of that grain.
    n_off : int
        Grains whose volumes differ by more than 1 %.
    """

    of_voxels: float
    volume_error: float
    worst_grain: int
    n_off: int


@dataclass(frozen=True)
class Quality(VolumeCheck):
    """What is known of a mesh, besides its volumes.

    Parameters
    ----------
    n_grains, n_nodes, n_triangles : int
    n_faces : int
        Pairs of grains that touch, the outside counted as one.
    n_line_edges : int
        Edges of triple lines.
    n_points : int
        Nodes at which four grains or more meet, the outside counted as one.
    n_wrong_edges : int
        Edges at which a grain does not have two triangles that continue each other.
    n_crossing : int
        Triangles that cross another one, or are folded over in a face of the box.
    smallest_angle : float
        Of a triangle, degrees.
    smallest_dihedral : float
        Between two triangles, in a grain or outside, degrees.
    """

    n_grains: int
    n_nodes: int
    n_triangles: int
    n_faces: int
    n_line_edges: int
    n_points: int
    n_wrong_edges: int
    n_crossing: int
    smallest_angle: float
    smallest_dihedral: float

    @property
    def sound(self) -> bool:
        """Whether surfaces are closed and nothing crosses."""
        return not (self.n_wrong_edges or self.n_crossing)


def quality_of(
    mesh: GrainMesh, volume: Microstructure, in_part: bool = False
) -> Quality:
    """Check a mesh against the volume that it was made of.

    Parameters
    ----------
    mesh : GrainMesh
    volume : Microstructure
    in_part : bool
        Whether the mesh lies on the surface of a part, which voxels do not fill
        exactly.
    """
    ids = volume.ids()
    volumes = check_volumes(mesh.volumes(ids), volume, in_part)
    pairs = np.stack([mesh.inside, mesh.outside], 1)
    corners = mesh.triangles
    edges = check_edges(mesh.points, corners, pairs)
    crossed = crossing(mesh.points / volume.spacing, corners) | mesh.folded()
    return Quality(
        **vars(volumes),
        n_grains=ids.size,
        n_nodes=len(mesh.points),
        n_triangles=len(corners),
        n_faces=len(np.unique(pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1])),
        n_line_edges=edges.n_lines,
        n_points=int((mesh.kinds > 3).sum()),
        n_wrong_edges=edges.n_wrong,
        n_crossing=int(crossed.sum()),
        smallest_angle=float(np.degrees(smallest_angles(mesh.points, corners).min())),
        smallest_dihedral=float(np.degrees(edges.dihedral.min())),
    )


def check_volumes(
    found: np.ndarray, volume: Microstructure, in_part: bool
) -> VolumeCheck:
    """Compare the volumes of the grains of a mesh with those of their voxels.

    Parameters
    ----------
    found : numpy.ndarray, float64, shape (n,)
        By grain, in the order of their IDs, µm³.
    volume, in_part
        As in `quality_of`.

    Examples
    --------
    >>> volume = Microstructure(np.array([[[1, 2, 2]]]))
    >>> check = check_volumes(np.array([0.75, 1.5]), volume, in_part=True)
    >>> check.of_voxels, check.volume_error
    (0.75, 0.0)
    """
    voxels = volume.grain_volumes() * np.prod(volume.spacing)
    of_voxels = float(found.sum() / voxels.sum())
    expected = voxels * of_voxels if in_part else voxels
    errors = np.abs(found / expected - 1)
    return VolumeCheck(
        of_voxels=of_voxels,
        volume_error=float(errors.max()),
        worst_grain=int(volume.ids()[errors.argmax()]),
        n_off=int((errors > _OFF).sum()),
    )
