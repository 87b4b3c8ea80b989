r"""Whether the faces of the windows that a volume was made from can be seen in it.

Three figures are taken plane by plane along each axis: the share of unlike neighbors
across the plane (`boundary`), the mean logarithm of the volume of the grains of the
voxels beside it (`grain_size`), and the share of pairs of voxels half a mean diameter
away on both sides that belong to one grain (`two_point`). The **contrast** of a plane
is its figure less the mean of the planes 4 to 16 voxels away, of the same parity: cells
of the base are two voxels wide, and their trace is a matter of its own. Seams are
contrasts at the faces that those of all other planes do not explain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

__all__ = [
    "FIGURES",
    "SeamTest",
    "cell_trace",
    "odd_plane",
    "profiles",
    "seam_test",
]

FIGURES = ("boundary", "grain_size", "two_point")
_NEAR, _FAR = 4, 16  # voxels: the planes that a plane is compared with
_REACH = 8  # largest distance from a face that is tested
_MIN_PLANES = 20  # planes needed to know what contrasts are common


@dataclass(frozen=True)
class SeamTest:
    """Figures as a function of the distance to the faces of windows.

    Parameters
    ----------
    distance : numpy.ndarray, int, shape (k,)
        Planes between a plane and the face, 0..8.
    figure : dict of str to numpy.ndarray, float64, shape (k,)
        Mean at that distance, for each of `FIGURES`.
    interior : dict of str to float
        Mean of the planes further away.
    z : dict of str to numpy.ndarray, float64, shape (k,)
        Contrast over its standard error.
    p : float
        Smallest probability of such a contrast by chance, corrected for the number of
        figures and distances (Bonferroni).
    n_faces : int
        Faces (of all axes and volumes) that were looked at.
    where : str
        The figure and distance of the largest contrast.
    """

    distance: np.ndarray
    figure: dict[str, np.ndarray]
    interior: dict[str, float]
    z: dict[str, np.ndarray]
    p: float
    n_faces: int
    where: str


@nb.njit(cache=True)
def _count_planes(grain_id, log_volume, half, out):
    """Add up pairs, unlike pairs, log volumes, wide pairs and same wide pairs."""
    nx, ny, nz = grain_id.shape
    for x in range(nx - 1):
        for y in range(ny):
            for z in range(nz):
                a, b = grain_id[x, y, z], grain_id[x + 1, y, z]
                if a != 0 and b != 0:
                    out[x, 0] += 1
                    out[x, 1] += a != b
                    out[x, 2] += 0.5 * (log_volume[a] + log_volume[b])
                low, high = x + 1 - half, x + half
                if low >= 0 and high < nx:
                    a, b = grain_id[low, y, z], grain_id[high, y, z]
                    if a != 0 and b != 0:
                        out[x, 3] += 1
                        out[x, 4] += a == b


def profiles(volume: Microstructure) -> list[dict[str, np.ndarray]]:
    """Measure each plane between two layers of voxels, along x, y, z.

    Returns
    -------
    list of three dict of str to numpy.ndarray, float64, shape (n - 1,)
        Each of `FIGURES` for plane k, between layers k and k + 1; NaN where the plane
        has less than a fifth of the pairs of the fullest one.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    sizes = volume.grain_volumes()
    if not sizes.any():
        raise InputError("the volume has no grain: every voxel is outside (grain_id 0)")
    log_volume = np.log(np.concatenate([[1], np.maximum(sizes, 1)]))
    mean = sizes[sizes > 0].mean()
    half = max(1, round(np.cbrt(6 / np.pi * mean) / 2))
    result = []
    for axis, n in enumerate(volume.shape):
        moved = np.ascontiguousarray(np.moveaxis(volume.grain_id, axis, 0))
        out = np.zeros((max(n - 1, 0), 5))
        _count_planes(moved, log_volume, half, out)
        pairs, unlike, logs, wide, same = out.T
        result.append(
            {
                "boundary": _per_pair(unlike, pairs),
                "grain_size": _per_pair(logs, pairs),
                "two_point": _per_pair(same, wide),
            }
        )
    return result


