"""Nets: closed surfaces whatever the voxels are, and VTK's where those suffice."""

import numpy as np
import pyvista
from hypothesis import given
from samples import axes, noisy_values
from volumes import ball, pairs_of_net, partitions, triangles_of_net, voronoi

from grainpaint import Microstructure
from grainpaint.meshing.crossings import crossing
from grainpaint.meshing.nets import net_of
from grainpaint.meshing.volumes import grain_volumes


def assert_closed(net):
    """Check that each grain has two triangles at an edge, which continue each other."""
    triangles, pairs = triangles_of_net(net), pairs_of_net(net)
    sides = []
    for i in range(3):
        p, q = triangles[:, i], triangles[:, (i + 1) % 3]
        sides += [np.stack([pairs[:, 0], p, q]), np.stack([pairs[:, 1], q, p])]
    grain, p, q = np.concatenate(sides, 1)
    n = len(net.points)
    forth = np.sort((grain * n + p) * n + q)
    back = np.sort((grain * n + q) * n + p)
    assert (np.diff(forth) > 0).all()
    assert (forth == back).all()


def rims(triangles):
    """Return how many triangles each edge has, as a set."""
    low, high = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)).T
    _, counts = np.unique(low.astype(np.int64) << 32 | high, return_counts=True)
    return set(counts.tolist())


def test_surfaces_are_closed_for_all_ways_in_which_eight_voxels_differ():
    found = [*partitions(8)]
    assert len(found) == 4140  # the Bell number
    n = 17
    ids = np.zeros((3 * n, 3 * n, 3 * n), np.int64)
    for i, ranks in enumerate(found):
        x, y, z = (3 * k for k in np.unravel_index(i, (n, n, n)))
        ids[x : x + 2, y : y + 2, z : z + 2] = np.reshape(ranks, (2, 2, 2)) + 1
    net = net_of(Microstructure(ids))
    assert_closed(net)
    assert rims(triangles_of_net(net)) <= {2, 3}


@given(noisy_values(), axes)
def test_surfaces_are_closed_and_edges_have_two_or_three_triangles(ids, periodic):
    ids[0, 0, 0] = 1
    net = net_of(Microstructure(ids, periodic=periodic))
    assert_closed(net)
    assert rims(triangles_of_net(net)) <= {2, 3}


@given(noisy_values())
def test_nothing_crosses_in_a_net(ids):
    ids[0, 0, 0] = 1
    net = net_of(Microstructure(ids))
    assert not crossing(net.points, triangles_of_net(net)).any()


def test_where_no_grain_touches_itself_a_net_is_that_of_vtk():
    ids = ball(9)
    net = net_of(Microstructure(ids))
    grid = pyvista.ImageData(dimensions=ids.shape, origin=(0.5, 0.5, 0.5))
    grid["grain"] = ids.ravel(order="F")
    theirs = grid.contour_labels("all", smoothing=False, output_mesh_type="quads")
    assert len(net.triangles) == 0
    ours = {tuple(sorted(map(tuple, net.points[q].tolist()))) for q in net.quads}
    expected = {
        tuple(sorted(map(tuple, theirs.points[q].tolist())))
        for q in theirs.regular_faces
    }
    assert ours == expected


def test_vtk_leaves_edges_of_four_triangles_where_a_grain_touches_itself():
    """The reason for nets of our own."""
    ids = np.random.default_rng(0).integers(1, 9, (6, 6, 6))
    grid = pyvista.ImageData(dimensions=ids.shape)
    grid["grain"] = ids.ravel(order="F")
    theirs = grid.contour_labels("all", smoothing=False, output_mesh_type="triangles")
    assert rims(theirs.regular_faces) == {2, 3, 4}
    assert rims(triangles_of_net(net_of(Microstructure(ids)))) == {2, 3}


@given(noisy_values(), axes)
def test_the_box_is_filled(ids, periodic):
    ids = ids + 1
    net = net_of(Microstructure(ids, periodic=periodic))
    n = int(ids.max()) + 1
    sizes = grain_volumes(net.points, triangles_of_net(net), pairs_of_net(net), n)
    assert np.isclose(sizes[1:].sum(), ids.size)
    assert np.isclose(-sizes[0], ids.size)


def test_a_net_of_flat_faces_has_the_volumes_of_the_voxels():
    ids = np.ones((4, 5, 6), int)
    ids[2:, :3] = 2
    net = net_of(Microstructure(ids))
    sizes = grain_volumes(net.points, triangles_of_net(net), pairs_of_net(net), 3)
    np.testing.assert_allclose(sizes, [-120, 120 - 36, 36])


def test_nodes_on_periodic_faces_are_joined():
    net = net_of(Microstructure(voronoi(8, 6), periodic=(True, True, True)))
    corner = np.flatnonzero((net.sides != 0).all(1))
    assert len(corner) == 8
    assert len(set(net.twin[corner])) == 1
    gap = net.points - net.points[net.twin]
    assert set(np.unique(gap)) == {0.0, 8.0}
