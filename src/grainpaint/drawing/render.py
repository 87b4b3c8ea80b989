"""The child process that draws volumes: python -m grainpaint.drawing.render."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.drawing.coloring import Coloring, coloring
from grainpaint.drawing.plot import draw_volume
from grainpaint.microstructure import Microstructure

__all__ = ["cut_quarter", "solid_picture", "surface", "whole_in_view"]

_VIEW = (1.0, -1.35, 0.95)  # where the viewer stands
_WINDOW = (1100, 1000)  # pixels


def cut_quarter(grain_id: np.ndarray) -> np.ndarray:
    """Return the grains without the quarter nearest the viewer (+x, -y, all z).

    Grains that all lie in that quarter stay.
    """
    nx, ny, _ = grain_id.shape
    cut = grain_id.copy()
    cut[nx // 2 :, : ny // 2] = 0
    return cut if cut.any() else grain_id


def surface(grain_id: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the faces between voxels inside and outside.

    Parameters
    ----------
    grain_id : numpy.ndarray, shape (nx, ny, nz)

    Returns
    -------
    corners : numpy.ndarray, float64, shape (n, 4, 3)
        Corners of each face in order around it, voxels.
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
        # The face is the upper side of the padded voxel `low`.
        quad = np.repeat(places[:, None, :].astype(float), 4, 1)
        quad[:, :, 1:] -= 1
        quad[:, 1:3, 1] += 1
        quad[:, 2:4, 2] += 1
        back = list(np.argsort([axis, *(a for a in range(3) if a != axis)]))
        corners.append(quad[:, :, back])
    return np.concatenate(corners), np.concatenate(owner)


def whole_in_view(
    points: np.ndarray, width: int, height: int
) -> tuple[list[tuple[float, ...]], float]:
    """Return the place of a camera that sees all points, as large as they fit.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, 3)
    width, height : int
        Of the picture.

    Returns
    -------
    camera : list of three tuples
        Position, focal point, and the direction that is up.
    scale : float
        Half of the height of the picture, in the unit of the points.
    """
    back = np.array(_VIEW) / np.linalg.norm(_VIEW)
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right)
    sides = np.stack([right, np.cross(back, right), back])
    seen = points @ sides.T
    low, high = seen.min(0), seen.max(0)
    wide, tall, deep = (high - low).tolist()
    focus = (low + high) / 2 @ sides
    position = focus + back * (wide + tall + deep)
    scale = 1.01 / 2 * max(tall, wide * height / width)
    return [tuple(position), tuple(focus), (0.0, 0.0, 1.0)], scale


def solid_picture(
    volume: Microstructure, colors: np.ndarray, whole: bool = False
) -> np.ndarray:
    """Render the part with a quarter cut away.

    Parameters
    ----------
    volume : Microstructure
    colors : numpy.ndarray, uint8, shape (n + 1, 3)
        Of its grains.
    whole : bool
        Nothing is cut away.

    Returns
    -------
    numpy.ndarray, uint8, shape (height, width, 3)
    """
    import pyvista

    corners, owner = surface(volume.grain_id if whole else cut_quarter(volume.grain_id))
    n = len(corners)
    points = corners.reshape(-1, 3) * volume.spacing
    faces = np.column_stack([np.full(n, 4), np.arange(4 * n).reshape(n, 4)])
    mesh = pyvista.PolyData(points, faces.ravel())
    mesh.cell_data["color"] = colors[owner]
    plotter: Any = pyvista.Plotter(off_screen=True, window_size=[*_WINDOW])
    # Four samples a pixel take twice the time, and the figure is smaller than this.
    plotter.render_window.SetMultiSamples(0)
    plotter.set_background("white")
    plotter.add_mesh(
        mesh, scalars="color", rgb=True, ambient=0.5, diffuse=0.55, specular=0.0
    )
    plotter.camera_position, scale = whole_in_view(points, *_WINDOW)
    plotter.enable_parallel_projection()
    plotter.camera.parallel_scale = scale
    plotter.reset_camera_clipping_range()
    image: np.ndarray = plotter.screenshot(return_img=True)
    plotter.close()
    return image


def _draw(
    volume: Microstructure,
    path: Path,
    with_solid: bool,
    colored: Coloring | None = None,
) -> bool:
    """Draw a volume; return whether the solid could be drawn as well, if it is one."""
    volume, solid = volume.compact()[0], None
    colored = colored or coloring(volume)
    is_solid = len(volume.axes) == 3 and volume.n_voxels > 0
    if with_solid and is_solid:
        try:
            solid = solid_picture(volume, colored.colors)
        except (RuntimeError, AttributeError):
            solid = None
    draw_volume(volume, solid, path, colored)
    return solid is not None or (with_solid and not is_solid)


def main() -> None:
    """Load all libraries, then draw each order on standard input and answer it."""
    with_solid = "--slices" not in sys.argv
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    with tempfile.TemporaryDirectory() as folder:  # a first picture loads everything
        first = Microstructure(np.arange(1, 9).reshape(2, 2, 2))
        with_solid = _draw(first, Path(folder, "first.png"), with_solid)
    for line in sys.stdin:
        order = json.loads(line)
        volume = Microstructure(np.load(order["grain_id"]), order["spacing"])
        colored = None
        if order["axis"] is not None:
            shown = np.load(order["colors"])
            colored = Coloring(shown, order["axis"], tuple(order["symmetries"]))
        drawn = _draw(volume, Path(order["picture"]), with_solid, colored)
        print("solid" if drawn else "slices", file=answers, flush=True)


if __name__ == "__main__":
    main()
