"""The voxels inside a part."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.cad import winding_number
from samples import PARTS
from solids import box, part_of, saved

from grainpaint import InputError
from grainpaint.cad import load_part, plan_grid, voxelize


def test_a_box_on_voxel_faces_is_exact(tmp_path):
    """Corners, edges and diagonals all meet columns of centers: every tie is used."""
    for size in ((4, 6, 8), (5, 5, 5)):
        mesh = box(size)
        grid = voxelize(part_of(mesh), voxel=1.0)
        assert grid.mask.all()
        assert grid.mask.shape == size
        np.testing.assert_allclose(grid.origin, mesh.bounds[0])


def test_beyond_the_grid_nothing_is_inside():
    grid = plan_grid(load_part(PARTS / "gear.stl"), longest=40)
    nx, ny, nz = grid.shape
    mask = np.pad(grid.mask([(0, n) for n in grid.shape]), ((3, 2), (0, 4), (5, 5)))
    found = grid.mask([(-3, nx + 2), (0, ny + 4), (-5, nz + 5)])
    np.testing.assert_array_equal(found, mask)
    assert not grid.mask([(0, nx), (ny, ny + 9), (0, nz)]).any()


def test_columns_through_edges_and_corners_count_once():
    """The upper box has its faces, edges, diagonals and corners on voxel centers."""
    lower, upper = box((6, 6, 2), (0, 0, -3)), box((5, 5, 2), (0, 0, 3))
    part = part_of(trimesh.util.concatenate([lower, upper]))
    mask = voxelize(part, voxel=1.0).mask
    assert mask.shape == (6, 6, 8)
    assert mask.sum((0, 1)).tolist() == [36, 36, 0, 0, 0, 0, 25, 25]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_random_closed_bodies_agree_with_exact_geometry(seed):
    """Rotated boxes on a grid of small integers: the voxels are those of the box."""
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 9, 3)
    mesh = box(size)
    rotation = trimesh.transformations.random_rotation_matrix(rng.random(3))
    mesh.apply_transform(rotation)
    grid = voxelize(part_of(mesh), voxel=0.7)
    index = np.indices(grid.mask.shape).reshape(3, -1).T
    centers = np.array(grid.origin) + 0.7 * (index + 0.5)
    local = np.abs(centers @ rotation[:3, :3])
    clear = (np.abs(local - size / 2) > 1e-9).all(1)
    inside = (local < size / 2).all(1).reshape(grid.mask.shape)
    clear = clear.reshape(grid.mask.shape)
    np.testing.assert_array_equal(grid.mask[clear], inside[clear])


def test_ball_volume_error_falls_with_the_voxel():
    ball = part_of(trimesh.creation.icosphere(4, radius=10.0))
    errors = [
        abs(voxelize(ball, voxel=h).mask.sum() * h**3 / ball.volume - 1)
        for h in (2.0, 0.5)
    ]
    assert errors[0] < 0.08
    assert errors[1] < 0.004


def test_moving_by_one_voxel_moves_the_voxels():
    mesh = trimesh.creation.icosphere(3, radius=5.0)
    a = voxelize(part_of(mesh), voxel=0.5)
    mesh.apply_translation((0.5, -1.0, 2.0))
    b = voxelize(part_of(mesh), voxel=0.5)
    np.testing.assert_array_equal(a.mask, b.mask)
    np.testing.assert_allclose(np.subtract(b.origin, a.origin), (0.5, -1.0, 2.0))


@pytest.mark.parametrize("name", ["gear", "dog_bone", "tube"])
def test_real_parts_agree_with_solid_angles(rng, name):
    """An independent definition of inside, at 1,500 voxel centers."""
    part = load_part(PARTS / f"{name}.stl")
    grid = voxelize(part, longest=100)
    index = rng.integers(0, grid.mask.shape, (1500, 3))
    centers = np.array(grid.origin) + grid.spacing * (index + 0.5)
    inside = winding_number(part.vertices, part.faces, centers) > 0.5
    np.testing.assert_array_equal(grid.mask[tuple(index.T)], inside)


def test_overlapping_bodies_are_their_union_and_shells_inside_are_cavities(tmp_path):
    two = trimesh.util.concatenate([box((4, 4, 4)), box((4, 4, 4), (2, 0, 0))])
    grid = voxelize(part_of(two), voxel=0.5)
    assert grid.mask.all()
    assert grid.mask.shape == (12, 8, 8)
    shell = box((2, 2, 2))
    shell.invert()
    hollow = trimesh.util.concatenate([box((4, 4, 4)), shell])
    path = saved(hollow, tmp_path / "hollow.stl")
    mask = voxelize(load_part(path), voxel=500.0).mask
    assert mask.sum() == 8**3 - 4**3
    assert not mask[2:6, 2:6, 2:6].any()


def test_parts_thinner_than_a_voxel_are_refused():
    part = part_of(box((100, 100, 1)))
    with pytest.raises(InputError, match="thinner than a voxel"):
        plan_grid(part, voxel=2.0)
    diagonal = box((100, 1, 1))
    diagonal.apply_transform(
        trimesh.transformations.rotation_matrix(np.pi / 4, (0, 1, 1))
    )
    with pytest.raises(InputError, match="no voxel center lies inside"):
        voxelize(part_of(diagonal), voxel=30.0)


@pytest.mark.parametrize("voxel", [0.0, -1.0, float("nan"), float("inf")])
def test_absurd_voxels_are_refused(voxel):
    with pytest.raises(InputError, match="voxel"):
        plan_grid(part_of(box()), voxel=voxel)
