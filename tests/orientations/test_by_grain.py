"""Orientations by grain against scipy's rotations and the definition of Bunge."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint.errors import InputError
from grainpaint.orientations import GROUPS, Orientations, operators


def random_quaternions(n, seed=1):
    return Rotation.random(n, random_state=seed).as_quat(scalar_first=True)


def test_euler_angles_return_the_rotation_that_they_came_from():
    special = [[0.3, 0.0, 0.0], [0.3, np.pi, 0.0], [0.0, 0.5, 6.0], [6.0, 3.1, 0.1]]
    angles = np.concatenate(
        [Rotation.random(500, random_state=2).as_euler("ZXZ"), special]
    )
    found = Orientations.from_euler(Orientations.from_euler(angles).euler())
    expected = Rotation.from_euler("ZXZ", angles)
    turned = Rotation.from_quat(found.quaternion, scalar_first=True) * expected.inv()
    assert turned.magnitude().max() < 1e-7


def test_euler_angles_make_the_matrix_of_bunge():
    """Bunge (1982), eq. 2.50: the matrix that takes sample to crystal coordinates."""
    p, t, q = 0.4, 1.1, 2.3
    c1, s1, c, s, c2, s2 = (
        *(f(p) for f in (np.cos, np.sin)),
        np.cos(t),
        np.sin(t),
        *(f(q) for f in (np.cos, np.sin)),
    )
    bunge = [
        [c1 * c2 - s1 * s2 * c, s1 * c2 + c1 * s2 * c, s2 * s],
        [-c1 * s2 - s1 * c2 * c, -s1 * s2 + c1 * c2 * c, c2 * s],
        [s1 * s, -c1 * s, c],
    ]
    q0 = Orientations.from_euler(np.array([[p, t, q]])).quaternion[0]
    w, x, y, z = q0  # a passive quaternion: the transpose of the active matrix
    found = Rotation.from_quat([x, y, z, w]).as_matrix().T
    np.testing.assert_allclose(found, bunge, atol=1e-12)


@pytest.mark.parametrize("symmetry", GROUPS)
def test_operators_form_a_group(symmetry):
    group = operators(symmetry)
    rotations = Rotation.from_quat(group, scalar_first=True)
    for one in rotations:
        products = (one * rotations).as_quat(canonical=True, scalar_first=True)
        same = np.abs(products @ group.T) > 1 - 1e-9
        assert (same.sum(0) == 1).all()
        assert (same.sum(1) == 1).all()


def test_hexagonal_and_trigonal_groups_have_a_twofold_axis_along_x():
    about_x = np.array([0.0, 1.0, 0.0, 0.0])
    for symmetry in ("32", "622", "422", "222", "432", "23"):
        assert (np.abs(operators(symmetry) @ about_x) > 1 - 1e-9).any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"quaternion": np.ones((2, 3))}, "a row for each grain"),
        ({"quaternion": np.array([[1.0, 0, 0, 0], [2, 0, 0, 0]])}, "grain 2 has 2"),
        ({"quaternion": np.full((1, 4), np.nan)}, "length 1"),
        ({"symmetry": "433"}, "unknown crystal symmetry '433'"),
        ({"phase": np.array([1])}, "as many phases"),
        ({"phase": np.array([1, 2])}, "phases must lie in 1..1"),
        ({"names": ("a", "b")}, "as many names"),
    ],
)
def test_what_is_no_orientation_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        Orientations(**{"quaternion": random_quaternions(2), **fields})


def test_rows_are_those_of_the_grains():
    all_of_them = Orientations(random_quaternions(5), ("432", "622"), [1, 2, 1, 2, 2])
    some = all_of_them.rows(np.array([4, 1]))
    np.testing.assert_array_equal(some.quaternion, all_of_them.quaternion[[3, 0]])
    assert some.phase.tolist() == [2, 1]


def test_phases_that_no_grain_has_are_left_out_on_demand():
    some = Orientations(
        random_quaternions(3), ("1", "432", "622"), [3, 2, 3], ("a", "b", "c")
    )
    used = some.used()
    assert (used.symmetry, used.names) == (("432", "622"), ("b", "c"))
    assert used.phase.tolist() == [2, 1, 2]
    assert used.used() is used
    assert some.several
    assert not some.rows(np.array([1, 3])).several
