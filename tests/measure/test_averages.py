"""Means over volumes."""

import numpy as np

from grainpaint.measure.averages import compare_measures, mean_curve


def test_a_mean_curve_is_as_long_as_the_shortest(measured):
    curves = [one.correlation.along[0] for one in measured]
    n = min(map(len, curves))
    mean, sd = mean_curve(measured, lambda c: c.along[0])
    stack = np.array([c[:n] for c in curves])
    assert np.allclose(mean, stack.mean(0))
    assert np.allclose(sd, stack.std(0, ddof=1))
    assert not mean_curve(measured[:1], lambda c: c.along[0])[1].any()


def test_measures_of_single_volumes_have_no_deviation(measured):
    found = compare_measures(measured[:1], measured[1:2])["roughness"]
    assert found.generated_sd is found.reference_sd is found.p is None
    assert found.ratio == found.generated / found.reference
