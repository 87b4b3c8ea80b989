"""Clusters: connected sites of equal spin, with volumes, centers and extents."""

from dataclasses import dataclass

import numpy as np

from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.potts_run import pinned

__all__ = ["Clusters", "find_clusters"]


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of a box, in the order of their first sites.

    Parameters
    ----------
    number : numpy.ndarray, int32, shape (nx, ny, nz)
        Cluster of each site, from 1; 0 = no site, or a pinned one.
    spin : numpy.ndarray, int32, shape (n,)
    size : numpy.ndarray, int64, shape (n,)
        Number of sites.
    center, low, high : numpy.ndarray, float, shape (n, 3)
        Mean and extent of the places of the sites, back in a periodic box.
    dimension : int
    """

    number: np.ndarray
    spin: np.ndarray
    size: np.ndarray
    center: np.ndarray
    low: np.ndarray
    high: np.ndarray
    dimension: int

    @property
    def mean_size(self) -> float:
        """Mean number of sites."""
        return float(self.size.mean())

    @property
    def mean_radius(self) -> float:
        """Mean root of the number of sites."""
        return float((self.size ** (1.0 / self.dimension)).mean())


def find_clusters(frame: Frame) -> Clusters:
    """Return the clusters of a moment."""
    sites, box = frame.sites, frame.box
    corners = box.lattice in ("sc/26n", "sq/8n")
    low = int(sites.spin.min())
    counted = sites.exists
    if isinstance(frame.app, PottsApp):
        counted = counted & ~pinned(sites, frame.app)  # pins are no clusters
    spin = np.where(counted, sites.spin - low + 1, 0)
    open_pieces = label_pieces(spin, (False,) * 3, corners)
    whole = label_pieces(spin, box.periodic, corners)
    # Flat, in the order of IDs, so that the first site of a cluster comes first.
    piece = open_pieces.reshape(-1)[frame.order]
    cluster = whole.reshape(-1)[frame.order]
    first = _first_places(cluster)
    rank = np.zeros(len(first) + 1, np.int32)
    rank[np.argsort(first) + 1] = np.arange(1, len(first) + 1)
    cluster = rank[cluster]
    first = np.sort(first)
    # A single plane is its own neighbor, but not one box away.
    x, y, z = (p and n > 1 for p, n in zip(box.periodic, box.shape))
    shift = _shifts(open_pieces, spin, (x, y, z), corners, piece[first])
    number = np.zeros(sites.spin.size, np.int32)
    number[frame.order] = cluster
    size = np.bincount(cluster)[1:]
    center, lowest, highest = _extents(frame, cluster, shift[piece], size)
    return Clusters(
        number.reshape(box.shape),
        sites.spin.reshape(-1)[frame.order][first],
        size,
        center,
        lowest,
        highest,
        box.dimension,
    )


def _first_places(labels: np.ndarray) -> np.ndarray:
    """Return where each of the labels 1..n occurs first."""
    first = np.empty(int(labels.max()) + 1, np.int64)
    first[labels[::-1]] = np.arange(len(labels) - 1, -1, -1)  # the last one stays
    return first[1:]


def _extents(
    frame: Frame, cluster: np.ndarray, shift: np.ndarray, size: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centers, lowest and highest places of the clusters."""
    corners = frame.box.corners
    found = np.empty((3, len(size), 3))
    for axis, name in enumerate("xyz"):
        start, length = corners[0][axis], corners[1][axis] - corners[0][axis]
        place = frame.column(name) + shift[:, axis] * length
        ends = np.full((2, len(size) + 1), np.inf)
        np.minimum.at(ends[0], cluster, place)
        np.minimum.at(ends[1], cluster, -place)
        mean = np.bincount(cluster, place)[1:] / size
        for row, value in enumerate((mean, ends[0, 1:], -ends[1, 1:])):
            if frame.box.periodic[axis]:
                value = start + np.mod(value - start, length)
            found[row, :, axis] = value
    return found[0], found[1], found[2]


def _shifts(
    pieces: np.ndarray,
    spin: np.ndarray,
    periodic: tuple[bool, bool, bool],
    corners: bool,
    anchors: np.ndarray,
) -> np.ndarray:
    """Return by how many boxes each piece lies away from its cluster's first piece.

    Parameters
    ----------
    pieces : numpy.ndarray, int32, shape (nx, ny, nz)
        Connected pieces of equal spin that end at the faces.
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
    periodic : three bools
    corners : bool
        Whether sites that share an edge or a corner are neighbors.
    anchors : numpy.ndarray
        Pieces whose shift is 0.

    Returns
    -------
    numpy.ndarray, int64, shape (n + 1, 3)
    """
    shift = np.zeros((int(pieces.max()) + 1, 3), np.int64)
    links: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for a, b, step in _links(pieces, spin, periodic, corners):
        links.setdefault(a, []).append((b, step))
        links.setdefault(b, []).append((a, tuple(-s for s in step)))
    known = set()
    for anchor in anchors.tolist():
        if anchor not in links:
            continue
        known.add(anchor)
        todo = [anchor]
        while todo:
            a = todo.pop()
            for b, boxes in links[a]:
                if b not in known:
                    known.add(b)
                    shift[b] = shift[a] + boxes
                    todo.append(b)
    return shift


def _links(
    pieces: np.ndarray,
    spin: np.ndarray,
    periodic: tuple[bool, bool, bool],
    corners: bool,
) -> list[tuple[int, int, tuple[int, int, int]]]:
    """List the pieces of equal spin that meet through periodic faces.

    Each link (a, b, step) says that b, moved by `step` boxes, touches a.
    """
    shape = spin.shape
    found = set()
    steps = [
        (i, j, k)
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        for k in (-1, 0, 1)
        if (i, j, k) > (0, 0, 0) and (corners or abs(i) + abs(j) + abs(k) == 1)
    ]
    for step in steps:
        for wrap in np.ndindex(2, 2, 2):
            if not any(wrap) or any(
                w and not (s and p) for w, s, p in zip(wrap, step, periodic)
            ):
                continue
            here, there = [], []
            for n, s, w in zip(shape, step, wrap):
                if w:  # through the face
                    here.append(slice(n - 1, n) if s > 0 else slice(0, 1))
                    there.append(slice(0, 1) if s > 0 else slice(n - 1, n))
                else:
                    here.append(slice(max(0, -s), n - max(0, s)))
                    there.append(slice(max(0, s), n - max(0, -s)))
            like = (spin[tuple(here)] == spin[tuple(there)]) & (spin[tuple(here)] > 0)
            pairs = np.stack([pieces[tuple(here)][like], pieces[tuple(there)][like]], 1)
            through = step[0] * wrap[0], step[1] * wrap[1], step[2] * wrap[2]
            for a, b in np.unique(pairs, axis=0).tolist():
                if a != b:
                    found.add((a, b, through))
    return sorted(found)
