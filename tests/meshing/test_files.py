"""Files of meshes, read by other libraries."""

import meshio
import numpy as np
import pytest
import pyvista
import trimesh
from oriented import oriented

from grainpaint import InputError, Microstructure
from grainpaint.meshing import grain_mesh, write_mesh
from grainpaint.meshing.volumes import grain_volumes

VOLUME = oriented(gaps=True)


@pytest.fixture(scope="module")
def mesh():
    return grain_mesh(VOLUME)


def test_vtu_has_triangles_with_their_grains(mesh, tmp_path):
    write_mesh(mesh, VOLUME, tmp_path / "a.vtu")
    found = pyvista.read(tmp_path / "a.vtu")
    np.testing.assert_array_equal(found.points, mesh.points)
    np.testing.assert_array_equal(found.cells_dict[5], mesh.triangles)
    np.testing.assert_array_equal(found.cell_data["inside"], mesh.inside)
    np.testing.assert_array_equal(found.cell_data["outside"], mesh.outside)
    np.testing.assert_array_equal(found.point_data["kind"], mesh.kinds)


def test_ply_has_triangles_with_their_grains(mesh, tmp_path):
    write_mesh(mesh, VOLUME, tmp_path / "a.ply")
    found = trimesh.load(tmp_path / "a.ply", process=False)
    np.testing.assert_array_equal(found.vertices, mesh.points)
    np.testing.assert_array_equal(found.faces, mesh.triangles)
    faces = found.metadata["_ply_raw"]["face"]["data"]
    np.testing.assert_array_equal(np.ravel(faces["inside"]), mesh.inside)
    np.testing.assert_array_equal(np.ravel(faces["outside"]), mesh.outside)
    theirs = pyvista.read(tmp_path / "a.ply")
    np.testing.assert_array_equal(theirs.regular_faces, mesh.triangles)


def test_stl_has_all_triangles_once_with_their_normals(mesh, tmp_path):
    write_mesh(mesh, VOLUME, tmp_path / "a.stl")
    found = trimesh.load(tmp_path / "a.stl", process=False)
    corners = mesh.points[mesh.triangles]
    np.testing.assert_allclose(found.triangles, corners, rtol=1e-6, atol=1e-5)
    expected = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    expected /= np.linalg.norm(expected, axis=1)[:, None]
    np.testing.assert_allclose(found.face_normals, expected, atol=1e-4)


def test_inp_has_a_closed_set_of_elements_and_a_material_for_each_grain(mesh, tmp_path):
    write_mesh(mesh, VOLUME, tmp_path / "a.inp")
    text = (tmp_path / "a.inp").read_text()
    assert max(map(len, text.splitlines())) <= 256
    # meshio knows no S3, whose nodes are those of its STRI3.
    (tmp_path / "b.inp").write_text(text.replace("type=S3", "type=STRI3"))
    found = meshio.read(tmp_path / "b.inp")
    np.testing.assert_allclose(found.points, mesh.points, rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(found.cells[0].data, mesh.triangles)
    for grain in VOLUME.ids().tolist():
        own = np.sort(found.cell_sets[f"GRAIN{grain}_SET"][0])
        around = (mesh.inside == grain) | (mesh.outside == grain)
        np.testing.assert_array_equal(own, np.flatnonzero(around))
        assert f"*Material, name=GRAIN{grain}_MAT\n" in text
    angles = np.rad2deg(VOLUME.orientations.euler()[2])  # of grain 3
    last = text.split("name=GRAIN3_MAT\n")[1].split("constants=5\n")[1].split("\n")[0]
    assert [float(w) for w in last.split(",")] == pytest.approx([3, 1, *angles])


def test_meshes_without_orientations_have_materials_of_grain_and_phase(tmp_path):
    plain = Microstructure(VOLUME.grain_id)
    write_mesh(grain_mesh(plain), plain, tmp_path / "a.inp")
    assert (tmp_path / "a.inp").read_text().endswith("constants=2\n21, 1\n")


def test_volumes_come_back_from_a_file(mesh, tmp_path):
    write_mesh(mesh, VOLUME, tmp_path / "a.vtu")
    found = pyvista.read(tmp_path / "a.vtu")
    pairs = np.stack([found.cell_data["inside"], found.cell_data["outside"]], 1)
    sizes = grain_volumes(found.points, found.cells_dict[5], pairs, 22)[VOLUME.ids()]
    voxel = np.prod(VOLUME.spacing)
    np.testing.assert_allclose(sizes, VOLUME.grain_volumes() * voxel, rtol=0.01)


def test_other_suffixes_are_refused(mesh, tmp_path):
    with pytest.raises(InputError, match=r"meshes are written as \.vtu, \.ply"):
        write_mesh(mesh, VOLUME, tmp_path / "a.obj")
