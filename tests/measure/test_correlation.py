"""Two-point correlation: all pairs counted one by one, closed forms."""

import itertools

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from naive.measure import same_grain

from grainpaint import Microstructure
from grainpaint.measure.correlation import two_point
from grainpaint.simulate.iso.isotropic import isotropic

PERIODIC = (True, True, True)


@given(
    grain_id=arrays(
        np.int64, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 3)
    ),
    periodic=st.tuples(*[st.booleans()] * 3),
)
@settings(max_examples=40)
def test_two_point_equals_counting_all_pairs(grain_id, periodic):
    assume(grain_id.any())
    found = two_point(Microstructure(grain_id, periodic=periodic), 4)
    for axis in range(3):
        for k, value in enumerate(found.along[axis]):
            lag = [0, 0, 0]
            lag[axis] = k
            expected = same_grain(grain_id, periodic, lag)
            assert np.isclose(value, expected, equal_nan=True), (axis, k)


def test_the_radial_correlation_is_the_mean_over_its_shell():
    volume = isotropic((16, 16, 16), time=8, seed=1)
    found = two_point(volume, 3)
    shells = {}
    for lag in itertools.product(range(-3, 4), repeat=3):
        k = round(np.linalg.norm(lag))
        shells.setdefault(k, []).append(same_grain(volume.grain_id, PERIODIC, lag))
    assert np.allclose(found.radial, [np.mean(shells[k]) for k in range(4)])


def test_two_point_of_spins_is_that_of_any_numbering(rng):
    grain_id = np.kron(rng.integers(1, 4, (6, 6, 6)), np.ones((3, 3, 3), int))
    new = np.array([0, 900, 2, 31])
    a, b = (two_point(Microstructure(g), 9) for g in (grain_id, new[grain_id]))
    assert np.array_equal(a.radial, b.radial)


def test_two_point_of_layers_falls_in_a_straight_line():
    layers = np.repeat(np.arange(1, 9), 4)[:, None, None] * np.ones((1, 8, 8), int)
    found = two_point(Microstructure(layers, periodic=PERIODIC), 6)
    assert found.along[0].tolist() == [1, 0.75, 0.5, 0.25, 0, 0, 0]
    assert found.along[1].tolist() == [1, 1, 1, 1, 1]  # half of the box and no more
