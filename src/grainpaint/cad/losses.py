"""What voxels lose of a part, or add to it: the mask's volume against the exact one.

Overall, for each body, and place by place: where walls, struts and gaps are thinner
than `THIN` voxels, the volumes in their neighborhood (three blocks of 4 voxels along
each axis, of more in large grids) are compared. Overlaps count twice on both sides.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from grainpaint.cad.bodies import SHARE, Bodies, count_voxels
from grainpaint.cad.cavities import cavities_overlap, filled_cavities, find_cavities
from grainpaint.cad.neighborhoods import block_edge, block_layers
from grainpaint.cad.thinness import find_worst
from grainpaint.cad.voxels import PartGrid, plan_grid
from grainpaint.errors import InputError
from grainpaint.units import length_text, place_text

__all__ = ["find_losses"]

THIN = 1.5  # voxels: walls; struts below twice that
LOCAL_SHARE = 0.15  # of the volume of a neighborhood: less is chance,
LOCAL_DEPTH = 0.08  # as is a layer below this, voxels, on both of its sides
HOLES = 0.5  # voxels: thinner walls have holes even where their volume is right
_MOST_COLUMNS = 10_000_000  # of voxels, in trials of smaller voxels
_MOST_COMPARED = 5_000_000_000  # columns: more take minutes
_MOST_VOXELS = 1e14  # of any volume that can be made
_MOST_LOST = 200  # bodies that are looked for in others
_STEPS = (1.0, 1.05, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True)
class _Thin:
    """The neighborhood where most is wrong.

    Parameters
    ----------
    middle : three floats
        µm.
    thickness : float
        Of what is thin there, µm.
    share : float
        How much too large it is in voxels.
    """

    middle: tuple[float, float, float]
    thickness: float
    share: float


def find_losses(grid: PartGrid) -> list[str]:
    """Compare the voxels of a part with its volume.

    Returns
    -------
    list of str
        One line for each kind of loss, in words; none if the voxels are true to the
        part.

    Raises
    ------
    InputError
        If a body has no voxel at all.
    """
    if math.prod(grid.shape) > _MOST_VOXELS:
        return []  # the volume is refused for its size
    if grid.shape[0] * grid.shape[1] > _MOST_COMPARED:
        return ["so many voxels are not compared with the volume of the part"]
    bodies = Bodies(grid.part)
    n_voxels, wall, gap = _compare(grid)
    _refuse_vanished(grid, bodies, n_voxels)
    lines, cavities = [], find_cavities(grid.part)
    if cavities_overlap(grid, cavities):
        lines.append(
            "cavities overlap: the volume of the voxels is not compared with that of "
            "the part"
        )
    elif bodies.wrong(n_voxels, grid.spacing):
        lines.append(_volume_line(grid, bodies, n_voxels))
    if wall:
        lines.append(_thin_line(grid, wall, "walls or struts", "volume"))
    if gap and bodies.apart():  # elsewhere, inner faces look like gaps
        lines.append(_thin_line(grid, gap, "gaps or holes", "room"))
    elif filled := filled_cavities(grid, cavities):
        lines.append(filled)
    return lines


def _compare(grid: PartGrid) -> tuple[np.ndarray, _Thin | None, _Thin | None]:
    """Return the voxels of each body, the worst thin wall and the worst narrow gap."""
    edge = block_edge(grid.shape)
    wall, gap = np.zeros(7), np.zeros(7)

    def look(stack: np.ndarray, start: int) -> None:
        exact, voxels, inner, outer = stack
        walls, rooms = (wall, inner, False, HOLES), (gap, outer, True, 0.0)
        for found, area, gaps, holes in (walls, rooms):
            before = found[0]
            limit = LOCAL_SHARE, LOCAL_DEPTH, found
            find_worst(exact, voxels, area, edge, gaps, THIN, holes, *limit)
            if found[0] > before:
                found[1] += start

    n_voxels: np.ndarray | int = 0
    start, kept = -1, np.zeros(0)  # the layer before the first: empty
    for layers in block_layers(grid):
        n_voxels = n_voxels + layers.of_body
        areas = layers.inner_area, layers.outer_area
        new = np.stack([layers.exact, layers.voxels, *areas])
        stack = np.concatenate([kept if kept.size else 0 * new[:, :1], new], 1)
        look(stack, start)
        start += stack.shape[1] - 2
        kept = stack[:, -2:]
    look(np.concatenate([kept, 0 * kept[:, :1]], 1), start)
    return np.asarray(n_voxels), _thin(grid, wall), _thin(grid, gap)


def _thin(grid: PartGrid, found: np.ndarray) -> _Thin | None:
    """Return what `find_worst` found, in µm."""
    if not found[0]:
        return None
    step = block_edge(grid.shape) * grid.spacing
    x, y, z = ((found[1:4] + 0.5) * step + grid.origin).tolist()
    return _Thin((x, y, z), found[6] * grid.spacing, found[5] / found[4] - 1)


def _refuse_vanished(grid: PartGrid, bodies: Bodies, n_voxels: np.ndarray) -> None:
    """Raise if a body has no voxel, unless others cover it."""
    shares = bodies.shares(n_voxels, grid.spacing)
    lost: Any = np.flatnonzero((bodies.volume > 0) & (n_voxels == 0) & (shares != 0))
    covered = {i for i in lost[:_MOST_LOST].tolist() if _covered(grid, i)}
    lost = [i for i in lost.tolist() if i not in covered]
    if not lost:
        return
    low, high = bodies.box(lost[0])
    names = (
        f"the body at {_place(grid, (low + high) / 2)} holds"
        if len(lost) == 1
        else f"{len(lost)} bodies of {n_voxels.size} hold"
    )
    voxel = min(_floor(bodies.thickness(i) / 2) for i in lost)
    size = " x ".join(length_text(s) for s in (high - low).tolist())
    which = "it" if len(lost) == 1 else f"the one at {_place(grid, (low + high) / 2)}"
    raise InputError(
        f"{names} no voxel and would vanish: {which} measures {size}, a voxel "
        f"{length_text(grid.spacing)}; use voxels of {length_text(voxel)} or less, or "
        "take it out of the file"
    )


def _covered(grid: PartGrid, body: int) -> bool:
    """Return whether all of a small body lies in voxels of other bodies."""
    faces = grid.part.faces[grid.part.bodies == body]
    middles = grid.part.vertices[faces].mean(1)
    index = np.floor((middles - np.array(grid.origin)) / grid.spacing).astype(int)
    index = index.clip(0, np.array(grid.shape) - 1)
    low, high = index.min(0), index.max(0) + 1
    if np.prod(high - low) > _MOST_COLUMNS:
        return False
    mask = grid.mask(list(zip(low.tolist(), high.tolist())))
    return bool(mask[tuple((index - low).T)].all())


def _volume_line(grid: PartGrid, bodies: Bodies, n_voxels: np.ndarray) -> str:
    """Say how the volumes of the part and of its bodies differ."""
    shares = bodies.shares(n_voxels, grid.spacing)
    total = bodies.total_share(n_voxels, grid.spacing)
    off = np.flatnonzero(np.abs(shares) >= SHARE)
    said = []
    if abs(total) >= SHARE:
        said.append(f"the voxels hold {_percent(total)} volume than the part")
    if len(shares) > 1 and len(off):
        worst = int(np.abs(shares).argmax())
        low, high = bodies.box(worst)
        said.append(
            f"{len(off)} of {len(shares)} bodies are off by 3 % of their "
            f"volume or more, most the one at {_place(grid, (low + high) / 2)}: "
            f"{_percent(float(shares[worst]))}"
        )
    line = "; ".join(said)
    voxel = _voxel_that_does(bodies, grid.spacing)
    advice = "smaller voxels" if voxel is None else f"voxels of {length_text(voxel)}"
    return f"{line}; {advice} would do (they are {length_text(grid.spacing)})"


def _voxel_that_does(bodies: Bodies, spacing: float) -> float | None:
    """Return an edge (µm) below a spacing that keeps the volumes; None if unknown."""
    thin = bodies.thickness() / 2
    for step in _STEPS:
        voxel = _floor(min(spacing / 1.02, thin) / step)
        grid = plan_grid(bodies.part, voxel)
        if grid.shape[0] * grid.shape[1] > _MOST_COLUMNS:
            break
        n_voxels = count_voxels(grid, bodies.volume.size)
        if not bodies.wrong(n_voxels, voxel):
            return voxel
    return _floor(thin) if thin < spacing else None


def _thin_line(grid: PartGrid, thin: _Thin, kind: str, what: str) -> str:
    """Say where the voxels are too coarse, by how much, and which would do."""
    got = f"get {_percent(thin.share)} {what}"
    if abs(thin.share) < LOCAL_SHARE:
        got = "come out broken"
    place = _place(grid, np.array(thin.middle))
    return (
        f"{kind} are too thin for the voxels: near {place} they are about "
        f"{length_text(thin.thickness)} thick and {got}; use voxels of "
        f"{length_text(_floor(thin.thickness / 2))} or less (they are "
        f"{length_text(grid.spacing)})"
    )


def _percent(share: float) -> str:
    digits = 1 if abs(share) < 0.0995 else 0
    return f"{100 * abs(share):.{digits}f} % {'more' if share > 0 else 'less'}"


def _place(grid: PartGrid, place: np.ndarray) -> str:
    """Return a place (µm) in words."""
    low, high = grid.part.bounds
    return place_text(place.tolist(), float((high - low).max()))


def _floor(length: float) -> float:
    """Return a length, rounded down to three digits."""
    return float(f"{length * 0.995:.2e}")
