"""Checks of meshes find what is wrong, and measure what is known."""

import numpy as np
import pytest
from volumes import pairs_of_net, triangles_of_net, voronoi

from grainpaint import Microstructure
from grainpaint.meshing.crossings import crossing
from grainpaint.meshing.edges import check_edges
from grainpaint.meshing.nets import net_of
from grainpaint.meshing.triangles import folded, smallest_angles
from grainpaint.meshing.volumes import grain_volumes, shifts_for

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1.0)])
SIDES = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4]]
SIDES += [[1, 5, 7, 3]]
FACES = np.array([t for a, b, c, d in SIDES for t in ((a, b, c), (a, c, d))])
INSIDE = np.tile([1, 0], (len(FACES), 1))


def test_a_cube_is_closed_and_has_right_angles():
    found = check_edges(CUBE, FACES, INSIDE)
    assert (found.n_wrong, found.n_lines) == (0, 0)
    np.testing.assert_allclose(found.dihedral, np.pi / 2)
    assert smallest_angles(CUBE, FACES) == pytest.approx(np.pi / 4)
    assert grain_volumes(CUBE, FACES, INSIDE, 2) == pytest.approx([-1, 1])


def test_a_hole_and_a_turned_triangle_are_wrong_edges():
    assert check_edges(CUBE, FACES[1:], INSIDE[1:]).n_wrong == 3
    turned = FACES.copy()
    turned[0] = turned[0, ::-1]
    assert check_edges(CUBE, turned, INSIDE).n_wrong == 3


@pytest.mark.parametrize("off", [-1e-14, 0.0, 1e-14])
def test_a_grain_folded_flat_between_two_others_has_no_angle(off):
    points = np.array(
        [[0, 0, 0], [1, 0, 0], [0.5, 0.7, off], [0.5, 1, 0], [0.5, -1, 0]]
    )
    faces = np.array([[0, 1, 2], [0, 1, 3], [1, 0, 4]])
    found = check_edges(points, faces, np.array([[2, 1], [0, 2], [0, 1]]))
    assert found.dihedral == pytest.approx([0, 0, np.pi], abs=1e-9)


@pytest.mark.parametrize("slope", [0.1, 1.0, 3.0])
def test_the_dihedral_of_a_wedge_is_its_angle(slope):
    points = np.array(
        [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]]
    )
    points = points * [1, 1, slope]
    below, above = [[0, 1, 3], [0, 3, 2]], [[0, 4, 5], [0, 5, 1]]
    back, ends = [[2, 3, 5], [2, 5, 4]], [[0, 2, 4], [1, 5, 3]]
    wedge = np.array([*below, *above, *back, *ends])
    found = check_edges(points, wedge, INSIDE[: len(wedge)])
    assert found.n_wrong == 0
    expected = min(np.arctan(slope), np.pi / 2 - np.arctan(slope))
    assert found.dihedral.min() == pytest.approx(expected)


def naive_crossing(points, triangles):
    """Return the triangles that cross another, by solving for each edge."""
    found = np.zeros(len(triangles), bool)
    for i, one in enumerate(triangles):
        a, b, c = points[one]
        for j, other in enumerate(triangles):
            for k in range(3):
                p, q = other[k], other[(k + 1) % 3]
                if i == j or p in one or q in one:
                    continue
                matrix = np.stack([b - a, c - a, points[p] - points[q]], 1)
                if abs(np.linalg.det(matrix)) < 1e-12:
                    continue
                u, v, t = np.linalg.solve(matrix, points[p] - a)
                if u >= 0 and v >= 0 and u + v <= 1 and 0 < t < 1:
                    found[i] = found[j] = True
    return found


def test_crossing_is_that_of_the_naive_version(rng):
    points = rng.random((45, 3)) * 4
    triangles = rng.permuted(np.tile(np.arange(45), (60, 1)), axis=1)[:, :3]
    small = np.linalg.norm(np.ptp(points[triangles], axis=1), axis=1) < 4
    triangles = triangles[small]
    expected = naive_crossing(points, triangles)
    assert 0 < expected.sum() < len(triangles)
    np.testing.assert_array_equal(crossing(points, triangles), expected)


def test_what_faces_into_the_box_is_folded():
    sides = np.zeros((8, 3), np.int8)
    sides[:4, 0] = -1  # the corners at x = 0
    assert not folded(CUBE, FACES, sides).any()
    turned = FACES.copy()
    turned[0] = turned[0, ::-1]
    assert folded(CUBE, turned, sides).tolist() == [True] + [False] * 11


def test_moves_change_volumes_as_asked_and_keep_the_box():
    ids = voronoi(12, 6)
    net = net_of(Microstructure(ids))
    faces = triangles_of_net(net), pairs_of_net(net)
    before = grain_volumes(net.points, *faces, 7)
    missing = np.array([0, 3, -2, 1, -4, 2, 0.0])
    shift = shifts_for(missing, net, net.points, faces, ~net.fixed)
    after = grain_volumes(net.points + shift, *faces, 7)
    np.testing.assert_allclose((after - before)[1:], missing[1:], atol=0.1)
    assert (shift[net.fixed] == 0).all()
