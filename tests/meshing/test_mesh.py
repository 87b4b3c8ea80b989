"""Meshes against closed forms, and their laws on any voxels."""

import numpy as np
import pytest
import trimesh
from hypothesis import assume, given, settings
from samples import axes, noisy_values
from solids import part_of
from volumes import ball, centers, voronoi

from grainpaint import InputError, Microstructure
from grainpaint.meshing import grain_mesh, quality_of


def test_a_ball_has_its_volume_and_is_round():
    n, r = 30, 10
    volume = Microstructure(ball(n))
    mesh = grain_mesh(volume)
    size = mesh.volumes(np.array([1, 2]))[1]
    assert size == pytest.approx(volume.grain_volumes()[1], rel=1e-3)
    assert size == pytest.approx(4 / 3 * np.pi * r**3, rel=0.01)
    between = mesh.triangles[(mesh.inside == 1) & (mesh.outside == 2)]
    radius = np.linalg.norm(mesh.points[np.unique(between)] - n / 2, axis=1)
    assert radius.std() < 0.15  # that of the voxels is 0.3
    assert np.linalg.norm(centers(n)[0, 0, 0]) < r  # the box is larger than the ball
    corners = mesh.points[between]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    assert area.sum() / 2 == pytest.approx(4 * np.pi * r**2, rel=0.03)


def test_the_face_between_two_halves_is_a_plane():
    ids = np.ones((6, 4, 5), int)
    ids[4:] = 7
    mesh = grain_mesh(Microstructure(ids, (2.0, 3.0, 4.0), (1.0, 0.0, -5.0)))
    between = np.unique(mesh.triangles[(mesh.inside == 1) & (mesh.outside == 7)])
    np.testing.assert_array_equal(mesh.points[between, 0], 1.0 + 4 * 2.0)
    np.testing.assert_allclose(mesh.volumes(np.array([1, 7])), [80 * 24, 40 * 24])
    np.testing.assert_array_equal(mesh.points.min(0), [1, 0, -5])
    np.testing.assert_array_equal(mesh.points.max(0), [13, 12, 15])
    assert set(zip(mesh.inside.tolist(), mesh.outside.tolist())) == {
        (1, 0),
        (7, 0),
        (1, 7),
    }


@settings(max_examples=25)
@given(noisy_values(), axes)
def test_meshes_of_any_voxels_are_sound(ids, periodic):
    assume(ids.any() and min(ids.shape) > 1)
    volume = Microstructure(ids, periodic=periodic)
    quality = quality_of(grain_mesh(volume), volume)
    assert quality.n_wrong_edges == 0
    assert quality.n_crossing == 0
    assert quality.smallest_angle > 0.5


@pytest.mark.parametrize("periodic", [(False,) * 3, (True, True, False), (True,) * 3])
def test_meshes_of_polycrystals_are_good(periodic):
    volume = Microstructure(voronoi(24, 30), periodic=periodic)
    mesh = grain_mesh(volume)
    quality = quality_of(mesh, volume)
    assert quality.sound
    assert quality.n_off == 0
    assert quality.volume_error < 0.01
    assert quality.smallest_angle > 4
    assert quality.smallest_dihedral > 10
    assert mesh.volumes(volume.ids()).sum() == pytest.approx(24**3, rel=1e-12)


def test_quality_counts_what_is_there():
    """Three grains meet along one line, and its ends are two points of the box."""
    ids = np.ones((8, 8, 4), int)
    ids[4:] = 2
    ids[:4, 4:] = 3
    volume = Microstructure(ids)
    quality = quality_of(grain_mesh(volume), volume)
    assert (quality.n_grains, quality.n_faces, quality.n_points) == (3, 6, 2)
    # The line, and in the faces z = 0 and z = 4, and x and y those of two grains.
    assert quality.n_line_edges == 4 + 2 * (4 + 8) + 3 * 4


