"""Colors of crystal directions: corners, equivalents, a slow version."""

import numpy as np
import pytest
from naive.orientations import ipf_color
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from grainpaint import InputError
from grainpaint.orientations import GROUPS, Orientations, operators
from grainpaint.orientations.ipf import (
    KEYS,
    check_axis,
    direction_colors,
    ipf_colors,
    sector_corners,
    symmetries_of,
)
from grainpaint.orientations.round_keys import ROUND_KEYS, in_round_key

each_key = pytest.mark.parametrize("symmetry", KEYS)
each_group = pytest.mark.parametrize("symmetry", GROUPS)


def random_quaternions(n, seed=0):
    return Rotation.random(n, random_state=seed).as_quat(scalar_first=True)


@pytest.mark.parametrize(
    ("symmetry", "directions"),
    [
        ("432", [[0, 0, -1], [-1, 0, 1], [1, -1, 1]]),
        ("622", [[0, 0, 1], [0.5, 0.75**0.5, 0], [0, 1, 0]]),  # 0001, 11-20, 01-10
        ("422", [[0, 0, 1], [0, -1, 0], [1, -1, 0]]),
        ("222", [[0, 0, -1], [-1, 0, 0], [0, 1, 0]]),
    ],
)
def test_corners_are_red_green_and_blue(symmetry, directions):
    known = np.array(directions) / np.linalg.norm(directions, axis=1)[:, None]
    for found in (sector_corners(symmetry), known):
        np.testing.assert_array_equal(
            direction_colors(found, symmetry), np.eye(3) * 255
        )


@pytest.mark.parametrize(
    ("angles", "axis", "color"),
    [
        ((0, 0, 0), "z", (255, 0, 0)),  # cube: <001> along all axes
        ((0, 0, 0), "x", (255, 0, 0)),
        ((0, 45, 0), "z", (0, 255, 0)),  # Goss: {011}<100>
        ((0, 45, 0), "x", (255, 0, 0)),
        ((0, 45, 0), "y", (0, 255, 0)),
        ((0, 54.7356103172, 45), "z", (0, 0, 255)),  # {111} in the sheet
    ],
)
def test_ideal_orientations_of_cubic_crystals(angles, axis, color):
    known = Orientations.from_euler(np.radians([angles]))
    np.testing.assert_allclose(ipf_colors(known, axis)[1], color, atol=1)


def test_hexagonal_crystals_have_their_axes_along_z_and_x():
    known = Orientations.from_euler(np.radians([[30, 0, 0], [0, 90, 0]]), "622")
    np.testing.assert_array_equal(ipf_colors(known, "z")[1], [255, 0, 0])
    np.testing.assert_array_equal(ipf_colors(known, "x")[1], [0, 0, 255])
    np.testing.assert_array_equal(ipf_colors(known, "x")[2], [0, 255, 0])
    np.testing.assert_array_equal(ipf_colors(known, "y")[2], [255, 0, 0])


@each_key
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_the_slow_version_finds_the_same_colors(symmetry, axis):
    q = random_quaternions(20, seed=4)
    found = ipf_colors(Orientations(q, symmetry), axis)[1:]
    expected = [ipf_color(one, symmetry, axis) for one in q]
    np.testing.assert_allclose(found, expected, atol=1)


@each_group
def test_equivalent_orientations_have_one_color(symmetry):
    q = Rotation.from_quat(random_quaternions(50, seed=1), scalar_first=True)
    first = ipf_colors(Orientations(q.as_quat(scalar_first=True), symmetry))
    for operator in operators(symmetry):
        turned = q * Rotation.from_quat(operator, scalar_first=True)
        known = Orientations(turned.as_quat(scalar_first=True), symmetry)
        found = ipf_colors(known)
        assert np.abs(found.astype(int) - first).max() <= 1


