"""The IDs that SPPARKS gives to the sites of a simulation's box."""

import math

import numpy as np

from grainpaint.simulate.spparks.simulation import SimulationBox

__all__ = ["ids_in_box"]


def ids_in_box(box: SimulationBox) -> np.ndarray:
    """Return the IDs of all sites of a box, also of those that do not exist.

    Parameters
    ----------
    box : SimulationBox

    Returns
    -------
    numpy.ndarray, int64, shape (nx, ny, nz)

    Notes
    -----
    SPPARKS counts the planes of the lattice from the last one at or below a face of the
    box to the last one at or below the opposite face, along axes that are not periodic.
    A plane at the lower face is the first that it keeps, one at the upper face is not
    kept: of a box whose faces are planes it counts one more than it keeps.
    """
    (x0, nx), (y0, ny), (z0, _) = (_planes(box, axis) for axis in range(3))
    x, y, z = np.ogrid[tuple(slice(n) for n in box.shape)]
    ids: np.ndarray = 1 + (x0 + x) + nx * ((y0 + y) + ny * (z0 + z))
    return ids


def _planes(box: SimulationBox, axis: int) -> tuple[int, int]:
    """Return how many planes are counted before the first that is kept, and in all."""
    if box.periodic[axis]:
        return 0, box.shape[axis]
    low, high = (corner[axis] for corner in box.corners)
    first, last = _at_or_below(low, box.spacing), _at_or_below(high, box.spacing)
    return round(box.origin[axis] / box.spacing) - first, last - first + 1


def _at_or_below(place: float, spacing: float) -> int:
    """Return the number of the last plane that does not lie above a place."""
    plane = math.floor(place / spacing)
    while (plane + 1) * spacing <= place:
        plane += 1
    while plane * spacing > place:
        plane -= 1
    return plane
