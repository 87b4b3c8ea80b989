"""A closed surface from separate triangles, or the reason why it does not close."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grainpaint.cad.copies import Copies, find_copies
from grainpaint.cad.corners import (
    join_equal,
    join_near,
    resolution,
    without_needles,
)
from grainpaint.cad.cracks import stitch
from grainpaint.cad.edges import Edges, connected, place
from grainpaint.errors import InputError
from grainpaint.units import count_text

__all__ = ["Surface", "close"]

# Shares of the size: what is joined everywhere (more if the file's numbers are coarser,
# up to the second), and what is closed at the rim of openings (likewise).
_JOINED, _JOINED_AT_MOST = 1e-7, 1e-6
_STITCHED, _STITCHED_AT_MOST = 1e-6, 1e-4
_FEWEST = 10  # times that a tolerance goes into the shortest edge, if it may be larger
_BLURRED = 1e-3  # of the size: coarser numbers than that show in the shape
_FAR = 1e5  # steps from the origin: nearer, numbers are short, not cut off
_STEPS = 4  # two corners are less apart if each coordinate is off by one step


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles of which an even number meets at each edge.

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
    edges : Edges
        Of `faces`.
    near : float
        Distance below which things are held to touch.
    notes : list of str
        What was mended, in words.
    """

    vertices: np.ndarray
    faces: np.ndarray
    edges: Edges
    near: float
    notes: list[str]


def close(
    path: Path, soup: np.ndarray, unit: str, warnings: Sequence[str] = ()
) -> Surface:
    """Join corners, drop doubled triangles, and stitch cracks without area.

    If equal corners do not close the surface, those closer than 1e-7 of the size are
    joined, or than four steps of the file's numbers (float32, or digits of text) up to
    1e-6 of the size. What is then still open is stitched where both sides of the rim
    are closer than 1e-6 of the size, or than four steps up to 1e-4 of the size. If that
    does not do, corners closer than four steps are joined, if all edges are ten times
    longer.

    Parameters
    ----------
    path : Path
        For messages.
    soup : numpy.ndarray, float64, shape (m, 3, 3)
        Corners of each triangle, finite.
    unit : str
        Of the corners, for messages.
    warnings : sequence of str
        What may explain that the surface is open.

    Raises
    ------
    InputError
        If there is no surface, or it is open.
    """
    vertices, faces = join_equal(soup)
    faces = without_needles(faces)
    size = float(np.ptp(vertices, axis=0).max(initial=0.0))
    near, notes = _STITCHED * size, []
    found = find_copies(faces)
    if found.edges.odd.any() or found.repeated:
        step = _STEPS * resolution(vertices) / size
        tolerance = min(max(step, _JOINED), _JOINED_AT_MOST) * size
        faces = without_needles(join_near(vertices, tolerance)[faces])
        found = find_copies(faces)
        near = min(max(step, _STITCHED), _STITCHED_AT_MOST) * size
    if found.edges.odd.any():
        before = found
        found = find_copies(stitch(vertices, found.faces, near))
        if not found.edges.odd.any():
            notes.append(_stitched(vertices, before.edges, unit))
        found = Copies(
            found.faces,
            found.edges,
            np.concatenate([before.dropped, found.dropped]),
            True,
        )
    if found.edges.odd.any():
        joined = _far_away(vertices, soup, unit)
        if joined is not None:
            found, near, note = joined
            notes.append(note)
    else:
        notes += _coarse(vertices, size, unit)
    if not len(found.faces):
        raise InputError(f"{path}: all triangles are degenerate, there is no surface")
    if found.edges.odd.any():
        raise _open(path, vertices, found.edges, unit, warnings)
    if len(found.dropped):
        notes.append(_dropped(vertices, found.dropped, unit))
    return Surface(vertices, found.faces, found.edges, near, notes)


