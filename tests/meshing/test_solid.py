"""Tetrahedra: they conform, none is inside out, grains have their volumes."""

import meshio
import numba
import numpy as np
import pytest
import pyvista
from hypothesis import assume, given, settings
from oriented import oriented
from samples import axes, noisy_values
from volumes import partitions, voronoi

from grainpaint import InputError, Microstructure
from grainpaint.meshing import grain_mesh, solid_mesh, solid_quality_of, write_mesh
from grainpaint.meshing.improving import THICK, shapes
from grainpaint.meshing.nets import cubes_of, net_of
from grainpaint.meshing.solid import untangled
from grainpaint.meshing.tetrahedra import filling_of
from grainpaint.meshing.triangles import triangulated

FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])  # seen from the fourth


def faces_of(tetrahedra):
    """Return faces that two tetrahedra share, and others; all are seen from within.

    Returns rows of the first tetrahedron, of the second, and of those alone.
    """
    n = int(tetrahedra.max()) + 1
    faces = tetrahedra[:, FACES].reshape(-1, 3).astype(np.int64)
    low = np.sort(faces, 1)
    key = (low[:, 0] * n + low[:, 1]) * n + low[:, 2]
    order = np.argsort(key, kind="stable")
    _, start, count = np.unique(key[order], return_index=True, return_counts=True)
    assert set(count.tolist()) <= {1, 2}
    pair = order[start[count == 2, None] + [0, 1]]
    # Two tetrahedra see their face turn opposite ways: they are on both sides of it.
    one, other = (faces[pair[:, i]] for i in (0, 1))
    turned = [(np.roll(other[:, ::-1], k, 1) == one).all(1) for k in range(3)]
    assert np.any(turned, 0).all()
    return faces, pair, order[start[count == 1]]


def assert_fills(mesh, volume):
    """Check that tetrahedra conform, and that outer faces lie where they may."""
    faces, pair, alone = faces_of(mesh.tetrahedra)
    assert (mesh.volumes() > 0).all()
    outer = faces[alone]
    sides = mesh.box_sides[outer]
    in_box = ((sides != 0) & (sides == sides[:, :1])).all(1).any(1)
    if volume.mask.all():
        assert in_box.all()
    corners = mesh.points[outer[in_box]]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    box = np.array(volume.shape) * volume.spacing
    expected = 2 * (box.prod() / box).sum()
    if volume.mask.all():
        assert np.linalg.norm(area, axis=1).sum() / 2 == pytest.approx(expected)
    return pair


def test_ways_in_which_eight_voxels_differ_are_filled():
    n = 10
    ids = np.ones((3 * n, 3 * n, 3 * n), np.int64)
    for i, ranks in enumerate([*partitions(8)][::5]):  # of 4,140
        x, y, z = (3 * k for k in np.unravel_index(i, (n, n, n)))
        ids[x : x + 2, y : y + 2, z : z + 2] = np.reshape(ranks, (2, 2, 2)) + 1
    volume = Microstructure(ids)
    cubes = cubes_of(volume)
    net = net_of(volume, cubes)
    triangles, _ = triangulated(net, net.points, volume.spacing)
    found = filling_of(cubes, net, net.points, triangles)
    assert shapes(found.points, found.tetrahedra).min() > 0.05
    a, b, c, d = (found.points[found.tetrahedra[:, i]] for i in range(4))
    sizes = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
    assert sizes.sum() == pytest.approx(ids.size)
    faces_of(found.tetrahedra)


@settings(max_examples=5)
@given(noisy_values(), axes)
def test_any_voxels_are_filled(ids, periodic):
    assume(ids.any() and min(ids.shape) > 1)
    volume = Microstructure(ids, periodic=periodic)
    mesh = solid_mesh(volume)
    assert_fills(mesh, volume)
    assert set(np.unique(mesh.grain)) == set(volume.ids())
    quality = solid_quality_of(mesh, volume)
    assert quality.sound
    assert quality.smallest_dihedral > 1


