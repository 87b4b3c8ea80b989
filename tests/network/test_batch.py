import numpy as np
import pytest

from grainpaint.network.batch import draw_batch
from grainpaint.network.dataset import load_sets
from grainpaint.network.samples import Samples
from grainpaint.pyramid import double, halve


def test_a_refiner_is_guided_by_the_halved_volume(volumes, rng):
    samples = Samples(load_sets(volumes), "refine", 12)
    batch = draw_batch(samples, np.array([0.8, 0.8]), 0.0, rng)
    for color, guide in zip(batch.color.numpy(), batch.guide.numpy()):
        np.testing.assert_array_equal(guide, double(halve(guide)))
        assert 0.6 < (guide == color).mean() < 1


def test_known_boxes_are_at_level_zero(volumes, rng):
    samples = Samples(load_sets(volumes), "base", 12)
    batch = draw_batch(samples, np.array([0.8, 0.4]), 1.0, rng)
    for level, t in zip((0.8, 0.4), batch.t.numpy()):
        assert set(np.unique(t)) == {np.float32(0), np.float32(level)}


def test_the_network_is_told_the_grain_size_of_the_set(volumes, rng):
    samples = Samples(load_sets(volumes), "base", 12)
    for i, source in enumerate(samples.sources):
        batch = draw_batch(samples, np.array([0.8]), 0.25, rng, i)
        size, halved = batch.setting[0, 3, 4, 5].tolist()
        assert 6 * 2**size == pytest.approx(source.grain_diameter, rel=1e-5)
        assert halved == source.halved
