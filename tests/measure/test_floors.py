"""Verdicts: what is told apart, what is not, and why there may be no distance."""

import dataclasses

import numpy as np
import pytest
from samples import sample

from grainpaint.measure.floors import compare_populations
from grainpaint.measure.population import Population


def compared(p, q, seed=0):
    return compare_populations(p, q, True, len(p.values) / len(q.values), seed)


def test_verdicts_follow_the_floor(rng):
    reference = sample(rng.lognormal(5, 0.5, 900))
    same = compared(sample(rng.lognormal(5, 0.5, 600)), reference)
    assert same.verdict == "as the reference"
    assert same.kl <= same.kl_floor_largest
    other = compared(sample(rng.lognormal(5.6, 0.5, 600)), reference)
    assert other.verdict == "different"
    assert other.ratio_to_floor == other.kl / other.kl_floor > 3
    assert other.p < 1e-6 < same.p


def test_the_same_seed_gives_the_same_intervals(rng, few_draws):
    p, q = (sample(rng.lognormal(5, 0.5, 300)) for _ in range(2))
    assert compared(p, q) == compared(p, q)
    assert compared(p, q).kl_interval != compared(p, q, seed=1).kl_interval


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.arange(1.0, 11), "too few grains (10; 20 are needed)"),
        (np.full(30, 7.0), "no spread: all values are equal"),
        (np.arange(60.0).reshape(30, 2) + 1, "no spread: the values lie on a line"),
    ],
)
def test_without_a_distance_the_verdict_says_why(values, reason):
    found = compared(sample(values), sample(values))
    assert found.verdict == reason
    assert found.n_generated == len(values)
    fields = dataclasses.asdict(found)
    assert {fields[k] for k in fields if k.startswith(("kl", "wass", "ks"))} == {None}


def test_volumes_that_are_all_alike_have_no_floor(rng):
    values = np.tile(rng.lognormal(0, 1, 30), 5)
    alike = Population(
        values[:, None], np.ones(150), np.ones(150), np.arange(150) // 30, 5, 150
    )
    found = compare_populations(alike, alike, is_length=False, share=1.0, seed=0)
    assert found.kl is None
    assert "all volumes of the reference are alike" in found.verdict


def test_few_different_values_have_no_distance():
    """Two chord lengths, one of them rare: resamples often hold one alone."""
    rare = Population(
        np.array([[1.0], [2.0]]),
        np.array([40.0, 1.0]),
        np.ones(2),
        np.zeros(2, int),
        1,
        41,
    )
    found = compare_populations(rare, rare, is_length=True, share=1.0, seed=0)
    assert found.verdict == "too few different values"
