r"""DBSCAN on the lattice: grains from a field with one value per voxel.

Each voxel is the point (x, y, z, w), w = scale x value. Two voxels are within eps if

.. math:: dx^2 + dy^2 + dz^2 + dw^2 \le \varepsilon^2 .

Beyond the 26 voxels around a voxel, the nearest one lies 2 away. For
:math:`0 < \varepsilon < 2`, whatever the values, a stencil of 26 therefore contains
every point within eps: counting over it gives the density, a union-find over it the
clusters, both exactly and in linear time. From :math:`\varepsilon = 2` on, equal voxels
two apart are within eps but outside the stencil, so such eps are refused. (Below
:math:`\sqrt 3` the corners never count; below 1 nothing does.)

References
----------
Ester, Kriegel, Sander, Xu, "A density-based algorithm for discovering clusters",
KDD-96 (1996). Hoffman et al., "GrainPaint", Acta Materialia 288 (2025), section 2.6.
"""

from itertools import product

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.segmentation.density import cluster
from grainpaint.segmentation.pieces import join, root

__all__ = ["BLOCK", "EPS", "MIN_SAMPLES", "dbscan"]

EPS = 1.9  # section 2.6, as are the 15 points
MIN_SAMPLES = 15
BLOCK = 100  # edge of the authors' sub-volumes, voxels

# A core voxel is recognized only with all its neighbors in view, and a link needs both
# of its ends: so a sub-volume reads two voxels more on each side than it writes.
_HALO = 2
_OFFSETS = np.array([o for o in product((-1, 0, 1), repeat=3) if o != (0, 0, 0)])
_APART = (_OFFSETS**2).sum(1).astype(float)


@nb.njit(cache=True)
def _meetings(label, local, offset):
    """List the pairs of labels that a voxel has here and from earlier sub-volumes."""
    found = []
    last = np.int64(0)
    for x in range(label.shape[0]):
        for y in range(label.shape[1]):
            for z in range(label.shape[2]):
                if label[x, y, z] > 0 and local[x, y, z] > 0:
                    mine = np.int64(local[x, y, z]) + offset
                    key = (np.int64(label[x, y, z]) << 32) | mine
                    if key != last:
                        found.append(key)
                        last = key
    return np.array(found, np.int64)


@nb.njit(cache=True)
def _number(label, meetings, n):
    """Join labels that met; number the clusters by their first voxel."""
    parent = np.arange(n + 1)
    for key in meetings:
        join(parent, key >> 32, key & 0xFFFFFFFF)
    number = np.zeros(n + 1, np.int32)
    n_clusters = 0
    flat = label.ravel()
    for i in range(flat.size):
        if flat[i] > 0:
            first = root(parent, flat[i])
            if number[first] == 0:
                n_clusters += 1
                number[first] = n_clusters
            flat[i] = number[first]