def _per_pair(total: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    enough = pairs > 0.2 * pairs.max(initial=0.0)
    out = np.full(total.shape, np.nan)
    share: np.ndarray = np.divide(total, pairs, out=out, where=enough)
    return share


def _contrasts(figure: np.ndarray) -> np.ndarray:
    """Return each plane's figure less the mean of planes of its parity around it."""
    steps = [s for s in range(-_FAR, _FAR + 1) if abs(s) >= _NEAR and s % 2 == 0]
    total, count = np.zeros(figure.size), np.zeros(figure.size)
    for s in steps:
        here = slice(max(0, -s), figure.size - max(0, s))
        there = slice(max(0, s), figure.size - max(0, -s))
        known = np.isfinite(figure[there])
        total[here] += np.where(known, figure[there], 0.0)
        count[here] += known
    around = np.divide(
        total, count, out=np.full(figure.size, np.nan), where=count >= len(steps) / 2
    )
    contrast: np.ndarray = figure - around
    return contrast


def seam_test(
    volumes: Sequence[Microstructure], faces: Sequence[Sequence[int]]
) -> SeamTest:
    """Test whether the faces of windows stand out.

    Parameters
    ----------
    volumes : sequence of Microstructure
        Made from the same windows; more of them see weaker seams.
    faces : three sequences of int
        Layers at which a window begins, along x, y, z: face 64 lies between the layers
        63 and 64.

    Returns
    -------
    SeamTest

    Raises
    ------
    InputError
        If a volume has no grain, no face lies in the volumes, or they have too few
        planes to know what contrasts are common.
    """
    found = [p for volume in volumes for p in profiles(volume)]
    gap = np.concatenate(
        [_gap(len(p["boundary"]), faces[i % 3]) for i, p in enumerate(found)]
    )
    n_faces = int((gap == 0).sum())
    if n_faces == 0:
        raise InputError("no face of a window lies in the volume: there is no seam")
    distance = np.arange(_REACH + 1)
    figure, interior, z = {}, {}, {}
    for name in FIGURES:
        values = np.concatenate([p[name] for p in found])
        contrast = np.concatenate([_contrasts(p[name]) for p in found])
        away = gap > _REACH
        sigma, freedom = _common(contrast[away])
        at = [contrast[(gap == d) & np.isfinite(contrast)] for d in distance]
        figure[name] = np.array([_mean(values[gap == d]) for d in distance])
        interior[name] = _mean(values[away])
        # The planes on both sides of a face know nearly the same: faces count.
        error = sigma / np.sqrt(n_faces)
        z[name] = np.array([_mean(c) / error if error else 0.0 for c in at])
    p, name, index = _largest(z, freedom)
    return SeamTest(
        distance, figure, interior, z, p, n_faces, f"{name} at distance {index}"
    )


def odd_plane(volume: Microstructure) -> tuple[float, str]:
    """Look for a seam where the windows are not known: test every plane by itself.

    Returns
    -------
    p : float
        Chance of the largest contrast of all planes, corrected for their number.
    where : str
        The figure and the layer behind that plane.

    Raises
    ------
    InputError
        As `seam_test`.
    """
    found = profiles(volume)
    lengths = [len(p["boundary"]) for p in found]
    z = {}
    for name in FIGURES:
        contrast = np.concatenate([_contrasts(p[name]) for p in found])
        sigma, freedom = _common(contrast)
        z[name] = contrast / sigma if sigma else np.zeros(contrast.size)
    p, name, index = _largest(z, freedom)
    axis = int(np.searchsorted(np.cumsum(lengths), index, side="right"))
    layer = index - sum(lengths[:axis]) + 1
    return p, f"{name} at {'xyz'[axis]} = {layer}"


def _gap(n: int, faces: Sequence[int]) -> np.ndarray:
    """Return the distance of planes 0..n - 1 to the nearest face of a window."""
    plane = np.arange(n)
    gap = np.full(n, np.iinfo(np.int64).max)
    for face in faces:
        if 0 < face <= n:
            gap = np.minimum(gap, np.abs(plane - (face - 1)))
    return gap


def _common(contrast: np.ndarray) -> tuple[float, float]:
    """Return the usual size of contrasts, and its degrees of freedom."""
    known = contrast[np.isfinite(contrast)]
    if known.size < _MIN_PLANES:
        raise InputError(
            f"a seam test needs {_MIN_PLANES} planes of voxels away from the faces of "
            f"windows, there are {known.size}"
        )
    # Planes are as many independent ones as they are stretches of 16 voxels.
    return float(known.std(ddof=1)), max(known.size / _FAR, 2.0)


def _largest(z: dict[str, np.ndarray], freedom: float) -> tuple[float, str, int]:
    """Return the corrected chance of the largest contrast, its figure and place."""
    from scipy.stats import t

    n_tests = sum(int(np.isfinite(values).sum()) for values in z.values())
    worst = {name: float(np.nanmax(np.abs(values))) for name, values in z.items()}
    name = max(worst, key=lambda n: worst[n])
    p = float(min(1.0, n_tests * 2 * t.sf(worst[name], freedom)))
    return p, name, int(np.nanargmax(np.abs(z[name])))


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def cell_trace(volume: Microstructure) -> tuple[float, float]:
    """Measure the trace of cells of two voxels, in which a base network works.

    Returns
    -------
    ratio : float
        Boundary share of the planes between cells over that within them; 1 = no trace.
    p : float
        Chance of a difference as large between odd and even planes.
    """
    from scipy.stats import norm

    between, within = [], []
    for by_name in profiles(volume):
        figure = by_name["boundary"]
        between.append(figure[1::2])
        within.append(figure[::2])
    differences = np.concatenate(
        [b[: len(w)] - w[: len(b)] for b, w in zip(between, within)]
    )
    differences = differences[np.isfinite(differences)]
    share = _mean(np.concatenate(within))
    ratio = _mean(np.concatenate(between)) / share if share else float("inf")
    error = differences.std(ddof=1) / np.sqrt(differences.size)
    p = 2 * norm.sf(abs(differences.mean()) / error) if error else 1.0
    return ratio, float(p)
