"""The faces that are drawn of a solid."""

import numpy as np
import pytest

from grainpaint.drawing.render import cut_quarter, surface, whole_in_view


def test_surface_has_a_face_for_each_pair_of_inside_and_outside(rng):
    ids = rng.integers(0, 3, (5, 6, 7))
    corners, owner = surface(ids)
    padded = np.pad(ids > 0, 1)
    n = sum(np.abs(np.diff(padded.astype(int), axis=a)).sum() for a in range(3))
    assert len(corners) == len(owner) == n
    assert (owner > 0).all()
    # Each face is a unit square whose middle lies half a voxel from its owner's.
    np.testing.assert_allclose(np.ptp(corners, axis=1).sum(1), 2)
    middle = corners.mean(1)
    for sign in (-0.5, 0.5):
        axis = np.ptp(corners, axis=1).argmin(1)
        inner = middle.copy()
        inner[np.arange(n), axis] += sign
        index = np.floor(inner).astype(int)
        ok = ((index >= 0) & (index < ids.shape)).all(1)
        found = np.zeros(n, int)
        found[ok] = ids[tuple(index[ok].T)]
        if sign < 0:
            matches = found == owner
        else:
            matches |= found == owner
    assert matches.all()


def test_the_cut_opens_one_quarter():
    cut = cut_quarter(np.ones((4, 6, 5), int))
    assert cut.sum() == 4 * 6 * 5 * 3 // 4


def test_what_lies_in_that_quarter_alone_stays():
    ids = np.zeros((4, 6, 5), int)
    ids[3, 0] = 1
    assert cut_quarter(ids).sum() == 5


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 1, 9), (9, 1, 1), (1, 9, 0)])
def test_the_camera_sees_all_of_a_part_of_any_shape(rng, size):
    points = rng.random((500, 3)) * size + 7
    (position, focus, up), scale = whole_in_view(points, 1100, 1000)
    back = np.subtract(position, focus) / np.linalg.norm(np.subtract(position, focus))
    right = np.cross(up, back) / np.linalg.norm(np.cross(up, back))
    across, above = ((points - focus) @ side for side in (right, np.cross(back, right)))
    used = max(np.abs(across).max() / 1.1, np.abs(above).max()) / scale
    assert 0.98 < used < 1  # nothing beyond the picture, and no more room than needed
    assert ((np.subtract(position, points) @ back) > 0).all()
