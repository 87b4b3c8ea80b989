"""The smooth boundaries of a volume as a net: made, smoothed, mended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.cad import Part
from grainpaint.errors import InputError
from grainpaint.meshing.mending import mended, with_volumes
from grainpaint.meshing.nets import Cubes, Net, cubes_of, net_of
from grainpaint.meshing.part_surface import PartSurface, laid, released
from grainpaint.meshing.smoothing import smoothed
from grainpaint.meshing.triangles import triangulated
from grainpaint.meshing.volumes import grain_volumes
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Bar

__all__ = ["Surfaces", "check_fit", "surfaces_of"]


@dataclass(frozen=True, eq=False)
class Surfaces:
    """The boundaries of all grains; lengths in voxels.

    Parameters
    ----------
    cubes : Cubes
    net : Net
    points : numpy.ndarray, float64, shape (n, 3)
        Where the nodes of the net lie.
    ids : numpy.ndarray, int32, shape (m,)
        Grain ID of each label of the cubes, 0 first.
    sizes : numpy.ndarray, float64, shape (m,)
        Volumes that the grains are to have; row 0 is less all others.
    held : numpy.ndarray, bool, shape (n,)
        Nodes on the surface of a part.
    """

    cubes: Cubes
    net: Net
    points: np.ndarray
    ids: np.ndarray
    sizes: np.ndarray
    held: np.ndarray


def check_fit(volume: Microstructure) -> None:
    """Raise unless a volume has grains in three dimensions.

    Raises
    ------
    InputError
    """
    if not volume.mask.any():
        raise InputError("the volume has no grain")
    if 1 in volume.shape:
        shape = " x ".join(map(str, volume.shape))
        raise InputError(
            f"boundaries are meshed in three dimensions, and {shape} voxels are one "
            "voxel thick"
        )


def surfaces_of(volume: Microstructure, part: Part | None, bar: Bar) -> Surfaces:
    """Return the smooth boundaries of all grains, in four steps of a bar.

    Parameters
    ----------
    volume : Microstructure
    part : Part, optional
        See `grainpaint.meshing.grain_mesh`.
    bar : Bar
    """
    ids, index = np.unique(volume.grain_id, return_inverse=True)
    if ids[0] != 0:
        ids, index = np.append(0, ids), index + 1
    labels = Microstructure(
        index.reshape(volume.shape), volume.spacing, periodic=volume.periodic
    )
    sizes = np.bincount(index.ravel(), minlength=ids.size).astype(float)
    sizes[0] = -sizes[1:].sum()
    cubes = cubes_of(labels)
    net = net_of(labels, cubes)
    if part is not None:
        net = released(net, volume, part)
    bar.update(1, "smooth")
    points = smoothed(net)
    held, surface = np.zeros(len(points), bool), None
    if part is not None:
        surface = PartSurface(part, volume)
        points, held = laid(net, points, surface)
        faces = triangulated(net, points, volume.spacing)
        # Voxels do not fill the part exactly.
        sizes *= grain_volumes(points, *faces, ids.size)[0] / sizes[0]
    bar.update(2, "volumes")
    points = with_volumes(net, points, sizes, volume.spacing, held)
    bar.update(3, "crossings")
    points = mended(net, points, sizes, volume.spacing, held, surface)
    return Surfaces(cubes, net, points, ids, sizes, held)
