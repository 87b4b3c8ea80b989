"""Pooled values, and the weights of interior grains."""

import numpy as np

from grainpaint import Microstructure
from grainpaint.measure.measured import measure
from grainpaint.measure.population import population
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


def test_interior_weights_undo_what_the_border_takes_away():
    """The mean grain of periodic boxes, from open pieces of them: within 3 sigma."""
    true, naive, weighted = [], [], []
    for seed in range(6):
        whole = isotropic((40, 40, 40), time=12, seed=seed)
        true.append(whole.grain_volumes().mean())
        opened = [measure(Microstructure(label_pieces(whole.grain_id, corners=True)))]
        inside = population(opened, "volume", interior=True)
        weighted.append(np.average(inside.values[:, 0], weights=inside.total))
        naive.append(population(opened, "volume").values.mean())
    error = np.std(np.subtract(weighted, true), ddof=1) / np.sqrt(6)
    assert abs(np.mean(weighted) - np.mean(true)) < 3 * error
    assert np.mean(naive) < 0.9 * np.mean(true)


def test_a_distance_of_zero_has_no_logarithm_and_is_left_out():
    ids = np.ones((5, 5, 4), int)
    ids[1:4, 1:4] = 2  # one centroid
    ids[:, :, 3] = 3
    found = population([measure(Microstructure(ids))], "nearest")
    assert found.values.tolist() == [[2.0]]
