"""Lost and fattened features: said with place, share and the voxel that would do."""

import re

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from samples import GEAR, PARTS
from solids import box, of_cells, part_of, solid_of

from grainpaint import InputError, paint
from grainpaint.cad import PartGrid, find_losses, load_part, plan_grid
from grainpaint.cad.neighborhoods import block_layers
from grainpaint.errors import InputNote
from grainpaint.generation.domain import part_domain


def finned(thickness, height=5.0, size=10.0, base=4.0):
    """A block with a fin across its top, one body."""
    left, right, top = (size - thickness) / 2, (size + thickness) / 2, base + height
    corners = [(0, 0), (left, 0), (right, 0), (size, 0), (size, base), (right, base)]
    corners += [(left, base), (0, base), (right, top), (left, top)]
    faces = [(0, 1, 6), (0, 6, 7), (1, 2, 5), (1, 5, 6)]
    faces += [(2, 3, 4), (2, 4, 5), (6, 5, 8), (6, 8, 9)]
    mesh = trimesh.creation.extrude_triangulation(
        np.array(corners), np.array(faces), size
    )
    mesh.merge_vertices()
    return mesh


def shell(wall, size=10.0):
    inner = box((size - 2 * wall,) * 3)
    inner.invert()
    return trimesh.util.concatenate([box((size,) * 3), inner])


def losses(mesh, longest):
    return find_losses(plan_grid(solid_of(mesh), longest=longest))


def lengths(line):
    """Return the lengths in a line, µm."""
    found = re.findall(r"([\d.]+) (µm|mm)", line)
    return [float(n) * (1000 if unit == "mm" else 1) for n, unit in found]


@given(st.integers(0, 2**32 - 1))
def test_volumes_of_blocks_are_those_of_the_mesh_and_of_the_mask(seed):
    """Exact volumes against clipped meshes would need a CAD kernel: sums and bounds."""
    rng = np.random.default_rng(seed)
    mesh = trimesh.creation.icosphere(2, radius=4.0)
    mesh.vertices *= rng.uniform(0.3, 1.5, 3)
    mesh.apply_transform(trimesh.transformations.random_rotation_matrix(rng.random(3)))
    part = part_of(mesh)
    grid = plan_grid(part, voxel=float(rng.uniform(0.2, 0.6)))
    (layers,) = block_layers(grid)
    assert layers.exact.sum() * grid.spacing**3 == pytest.approx(mesh.volume)
    assert layers.inner_area.sum() * grid.spacing**2 == pytest.approx(mesh.area)
    assert layers.exact.min() > -1e-6
    assert layers.exact.max() < 4.25**3 + 1e-6  # what is beyond counts to the last
    mask = grid.mask_of_all().astype(float)
    for axis, n in enumerate(grid.shape):
        mask = np.add.reduceat(mask, np.arange(0, n, 4), axis)
    np.testing.assert_allclose(layers.voxels, mask, atol=1e-9)
    assert layers.of_body.tolist() == [mask.sum()]


