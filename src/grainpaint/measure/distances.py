"""Distances between two populations of grains, in one descriptor.

The relative entropy by the recipe of Hoffman et al., Acta Materialia 288 (2025),
Wasserstein-1 and Kolmogorov-Smirnov.

The recipe (P generated, Q reference, in nats; all grains of a set pooled): for volumes
and other lengths, 10,000 values (seed 0) are drawn from a Gaussian kernel density
(bandwidth by Scott) of the logarithms; the density of those with bandwidth factor 0.04
at 3,000 points over the common range, normalized to unit area, plus 1e-10, gives
D(P || Q). For the aspect ratios it is a two-dimensional density (Scott) on 100 x 100
points, normalized, plus 1e-10, and the sum of p ln(p / q) - p + q times the cell.
Ratios, numbers of neighbors and directions, which the paper does not compare, take a
density by Scott's bandwidth on the linear scale at 3,000 points.
"""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from grainpaint.measure.descriptors import Population

__all__ = ["Distances", "distances", "plane_density"]

_DRAWS = 10_000
_POINTS = 3000
_PLANE = 100  # points along each axis of a joint density
_FINE = 4  # bins between two points of a density
_OFFSET = 1e-10
_ROOM = 9.0  # widths of a Gaussian between the values and their next period
_NOTHING = 8.0  # exp(-8^2 / 2) is 1e-14: waves beyond are left out


@cache
def _standard_draws() -> tuple[np.ndarray, np.ndarray]:
    """Return the uniform and the normal numbers of the draws of seed 0, uniform first.

    They are those of `scipy.stats.gaussian_kde.resample`, in rising order of the
    uniform ones, which pick the grains.
    """
    rng = np.random.RandomState(0)  # as `resample` does
    normal = rng.standard_normal(_DRAWS)
    uniform = rng.random_sample(_DRAWS)
    order = np.argsort(uniform)
    return uniform[order], normal[order]


@nb.njit(cache=True, nogil=True)
def _draw(logs, weights, width, uniform, normal):
    """Draw from a kernel density of logarithms; also mean, low and high (values)."""
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
    """Return the weighted mean, and the sum of weighted squares about it over that."""
    total = weights.sum()
    mean = (values * weights).sum() / total
    squares = 0.0
    for i in range(values.size):
        squares += weights[i] * (values[i] - mean) ** 2
    return mean, squares / total


@nb.njit(cache=True, nogil=True)
def _bin(place, weights, n, period):
    """Share values between the two nearest of n bins; a single weight is of all."""
    bins = np.zeros(period)
    for i in range(place.size):
        w = weights[i] if weights.size > 1 else weights[0]
        left = min(max(int(place[i]), 0), n - 2)
        right = place[i] - left
        bins[left] += w * (1 - right)
        bins[left + 1] += w * right
    return bins