@pytest.mark.parametrize("periodic", [(False,) * 3, (True, False, True), (True,) * 3])
def test_polycrystals_have_good_tetrahedra(periodic):
    volume = Microstructure(voronoi(16, 10), (1.0, 2.0, 2.0), (5, 0, 0), periodic)
    mesh = solid_mesh(volume)
    pair = assert_fills(mesh, volume)
    quality = solid_quality_of(mesh, volume)
    assert quality.volume_error < 0.005
    assert quality.smallest_dihedral > 9
    assert mesh.volumes().sum() == pytest.approx(4 * 16**3)
    between = mesh.grain[pair // 4]
    n_between = (between[:, 0] != between[:, 1]).sum()
    surfaces = grain_mesh(volume)
    assert n_between == (surfaces.outside > 0).sum()
    for axis in np.flatnonzero(periodic):
        low, high = (mesh.box_sides[:, axis] == side for side in (-1, 1))
        one, other = (np.delete(mesh.points[on], axis, 1) for on in (low, high))
        one, other = (p[np.lexsort(p.T.round(6))] for p in (one, other))
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_boundaries_stay_where_those_of_the_triangles_are():
    volume = Microstructure(voronoi(16, 10))
    surfaces, mesh = grain_mesh(volume), solid_mesh(volume)
    way = mesh.points[: len(surfaces.points)] - surfaces.points
    assert np.linalg.norm(way, axis=1).mean() < 0.06
    assert np.abs(way).max() < 1


@pytest.mark.parametrize("periodic", [(False,) * 3, (True,) * 3])
def test_what_is_inside_out_goes_back_until_nothing_is(periodic):
    volume = Microstructure(voronoi(8, 6), periodic=periodic)
    cubes = cubes_of(volume)
    net = net_of(volume, cubes)
    triangles, _ = triangulated(net, net.points, volume.spacing)
    filling = filling_of(cubes, net, net.points, triangles)
    away = np.random.default_rng(4).normal(0, 1, filling.points.shape)
    away = (away * (filling.sides == 0))[filling.twin]
    far = filling.points + away * (np.arange(len(away))[filling.twin] % 9 == 0)[:, None]
    assert (shapes(far, filling.tetrahedra) <= 0).sum() > 100
    found = untangled(filling, far, volume.spacing)
    assert shapes(found, filling.tetrahedra).min() > 0
    near = found - found[filling.twin]
    np.testing.assert_allclose(near, filling.start - filling.start[filling.twin])
    same = untangled(filling, filling.start, volume.spacing)
    np.testing.assert_array_equal(same, filling.start)


@pytest.mark.parametrize("periodic", [False, True])
def test_blocks_that_move_at_once_share_no_tetrahedron(periodic):
    ids = np.random.default_rng(3).integers(0, 5, (9, 8, 7))
    volume = Microstructure(ids, periodic=(periodic,) * 3)
    cubes = cubes_of(volume)
    net = net_of(volume, cubes)
    triangles, _ = triangulated(net, net.points, volume.spacing)
    filling = filling_of(cubes, net, net.points, triangles)
    layers = np.floor(filling.start[:, 0])[filling.tetrahedra]
    assert np.ptp(layers, axis=1).max() < THICK


def test_nodes_lie_at_the_same_places_whatever_the_number_of_threads():
    volume = Microstructure(voronoi(16, 6))
    found, before = [], numba.get_num_threads()
    try:
        for n in (1, before):
            numba.set_num_threads(n)
            found.append(solid_mesh(volume).points)
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(*found)


def test_two_halves_have_a_plane_between_them():
    ids = np.ones((6, 4, 5), int)
    ids[4:] = 7
    mesh = solid_mesh(Microstructure(ids, (2.0, 3.0, 4.0)))
    shared = np.intersect1d(*(mesh.tetrahedra[mesh.grain == g] for g in (1, 7)))
    np.testing.assert_allclose(mesh.points[shared, 0], 8.0, atol=1e-9)
    sizes = np.bincount(mesh.grain, mesh.volumes())
    np.testing.assert_allclose(sizes[[1, 7]], [80 * 24, 40 * 24])


def test_files_have_the_tetrahedra_of_each_grain(tmp_path):
    volume = oriented(gaps=True)
    mesh = solid_mesh(volume)
    write_mesh(mesh, volume, tmp_path / "a.vtu")
    found = pyvista.read(tmp_path / "a.vtu")
    np.testing.assert_array_equal(found.cells_dict[10], mesh.tetrahedra)
    np.testing.assert_array_equal(found.cell_data["grain"], mesh.grain)
    np.testing.assert_allclose(
        found.compute_cell_sizes().cell_data["Volume"], mesh.volumes()
    )
    write_mesh(mesh, volume, tmp_path / "a.inp")
    theirs = meshio.read(tmp_path / "a.inp")
    np.testing.assert_allclose(theirs.points, mesh.points, rtol=1e-8)
    np.testing.assert_array_equal(theirs.cells_dict["tetra"], mesh.tetrahedra)
    text = (tmp_path / "a.inp").read_text()
    assert max(map(len, text.splitlines())) <= 256
    for grain in volume.ids().tolist():
        words = text.split(f"elset=GRAIN{grain}_SET, generate\n")[1].split("\n")[0]
        first, last, step = (int(w) for w in words.split(","))
        assert step == 1
        own = np.flatnonzero(mesh.grain == grain) + 1
        assert (first, last, last - first + 1) == (own[0], own[-1], own.size)
        assert f"elset=GRAIN{grain}_SET, material=GRAIN{grain}_MAT" in text
        assert f"*Material, name=GRAIN{grain}_MAT" in text
    numbers = theirs.point_sets["XMAX_YMIN"]
    x, y, _ = mesh.points[numbers].T
    assert (x == mesh.points[:, 0].max()).all()
    assert (y == mesh.points[:, 1].min()).all()
    with pytest.raises(InputError, match=r"tetrahedra are written as \.vtu, \.inp"):
        write_mesh(mesh, volume, tmp_path / "a.stl")


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("spacing", [(1.0, 0.5, 2.0), (1.0, 1.0, 4.0)])
def test_grains_have_their_volumes_where_voxels_are_no_cubes(spacing, periodic):
    ids = voronoi(20, 12, seed=4).reshape(20, 20, 20)
    volume = Microstructure(ids, spacing, periodic=(periodic,) * 3)
    mesh = solid_mesh(volume)
    assert_fills(mesh, volume)
    found = np.bincount(mesh.grain, mesh.volumes())[1:]
    expected = volume.grain_volumes() * np.prod(spacing)
    np.testing.assert_allclose(found, expected, rtol=0.01)