def test_exact_volumes_of_blocks_of_a_box_are_products():
    """A box with its faces anywhere, on planes between blocks too."""
    for size in ((8.0, 8.0, 8.0), (9.5, 7.25, 4.0)):
        grid = plan_grid(part_of(box(size)), voxel=1.0)
        (layers,) = block_layers(grid)
        low = np.array(grid.origin)
        sides = [  # what is beyond the first and the last block counts to them
            np.diff([-s / 2, *(4 * np.arange(1, -(-n // 4)) + o), s / 2])
            for n, o, s in zip(grid.shape, low, size)
        ]
        expected = np.einsum("i,j,k", *sides)
        np.testing.assert_allclose(layers.exact, expected, atol=1e-9)


@pytest.mark.parametrize("beyond", [-0.2, 0.0, 0.2])
def test_surface_on_borders_of_blocks_is_that_of_the_block_inside_and_of_the_room(
    beyond,
):
    """A box of 8 x 4 x 4 voxels within a grid of 5 x 3 x 3 blocks, about on borders."""
    mesh = box((8 + beyond, 4 + beyond, 4 + beyond), (8, 6, 6))
    grid = PartGrid(part_of(mesh), (20, 12, 12), 1.0, (0.0, 0.0, 0.0))
    (layers,) = block_layers(grid)
    inside = np.zeros((5, 3, 3), bool)
    inside[1:3, 1, 1] = True
    np.testing.assert_array_equal(layers.inner_area > 8, inside)
    sides = sum(
        np.roll(inside, step, axis) for axis in range(3) for step in (-1, 1)
    ).astype(bool)
    np.testing.assert_array_equal(layers.outer_area > 8, sides & ~inside)
    assert layers.inner_area.sum() == pytest.approx(mesh.area)
    assert layers.outer_area.sum() == pytest.approx(mesh.area)


def test_layers_in_pieces_are_those_of_the_whole(monkeypatch):
    grid = plan_grid(load_part(PARTS / "gear.stl"), longest=50)
    (whole,) = block_layers(grid)
    lines = find_losses(plan_grid(part_of(finned(0.1)), longest=64))
    monkeypatch.setattr("grainpaint.cad.neighborhoods._MOST_BLOCKS", 1)
    pieces = list(block_layers(grid))
    assert len(pieces) == 13
    for name in ("exact", "voxels", "inner_area", "outer_area"):
        joined = np.concatenate([getattr(p, name) for p in pieces])
        np.testing.assert_allclose(joined, getattr(whole, name), atol=1e-9)
    np.testing.assert_array_equal(sum(p.of_body for p in pieces), whole.of_body)
    assert find_losses(plan_grid(part_of(finned(0.1)), longest=64)) == lines


@pytest.mark.parametrize("thickness", [0.04, 0.1, 0.16])
@pytest.mark.parametrize("height", [2.0, 5.0])
def test_a_fin_thinner_than_a_voxel_is_found(thickness, height):
    line = losses(finned(thickness, height), 66)[-1]
    assert line.startswith("walls or struts are too thin")
    x, y, _ = map(float, re.search(r"near \((.*?)\)", line)[1].split(", "))
    assert x == pytest.approx(5.0, abs=0.4)
    assert y > 4.0
    got, would_do, is_now = lengths(line)[-3:]
    assert got == pytest.approx(thickness, rel=0.1)
    assert would_do <= thickness / 2
    assert is_now == pytest.approx(10 / 66, rel=0.01)
    assert ("100 % less" in line) == (thickness < 0.16)


def test_a_turned_fin_whose_volume_is_right_by_chance_is_broken():
    mesh = finned(0.1)
    mesh.apply_transform(trimesh.transformations.rotation_matrix(0.7, (1, 2, 3)))
    (line,) = losses(mesh, 64)
    assert "broken" in line


def test_walls_all_around_are_fattened_by_the_share_that_is_said():
    """24 walls of 0.1 mm: the figures come from the mask itself."""
    grid = plan_grid(part_of(shell(0.1)), longest=64)
    exact = 1000 - 9.8**3
    share = grid.mask_of_all().sum() * grid.spacing**3 / exact - 1
    line = find_losses(grid)[0]
    assert f"{100 * share:.0f} % more volume than the part" in line
    voxel = lengths(line)[-2]
    assert voxel <= 0.05
    fine = plan_grid(grid.part, voxel)
    assert abs(fine.mask_of_all().sum() * voxel**3 / exact - 1) < 0.03


def test_a_body_that_vanishes_is_refused_unless_another_covers_it():
    sheet = box((0.04, 10, 9), (0.05, 0, 8))
    two = trimesh.util.concatenate([box((10, 10, 4)), sheet])
    with pytest.raises(InputError, match=r"the body at .* would vanish") as error:
        losses(two, 64)
    assert lengths(str(error.value))[-1] <= 0.02
    inside = trimesh.util.concatenate([box((10, 10, 10)), box((0.04, 5, 5))])
    losses(inside, 64)


def test_a_gap_that_closes_is_said():
    halves = [box((5, 10, 10), (-2.52, 0, 0)), box((5, 10, 10), (2.52, 0, 0))]
    line = losses(trimesh.util.concatenate(halves), 64)[-1]
    assert line.startswith("gaps or holes are too thin")


def test_faces_on_borders_of_blocks_do_not_make_wide_gaps_narrow():
    """Plates of 3.5 voxels as far apart, on a base: its box is the grid."""
    occupied = np.ones((8, 2, 1))
    occupied[1::2, 1] = 0
    comb = of_cells((np.arange(9) * 3.5, (0, 4, 24), (0, 24)), occupied)
    grid = PartGrid(solid_of(comb), (28, 24, 24), 1.0, (0.0, 0.0, 0.0))
    assert not [line for line in find_losses(grid) if "thin" in line]


def test_absurd_grids_take_neither_memory_nor_time():
    part = part_of(box((8, 8, 8)))
    assert find_losses(plan_grid(part, voxel=1e-6)) == []
    (line,) = find_losses(plan_grid(part_of(box((8, 8, 1e-3))), voxel=8e-5))
    assert "not compared" in line
    assert losses(box((0.01, 0.01, 4000)), 400_000) == []


@pytest.mark.parametrize("longest", [32, 50, 64, 128])
def test_resolved_bodies_are_not_warned_of(longest):
    assert losses(trimesh.creation.icosphere(4, radius=5.0), longest) == []
    assert losses(trimesh.creation.cone(2.0, 9.0, sections=48), longest) == []
    cube = box((8, 8, 8))
    assert losses(cube, longest) == []


@pytest.mark.parametrize(("path", "longest"), [(GEAR, 64), (GEAR, 128), (GEAR, 200)])
def test_real_parts_are_not_warned_of(path, longest):
    assert part_domain(path, longest=longest)[1] == []


def test_what_is_lost_is_said_on_the_command_line_and_to_programs(
    tmp_path, run, tiny_model
):
    path = tmp_path / "walls.stl"
    shell(0.1).export(path)
    words = (path, "--longest", 64, "--model", tiny_model)
    out = tmp_path / "walls.npz"
    for command in (("plan",), ("paint", "-o", out, "--dry-run")):
        code, _, error = run(command[0], *words, *command[1:])
        assert code == 0
        assert error.count("more volume than the part") == 1
    with pytest.warns(InputNote, match="they are") as said:
        paint(path, longest=64, model=str(tiny_model))
    assert any("volume than the part" in str(warning.message) for warning in said)


@pytest.mark.parametrize("n", [4, 8, 20, 40])
def test_rounding_of_the_box_is_half_a_voxel_at_most(n):
    """Rounded up, a side of n + 0.1 voxels would be n + 1, and told as a loss."""
    rng = np.random.default_rng(n)
    for size in (n + rng.uniform(-0.5, 0.5, (20, 3))).clip(1.2):
        grid = plan_grid(part_of(box(size)), voxel=1.0)
        assert (np.abs(np.array(grid.shape) - size) <= 0.5 + 1e-6).all()
        assert grid.mask_of_all().all()
        wider = PartGrid(
            grid.part,
            tuple(k + 4 for k in grid.shape),
            1.0,
            tuple(o - 2 for o in grid.origin),
        )
        assert wider.mask_of_all().sum() == np.prod(grid.shape)  # nothing is cut off
    assert find_losses(plan_grid(part_of(box((32.1, 32.1, 32.1))), voxel=1.0)) == []
    (line,) = find_losses(plan_grid(part_of(box((32.0, 32.0, 4.4))), voxel=1.0))
    assert "9.1 % less volume" in line  # a true loss is told


def test_bodies_that_touch_have_no_gap_between_them():
    row = [box((10, 10, 10), (x, 0, 0)) for x in (0, 10, 20)]
    assert find_losses(plan_grid(solid_of(*row), longest=128)) == []


def test_cavities_without_a_voxel_are_told():
    slit = box((8, 8, 0.02), (5, 5, 5.02))
    pore, hole = box((0.05,) * 3, (2.03, 2.03, 2.03)), box((2, 2, 2), (5, 5, 8))
    for mesh in (slit, pore, hole):
        mesh.invert()
    block = box((10,) * 3, (5, 5, 5))
    (line,) = losses(trimesh.util.concatenate([block, slit]), 40)
    assert "a cavity holds no voxel" in line
    assert "8 µm x 8 µm x 0.02 µm" in line
    (line,) = losses(trimesh.util.concatenate([block, pore, hole]), 40)
    assert "1 of 2 cavities hold no voxel" in line
    assert "(2.03, 2.03, 2.03) µm" in line
    assert losses(trimesh.util.concatenate([block, hole]), 40) == []


def test_cavities_that_overlap_make_no_wall_and_no_loss():
    row = [box((8, 8, 8), (x, 0, 0)) for x in (-0.8, -0.4, 0, 0.4, 0.8)]
    pair = [box((5, 5, 5), (x, x, x)) for x in (-1.25, 1.25)]
    for mesh in (*row, *pair):
        mesh.invert()
    for cavities in (row, pair):
        mesh = trimesh.util.concatenate([box((10,) * 3), *cavities])
        lines = losses(mesh, 80)
        assert [line for line in lines if "not compared" not in line] == []
        assert "cavities overlap" in lines[0]
    apart = trimesh.util.concatenate([box((10,) * 3), pair[0]])
    assert losses(apart, 80) == []
