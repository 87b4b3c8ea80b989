"""Open surfaces are filled by their winding number, and the doubt is said."""

import numpy as np
import pytest
import trimesh
from naive.cad import winding_number
from solids import box, saved

from grainpaint import InputError
from grainpaint.cad import WindingGrid, load_open_part, plan_grid
from grainpaint.generation.domain import load_grid, part_domain
from grainpaint.generation.recipe import Options, make_recipe

pytest.importorskip("igl")


def lidless(tmp_path, n_gone=1, turned=False):
    """A ball of 1,280 triangles, some of them gone."""
    mesh = trimesh.creation.icosphere(3, radius=5.0)
    mesh.update_faces(np.arange(len(mesh.faces)) >= n_gone)
    if turned:
        mesh.invert()
    return saved(mesh, tmp_path / f"open{n_gone}.stl")


@pytest.mark.parametrize("turned", [False, True])
def test_a_ball_with_a_small_hole_is_filled(tmp_path, tiny_model, turned):
    path = lidless(tmp_path, turned=turned)
    with pytest.raises(InputError, match="open"):
        part_domain(path, longest=24)
    domain, notes = part_domain(path, longest=24, repair=True)
    assert ("turned" in notes[0]) == turned
    assert "doubtful" in notes[-1]
    grid = load_grid(make_recipe(domain, Options(), str(tiny_model)))
    mask = grid.mask_of_all()
    centers = np.indices(mask.shape).reshape(3, -1).T - 11.5
    far = np.linalg.norm(centers, axis=1).reshape(mask.shape)
    np.testing.assert_array_equal(
        mask[abs(far - 12) > 0.7], (far < 12)[abs(far - 12) > 0.7]
    )
    padded = grid.mask([(-2, 26), (5, 9), (0, 24)])
    np.testing.assert_array_equal(padded[2:-2], mask[:, 5:9])
    blocks = mask.reshape(3, 8, 3, 8, 3, 8).any((1, 3, 5))
    np.testing.assert_array_equal(grid.touched(8), blocks)


def test_winding_numbers_are_those_of_solid_angles(tmp_path, tiny_model):
    domain, (note,) = part_domain(lidless(tmp_path, 640), longest=16, repair=True)
    grid = load_grid(make_recipe(domain, Options(), str(tiny_model)))
    rows = [np.arange(16)] * 3
    found = grid.winding(*rows)
    index = np.stack(np.meshgrid(*rows, indexing="ij"), -1).reshape(-1, 3)
    centers = (index + 0.5) * grid.spacing + np.array(grid.origin)
    exact = winding_number(grid.part.vertices, grid.part.faces, centers)
    np.testing.assert_allclose(found.ravel(), exact, atol=0.02)
    doubtful = ((exact > 0.25) & (exact < 0.75)).sum() / (exact > 0.25).sum()
    share = float(note.split(" are doubtful")[0].split()[-1].rstrip("%")) / 100
    assert share == pytest.approx(doubtful, abs=0.02)


@pytest.mark.parametrize("far", [1e7, 1e8])
def test_far_from_the_origin_it_is_filled_as_well(tmp_path, far):
    ball = trimesh.creation.icosphere(3, radius=5.0)
    ball.update_faces(np.arange(len(ball.faces)) >= 1)
    ball.apply_translation((far, 0, 0))
    text = ball.export(file_type="obj", digits=17)
    (tmp_path / "far.obj").write_text(text)
    part = load_open_part(tmp_path / "far.obj", "mm")
    grid = plan_grid(part, longest=24)
    mask = WindingGrid(part, grid.shape, grid.spacing, grid.origin).mask_of_all()
    assert mask.sum() * (grid.spacing / 1e3) ** 3 == pytest.approx(521.4, rel=1e-3)


def test_huge_coordinates_are_refused(tmp_path):
    ball = trimesh.creation.icosphere(1)
    ball.update_faces(np.arange(len(ball.faces)) >= 1)
    ball.apply_scale(1e65)  # libigl would end the process
    (tmp_path / "huge.obj").write_text(ball.export(file_type="obj", digits=17))
    with pytest.raises(InputError, match="not those of a part"):
        load_open_part(tmp_path / "huge.obj", "mm")


def test_a_closed_part_needs_no_repair(tmp_path):
    path = saved(box((3, 4, 5)), tmp_path / "box.stl")
    assert load_open_part(path, "mm") is None
    domain, notes = part_domain(path, longest=20, repair=True)
    assert (domain, notes) == part_domain(path, longest=20)


def test_without_the_package_the_way_to_get_it_is_said(tmp_path, monkeypatch):
    path = lidless(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'grainpaint\[repair\]'"):
        load_open_part(path, "mm")
