"""Distances between two populations of grains, in one descriptor.

The relative entropy by the recipe of Hoffman et al., Acta Materialia 288 (2025),
Wasserstein-1 and Kolmogorov-Smirnov.

The recipe (P generated, Q reference, in nats; all grains of a set pooled): for volumes
and other lengths, 10,000 values (seed 0) are drawn from a Gaussian kernel density
(bandwidth by Scott) of the logarithms; the density of those with bandwidth factor 0.04
at 3,000 points over the common range, normalized to unit area, plus 1e-10, gives
D(P || Q). For the aspect ratios, a two-dimensional density (Scott) on 100 x 100 points
is normalized, 1e-10 is added, and p ln(p / q) - p + q is summed and multiplied by the
cell. Ratios, numbers of neighbors and directions, which the paper does not compare, use
a density with Scott's bandwidth on the linear scale at 3,000 points.
"""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from grainpaint.measure.densities import (
    LINE_POINTS,
    PLANE_POINTS,
    line_density,
    plane_density,
)
from grainpaint.measure.population import Population

__all__ = ["Distances", "distances"]

_DRAWS = 10_000
_OFFSET = 1e-10


@cache
def _standard_draws() -> tuple[np.ndarray, np.ndarray]:
    """Return the uniform and the normal numbers behind the draws of seed 0.

    They are those of `scipy.stats.gaussian_kde.resample`, sorted by the uniform
    numbers, which pick the grains.
    """
    rng = np.random.RandomState(0)  # as `resample` does
    normal = rng.standard_normal(_DRAWS)
    uniform = rng.random_sample(_DRAWS)
    order = np.argsort(uniform)
    return uniform[order], normal[order]


@nb.njit(cache=True, nogil=True)
def _draw(logs, weights, width, uniform, normal):
    """Draw values from a kernel density of logarithms; also return mean, low, high."""
    total = weights.sum()
    drawn = np.empty(uniform.size)
    low, high, mean = np.inf, 0.0, 0.0
    i, below, last = 0, weights[0] / total, logs.size - 1
    for k in range(uniform.size):
        while below <= uniform[k] and i < last:
            i += 1
            below += weights[i] / total
        drawn[k] = np.exp(logs[i] + width * normal[k])
        low, high = min(low, drawn[k]), max(high, drawn[k])
        mean += drawn[k]
    return drawn, mean / uniform.size, low, high


@nb.njit(cache=True, nogil=True)
def _spread(values, weights):
    """Return the weighted mean and variance."""
    total = weights.sum()
    mean = (values * weights).sum() / total
    squares = 0.0
    for i in range(values.size):
        squares += weights[i] * (values[i] - mean) ** 2
    return mean, squares / total


@nb.njit(cache=True, nogil=True)
def _relative_entropy(p, q, offset):
    """Return D(P || Q) of densities of unit area (trapezoids), plus an offset, nats.

    The step between the points cancels; `offset` is a density times that step.
    """
    area_p = p.sum() - (p[0] + p[-1]) / 2
    area_q = q.sum() - (q[0] + q[-1]) / 2
    sum_p = p.sum() / area_p + offset * p.size
    sum_q = q.sum() / area_q + offset * q.size
    total = 0.0
    for i in range(p.size):
        a = (p[i] / area_p + offset) / sum_p
        b = (q[i] / area_q + offset) / sum_q
        total += a * np.log(a / b)
    return total


@nb.njit(cache=True, nogil=True)
def _gaps(order, x, weight_p, weight_q):
    """Return Wasserstein-1 and the largest gap between two distribution functions."""
    total_p, total_q = weight_p.sum(), weight_q.sum()
    n_p = weight_p.size
    below_p, below_q, w1, ks = 0.0, 0.0, 0.0, 0.0
    for i in range(order.size):
        k = order[i]
        if k < n_p:
            below_p += weight_p[k]
        else:
            below_q += weight_q[k - n_p]
        if i == order.size - 1:
            break  # both functions are 1
        if x[i + 1] > x[i]:  # of equal values, only the last counts
            gap = abs(below_p / total_p - below_q / total_q)
            w1 += gap * (x[i + 1] - x[i])
            ks = max(ks, gap)
    return w1, ks


