"""Whether the faces of the windows that a volume was made from can be seen in it.

The **contrast** of a plane is its figure (`grainpaint.measure.planes`) less the mean of
the planes 4 to 16 voxels away with the same parity: cells of the base are two voxels
wide, and their trace is measured separately. A seam is a contrast at the faces of
windows that is too large to occur by chance among all other planes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.planes import FIGURES, profiles
from grainpaint.microstructure import Microstructure

__all__ = ["CellTrace", "SeamTest", "cell_trace", "odd_plane", "seam_test"]

_NEAR, _FAR = 4, 16  # voxels: the planes that a plane is compared with
_REACH = 8  # largest distance from a face that is tested
_MIN_PLANES = 20  # planes needed to know how large contrasts usually are
_MIN_CELLS = 8  # pairs of planes needed to see a difference between them


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
        Mean of the planes farther away.
    z : dict of str to numpy.ndarray, float64, shape (k,)
        Contrast over its standard error.
    p : float
        Probability of the largest contrast by chance, corrected for the number of
        figures and distances (Bonferroni).
    n_faces : int
        Number of faces that were tested, over all axes and volumes.
    where : str
        Figure and distance of the largest contrast.
    """

    distance: np.ndarray
    figure: dict[str, np.ndarray]
    interior: dict[str, float]
    z: dict[str, np.ndarray]
    p: float
    n_faces: int
    where: str


def _contrasts(figure: np.ndarray) -> np.ndarray:
    """Return each plane's figure less the mean of those around it of its parity."""
    steps = [s for s in range(-_FAR, _FAR + 1) if abs(s) >= _NEAR and s % 2 == 0]
    total, count = np.zeros(figure.size), np.zeros(figure.size)
    for s in steps:
        if abs(s) >= figure.size:
            continue
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
        Made from the same windows; more volumes reveal weaker seams.
    faces : three sequences of int
        Layers at which a window begins, along x, y, z: face 64 lies between layers 63
        and 64.

    Returns
    -------
    SeamTest

    Raises
    ------
    InputError
        If a volume has no grain, no face lies in the volumes, or they have too few
        planes to know how large contrasts usually are.
    """
    found = [p for volume in volumes for p in profiles(volume)]
    gap = np.concatenate(
        [_gap(len(p["boundary"]), faces[i % 3]) for i, p in enumerate(found)]
    )
    n_faces = int((gap == 0).sum())
    if n_faces == 0:
        raise InputError("no face of a window lies in the volume, so there is no seam")
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
        # Planes on both sides of a face are correlated: only faces are independent.
        error = sigma / np.sqrt(n_faces)
        z[name] = np.array([_mean(c) / error if error else 0.0 for c in at])
    if not any(np.isfinite(values).any() for values in z.values()):
        raise InputError(
            "the faces of windows lie too close to the faces of the volume, or beside "
            "too little of it, to be compared with other planes"
        )
    p, name, index = _largest(z, freedom)
    return SeamTest(
        distance, figure, interior, z, p, n_faces, f"{name} at distance {index}"
    )


def odd_plane(volume: Microstructure) -> tuple[float, str]:
    """Test every plane by itself for a seam, as the windows are not known.

    Returns
    -------
    p : float
        Probability of the largest contrast of all planes by chance, corrected for
        their number.
    where : str
        Its figure, and the layer behind the plane.

    Raises
    ------
    InputError
        If the volume has no grain, or too few planes.
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
    """Return the distances of planes 0..n - 1 to the nearest face of a window."""
    plane = np.arange(n)
    gap = np.full(n, np.iinfo(np.int64).max)
    for face in faces:
        if 0 < face <= n:
            gap = np.minimum(gap, np.abs(plane - (face - 1)))
    return gap


def _common(contrast: np.ndarray) -> tuple[float, float]:
    """Return the standard deviation of contrasts, and its degrees of freedom."""
    known = contrast[np.isfinite(contrast)]
    if known.size < _MIN_PLANES:
        raise InputError(
            f"a seam test needs {_MIN_PLANES} planes of voxels away from the faces of "
            f"windows, there are {known.size}"
        )
    # Planes are correlated over about 16 voxels.
    sigma = float(known.std(ddof=1))
    return sigma if sigma > 1e-9 else 0.0, max(known.size / _FAR, 2.0)  # else rounding


def _largest(z: dict[str, np.ndarray], freedom: float) -> tuple[float, str, int]:
    """Return the corrected p of the largest contrast, its figure and its index."""
    from scipy.stats import t

    n_tests = sum(int(np.isfinite(values).sum()) for values in z.values())
    worst = {
        name: float(np.nanmax(np.abs(values)))
        for name, values in z.items()
        if np.isfinite(values).any()
    }
    name = max(worst, key=lambda n: worst[n])
    p = float(min(1.0, n_tests * 2 * t.sf(worst[name], freedom)))
    return p, name, int(np.nanargmax(np.abs(z[name])))


def _mean(values: np.ndarray) -> float:
    """Return the mean of the finite values, NaN if there are none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


class CellTrace(NamedTuple):
    """How clearly the cells of two voxels show on which the base network works.

    Parameters
    ----------
    ratio : float
        Boundary share of the planes between cells over that of the planes within them;
        1 = no trace.
    p : float
        Probability of so large a difference between odd and even planes by chance.
    """

    ratio: float
    p: float


def cell_trace(volume: Microstructure) -> CellTrace:
    """Measure the trace of the cells of two voxels on which the base network works.

    Raises
    ------
    InputError
        If the volume has no grain, or too few planes.
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
    if differences.size < _MIN_CELLS:
        raise InputError(
            f"the trace of cells of two voxels needs {_MIN_CELLS} pairs of planes, "
            f"there are {differences.size}"
        )
    share = _mean(np.concatenate(within))
    every = _mean(np.concatenate(between))
    ratio = every / share if share else (float("inf") if every else 1.0)
    error = differences.std(ddof=1) / np.sqrt(differences.size)
    p = 2 * norm.sf(abs(differences.mean()) / error) if error else 1.0
    return CellTrace(ratio, float(p))
