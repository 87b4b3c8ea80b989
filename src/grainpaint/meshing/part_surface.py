"""The surface of a part, as what points are laid on."""

from collections.abc import Callable

import numpy as np

from grainpaint.cad import Part

__all__ = ["part_surface"]


def part_surface(part: Part) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from points (n, 3) to the nearest ones on a part, µm."""
    from pyvista import PolyData

    surface = PolyData.from_regular_faces(part.vertices, part.faces)

    def nearest(points: np.ndarray) -> np.ndarray:
        if not len(points):
            return points
        _, found = surface.find_closest_cell(points, return_closest_point=True)
        there: np.ndarray = np.asarray(found, np.float64)
        return there

    return nearest