class Distances:
    """Distances between resamples of two populations.

    What all resamples share (order of the values, logarithms) is computed once.

    Parameters
    ----------
    p, q : Population
        Generated, reference; resamples differ from them in `count` only.
    is_length : bool
        Whether densities are those of the logarithm.
    """

    def __init__(self, p: Population, q: Population, is_length: bool) -> None:
        self._joint = p.values.shape[1] == 2
        self._is_length = is_length
        self._sorted = []
        for column in range(p.values.shape[1]):
            values = np.concatenate([p.values[:, column], q.values[:, column]])
            order = np.argsort(values, kind="stable")
            self._sorted.append((order, values[order]))
        self._columns = [np.ascontiguousarray(s.values[:, 0]) for s in (p, q)]
        if is_length:
            self._logs = [np.log(v / s.voxel) for v, s in zip(self._columns, (p, q))]

    def __call__(self, p: Population, q: Population) -> dict[str, float]:
        """Return kl, wasserstein and ks of two resamples; see `distances`.

        kl is NaN if there is no density: if all values are equal, or for lengths if all
        of one resample are.
        """
        totals = p.total, q.total
        found = [_gaps(order, x, *totals) for order, x in self._sorted]
        kl = float("nan")
        if self._have_density(p, q):
            kl = _kl_plane(p, q) if self._joint else self._kl_line(p, q)
        return {
            "kl": kl,
            "wasserstein": float(np.mean([w1 for w1, _ in found])),
            "ks": max(ks for _, ks in found),
        }

    def _have_density(self, p: Population, q: Population) -> bool:
        """Return whether the values of two resamples have a spread."""
        ends = [
            (values.min(0), values.max(0))
            for values in (s.values[s.count > 0] for s in (p, q))
        ]
        if self._is_length and any((low == high).any() for low, high in ends):
            return False
        (a, b), (c, d) = ends
        return bool((np.minimum(a, c) < np.maximum(b, d)).all())

    def _kl_line(self, p: Population, q: Population) -> float:
        """Return the relative entropy of one descriptor."""
        curves = []
        for i, sample in enumerate((p, q)):
            weights = sample.total
            scott = sample.n_effective**-0.2
            if self._is_length:
                share = weights / weights.sum()
                _, squares = _spread(self._logs[i], weights)
                width = scott * np.sqrt(squares / (1 - (share**2).sum()))
                values, mean, low, high = _draw(
                    self._logs[i], weights, width, *_standard_draws()
                )
                sd = np.sqrt(((values - mean) ** 2).sum() / (_DRAWS - 1))
                curves.append((values, np.ones(1), 0.04 * sd, low, high))
            else:
                values = self._columns[i]
                width = np.sqrt(_spread(values, weights)[1]) * scott
                curves.append((values, weights, width, values.min(), values.max()))
        low = min(c[3] for c in curves)
        high = max(c[4] for c in curves)
        a, b = (
            line_density(values, weights, width, low, high)
            for values, weights, width, _, _ in curves
        )
        step = (high - low) / (LINE_POINTS - 1)
        return float(_relative_entropy(a, b, _OFFSET * step))


def _kl_plane(p: Population, q: Population) -> float:
    """Return the relative entropy of the joint density of two descriptors."""
    from scipy.special import kl_div

    both = np.concatenate([p.values[p.count > 0], q.values[q.count > 0]])
    low, high = both.min(0), both.max(0)
    densities = [plane_density(s, low, high) + _OFFSET for s in (p, q)]
    cell = np.prod((high - low) / (PLANE_POINTS - 1))
    return float(kl_div(*densities).sum() * cell)


def distances(p: Population, q: Population, is_length: bool) -> dict[str, float]:
    """Return the distances between two populations of one descriptor.

    Parameters
    ----------
    p, q : Population
        Generated, reference.
    is_length : bool
        Whether densities are those of the logarithm.

    Returns
    -------
    dict
        kl (nats), wasserstein (unit of the descriptor) and ks (0..1). For two columns:
        the mean of the two wasserstein, and the larger of the two ks.
    """
    return Distances(p, q, is_length)(p, q)
