"""Bodies that tests voxelize, and files of them."""

from pathlib import Path

import numpy as np
import trimesh

from grainpaint.cad import Part, voxelize
from grainpaint.cad.solid import solid


def box(size=(1.0, 1.0, 1.0), at=(0.0, 0.0, 0.0)):
    mesh = trimesh.creation.box(size)
    mesh.apply_translation(at)
    return mesh


def saved(mesh, path, **options):
    mesh.export(path, **options)
    return path


def part_of(mesh):
    return Part(np.asarray(mesh.vertices, float), np.asarray(mesh.faces))


def solid_of(*bodies):
    """Return a part as it is read from a file in µm: its bodies are told apart.

    Bodies are meshes, or triangles of shape (m, 3, 3).
    """
    soup = [np.asarray(getattr(body, "triangles", body), float) for body in bodies]
    return solid(Path("part.stl"), np.concatenate(soup), "um")


def of_cells(edges, occupied):
    """Return the surface of the occupied cells of a rectilinear grid, as triangles.

    Parameters
    ----------
    edges : three sequences of floats
        Planes between the cells along x, y, z.
    occupied : array, bool, shape (nx, ny, nz)
    """
    triangles = []
    for axis in range(3):
        turned = np.pad(np.moveaxis(np.asarray(occupied, int), axis, 0), 1)
        u, v = (edges[i] for i in range(3) if i != axis)
        for plane, j, k in np.argwhere(step := np.diff(turned, axis=0)[:, 1:-1, 1:-1]):
            square = [(u[j + a], v[k + b]) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]
            corners = np.insert(np.array(square, float), axis, edges[axis][plane], 1)
            if (step[plane, j, k] > 0) == (axis != 1):
                corners = corners[::-1]
            triangles += [corners[:3], corners[[0, 2, 3]]]
    return np.array(triangles, float)


def inverted(mesh):
    """Return the triangles of a mesh inside out."""
    return np.asarray(mesh.triangles)[:, ::-1]


def mask_volume(part, voxel):
    """Return the volume of a part in voxels (an edge that divides it), µm^3."""
    return int(voxelize(part, voxel=voxel).mask.sum()) * voxel**3
