"""The command mesh."""

import numpy as np
import pytest
import pyvista
import trimesh
from oriented import oriented
from solids import saved
from volumes import voronoi

from grainpaint import Microstructure


def test_mesh_writes_a_file_and_tells_how_good_it_is(run, tmp_path):
    volume, out = tmp_path / "a.npz", tmp_path / "a.vtu"
    Microstructure(voronoi(12, 5)).save(volume)
    code, text, errors = run("mesh", volume, "-o", out)
    assert code == 0
    rows = dict(line.split("  ", 1) for line in text.splitlines())
    rows = {name: value.strip() for name, value in rows.items()}
    assert rows["grains"] == "5"
    assert rows["triangles"] == f"{pyvista.read(out).n_cells:,}"
    assert rows["wrong edges"] == "0"
    assert rows["crossing"] == "0 triangles"
    assert rows["volumes"].endswith("0 grains off by over 1%")
    assert "not sound" not in errors
    code, _, errors = run("mesh", volume, "-o", out)
    assert (code, errors) == (
        2,
        f"grainpaint: {out} exists: use --force to replace it\n",
    )


@pytest.mark.parametrize(
    ("ids", "name", "words"),
    [
        (np.ones((4, 4, 4), int), "a.obj", "meshes are written as"),
        (np.ones((4, 4, 1), int), "a.vtu", "one voxel thick"),
        (np.zeros((4, 4, 4), int), "a.vtu", "the volume has no grain"),
    ],
)
def test_what_cannot_be_meshed_is_one_line(run, tmp_path, ids, name, words):
    Microstructure(ids).save(tmp_path / "a.npz")
    code, _, errors = run("mesh", tmp_path / "a.npz", "-o", tmp_path / name)
    assert code == 2
    assert errors.startswith("grainpaint: ")
    assert words in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / name).exists()


def test_grains_are_filled_with_tetrahedra(run, tmp_path):
    volume, out = tmp_path / "a.npz", tmp_path / "a.vtu"
    Microstructure(voronoi(8, 3)).save(volume)
    code, text, errors = run("mesh", volume, "-o", out, "--tetrahedra")
    assert code == 0
    rows = dict(line.split("  ", 1) for line in text.splitlines())
    rows = {name: value.strip() for name, value in rows.items()}
    found = pyvista.read(out)
    assert rows["tetrahedra"] == f"{found.n_cells:,}"
    assert rows["inside out"] == "0"
    assert rows["volumes"].endswith("0 grains off by over 1%")
    assert "not sound" not in errors
    assert set(found.cell_data["grain"]) == {1, 2, 3}
    code, _, errors = run("mesh", volume, "-o", tmp_path / "a.ply", "--tetrahedra")
    assert (code, errors.count("\n")) == (2, 1)
    assert "tetrahedra are written as .vtu, .inp" in errors


def test_stl_is_said_to_hold_no_grains(run, tmp_path):
    Microstructure(voronoi(6, 2)).save(tmp_path / "a.npz")
    _, _, errors = run("mesh", tmp_path / "a.npz", "-o", tmp_path / "a.stl")
    assert "STL does not say which grains meet" in errors


def test_orientations_are_in_vtu_or_said_to_be_dropped(run, tmp_path):
    volume = oriented(shape=(4, 4, 4))
    volume.save(tmp_path / "a.npz")
    assert run("mesh", tmp_path / "a.npz", "-o", tmp_path / "a.vtu")[2] == ""
    fields = pyvista.read(tmp_path / "a.vtu").field_data
    known = volume.orientations.rows(volume.ids())
    np.testing.assert_array_equal(fields["quaternion"], known.quaternion)
    np.testing.assert_array_equal(fields["phase"], known.phase)
    np.testing.assert_array_equal(fields["orientation_id"], volume.ids())
    for name in ("a.ply", "a.stl"):
        errors = run("mesh", tmp_path / "a.npz", "-o", tmp_path / name)[2]
        assert "does not hold orientations and phases" in errors


def test_the_surface_is_that_of_the_part_in_the_record(run, tiny_model, tmp_path):
    ball = trimesh.creation.icosphere(3, 1.0)
    part = saved(ball, tmp_path / "ball.stl")
    volume, out = tmp_path / "a.npz", tmp_path / "a.vtu"
    flags = ("--longest", 20, "--model", tiny_model, "--no-picture")
    assert run("paint", part, "-o", volume, *flags)[0] == 0
    assert run("mesh", volume, "-o", out)[0] == 0
    found = pyvista.read(out)
    outer = np.unique(found.cells_dict[5][found.cell_data["outside"] == 0])
    radius = np.linalg.norm(found.points[outer], axis=1)  # µm; a voxel is 100
    assert (np.abs(radius - 1000) < 15).mean() > 0.9
    part.unlink()
    code, _, errors = run("mesh", volume, "-o", out, "--force")
    assert code == 0
    assert f"{part}: no such file; its surface is that of the voxels" in errors
    rough = pyvista.read(out).points[outer]
    assert (np.abs(np.linalg.norm(rough, axis=1) - 1000) < 15).mean() < 0.6
