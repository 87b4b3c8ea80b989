"""Shells made to face outward or inward, as they lie within each other."""

import numpy as np

from grainpaint.cad.amounts import shell_volumes
from grainpaint.cad.edges import place
from grainpaint.cad.nesting import Nesting, find_nesting
from grainpaint.units import count_text

__all__ = ["face_by_depth"]


def face_by_depth(
    vertices: np.ndarray,
    faces: np.ndarray,
    shell: np.ndarray,
    near: float,
    unit: str,
    n_solids: int = 0,
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Turn shells so that at an even depth they bound solids, at an odd one cavities.

    Depth is the number of shells around a shell, of which those that cross each other
    count once. A shell that lies on another from within and faces the same way belongs
    to it: it was meant as a solid. A cavity where k bodies overlap is repeated k times,
    for there is inside where the winding number is positive.

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
    shell : numpy.ndarray, int64, shape (m,)
        Closed shells, each oriented for itself.
    near : float
        Distance below which shells touch.
    unit : str
        Of the vertices, for notes.
    n_solids : int
        That the file states: if as many shells face outward, each of them bounds a
        solid, within another one too.

    Returns
    -------
    faces : numpy.ndarray, int64, shape (m, 3), or more if cavities are repeated
    bodies : numpy.ndarray, int64, of the same length
        Body of each triangle: a solid shell with the cavities right inside it.
    notes : list of str
        What was turned, and what is in doubt, in words.
    """
    outward = shell_volumes(vertices, faces, shell) > 0
    n = len(outward)
    if n == 1:
        notes = [] if outward[0] else ["the part was inside out: turned"]
        faces = faces if outward[0] else faces[:, ::-1]
        return faces, np.zeros(len(faces), np.int64), notes
    around = find_nesting(vertices, faces, shell, near)
    stated = 0 < n_solids == int(outward.sum())
    depth = _depth(around, outward, stated)
    solid = depth % 2 == 0
    turned = outward != solid
    faces = np.where(turned[shell][:, None], faces[:, ::-1], faces)
    notes = _notes(vertices, faces, shell, solid, turned, unit)
    as_deep = depth[around.inner] == depth[around.outer]
    within = np.unique(around.inner[as_deep])
    if stated and within.size:
        where = _middle(vertices, faces, shell, within[0], unit)
        notes.append(
            f"{count_text(len(within), 'solid')} of {n_solids} within another solid, "
            f"around {where}: counted with it, not as a cavity"
        )
    if around.share < 1:
        notes.append(
            f"of the edges of {n} shells, {around.share:.0%} were looked at, all would "
            "take hours: shells that cross may count as lying within each other"
        )
    body, copies = _bodies(around, depth, n)
    own = body[shell]
    once = faces
    for extra, of_body in copies:
        again = once[shell == extra]
        faces = np.concatenate([faces, again])
        own = np.concatenate([own, np.full(len(again), of_body)])
    return faces, own, notes


def _depth(around: Nesting, outward: np.ndarray, stated: bool) -> np.ndarray:
    """Return how deep each shell lies: one deeper than the deepest around it.

    Shells that face the same way are as deep, if they touch or are all stated.
    """
    part_of = (around.touching | stated) & (
        outward[around.inner] == outward[around.outer]
    )
    around = around.chosen(~part_of)
    depth = np.zeros(len(outward), np.int64)
    while True:
        deeper = np.zeros_like(depth)
        np.maximum.at(deeper, around.inner, depth[around.outer] + 1)
        if (deeper == depth).all():
            return depth
        depth = deeper


def _bodies(
    around: Nesting, depth: np.ndarray, n: int
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return the body of each shell, and which cavities to repeat for which bodies."""
    solid = depth % 2 == 0
    body = np.cumsum(solid) - 1
    order = np.argsort(around.inner, kind="stable")
    inner, outer = around.inner[order], around.outer[order]
    begin = np.searchsorted(inner, np.arange(n + 1))
    times = np.ones(n, np.int64)
    copies = []
    for i in np.argsort(depth, kind="stable").tolist():
        if solid[i]:
            continue
        shells = outer[begin[i] : begin[i + 1]]
        winding = int(np.where(solid[shells], times[shells], -times[shells]).sum())
        owners = shells[(depth[shells] == depth[i] - 1)]
        body[i] = body[owners[0]]
        times[i] = max(winding, 1)
        copies += [
            (i, int(body[owners[min(k, len(owners) - 1)]])) for k in range(1, times[i])
        ]
    return body, copies


def _notes(
    vertices: np.ndarray,
    faces: np.ndarray,
    shell: np.ndarray,
    solid: np.ndarray,
    turned: np.ndarray,
    unit: str,
) -> list[str]:
    """Return what was turned, in words."""
    if turned.all():
        return ["the part was inside out: turned"]
    notes = []
    bodies = np.flatnonzero(turned & solid)
    if bodies.size:
        where = _middle(vertices, faces, shell, bodies[0], unit)
        n_bodies = int(solid.sum())
        number = int(solid[: bodies[0] + 1].sum())
        notes.append(
            f"body {number} of {n_bodies}, around {where}, was inside out: turned"
            if len(bodies) == 1
            else f"{len(bodies)} of {n_bodies} bodies were inside out, the first "
            f"around {where}: turned"
        )
    cavities = np.flatnonzero(turned & ~solid)
    if cavities.size:
        where = _middle(vertices, faces, shell, cavities[0], unit)
        notes.append(
            f"the inner shell around {where} faced outward: counted as a cavity"
            if len(cavities) == 1
            else f"{len(cavities)} inner shells faced outward, the first around "
            f"{where}: counted as cavities"
        )
    return notes


def _middle(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray, which: int, unit: str
) -> str:
    """Return the middle of a shell's box in words."""
    corners = vertices[faces[shell == which]]
    return place((corners.min((0, 1)) + corners.max((0, 1))) / 2, unit)
