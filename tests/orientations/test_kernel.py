"""Densities of orientations: closed forms, and a brute mean over orientations."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint.orientations import GROUPS, Orientations, operators
from grainpaint.orientations.kernel import (
    HALF_WIDTH,
    kernel,
    pole_density,
    texture_index,
)
from grainpaint.orientations.poles import poles_of
from grainpaint.orientations.random_pairs import random_density
from grainpaint.orientations.texture_parts import Uniform, fill


def even(n, seed=0):
    """Return n orientations that fill the space evenly."""
    return fill(Uniform(), n, np.random.default_rng(seed))


def even_directions(n):
    """Return n directions that cover the sphere evenly (Fibonacci)."""
    z = (np.arange(n) + 0.5) / n * 2 - 1
    turn = np.pi * (1 + 5**0.5) * np.arange(n)
    out = np.sqrt(1 - z**2)
    return np.stack([out * np.cos(turn), out * np.sin(turn), z], 1)


def test_the_kernel_has_mean_one_and_half_its_maximum_at_its_half_width():
    assert kernel(np.cos(HALF_WIDTH / 2)) == pytest.approx(kernel(1.0) / 2)
    half = (np.arange(20_000) + 0.5) / 20_000 * np.pi / 2
    mean = (kernel(np.cos(half)) * np.sin(half) ** 2).mean() * 2
    assert mean == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("symmetry", ["432", "622"])
def test_the_texture_index_is_the_mean_square_of_the_density(symmetry):
    q = even(6, seed=5)
    q[1] = q[0]
    weight = np.arange(1.0, 7.0)
    share = weight / weight.sum()
    places, group = even(60_000, seed=1), operators(symmetry)
    turned = Rotation.from_quat(q, scalar_first=True)
    bumps = np.zeros((6, len(places)))
    for operator in Rotation.from_quat(group, scalar_first=True):
        equal = (turned * operator).as_quat(scalar_first=True)
        bumps += kernel(equal @ places.T) / len(group)
    overlap = bumps @ bumps.T / len(places)
    both = np.outer(share, share) * (1 - np.eye(6))
    expected = (overlap * both).sum() / both.sum()
    assert texture_index(q, weight, symmetry) == pytest.approx(expected, rel=0.02)


def test_texture_indices_of_uniform_and_of_equal_grains():
    for n in (1000, 5000):
        assert texture_index(even(n), np.ones(n), "432") == pytest.approx(1, abs=0.03)
    one = np.tile(even(1), (2, 1))
    many = np.tile(even(1), (2000, 1))
    sharp = texture_index(one, np.array([1.0, 9.0]), "432")
    assert sharp == pytest.approx(texture_index(many, np.ones(2000), "432"))
    # Two kernels of one orientation: the integral of the square, over 24.
    half = (np.arange(20_000) + 0.5) / 20_000 * np.pi / 2
    square = (kernel(np.cos(half)) ** 2 * np.sin(half) ** 2).mean() * 2
    assert sharp == pytest.approx(square / 24, rel=1e-3)
    assert np.isnan(texture_index(one[:1], np.ones(1), "432"))


@pytest.mark.parametrize("symmetry", [s for s in GROUPS if poles_of(s)])
def test_pole_densities_have_mean_one(symmetry):
    known = even(3, seed=2)
    for pole in poles_of(symmetry).values():
        found = pole_density(
            known, np.array([1.0, 2, 4]), pole, symmetry, even_directions(4000)
        )
        assert found.mean() == pytest.approx(1, abs=0.01)


def test_poles_of_a_cube_lie_where_they_should():
    tilted = Orientations.from_euler([[0.3, 0.4, 0.5]]).quaternion
    turn = Rotation.from_quat(tilted, scalar_first=True)
    power = np.log(0.5) / (2 * np.log(np.cos(HALF_WIDTH / 2)))
    for pole, n in zip(poles_of("432").values(), (3, 6, 4)):
        along = turn.apply(pole)
        found = pole_density(tilted, np.ones(1), pole, "432", along)
        assert found[0] == pytest.approx((1 + power) / 2 / n, rel=0.01)


def test_many_grains_in_few_cells_are_as_exact():
    q = even(300, seed=3)
    directions = even_directions(200)
    found = pole_density(q, np.ones(300), np.array([1.0, 1, 1]), "432", directions)
    single = [
        pole_density(one[None], np.ones(1), np.array([1.0, 1, 1]), "432", directions)
        for one in q
    ]
    np.testing.assert_allclose(found, np.mean(single, 0), atol=0.01)


def test_hexagonal_poles_are_those_of_the_unit_cell():
    flat = np.eye(4)[:1]
    x, y = np.array([[1.0, 0, 0]]), np.array([[0, 1.0, 0]])
    poles = poles_of("622")
    basal = pole_density(flat, np.ones(1), poles["0001"], "622", np.eye(3))
    assert basal.argmax() == 2
    for name, there, elsewhere in (("11-20", x, y), ("10-10", y, x)):
        at, off = (
            pole_density(flat, np.ones(1), poles[name], "622", d)[0]
            for d in (there, elsewhere)
        )
        assert at > 10 * off


@pytest.mark.parametrize("symmetry", ["432", "622", "1"])
def test_random_pairs_have_unit_area_and_the_closed_form_near_zero(symmetry):
    angle, density = random_density(symmetry)
    assert np.trapezoid(density, angle) == pytest.approx(1, abs=0.01)
    # Below the first edge of the zone, (1 - cos) / pi for each of the rotations.
    small = (angle > 15) & (angle < 29)
    closed = len(operators(symmetry)) * (1 - np.cos(np.radians(angle))) / np.pi
    expected = closed * np.radians(1)
    np.testing.assert_allclose(density[small], expected[small], rtol=0.1)
    ratio = density[small] / expected[small]  # by chance 10 % a bin, 1 % of all
    assert ratio.mean() == pytest.approx(1, abs=0.02)