def _far_away(
    vertices: np.ndarray, soup: np.ndarray, unit: str
) -> tuple[Copies, float, str] | None:
    """Join corners as far apart as a file's numbers step, if they are far from 0.

    Returns
    -------
    found, near, note
        None if the surface is still open, or its edges are not far longer than that.
    """
    step = resolution(vertices)
    tolerance = _STEPS * step
    length = np.linalg.norm(soup - np.roll(soup, 1, axis=1), axis=2)
    shortest = length[length > 0].min(initial=np.inf)
    if not step or shortest < _FEWEST * tolerance:
        return None
    faces = join_near(vertices, tolerance)[join_equal(soup)[1]]
    found = find_copies(without_needles(faces))
    if found.edges.odd.any():
        return None
    far = np.abs(vertices).max()
    note = (
        f"the part is up to {far:.4g} {unit} from the origin, where the numbers of the "
        f"file step by {step:.2g} {unit}: corners closer than {tolerance:.2g} {unit} "
        "joined"
    )
    return found, tolerance, note


def _coarse(vertices: np.ndarray, size: float, unit: str) -> list[str]:
    """Return a note if a part lies so far from 0 that a file's numbers blur it."""
    far = float(np.abs(vertices).max(initial=0.0))
    if not size or far < _FAR * _BLURRED * size:
        return []
    step = resolution(vertices)
    if step < _BLURRED * size or far < _FAR * step:
        return []
    return [
        f"the part is up to {far:.4g} {unit} from the origin, where the numbers of the "
        f"file step by {step:.2g} {unit}, {step / size:.2g} of its size: if it is not "
        "made of such steps, export it near the origin"
    ]


def _dropped(vertices: np.ndarray, dropped: np.ndarray, unit: str) -> str:
    where = place(vertices[dropped[0]].mean(0), unit)
    return (
        f"a facet is doubled, at {where}: one copy left out"
        if len(dropped) == 1
        else f"{len(dropped)} doubled facets, the first at {where}: copies left out"
    )


def _stitched(vertices: np.ndarray, edges: Edges, unit: str) -> str:
    rim = edges.ends[edges.odd]
    where = place(vertices[rim[0]].mean(0), unit)
    edges_of = count_text(len(rim), "edge")
    return f"cracks without area at {edges_of}, the first at {where}: closed"


def _openings(vertices: np.ndarray, rim: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the number of pieces of a rim, and the corners of the first."""
    corners, index = np.unique(rim, return_inverse=True)
    n, piece = connected(index.reshape(-1, 2), len(corners))
    return n, vertices[corners[piece == piece[index.ravel()[0]]]]


def _open(
    path: Path,
    vertices: np.ndarray,
    edges: Edges,
    unit: str,
    warnings: Sequence[str],
) -> InputError:
    """Return the error for a surface that does not close: holes, or inner walls."""
    aside, wall = "", ""
    if warnings:
        aside = f" ({'; '.join(warnings)})"
    holes = edges.ends[edges.count == 1]
    walls = edges.ends[edges.odd & (edges.count > 1)]
    if len(walls):
        where = place(vertices[walls[0]].mean(0), unit)
        wall = f"three triangles meet at an edge (inner wall) at {where}"
    if not len(holes):
        more = f", and at {len(walls) - 1} more" if len(walls) > 1 else ""
        return InputError(
            f"{path}: {wall}{more}: what is inside is not decided; take the wall out "
            f"or close both sides of it in the CAD program{aside}"
        )
    n, corners = _openings(vertices, holes)
    count = count_text(n, "hole")
    where = place(vertices[holes[0]].mean(0), unit)
    across = np.linalg.norm(np.ptp(corners, axis=0))
    also = f"; {wall}" if len(walls) else _apart(edges, int(holes[0, 0]))
    return InputError(
        f"{path}: the surface is open: {count} ({len(holes)} open edges), the first at "
        f"{where}, {across:.3g} {unit} across{also}; close it in the CAD program{aside}"
    )


def _apart(edges: Edges, corner: int) -> str:
    """Say that an open piece lies apart from closed ones; a sheet may be left over."""
    _, piece = connected(edges.ends, int(edges.ends.max()) + 1)
    of_edge = piece[edges.ends[:, 0]]
    n_sides = np.bincount(of_edge, edges.count)
    n_odd = np.bincount(of_edge, edges.odd, n_sides.size)
    if not ((n_sides > 0) & (n_odd == 0)).any():
        return ""
    n = count_text(int(n_sides[piece[corner]]) // 3, "triangle")
    return f", in a piece of {n} apart from the others: if it is a sheet, take it out"
