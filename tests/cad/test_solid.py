"""Solids from triangles: checked, mended, and read once."""

import numpy as np
import pytest
import trimesh
from solids import box, saved

from grainpaint import InputError
from grainpaint.cad import load_part, voxelize
from grainpaint.formats.files import file_digest

UM_PER_MM = 1000.0


@pytest.mark.parametrize("kind", ["stl", "stl_ascii"])
def test_binary_and_ascii_files_give_the_same_part(tmp_path, kind):
    path = saved(box((2, 3, 4)), tmp_path / "box.stl", file_type=kind)
    part = load_part(path)
    assert part.volume == pytest.approx(24 * UM_PER_MM**3)
    assert load_part(path, "inch").bounds[1][2] == pytest.approx(2 * 25_400)


def test_inside_out_and_mixed_triangles_are_turned(tmp_path):
    mesh = trimesh.creation.icosphere(2, radius=3.0)
    good = voxelize(load_part(saved(mesh, tmp_path / "good.stl")), voxel=300.0).mask
    mesh.invert()
    part = load_part(saved(mesh, tmp_path / "inverted.stl"))
    assert part.notes == ("the part was inside out: turned",)
    np.testing.assert_array_equal(voxelize(part, voxel=300.0).mask, good)
    mesh.invert()
    mesh.faces[::5] = mesh.faces[::5, ::-1]
    part = load_part(saved(mesh, tmp_path / "mixed.stl"))
    assert part.notes == ("some triangles faced the wrong way: turned",)
    np.testing.assert_array_equal(voxelize(part, voxel=300.0).mask, good)


def test_open_meshes_name_their_holes(tmp_path):
    mesh = trimesh.creation.icosphere(2, radius=3.0)
    mesh.update_faces(~np.isin(np.arange(len(mesh.faces)), [5, 200]))
    with pytest.raises(
        InputError, match=r"2 holes \(6 open edges\), the first at \(.*\) mm"
    ):
        load_part(saved(mesh, tmp_path / "open.stl"))


def test_an_unchanged_file_is_read_once(tmp_path):
    path = saved(box((2, 3, 4)), tmp_path / "box.stl")
    part = load_part(path)
    assert part.sha256 == file_digest(path)
    assert load_part(path) is part
    assert load_part(path, "cm") is not part
    saved(trimesh.creation.icosphere(2, radius=3.0), path)
    changed = load_part(path)
    assert changed.sha256 == file_digest(path) != part.sha256
    assert len(changed.faces) != len(part.faces)
