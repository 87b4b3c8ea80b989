"""Gaussian kernel densities of descriptors, summed by Fourier transforms."""

import numba as nb
import numpy as np

from grainpaint.measure.population import Population

__all__ = ["LINE_POINTS", "PLANE_POINTS", "line_density", "plane_density"]

LINE_POINTS = 3000
PLANE_POINTS = 100  # along each axis of a joint density
_FINE = 4  # bins per step between two points of a density
_ROOM = 9.0  # widths of a Gaussian between the values and their next period
_NOTHING = 8.0  # exp(-8^2 / 2) is 1e-14: waves beyond are left out


@nb.njit(cache=True, nogil=True)
def _bin(place, weights, n, period):
    """Share each value between the two nearest of n bins; one weight may serve all."""
    bins = np.zeros(period)
    for i in range(place.size):
        w = weights[i] if weights.size > 1 else weights[0]
        left = min(max(int(place[i]), 0), n - 2)
        right = place[i] - left
        bins[left] += w * (1 - right)
        bins[left + 1] += w * right
    return bins


def _period(n_bins: int, room: float) -> int:
    """Return the number of bins to transform, at least n_bins and `room` more.

    It is a multiple of `_FINE`, so that the points alone can be transformed back.
    """
    from scipy.fft import next_fast_len

    return int(_FINE * next_fast_len(-(-(n_bins + int(room) + 1) // _FINE), real=True))


def _kept(period: int, width: float) -> tuple[int, int]:
    """Return how many waves remain after smoothing, and how many bins they need.

    Parameters
    ----------
    period : int
        Number of bins that are transformed.
    width : float
        Standard deviation of the Gaussian, bins.
    """
    n_waves = int(_NOTHING * period / (2 * np.pi * max(width, 1e-3))) + 2
    for fine in (1, 2):
        if 2 * n_waves < period // _FINE * fine:
            return n_waves, period // _FINE * fine
    return period // 2 + 1, period


def line_density(
    values: np.ndarray, weights: np.ndarray, width: float, low: float, high: float
) -> np.ndarray:
    """Return the sum of Gaussians around values, not normalized.

    Parameters
    ----------
    values : numpy.ndarray, float64, shape (n,)
    weights : numpy.ndarray, float64, shape (n,) or (1,)
    width : float
        Standard deviation of each Gaussian.
    low, high : float
        First and last point.

    Returns
    -------
    numpy.ndarray, float64, shape (LINE_POINTS,)

    Notes
    -----
    Values are binned four times as finely as the points, which widens the Gaussians by
    less than one part in a thousand.
    """
    from scipy import fft

    step = (high - low) / ((LINE_POINTS - 1) * _FINE)
    width /= step
    n_bins = (LINE_POINTS - 1) * _FINE + 1
    period = _period(n_bins, _ROOM * width)
    n_waves, size = _kept(period, width)
    spectrum = fft.rfft(_bin((values - low) / step, weights, n_bins, period))[:n_waves]
    spectrum *= np.exp(-0.5 * (2 * np.pi / period * width * np.arange(n_waves)) ** 2)
    every = size * _FINE // period
    smooth = fft.irfft(spectrum, size)[: every * LINE_POINTS : every]
    positive: np.ndarray = np.maximum(smooth, 0.0)  # rounding leaves -1e-17
    return positive


@nb.njit(cache=True, nogil=True)
def _bin_plane(place, weights, n, period):
    """Share each pair between the four nearest of n x n bins."""
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
    sample: Population, low: np.ndarray, high: np.ndarray, n: int = PLANE_POINTS
) -> np.ndarray:
    """Return the Gaussian kernel density (Scott) of two descriptors on a grid.

    Parameters
    ----------
    sample : Population
        With two columns.
    low, high : numpy.ndarray, shape (2,)
        First and last point of the grid.
    n : int
        Points along each axis.

    Returns
    -------
    numpy.ndarray, float64, shape (n, n)
        Its integral over the grid is 1.
    """
    from scipy import fft

    m = (n - 1) * _FINE + 1
    step = (high - low) / (m - 1)
    covariance = np.cov(sample.values.T, aweights=sample.total, bias=True)
    covariance = covariance * sample.n_effective ** (-2 / 6)  # Scott's factor, squared
    covariance /= np.outer(step, step)  # bins
    (a, b), (_, c) = covariance
    p, q = (_period(m, _ROOM * np.sqrt(v)) for v in (a, c))
    # Waves decay with the width of a section of the Gaussian, not of its projection.
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
