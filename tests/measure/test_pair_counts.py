"""Pairs of voxels in one grain, from runs and from transforms, counted one by one."""

import itertools

import numpy as np
import pytest
from naive.measure import same_pairs as naive_pairs

from grainpaint import Microstructure
from grainpaint.measure import pair_counts
from grainpaint.measure.correlation import two_point

PERIODIC = (True, True, True)


@pytest.mark.parametrize("transformed", [False, True])
@pytest.mark.parametrize("periodic", [PERIODIC, (False,) * 3, (True, False, True)])
def test_two_point_of_ids_in_many_pieces_counts_every_pair(
    rng, monkeypatch, periodic, transformed
):
    if transformed:  # as IDs of very many runs are
        monkeypatch.setattr(pair_counts, "_RUNS", 0)
    grain_id = np.kron(rng.integers(0, 4, (4, 3, 5)), np.ones((2, 2, 2), int))
    volume = Microstructure(grain_id, periodic=periodic)
    found = two_point(volume, 4)
    lags = [min(4, n // 2 if w else n - 1) for n, w in zip(grain_id.shape, periodic)]
    same = pair_counts.same_pairs(volume, tuple(lags))
    shells = np.zeros((8, 2))
    for lag in itertools.product(*(range(-m, m + 1) for m in lags)):
        counts = naive_pairs(grain_id, periodic, lag)
        assert same[tuple(np.add(lag, lags))] == counts[0], lag
        shells[round(np.linalg.norm(lag))] += counts
    same, pairs = shells[: min(lags) + 1].T
    assert np.array_equal(found.radial, same / pairs)


@pytest.mark.parametrize("shape", [(6, 7, 1), (1, 6, 7), (6, 1, 7), (1, 9, 1)])
def test_pairs_in_flat_volumes_are_counted_one_by_one(rng, shape):
    for periodic in (PERIODIC, (False,) * 3):
        volume = Microstructure(rng.integers(0, 4, shape), periodic=periodic)
        lags = [min(3, n // 2 if w else n - 1) for n, w in zip(shape, periodic)]
        found = pair_counts.same_pairs(volume, tuple(lags))
        for lag in itertools.product(*(range(-m, m + 1) for m in lags)):
            expected = naive_pairs(volume.grain_id, periodic, lag)[0]
            assert found[tuple(np.add(lag, lags))] == expected, lag