@nb.njit(cache=True)
def _add_borders(label, field, scale, eps2):
    """Give each other voxel near a core voxel the lowest of their labels."""
    nx, ny, nz = label.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                if label[x, y, z] != 0:
                    continue
                lowest = 0
                w = np.float64(field[x, y, z]) * scale
                for a in range(max(x - 1, 0), min(x + 2, nx)):
                    for b in range(max(y - 1, 0), min(y + 2, ny)):
                        for c in range(max(z - 1, 0), min(z + 2, nz)):
                            near = label[a, b, c]
                            if near <= 0 or (lowest and near >= lowest):
                                continue
                            d = w - np.float64(field[a, b, c]) * scale
                            apart = (a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2
                            if apart + d * d <= eps2:
                                lowest = near
                label[x, y, z] = -lowest  # negative: not to be taken for a core voxel
    flat = label.ravel()
    for i in range(flat.size):
        flat[i] = abs(flat[i])


def _core_labels(
    field: np.ndarray, scale: float, eps: float, min_samples: int, block: int
) -> np.ndarray:
    """Cluster each sub-volume, then join clusters that share a core voxel."""
    label = np.zeros(field.shape, np.int32)
    meetings = [np.zeros(0, np.int64)]
    n = 0
    for start in product(*(range(0, size, block) for size in field.shape)):
        low = [max(a - _HALO, 0) for a in start]
        high = [min(a + block + _HALO, m) for a, m in zip(start, field.shape)]
        read = tuple(slice(a, b) for a, b in zip(low, high))
        shape = [b - a + 2 for a, b in zip(low, high)]
        w = np.full(shape, np.nan)
        w[1:-1, 1:-1, 1:-1] = field[read]
        w *= scale
        steps = _OFFSETS @ (shape[1] * shape[2], shape[2], 1)
        flat, n_here = cluster(w.ravel(), steps, _APART, eps * eps, min_samples)
        local = flat.reshape(shape)[1:-1, 1:-1, 1:-1]
        meetings.append(_meetings(label[read], local, n))
        own = tuple(slice(a - b, a - b + block) for a, b in zip(start, low))
        write = tuple(slice(a, a + block) for a in start)
        label[write] = np.where(local[own], local[own] + n, 0)
        n += n_here
    _number(label, np.concatenate(meetings), n)
    return label


def _check(
    field: np.ndarray, eps: float, min_samples: int, block: int, mask: np.ndarray | None
) -> None:
    """Raise unless the field and the parameters can be clustered."""
    if field.ndim != 3 or field.dtype.kind != "f" or not field.size:
        raise InputError(
            "DBSCAN needs a field of floats [x, y, z], "
            f"got shape {field.shape} of {field.dtype}"
        )
    if not 0 < eps < 2:
        raise InputError(
            "eps must be above 0 and below 2 voxels, so that a voxel reaches only "
            f"its 26 neighbors, got {eps:g}"
        )
    if not 1 <= min_samples <= 27:
        raise InputError(
            "min_samples must be in 1..27 (a voxel and its 26 neighbors), "
            f"got {min_samples}"
        )
    if block < 1:
        raise InputError(f"the edge of a sub-volume must be at least 1, got {block}")
    if mask is not None and mask.shape != field.shape:
        raise InputError(
            f"the mask must have the shape {field.shape}, got {mask.shape}"
        )
    inside = [slice(None)] * len(field) if mask is None else mask
    if not all(np.isfinite(plane[m]).all() for plane, m in zip(field, inside)):
        raise InputError("the field holds values that are not finite")


def dbscan(
    field: np.ndarray,
    scale: float | None = None,
    eps: float = EPS,
    min_samples: int = MIN_SAMPLES,
    block: int = BLOCK,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Cluster the voxels of a field of values by density.

    Parameters
    ----------
    field : numpy.ndarray, float, shape (nx, ny, nz)
        One finite value per voxel, nearly constant within a grain.
    scale : float, optional
        Distance, in voxels, that a difference in value of 1 counts as. By default the
        mean edge of a sub-volume, as in the paper.
    eps : float
        Largest distance between neighboring points, voxels; above 0, below 2.
    min_samples : int
        Points within eps, itself included, that make a point a core point; 1..27.
    block : int
        Edge of the sub-volumes, voxels. It limits the memory, and affects the result
        only through the default of `scale`.
    mask : numpy.ndarray, bool, shape of field, optional
        The part; voxels outside are ignored, whatever their values.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        1..n in the order of their first core voxels (x slowest), 0 = noise or outside.

    Raises
    ------
    InputError
        If a parameter is out of range, or the field is not 3-D, not float, or not
        finite.

    Notes
    -----
    A border point within eps of several clusters' core points goes to the cluster with
    the lowest number. The labels are those of scikit-learn's DBSCAN on the points in C
    order, plus one.

    Sub-volumes are read with two voxels around them and clustered separately; clusters
    that share a core voxel are joined. Every core voxel, and every link between two, is
    found by the sub-volume that writes it, so with `scale` given the result does not
    depend on `block`.

    Examples
    --------
    >>> field = np.zeros((4, 4, 6))
    >>> field[..., 3:] = 1.0
    >>> dbscan(field, scale=32)[1, 1].tolist()
    [1, 1, 1, 2, 2, 2]
    """
    field = np.asarray(field)
    _check(field, eps, min_samples, block, mask)
    if scale is None:
        scale = float(np.mean([min(block, n) for n in field.shape]))
    if not (scale > 0 and np.isfinite(scale)):
        raise InputError(f"the scale of the values must be above 0, got {scale:g}")
    if mask is not None:
        field = np.where(mask, field, np.nan)  # near nothing
    label = _core_labels(field, scale, eps, min_samples, block)
    _add_borders(label, field, scale, eps * eps)
    return label
