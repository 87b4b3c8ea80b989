"""How the boundaries of grains run between eight voxels.

A cube between the centers of eight voxels is cut into six tetrahedra about its long
diagonal (Kuhn's triangulation, the same in every cube), and boundaries are dual to it:
a node in each tetrahedron, an edge through each triangle, a polygon across each edge
with different grains at its ends. Three grains at most thus meet along an edge, and
each grain has a closed surface that does not touch itself, whatever the voxels are.

Where boundaries within a cube are as a cone over those on its sides, one node does for
all six: surface nets (Frisken 2022), which are what most of a mesh is. They alone, as
in VTK, have edges of four triangles where grains touch across an edge of voxels.

References
----------
S. F. Frisken, SurfaceNets for multi-label segmentations with preservation of sharp
boundaries, Journal of Computer Graphics Techniques 11 (2022),
https://jcgt.org/published/0011/01/03/
"""

from functools import cache
from itertools import permutations, product

import numpy as np

__all__ = ["TETRAHEDRA", "Ring", "nodes_of", "rings"]

# Corners of a cube by 4 x + 2 y + z; tetrahedra go from corner 0 to corner 7.
_CORNERS = np.array(list(product((0, 1), repeat=3)))
_ORDERS = list(permutations(range(3)))  # in which the axes are gone along
_STEP = (4, 2, 1)
TETRAHEDRA = np.array(
    [np.cumsum([0, *(_STEP[axis] for axis in order)]) for order in _ORDERS]
)
_CENTROIDS = _CORNERS[TETRAHEDRA].mean(1)
_EDGES = {frozenset(pair) for tet in TETRAHEDRA.tolist() for pair in product(tet, tet)}
_EDGES = {edge for edge in _EDGES if len(edge) == 2 and edge != {0, 7}}  # on the sides
# Around each side of the cube.
_SQUARES = [
    [_STEP[axis] * end + corner for corner in (0, a, a + b, b)]
    for axis, (a, b) in enumerate([(2, 1), (4, 1), (4, 2)])
    for end in (0, 1)
]
Ring = list[tuple[int, ...]]


def nodes_of(
    ranks: tuple[int, ...], outer: tuple[bool, bool, bool]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes in a cube, and which tetrahedron has which of them.

    Parameters
    ----------
    ranks : eight ints
        Equal numbers where corners have equal grains, by 4 x + 2 y + z.
    outer : three bools
        Axes along which the cube lies across a face of the box, so that its nodes lie
        in the face.

    Returns
    -------
    node : numpy.ndarray, int64, shape (6,)
        Node of each tetrahedron.
    places : numpy.ndarray, float64, shape (n_nodes, 3)
        Against the center of the cube, voxels.
    """
    if _is_cone(ranks):
        return np.zeros(6, np.int64), np.zeros((1, 3))
    return _parted(outer)


@cache
def _parted(outer: tuple[bool, bool, bool]) -> tuple[np.ndarray, np.ndarray]:
    """Return what `nodes_of` does for a cube that needs several nodes."""
    if any(outer):
        # The half of the cube beyond the box is as one point: a pyramid on a square.
        inner = [axis for axis in range(3) if not outer[axis]]
        keys = [tuple(a for a in order if a in inner) for order in _ORDERS]
        node = np.array([sorted(set(keys)).index(key) for key in keys])
    else:
        node = np.arange(6)
    n = node.max() + 1
    places = np.array([_CENTROIDS[node == i].mean(0) for i in range(n)]) - 0.5
    return node, places


def _is_cone(ranks: tuple[int, ...]) -> bool:
    """Return whether boundaries are those that a node joins to those on the sides."""
    for square in _SQUARES:
        a, b, c, d = (ranks[corner] for corner in square)
        ends = (a != b) + (b != c) + (c != d) + (d != a)
        if ends == 4:  # a grain touches itself, or four grains touch
            return False
    corners = frozenset(range(8))
    for rank in set(ranks):
        own = frozenset(c for c in corners if ranks[c] == rank)
        if not (_connected(own) and _connected(corners - own)):
            return False
    return True


@cache
def _connected(corners: frozenset[int]) -> bool:
    """Return whether corners are joined by edges on the sides of the cube."""
    if not corners:
        return True
    found, new = set(), {min(corners)}
    while new:
        found |= new
        new = {b for a in new for b in corners - found if frozenset((a, b)) in _EDGES}
    return found == corners


@cache
def rings() -> list[tuple[tuple[int, ...], Ring]]:
    """Return the tetrahedra around each kind of edge.

    Returns
    -------
    list of (step, ring)
        Step from a voxel to another one; cubes (x, y, z against the one whose lowest
        corner is the first voxel) and tetrahedra in order around the edge, so that
        their polygon faces the second voxel.
    """
    return [(tuple(_CORNERS[i].tolist()), _ring(i)) for i in range(1, 8)]


def _ring(end: int) -> Ring:
    """Return the tetrahedra around the edge from a voxel to corner `end`."""
    step = _CORNERS[end]
    around = {}  # cube and tetrahedron -> the other two corners
    for cube in product((-1, 0), repeat=3):
        for tet in range(6):
            corners = [tuple(c) for c in (_CORNERS[TETRAHEDRA[tet]] + cube).tolist()]
            if (0, 0, 0) in corners and tuple(step.tolist()) in corners:
                ends = set(corners) - {(0, 0, 0), tuple(step.tolist())}
                around[(*cube, tet)] = ends
    first = min(around)
    ring = [first]
    while len(ring) < len(around):
        ring.append(
            min(t for t in around if t not in ring and around[t] & around[ring[-1]])
        )
    at = np.array([_CENTROIDS[t] + cube for *cube, t in ring])
    normal = np.cross(at, np.roll(at, -1, 0)).sum(0)
    return ring if normal @ step > 0 else ring[::-1]
