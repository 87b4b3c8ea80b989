"""Verdicts: what is told apart, what is not, and why there may be no distance."""

import dataclasses

import numpy as np
import pytest
from samples import sample

from grainpaint.measure.floors import compare_populations


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
