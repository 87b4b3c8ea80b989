"""Cracks without area: the rim of an opening whose two sides lie on each other."""

from itertools import chain

import numpy as np

from grainpaint.cad.corners import join_near, without_needles
from grainpaint.cad.edges import Edges, find_edges

__all__ = ["stitch"]

_FEW = 16  # vertices near a stretch of an edge that are looked at one by one
_ROUNDS = 4


def stitch(vertices: np.ndarray, faces: np.ndarray, tolerance: float) -> np.ndarray:
    """Close cracks narrower than a tolerance.

    Vertices on the rim of openings are joined if they are near, and an edge on the rim
    is split where such a vertex lies on it (a T-junction).

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
    tolerance : float

    Returns
    -------
    numpy.ndarray, int64, shape (k, 3)
        Triangles of the same vertices.
    """
    for _ in range(_ROUNDS):
        rim = _rim(find_edges(faces))
        if not rim.size:
            break
        corners = np.unique(rim)
        into = np.arange(len(vertices))
        into[corners] = corners[join_near(vertices[corners], tolerance)]
        faces = without_needles(into[faces])
        rim = _rim(find_edges(faces))
        edge, vertex, along = _vertices_on_edges(vertices, rim, tolerance)
        if not edge.size:
            break
        faces = without_needles(_split(faces, rim, edge, vertex, along))
    return faces


def _rim(edges: Edges) -> np.ndarray:
    return np.asarray(edges.ends[edges.odd])


def _vertices_on_edges(
    vertices: np.ndarray, rim: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edge, vertex and place (0 to 1) of rim vertices on other rim edges.

    Long edges are halved until few vertices are near each stretch.
    """
    from scipy.spatial import cKDTree

    none = np.empty(0, np.int64)
    found = [(none, none, np.empty(0))]
    if not rim.size:
        return found[0]
    corners = np.unique(rim)
    tree = cKDTree(vertices[corners])
    origin, end = vertices[rim[:, 0]], vertices[rim[:, 1]]
    length = np.linalg.norm(end - origin, axis=1)
    edge, low, high = np.arange(len(rim)), np.zeros(len(rim)), np.ones(len(rim))
    while edge.size:
        middle = origin[edge] + (end - origin)[edge] * ((low + high) / 2)[:, None]
        radius = length[edge] * (high - low) / 2 + tolerance
        n_near = tree.query_ball_point(middle, radius, return_length=True)
        look = (n_near <= _FEW) | (radius <= 3 * tolerance)
        near = tree.query_ball_point(middle[look], radius[look])
        pieces = np.repeat(edge[look], n_near[look])
        vertex = corners[np.fromiter(chain.from_iterable(near), np.int64, len(pieces))]
        offset = vertices[vertex] - origin[pieces]
        reach = (end - origin)[pieces]
        along = (offset * reach).sum(1) / length[pieces] ** 2
        apart = np.linalg.norm(offset - along[:, None] * reach, axis=1)
        on = (apart <= tolerance) & (along > 0) & (along < 1)
        on &= (vertex != rim[pieces, 0]) & (vertex != rim[pieces, 1])
        found.append((pieces[on], vertex[on], along[on]))
        edge, low, high = edge[~look], low[~look], high[~look]
        half = (low + high) / 2
        edge, low, high = (
            np.repeat(edge, 2),
            np.stack([low, half], 1).ravel(),
            np.stack([half, high], 1).ravel(),
        )
    edge, vertex, along = map(np.concatenate, zip(*found))
    _, once = np.unique(edge * len(vertices) + vertex, return_index=True)
    return edge[once], vertex[once], along[once]


def _split(
    faces: np.ndarray,
    rim: np.ndarray,
    edge: np.ndarray,
    vertex: np.ndarray,
    along: np.ndarray,
) -> np.ndarray:
    """Split edges of triangles at vertices, and the triangles with them."""
    order = np.lexsort((along, edge))
    edge, vertex = edge[order], vertex[order]
    split, begin, count = np.unique(edge, return_index=True, return_counts=True)
    n = int(faces.max()) + 1
    parent = np.arange(len(faces))
    key = rim[split, 0] * n + rim[split, 1]  # lower number first; sorted, as edges are
    for _ in range(3):  # each side of a triangle
        a, b = faces, np.roll(faces, -1, axis=1)
        wanted = np.minimum(a, b) * n + np.maximum(a, b)
        at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        hit = key[at] == wanted
        chosen = np.flatnonzero(hit.any(1))
        if not chosen.size:
            break
        side = hit[chosen].argmax(1)
        first = faces[chosen, side]
        last = faces[chosen, (side + 1) % 3]
        apex = faces[chosen, (side + 2) % 3]
        which = at[chosen, side]
        fans = _fans(first, last, apex, vertex, begin[which], count[which])
        size = count[which] + 1
        faces = np.concatenate([np.delete(faces, chosen, axis=0), fans])
        parent = np.concatenate(
            [np.delete(parent, chosen), np.repeat(parent[chosen], size)]
        )
    return np.asarray(faces[np.argsort(parent, kind="stable")])


def _fans(
    first: np.ndarray,
    last: np.ndarray,
    apex: np.ndarray,
    vertex: np.ndarray,
    begin: np.ndarray,
    count: np.ndarray,
) -> np.ndarray:
    """Return the triangles between an apex and a side with vertices on it."""
    size = count + 1
    of = np.repeat(np.arange(len(first)), size)
    step = np.arange(len(of)) - np.repeat(np.cumsum(size) - size, size)
    upward = (first < last)[of]
    place = np.where(upward, begin[of] + step, begin[of] + count[of] - 1 - step)
    n = len(vertex)
    after = vertex[np.clip(place, 0, n - 1)]
    before = vertex[np.clip(np.where(upward, place - 1, place + 1), 0, n - 1)]
    start = np.where(step == 0, first[of], before)
    stop = np.where(step == count[of], last[of], after)
    return np.stack([start, stop, apex[of]], 1)
