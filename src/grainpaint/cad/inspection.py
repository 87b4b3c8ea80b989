"""What there is to know of a part before it is painted."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from grainpaint.cad.bodies import Bodies
from grainpaint.cad.neighborhoods import block_edge, block_layers
from grainpaint.cad.solid import Part
from grainpaint.cad.thinness import find_thinnest
from grainpaint.cad.voxels import PartGrid, plan_grid
from grainpaint.units import UNITS, length_text

__all__ = ["Body", "bodies_of", "overlap_of", "thinnest_place", "unit_doubt"]

_SMALLEST, _LARGEST = 100.0, 5e6  # µm: the longest side of what is painted
_SEEN = 200  # voxels along the longest side, in which thin places are looked for
_WALL = 3.0  # voxels: corners of thick bodies look thicker than this


@dataclass(frozen=True)
class Body:
    """A body of a part.

    Parameters
    ----------
    volume : float
        Without its cavities, µm^3; counted in voxels if cavities overlap.
    surface : float
        With that of its cavities, µm^2.
    size : three floats
        Of its box, µm.
    center : three floats
        Of its box, µm.
    """

    volume: float
    surface: float
    size: tuple[float, float, float]
    center: tuple[float, float, float]


def bodies_of(part: Part) -> list[Body]:
    """Return the bodies of a part, the largest first."""
    found = Bodies(part)
    volume = found.volume + _repeated_cavities(part)
    low, high = found.boxes()
    order = np.argsort(-volume, kind="stable")
    sizes, centers = (high - low).tolist(), ((high + low) / 2).tolist()
    return [
        Body(
            float(volume[i]),
            float(found.area[i]),
            (sizes[i][0], sizes[i][1], sizes[i][2]),
            (centers[i][0], centers[i][1], centers[i][2]),
        )
        for i in order.tolist()
    ]


def _repeated_cavities(part: Part) -> np.ndarray:
    """Return the volume that cavities of each body take more than once, µm^3."""
    volume = np.zeros(int(part.bodies.max()) + 1)
    grid = _fine_grid(part)
    if _repeats(part)[1]:
        for i in range(volume.size):
            of_body = part.faces[part.bodies == i]
            alone = replace(grid, part=Part(part.vertices, of_body))
            volume[i] = alone.repeats()[1] * grid.spacing**3
    return volume


def overlap_of(part: Part) -> float:
    """Return by how much the volume of a part exceeds that of its union, µm^3.

    Counted in voxels, some 200 along the longest side; below 0 if it is cavities that
    overlap, 0 if neither they nor bodies do.
    """
    of_bodies, of_cavities = _repeats(part)
    return (of_bodies - of_cavities) * _fine_grid(part).spacing ** 3


@lru_cache(1)
def _repeats(part: Part) -> tuple[int, int]:
    """Return the voxels that bodies hold, and cavities take, once too often."""
    return _fine_grid(part).repeats()


def _fine_grid(part: Part) -> PartGrid:
    """Return the voxels in which volumes are counted and thin places looked for."""
    low, high = part.bounds
    size = high - low
    return plan_grid(part, min(float(size.max()) / _SEEN, float(size.min())))


def thinnest_place(part: Part) -> tuple[float, tuple[float, float, float]] | None:
    """Return the thickness (µm) of the thinnest walls or struts and where they are.

    The thickness is twice the volume by the surface: exact for walls, half the diameter
    of struts. None if nothing is thinner than about a seventieth of the longest side.
    """
    grid = _fine_grid(part)
    edge, found = block_edge(grid.shape), np.array([_WALL, 0, 0, 0])
    stack = list(block_layers(grid))
    exact = np.concatenate([layers.exact for layers in stack])
    area = np.concatenate([layers.inner_area for layers in stack])
    find_thinnest(exact, area, edge, found)
    if found[0] == _WALL:
        return None
    x, y, z = ((found[1:] + 0.5) * edge * grid.spacing + grid.origin).tolist()
    return float(found[0]) * grid.spacing, (x, y, z)


def unit_doubt(size: float, unit: str) -> str | None:
    """Return which units are more plausible for a part, in words; None if no doubt.

    Parameters
    ----------
    size : float
        Of the longest side, µm.
    unit : str
        That its file was read in.

    Examples
    --------
    >>> unit_doubt(50.0, "mm")
    'the longest side is 50 µm: in cm it would be 500 µm, in inch 1.27 mm, in m 50 mm'
    """
    if _SMALLEST <= size <= _LARGEST:
        return None
    others = {name: size / UNITS[unit] * edge for name, edge in UNITS.items()}
    likely = {
        name: length
        for name, length in sorted(others.items(), key=lambda pair: pair[1])
        if name != unit and _SMALLEST <= length <= _LARGEST
    }
    line = f"the longest side is {length_text(size)}"
    if not likely:
        return f"{line}: in no unit would it be that of a part"
    first, *rest = likely
    line += f": in {first} it would be {length_text(likely[first])}"
    return line + "".join(f", in {name} {length_text(likely[name])}" for name in rest)