def test_opposite_periodic_faces_match():
    volume = Microstructure(voronoi(16, 12), periodic=(True, False, True))
    mesh = grain_mesh(volume)
    low, high = mesh.points.min(0), mesh.points.max(0)
    np.testing.assert_array_equal(low, [0.5, 0, 0.5])  # the first voxels' centers
    np.testing.assert_array_equal(high, [16.5, 16, 16.5])
    for axis in (0, 2):
        faces = []
        for sign, at in ((-1, low), (1, high)):
            on = (mesh.points[mesh.triangles, axis] == at[axis]).all(1)
            corners = np.delete(mesh.points[mesh.triangles[on]], axis, 2)
            # Which triangles there are, and whose.
            faces.append(
                {
                    (int(grain), *sorted(map(tuple, corner.tolist())))
                    for grain, corner in zip(mesh.inside[on], corners)
                }
            )
            assert (mesh.outside[on] == 0).all()
            assert (mesh.box_sides[mesh.triangles[on], axis] == sign).all()
        assert faces[0] == faces[1]
        assert len(faces[0]) > 400


def test_voids_are_outside_and_keep_their_volume():
    ids = voronoi(20, 8)
    ids[np.linalg.norm(centers(20) - 10, axis=-1) < 6] = 0
    volume = Microstructure(ids)
    mesh = grain_mesh(volume)
    assert quality_of(mesh, volume).sound
    assert mesh.volumes(volume.ids()).sum() == pytest.approx(volume.n_voxels, rel=1e-3)


def test_ids_far_apart_and_units_are_kept():
    ids = np.where(voronoi(10, 2) == 1, 5, 2_000_000_000)
    volume = Microstructure(ids, (0.5, 0.5, 0.5))
    mesh = grain_mesh(volume)
    assert {*mesh.inside, *mesh.outside} == {0, 5, 2_000_000_000}
    assert mesh.volumes(volume.ids()).sum() == pytest.approx(125)


def test_the_outer_surface_is_that_of_the_part():
    sphere = trimesh.creation.icosphere(4, 8.3)
    sphere.apply_translation([10, 10, 10])
    ids = voronoi(20, 10)
    ids[np.linalg.norm(centers(20) - 10, axis=-1) > 8.3] = 0
    volume = Microstructure(ids, (2, 2, 2), (1, 1, 1))
    sphere.apply_scale(2)
    sphere.apply_translation([1, 1, 1])
    mesh = grain_mesh(volume, part_of(sphere))
    assert quality_of(mesh, volume).sound
    outer = np.unique(mesh.triangles[mesh.outside == 0])
    off = np.abs(np.linalg.norm(mesh.points[outer] - 21, axis=1) - 16.6)
    assert (off < 0.02 * 2).mean() > 0.95  # facets of the sphere are that flat
    assert off.max() < 2
    assert mesh.volumes(volume.ids()).sum() == pytest.approx(sphere.volume, rel=0.01)


def test_faces_of_the_box_that_cut_a_part_stay_flat():
    block = trimesh.creation.box(bounds=[[-20, 0.3, 0.2], [30, 9.8, 9.7]])
    volume = Microstructure(voronoi(10, 5))
    mesh = grain_mesh(volume, part_of(block))
    np.testing.assert_array_equal(
        [mesh.points[:, 0].min(), mesh.points[:, 0].max()], [0, 10]
    )
    low, high = mesh.points.min(0), mesh.points.max(0)
    np.testing.assert_allclose(low[1:], [0.3, 0.2], atol=0.05)
    np.testing.assert_allclose(high[1:], [9.8, 9.7], atol=0.05)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (np.zeros((3, 3, 3), int), "no grain"),
        (np.ones((8, 8, 1), int), "8 x 8 x 1 voxels are one voxel thick"),
        (np.ones((1, 1, 1), int), "1 x 1 x 1 voxels are one voxel thick"),
    ],
)
def test_what_has_no_boundaries_in_space_is_refused(ids, words):
    with pytest.raises(InputError, match=words):
        grain_mesh(Microstructure(ids))
