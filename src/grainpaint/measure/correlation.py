"""How far grains reach: the two-point correlation of "same grain"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.pair_counts import inside_pairs, same_pairs
from grainpaint.measure.ratio import ratio
from grainpaint.measure.tally import Tally, tally
from grainpaint.microstructure import Microstructure

__all__ = ["Correlation", "two_point"]


@dataclass(frozen=True)
class Correlation:
    """The probability that two voxels at a distance belong to the same grain.

    Parameters
    ----------
    along : tuple of three numpy.ndarray, float64, shape (max_lag + 1,)
        Along x, y, z, for distances of 0, 1, 2, ... voxels; only a distance of 0 along
        a flat axis.
    radial : numpy.ndarray, float64, shape (k,)
        Averaged over all directions, in shells as wide as the smallest voxel edge (of
        the long axes).
    shell_um : float
        Width of a shell, µm: shell i holds the distances (i ± 1/2) shell_um.
    """

    along: tuple[np.ndarray, np.ndarray, np.ndarray]
    radial: np.ndarray
    shell_um: float


def two_point(
    volume: Microstructure, max_lag: int | None = None, counted: Tally | None = None
) -> Correlation:
    r"""Measure the two-point correlation of "same grain".

    .. math:: S(r) = P(g(x) = g(x + r) \mid x, x + r \text{ inside})

    Torquato, Random Heterogeneous Materials (2002), section 2.2, summed over the
    grains. S(0) = 1, and S falls to 0 beyond the largest grain.

    Parameters
    ----------
    volume : Microstructure
    max_lag : int, optional
        Largest distance along each axis, voxels; by default twice the mean edge of
        the grains' bounding boxes.
    counted : Tally, optional
        The tally of this volume, if it is known already.

    Returns
    -------
    Correlation

    Raises
    ------
    InputError
        If the volume has no grain, or max_lag < 1.

    Notes
    -----
    The counts are exact (see `grainpaint.measure.pair_counts`). For grains of one size
    the time grows in proportion to the volume.

    Examples
    --------
    >>> layers = np.repeat(np.arange(1, 5), 3)[:, None, None] * np.ones((1, 4, 4), int)
    >>> two_point(Microstructure(layers), 3).along[0].round(3).tolist()
    [1.0, 0.727, 0.4, 0.0]
    """
    if max_lag is None:
        counted = counted or tally(volume)
        some = counted.sums[:, 0] > 0
        some[0] = False
        extent = (counted.high - counted.low + 1)[some][:, volume.axes]
        max_lag = int(np.ceil(2 * extent.mean()))
    if not volume.grain_id.any():
        raise InputError("the volume has no grain: every voxel is outside (grain_id 0)")
    if max_lag < 1:
        raise InputError(f"the largest lag must be at least 1 voxel, got {max_lag}")
    lag = tuple(
        min(max_lag, n // 2 if wrap else n - 1)
        for n, wrap in zip(volume.shape, volume.periodic)
    )
    same = same_pairs(volume, lag)
    pairs = inside_pairs(volume, lag)
    middle = np.array(lag)
    along = []
    for axis in range(3):
        line = [int(m) for m in middle]
        take: list[int | slice] = list(line)
        take[axis] = slice(line[axis], None)
        along.append(ratio(same[tuple(take)], pairs[tuple(take)]))
    step = min(volume.spacing[axis] for axis in volume.axes)
    offsets = np.meshgrid(
        *(np.arange(-m, m + 1) * s for m, s in zip(lag, volume.spacing)),
        indexing="ij",
        sparse=True,
    )
    distance = np.sqrt(sum(o**2 for o in offsets))
    shell = np.rint(distance / step).astype(int).ravel()
    # Only shells that lie entirely within the box of lags.
    reach = min((m * s for m, s in zip(lag, volume.spacing) if m), default=0.0)
    n_shells = int(reach / step) + 1
    radial = ratio(
        np.bincount(shell, same.ravel())[:n_shells],
        np.bincount(shell, pairs.ravel())[:n_shells],
    )
    return Correlation((along[0], along[1], along[2]), radial, step)