def _period(n_bins: int, room: float) -> int:
    """Return bins that hold `room` more than n, a multiple of four, quick to transform.

    A multiple of four, since the points alone are transformed back.
    """
    from scipy.fft import next_fast_len

    return int(_FINE * next_fast_len(-(-(n_bins + int(room) + 1) // _FINE), real=True))


def _kept(period: int, width: float) -> tuple[int, int]:
    """Return how many waves a Gaussian leaves, and in how many bins they fit.

    Parameters
    ----------
    period : int
    width : float
        Of the Gaussian, bins.
    """
    n_waves = int(_NOTHING * period / (2 * np.pi * max(width, 1e-3))) + 2
    for fine in (1, 2):
        if 2 * n_waves < period // _FINE * fine:
            return n_waves, period // _FINE * fine
    return period // 2 + 1, period


def _smoothed(values: np.ndarray, weights: np.ndarray, width: float) -> np.ndarray:
    """Return the sum of Gaussians of a width at the points 0, 4, 8, ... 11996.

    Bins four times as fine as the points widen the Gaussians by less than 1e-3 of
    themselves.
    """
    from scipy import fft

    n_bins = (_POINTS - 1) * _FINE + 1
    period = _period(n_bins, _ROOM * width)
    n_waves, size = _kept(period, width)
    spectrum = fft.rfft(_bin(values, weights, n_bins, period))[:n_waves]
    spectrum *= np.exp(-0.5 * (2 * np.pi / period * width * np.arange(n_waves)) ** 2)
    step = size * _FINE // period
    smooth = fft.irfft(spectrum, size)[: step * _POINTS : step]
    positive: np.ndarray = np.maximum(smooth, 0.0)  # it leaves -1e-17
    return positive


@nb.njit(cache=True, nogil=True)
def _relative_entropy(p, q, offset):
    """Return D(P || Q) of densities of unit area (trapezoids), plus an offset, nats.

    A constant step between the points falls out: `offset` is in its unit.
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
            break  # all of both
        if x[i + 1] > x[i]:  # of equal values, the last counts
            gap = abs(below_p / total_p - below_q / total_q)
            w1 += gap * (x[i + 1] - x[i])
            ks = max(ks, gap)
    return w1, ks


@nb.njit(cache=True, nogil=True)
def _bin_plane(place, weights, n, period):
    """Share pairs between the four nearest of n x n bins."""
    bins = np.zeros((n, period))
    for i in range(weights.size):
        a = min(max(int(place[i, 0]), 0), n - 2)
        b = min(max(int(place[i, 1]), 0), n - 2)
        u, v = place[i, 0] - a, place[i, 1] - b
        bins[a, b] += weights[i] * abs((1 - u) * (1 - v))
        bins[a, b + 1] += weights[i] * abs((1 - u) * v)
        bins[a + 1, b] += weights[i] * abs(u * (1 - v))
        bins[a + 1, b + 1] += weights[i] * abs(u * v)
    return bins


def plane_density(
    sample: Population, low: np.ndarray, high: np.ndarray, n: int = _PLANE
) -> np.ndarray:
    """Return the Gaussian kernel density (Scott) of two descriptors on a grid.

    Parameters
    ----------
    sample : Population
        Of two columns.
    low, high : numpy.ndarray, shape (2,)
        First and last point of the grid.
    n : int
        Points along each axis.

    Returns
    -------
    numpy.ndarray, float64, shape (n, n)
        Unit integral over the grid.
    """
    from scipy import fft

    m = (n - 1) * _FINE + 1
    step = (high - low) / (m - 1)
    covariance = np.cov(sample.values.T, aweights=sample.total, bias=True)
    covariance = covariance * sample.n_effective ** (-2 / 6)  # Scott's factor, squared
    covariance /= np.outer(step, step)  # bins
    (a, b), (_, c) = covariance
    p, q = (_period(m, _ROOM * np.sqrt(v)) for v in (a, c))
    # Waves see the Gaussian where it is cut, which is narrower than its shadow.
    cut = max(1 - b * b / (a * c), 1e-12) if a * c > 0 else 0.0
    (n_u, size_u), (n_v, size_v) = (
        _kept(k, np.sqrt(v * cut)) for k, v in ((p, a), (q, c))
    )
    bins = _bin_plane((sample.values - low) / step, sample.total, m, q)
    spectrum = fft.fft(fft.rfft(bins, axis=1)[:, :n_v], p, axis=0)
    rows = np.r_[:n_u, 1 - n_u : 0] if size_u < p else np.arange(p)
    u = 2 * np.pi * np.fft.fftfreq(p)[rows, None]
    v = 2 * np.pi / q * np.arange(n_v)[None, :]
    left = np.zeros((size_u, n_v), complex)
    left[rows] = spectrum[rows] * np.exp(-0.5 * (a * u * u + 2 * b * u * v + c * v * v))
    step_u, step_v = size_u * _FINE // p, size_v * _FINE // q
    lines = fft.ifft(left, axis=0)[: step_u * n : step_u]
    density = fft.irfft(lines, size_v, axis=1)[:, : step_v * n : step_v]
    density = np.maximum(density, 0.0)
    cell = np.prod((high - low) / (n - 1))
    unit: np.ndarray = density / (density.sum() * cell)
    return unit


class Distances:
    """The distances of samples that differ in how often they have each value.

    What the samples share (orders, logarithms) is found once.

    Parameters
    ----------
    p, q : Population
        Generated, reference; the samples are these with other counts.
    is_length : bool
        Whether densities are taken of the logarithm.
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
        """Return kl, wasserstein and ks of two samples; see `distances`."""
        totals = p.total, q.total
        found = [_gaps(order, x, *totals) for order, x in self._sorted]
        return {
            "kl": _kl_plane(p, q) if self._joint else self._kl_line(p, q),
            "wasserstein": float(np.mean([w1 for w1, _ in found])),
            "ks": max(ks for _, ks in found),
        }

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
        step = (high - low) / ((_POINTS - 1) * _FINE)
        a, b = (
            _smoothed((values - low) / step, weights, width / step)
            for values, weights, width, _, _ in curves
        )
        return float(_relative_entropy(a, b, _OFFSET * _FINE * step))


def _kl_plane(p: Population, q: Population) -> float:
    """Return the relative entropy of the joint density of two descriptors."""
    from scipy.special import kl_div

    both = np.concatenate([p.values[p.count > 0], q.values[q.count > 0]])
    low, high = both.min(0), both.max(0)
    densities = [plane_density(s, low, high) + _OFFSET for s in (p, q)]
    cell = np.prod((high - low) / (_PLANE - 1))
    return float(kl_div(*densities).sum() * cell)


def distances(p: Population, q: Population, is_length: bool) -> dict[str, float]:
    """Return the distances between two populations of one descriptor.

    Parameters
    ----------
    p, q : Population
        Generated, reference.
    is_length : bool
        Whether densities are taken of the logarithm.

    Returns
    -------
    dict
        kl (nats), wasserstein (unit of the descriptor), ks (0..1). Of a joint
        density: the mean of the two wasserstein, the larger of the two ks.
    """
    return Distances(p, q, is_length)(p, q)
