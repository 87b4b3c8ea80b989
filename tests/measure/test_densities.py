"""Kernel densities against scipy."""

import numpy as np
from samples import ratios, sample
from scipy import stats

from grainpaint.measure.densities import plane_density


def test_plane_density_is_scipys_kernel_density(rng):
    values = ratios(rng, 800)
    low, high = values.min(0), values.max(0)
    found = plane_density(sample(values), low, high)
    axes = [np.linspace(low[i], high[i], 100) for i in (0, 1)]
    grid = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")])
    expected = stats.gaussian_kde(values.T)(grid).reshape(100, 100)
    expected /= expected.sum() * np.prod((high - low) / 99)
    assert np.abs(found - expected).max() < 0.01 * expected.max()
