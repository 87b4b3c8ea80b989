"""Which shells lie within which."""

from dataclasses import dataclass

import numpy as np

from grainpaint.cad import rays

__all__ = ["Nesting", "areas", "cones", "find_nesting", "shell_volumes"]


@dataclass(frozen=True, eq=False)
class Nesting:
    """Pairs of shells of which one lies within the other and does not cross it.

    Parameters
    ----------
    inner, outer : numpy.ndarray, int64, shape (p,)
        Shells.
    touching : numpy.ndarray, bool, shape (p,)
        Whether a part of the inner shell lies on the outer.
    """

    inner: np.ndarray
    outer: np.ndarray
    touching: np.ndarray

    def chosen(self, which: np.ndarray) -> "Nesting":
        """Return some of the pairs."""
        return Nesting(self.inner[which], self.outer[which], self.touching[which])


def areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the area of each triangle."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def cones(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the signed volumes between a middle of all and each triangle."""
    middle = vertices.mean(0)
    a, b, c = (vertices[faces[:, i]] - middle for i in range(3))
    return np.asarray(np.einsum("ij,ij->i", a, np.cross(b, c)) / 6)


def shell_volumes(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray
) -> np.ndarray:
    """Return the signed volume of each shell, float64, shape (n_shells,)."""
    return np.asarray(np.bincount(shell, cones(vertices, faces)))


def find_nesting(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray, near: float
) -> Nesting:
    """Find which closed shells lie wholly within which.

    A shell lies within another if the middles of all its triangles do, and no edge of
    either passes through a triangle of the other. Middles are judged by what lies
    above them along z, x and y: where these disagree, they lie on the other shell.

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
    shell : numpy.ndarray, int64, shape (m,)
        Counted from 0.
    near : float
        Distance below which shells touch.
    """
    pairs = _candidates(vertices, faces, shell, near)
    if not len(pairs):
        return Nesting(pairs[:, 0], pairs[:, 1], np.empty(0, np.bool_))
    n_shells = int(shell.max()) + 1
    # Only the shells of pairs take part.
    involved = np.zeros(n_shells, np.bool_)
    involved[pairs] = True
    some = involved[shell]
    faces, shell = faces[some], shell[some]
    within, touching = _within(vertices, faces, shell, pairs, near)
    pairs, touching = pairs[within], touching[within]
    crossing = _crossing(vertices, faces, shell, pairs, near)
    return Nesting(pairs[~crossing, 0], pairs[~crossing, 1], touching[~crossing])


def _candidates(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray, near: float
) -> np.ndarray:
    """Return pairs (inner, outer) by their boxes and volumes, int64, shape (p, 2)."""
    order = np.argsort(shell, kind="stable")
    begin = np.flatnonzero(np.diff(shell[order], prepend=-1))
    corners = vertices[faces[order]]
    low = np.minimum.reduceat(corners.min(1), begin)
    high = np.maximum.reduceat(corners.max(1), begin)
    size = np.abs(shell_volumes(vertices, faces, shell))
    pairs = rays.boxes_in_boxes(low, high, near, size, np.argsort(low[:, 0]))
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def _lists(pairs: np.ndarray, n: int) -> np.ndarray:
    """Return where the partners of each of `n` shells begin in sorted pairs."""
    return np.searchsorted(pairs[:, 0], np.arange(n + 1))


def _within(
    vertices: np.ndarray,
    faces: np.ndarray,
    shell: np.ndarray,
    pairs: np.ndarray,
    near: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pair whether middles of the inner lie within, and some on it."""
    first = _lists(pairs, int(shell.max()) + 1)
    asking = np.flatnonzero(np.diff(first)[shell])
    of = shell[asking]
    middles = vertices[faces[asking]].mean(1)
    each = np.diff(first)[of]
    slot = np.cumsum(each) - each
    inside, outside = np.ones(each.sum(), np.bool_), np.ones(each.sum(), np.bool_)
    for axis in range(3):
        turned = [(axis + 1) % 3, (axis + 2) % 3, axis]
        corners = np.ascontiguousarray(vertices[:, turned])
        points = np.ascontiguousarray(middles[:, turned])
        box, cells = _cells(corners, faces)
        winding, on = rays.wind(
            points,
            of,
            slot,
            first,
            pairs[:, 1].copy(),
            corners,
            faces,
            shell,
            box,
            cells,
            near,
        )
        inside &= (winding != 0) & ~on
        outside &= (winding == 0) & ~on
    # Results stand by point; sum them by pair.
    pair = np.repeat(first[of] - slot, each) + np.arange(len(inside))
    n_inside, n_outside, n_all = (
        np.bincount(pair, w, len(pairs)) for w in (inside, outside, None)
    )
    return (n_inside > 0) & (n_outside == 0), n_inside + n_outside < n_all


def _crossing(
    vertices: np.ndarray,
    faces: np.ndarray,
    shell: np.ndarray,
    pairs: np.ndarray,
    near: float,
) -> np.ndarray:
    """Return for each pair whether one shell passes through the other."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    order = np.lexsort((both[:, 1], both[:, 0]))
    both = both[order]
    a, b = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    once = a < b  # the neighbor runs along the same edge from b to a
    found = np.zeros(len(both), np.bool_)
    corners = np.ascontiguousarray(vertices)
    box, cells = _cells(corners, faces)
    rays.mark_crossings(
        np.stack([a, b], 1)[once],
        np.repeat(shell, 3)[once],
        _lists(both, int(shell.max()) + 1),
        both[:, 1].copy(),
        corners,
        faces,
        shell,
        box,
        cells,
        near,
        found,
    )
    crossing = np.empty(len(both), np.bool_)
    crossing[order] = found
    return np.asarray(crossing[: len(pairs)] | crossing[len(pairs) :])


def _cells(
    corners: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Sort triangles into cells, about as many as there are triangles."""
    used = corners[np.unique(faces), :2]
    low, size = used.min(0), np.ptp(used, axis=0)
    edge = float(max(np.sqrt(size.prod() / len(faces)), size.max() / len(faces)))
    while True:
        n_x, n_y = (int(s / edge) + 1 for s in size)
        box = np.array([*low, edge, n_x, n_y])
        start, items = rays.sort_into_cells(corners, faces, box)
        if items.size:
            return box, (start, items)
        edge *= 2
