"""The child process that draws a volume with OpenGL: python -m grainpaint.render."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint import formats
from grainpaint.microstructure import Microstructure
from grainpaint.plot import grain_colors

__all__ = ["cut_quarter", "surface", "write_solid"]


def cut_quarter(grain_id: np.ndarray) -> np.ndarray:
    """Return the grains without the quarter towards the viewer (+x, -y, all z)."""
    nx, ny, _ = grain_id.shape
    cut = grain_id.copy()
    cut[nx // 2 :, : ny // 2] = 0
    return cut


def surface(grain_id: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the faces between inside and outside voxels.

    Parameters
    ----------
    grain_id : numpy.ndarray, shape (nx, ny, nz)

    Returns
    -------
    corners : numpy.ndarray, float64, shape (n, 4, 3)
        Corners of each face in voxels, counter-clockwise or clockwise.
    owner : numpy.ndarray, shape (n,)
        Grain of each face.

    Examples
    --------
    >>> len(surface(np.ones((2, 1, 1), int))[0])
    10
    """
    padded = np.pad(grain_id, 1)
    corners, owner = [], []
    for axis in range(3):
        low = np.moveaxis(padded, axis, 0)[:-1]
        high = np.moveaxis(padded, axis, 0)[1:]
        places = np.argwhere((low > 0) != (high > 0))
        index = tuple(places.T)
        owner.append(np.maximum(low[index], high[index]))
        # The face lies at the upper side of the padded voxel `low`.
        quad = np.repeat(places[:, None, :].astype(float), 4, 1)
        quad[:, :, 1:] -= 1
        quad[:, 1:3, 1] += 1
        quad[:, 2:4, 2] += 1
        back = list(np.argsort([axis, *(a for a in range(3) if a != axis)]))
        corners.append(quad[:, :, back])
    return np.concatenate(corners), np.concatenate(owner)


def write_solid(volume: Microstructure, path: Path) -> None:
    """Render the part with a quarter cut away into a PNG."""
    import pyvista

    corners, owner = surface(cut_quarter(volume.grain_id))
    n = len(corners)
    points = corners.reshape(-1, 3) * volume.spacing
    faces = np.column_stack([np.full(n, 4), np.arange(4 * n).reshape(n, 4)])
    mesh = pyvista.PolyData(points, faces.ravel())
    mesh.cell_data["color"] = grain_colors(int(volume.grain_id.max()))[owner]
    plotter: Any = pyvista.Plotter(off_screen=True, window_size=[1100, 1000])
    plotter.set_background("white")
    plotter.add_mesh(
        mesh, scalars="color", rgb=True, ambient=0.5, diffuse=0.55, specular=0.0
    )
    plotter.view_vector((1.0, -1.35, 0.95), viewup=(0, 0, 1))
    plotter.enable_parallel_projection()
    plotter.camera.zoom(1.2)
    plotter.screenshot(path)


if __name__ == "__main__":
    write_solid(formats.read(sys.argv[1]), Path(sys.argv[2]))