@each_group
def test_near_directions_have_near_colors(symmetry):
    """No jump anywhere: keys are bounded by mirrors, or closed."""
    along = np.linspace(0, 2 * np.pi, 20_001)
    for axis in np.random.default_rng(2).normal(size=(5, 3)):
        turn = Rotation.align_vectors(axis / np.linalg.norm(axis), [0, 0, 1.0])[0]
        circle = turn.apply(np.stack([np.cos(along), np.sin(along), 0 * along], 1))
        parts = direction_colors(circle, symmetry) / 255.0
        parts = parts**2 if symmetry in KEYS else parts
        assert np.abs(np.diff(parts, axis=0)).max() < 0.01


@each_group
def test_opposite_directions_have_one_color(symmetry):
    some = np.random.default_rng(5).normal(size=(200, 3))
    some /= np.linalg.norm(some, axis=1)[:, None]
    one, other = (direction_colors(d, symmetry).astype(int) for d in (some, -some))
    assert np.abs(one - other).max() <= 1


@pytest.mark.parametrize("symmetry", ["2", "4", "6", "32", "23"])
def test_directions_that_differ_have_colors_that_differ(symmetry):
    some = np.random.default_rng(8).normal(size=(60_000, 3))
    some /= np.linalg.norm(some, axis=1)[:, None]
    some = some[in_round_key(some, symmetry)][:4000]
    share = in_round_key(np.concatenate([some, -some]), symmetry).mean()
    assert share == 0.5  # a sector has one of each two
    colors = direction_colors(some, symmetry).astype(float)
    pairs = KDTree(colors).query_pairs(2, output_type="ndarray")
    assert len(pairs) > 100
    one, other = some[pairs[:, 0]], some[pairs[:, 1]]
    nearest = np.zeros(len(pairs))
    for operator in operators(symmetry):
        turned = Rotation.from_quat(operator, scalar_first=True).apply(other)
        nearest = np.maximum(nearest, np.abs((one * turned).sum(1)))
    # Mirrors of the class: what the sector has on both sides of its rim.
    angle = np.degrees(np.arccos(np.minimum(nearest, 1)))
    assert np.quantile(angle, 0.99) < 4
    assert angle.max() < 8


def test_a_sector_is_as_large_as_its_class_says():
    some = np.random.default_rng(9).normal(size=(100_000, 3))
    rotations = {"1": 1, "2": 2, "3": 3, "32": 6, "4": 4, "6": 6, "23": 12}
    for symmetry, n in rotations.items():
        share = in_round_key(some, symmetry).mean()
        assert share == pytest.approx(1 / (2 * n), rel=0.03)


@pytest.mark.parametrize(
    ("symmetry", "name", "color"),
    [
        ("32", "0001", (255, 0, 0)),
        ("32", "2-1-10", (255, 255, 255)),
        ("32", "10-10", (0, 255, 255)),
        ("32", "1-100", (0, 255, 255)),
        ("23", "001", (255, 0, 0)),
        ("23", "111", (255, 255, 255)),
        ("23", "101", (0, 255, 255)),
        ("6", "0001", (255, 255, 255)),
        ("6", "2-1-10", (255, 0, 0)),
        ("3", "2-1-10", (0, 0, 0)),
        ("1", "z", (255, 255, 255)),
    ],
)
def test_named_directions_of_round_keys(symmetry, name, color):
    found = direction_colors(np.array([ROUND_KEYS[symmetry][name]]), symmetry)
    np.testing.assert_allclose(found[0].astype(int), color, atol=1)


def test_phases_have_keys_of_their_own():
    q = np.tile(Orientations.from_euler([[0, np.pi / 4, 0]]).quaternion, (3, 1))
    known = Orientations(q, ("432", "222", "23"), [1, 2, 3], ("Al", "olivine", "Si"))
    found = ipf_colors(known)
    assert found[:2].tolist() == [[255, 255, 255], [0, 255, 0]]
    np.testing.assert_array_equal(found[2], [255, 0, 255])
    np.testing.assert_array_equal(found[3], [0, 255, 255])
    assert symmetries_of(known, np.array([1, 2])) == ["432", "222"]
    with pytest.raises(InputError, match="the grains have none"):
        symmetries_of(None, np.array([1]))
    with pytest.raises(InputError, match="along x, y or z; got 'w'"):
        check_axis("w")
