"""Distances against the paper's recipe and scipy."""

import numpy as np
import pytest
from naive.measure import paper_kl_line, paper_kl_plane
from samples import ratios, sample
from scipy import stats

from grainpaint import Microstructure
from grainpaint.measure.descriptors import DESCRIPTORS
from grainpaint.measure.distances import distances
from grainpaint.measure.measured import measure
from grainpaint.measure.population import Population, population
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_kl_of_lengths_is_the_papers(rng, shift):
    p, q = rng.lognormal(6 + shift, 1, 1500), rng.lognormal(6, 1, 900)
    found = distances(sample(p), sample(q), is_length=True)["kl"]
    assert found == pytest.approx(paper_kl_line(p, q), rel=2e-3)


@pytest.mark.parametrize("shift", [0.0, -0.1])
def test_kl_of_aspect_ratios_is_the_papers(rng, shift):
    p, q = ratios(rng, 1500, shift), ratios(rng, 900)
    found = distances(sample(p), sample(q), is_length=False)["kl"]
    assert found == pytest.approx(paper_kl_plane(p, q), rel=0.02)


def test_wasserstein_and_ks_are_scipys(rng):
    p, q = rng.normal(0, 1, 300), rng.normal(0.2, 1.3, 200)
    found = distances(sample(p), sample(q), is_length=False)
    assert found["wasserstein"] == pytest.approx(stats.wasserstein_distance(p, q))
    assert found["ks"] == pytest.approx(stats.ks_2samp(p, q).statistic)


def test_ks_counts_equal_values_once(rng):
    p, q = rng.integers(0, 6, 300), rng.integers(0, 5, 200)
    found = distances(sample(p), sample(q), is_length=False)
    assert found["ks"] == pytest.approx(stats.ks_2samp(p, q).statistic)


def test_weights_of_two_are_two_grains(rng):
    p, q = rng.lognormal(5, 1, 200), rng.lognormal(5.2, 1, 300)
    double = Population(
        *(x[:, None] if x.ndim == 1 and i == 0 else x for i, x in enumerate([p])),
        np.full(200, 2.0),
        np.ones(200),
        np.zeros(200, int),
        1,
        400,
    )
    a = distances(double, sample(q), is_length=False)
    b = distances(sample(np.repeat(p, 2)), sample(q), is_length=False)
    assert a == pytest.approx(b)


def test_a_set_beside_itself_has_no_distance(measured):
    for name, descriptor in DESCRIPTORS.items():
        p = population(measured, name)
        found = distances(p, p, descriptor.is_length)
        assert found == pytest.approx({"kl": 0, "wasserstein": 0, "ks": 0}, abs=1e-8)


def test_the_spacing_scales_physical_distances_only():
    whole = [isotropic((32, 32, 32), time=12, seed=s) for s in (0, 1)]
    small, large = (
        [measure(Microstructure(label_pieces(v.grain_id), (s,) * 3)) for v in whole]
        for s in (1.0, 2.0)
    )
    for name, descriptor in DESCRIPTORS.items():
        a, b = (
            distances(
                population(m[:1], name),
                population(m[1:], name),
                descriptor.is_length,
            )
            for m in (small, large)
        )
        scale = 2**descriptor.dimension
        assert b["wasserstein"] == pytest.approx(scale * a["wasserstein"]), name
        assert b["ks"] == pytest.approx(a["ks"]), name
        assert b["kl"] == pytest.approx(a["kl"], rel=1e-6), name


def test_samples_without_spread_still_have_distances(rng):
    """As a resample of few different values may be."""
    p, q = rng.normal(0, 1, 30), rng.normal(0, 1, 30)
    alike = Population(
        p[:, None], np.eye(30)[3] * 25, np.ones(30), np.zeros(30, int), 1, 25
    )
    found = distances(alike, sample(q), is_length=False)
    assert all(np.isfinite(list(found.values())))
    pairs = ratios(rng, 30)
    alike = Population(pairs, np.eye(30)[3] * 25, np.ones(30), np.zeros(30, int), 1, 25)
    found = distances(alike, sample(ratios(rng, 30)), is_length=False)
    assert all(np.isfinite(list(found.values())))
