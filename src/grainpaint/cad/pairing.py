"""Which sheets of triangles belong together where several meet at an edge."""

from itertools import combinations

import numpy as np

from grainpaint.cad.edges import Edges

__all__ = ["pair_sheets"]

_SAME_ANGLE = 1e-6  # rad


def pair_sheets(
    vertices: np.ndarray,
    faces: np.ndarray,
    edges: Edges,
    sheet: np.ndarray,
    turned: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair sheets at edges where more than two triangles meet.

    Returns
    -------
    pairs : numpy.ndarray, int64, shape (p, 2)
        Sheets.
    agree : numpy.ndarray, bool, shape (p,)
        Whether they run along the edge in opposite ways.
    where : numpy.ndarray, int64, shape (p, 2)
        Ends of the edge.
    """
    of_sides = edges.of_sides
    crowded = np.flatnonzero((edges.count > 2)[of_sides])
    face = edges.sides[crowded] // 3
    edge, way = of_sides[crowded], edges.forward[crowded] != turned[face]
    # A sheet that passes an edge equally often both ways closes by itself.
    n_sheets = int(sheet.max()) + 1
    _, group = np.unique(edge * n_sheets + sheet[face], return_inverse=True)
    group = group.ravel()
    left = np.bincount(group, np.where(way, 1, -1))[group] != 0
    edge, face, way = edge[left], face[left], way[left]
    side = edges.sides[crowded][left]
    apex = faces[face, (side + 2) % 3]
    found, known = [], set()
    leader = list(range(n_sheets))  # of a sheet, to find which were joined so far
    begin = np.flatnonzero(np.diff(edge, prepend=-1, append=-1))
    for start, stop in zip(begin[:-1].tolist(), begin[1:].tolist()):
        # Edges at which the same sheets meet are paired alike.
        at = np.arange(start, stop)
        at = at[np.argsort(sheet[face[at]], kind="stable")]
        pattern = tuple(sheet[face[at]].tolist())
        if pattern not in known:
            known.add(pattern)
            ends = edges.ends[edge[start]]
            angle = _angles(vertices, ends, apex[at])
            for i, j in _pair(angle, way[at], [_root(leader, s) for s in pattern]):
                leader[_root(leader, pattern[i])] = _root(leader, pattern[j])
                agrees = way[at[i]] != way[at[j]]
                found.append((pattern[i], pattern[j], agrees, *ends.tolist()))
    table = np.array(found, np.int64).reshape(-1, 5)
    return table[:, :2], table[:, 2].astype(np.bool_), table[:, 3:]


def _root(leader: list[int], i: int) -> int:
    """Return the sheet that stands for all that sheet i was joined with."""
    while leader[i] != i:
        leader[i] = leader[leader[i]]
        i = leader[i]
    return i


def _angles(vertices: np.ndarray, ends: np.ndarray, apex: np.ndarray) -> np.ndarray:
    """Return the angles of triangles around an edge, from that of the first, >= 0."""
    origin = vertices[ends[0]]
    axis = vertices[ends[1]] - origin
    axis = axis / np.linalg.norm(axis)
    out = vertices[apex] - origin
    out = out - (out @ axis)[:, None] * axis
    angle = np.arctan2(np.cross(axis, out[0]) @ out.T, out[0] @ out.T)
    return np.asarray((angle + _SAME_ANGLE) % (2 * np.pi))


def _pair(
    angle: np.ndarray, way: np.ndarray, piece: list[int]
) -> list[tuple[int, int]]:
    """Pair triangles around an edge so that inside is between those of a pair.

    Turning about the edge, one that runs along the edge is left from inside, the other
    way round it is entered. If they do not alternate so, neighbors are paired. Of
    triangles that lie on each other and face the same way, each is paired with one of
    its own piece if it can.
    """
    n = len(angle)
    slot = np.round(angle / _SAME_ANGLE / 2).astype(np.int64)
    order = np.lexsort((~way, slot))
    enters = ~way[order]
    if 2 * int(enters.sum()) != n:
        gaps = np.diff(angle[order], append=angle[order[0]] + 2 * np.pi)
        shift = int(gaps[1::2].sum() < gaps[::2].sum())
        order = np.roll(order, -shift)
        return [(int(order[i]), int(order[i + 1])) for i in range(0, n - 1, 2)]
    lowest = int(np.argmin(np.cumsum(np.where(enters, 1, -1))))
    waiting: list[int] = []
    pairs = []
    for i in np.roll(order, -lowest - 1).tolist():
        if way[i]:
            pairs.append((waiting.pop(), i))
        else:
            waiting.append(i)
    for a, b in combinations(range(len(pairs)), 2):
        (i, j), (k, m) = pairs[a], pairs[b]
        alike = slot[i] == slot[k] or slot[j] == slot[m]
        now = (piece[i] == piece[j]) + (piece[k] == piece[m])
        then = (piece[i] == piece[m]) + (piece[k] == piece[j])
        if alike and then > now:
            pairs[a], pairs[b] = (i, m), (k, j)
    return pairs
