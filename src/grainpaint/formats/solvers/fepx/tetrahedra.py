"""A voxel as six quadratic tetrahedra, which fit those of its neighbors.

Each goes from corner (0, 0, 0) to (1, 1, 1) along the three axes in some order (Kuhn).
Points are counted in half voxels, so that the middles of edges are points too: each of
the 27 is a node.
"""

from itertools import permutations

import numpy as np

__all__ = ["NODES", "SIDES"]

_EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (2, 3), (1, 3))  # in the order of Gmsh


def _with_middles(
    corners: np.ndarray, edges: tuple[tuple[int, int], ...]
) -> np.ndarray:
    middles = [(corners[a] + corners[b]) // 2 for a, b in edges]
    return np.concatenate([corners, middles])


def _tetrahedra() -> np.ndarray:
    """Return the nodes of the six (shape (6, 10, 3))."""
    found = []
    for order in permutations(range(3)):
        steps = 2 * np.eye(3, dtype=int)[list(order)]
        corners = np.concatenate([np.zeros((1, 3), int), np.cumsum(steps, axis=0)])
        if np.linalg.det(corners[1:]) < 0:
            corners[[1, 2]] = corners[[2, 1]]
        found.append(_with_middles(corners, _EDGES))
    return np.stack(found)


def _side(axis: int, end: int) -> list[tuple[int, np.ndarray]]:
    """Return tetrahedron and nodes (shape (6, 3)) of the triangles on a side."""
    triangles = []
    for number, nodes in enumerate(NODES):
        on = nodes[:4][nodes[:4, axis] == 2 * end]
        if len(on) != 3:
            continue
        normal = np.cross(on[1] - on[0], on[2] - on[0])[axis]
        if (normal > 0) != bool(end):  # seen from outside they run counter-clockwise
            on = on[[0, 2, 1]]
        triangles.append((number, _with_middles(on, ((0, 1), (1, 2), (2, 0)))))
    return triangles


# Offsets of nodes from the low corner of a voxel, in half voxels.
NODES = _tetrahedra()
SIDES = {(axis, end): _side(axis, end) for axis in range(3) for end in (0, 1)}
