"""Parts from files of any format: what a file is, and its unit, the file decides."""

import gzip
import io
import zipfile

import numpy as np
import pytest
import trimesh
from samples import PARTS
from solids import box, saved

from grainpaint import InputError
from grainpaint.cad import Pose, load_part, parse_rotations, plan_grid, unit_of

FORMATS = ("stl", "obj", "ply", "off", "glb")


def threemf(model, **others):
    """Return a 3MF archive of a main model and of other files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", model)
        for name, text in others.items():
            archive.writestr(f"3D/{name}.model", text)
    return packed.getvalue()


def model_of(resources, build, unit=""):
    head = f'<model {unit} xmlns="http://schemas.microsoft.com/3dmanufacturing/core"'
    head += ' xmlns:p="http://schemas.microsoft.com/3dmanufacturing/production">'
    return f"{head}<resources>{resources}</resources><build>{build}</build></model>"


def mesh_of(mesh, number=1):
    corners = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in mesh.vertices)
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in mesh.faces)
    return (
        f'<object id="{number}"><mesh><vertices>{corners}</vertices>'
        f"<triangles>{faces}</triangles></mesh></object>"
    )


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", FORMATS)
def test_formats_of_one_body_give_one_part(tmp_path, kind, packed):
    """The name lies: bytes decide."""
    mesh = trimesh.creation.icosphere(2, radius=2.0)
    mesh.apply_translation((1.0, 2.0, 3.0))
    path = saved(mesh, tmp_path / f"ball.{kind}")
    data = path.read_bytes()
    path = tmp_path / "ball.dat"
    path.write_bytes(gzip.compress(data) if packed else data)
    part = load_part(path, "m" if kind == "glb" else "mm")
    edge = 1e6 if kind == "glb" else 1e3
    assert part.volume == pytest.approx(mesh.volume * edge**3, rel=1e-5)
    np.testing.assert_allclose(part.bounds, mesh.bounds * edge, rtol=1e-5)


def test_a_scene_is_placed_as_it_says_mirrors_too(tmp_path):
    move = trimesh.transformations.translation_matrix((10, 0, 0))
    mirror = np.diag([-2.0, 2.0, 2.0, 1.0])
    scene = trimesh.Scene()
    scene.add_geometry(box((2, 3, 4)), transform=move)
    scene.add_geometry(box((2, 3, 4), (-1, 0, 0)), transform=mirror)
    scene.export(tmp_path / "scene.glb")
    part = load_part(tmp_path / "scene.glb")
    assert part.volume == pytest.approx(24 * 9 * 1e18)
    np.testing.assert_allclose(part.bounds[0], [0, -3e6, -4e6], atol=1)
    np.testing.assert_allclose(part.bounds[1], [11e6, 3e6, 4e6], atol=1)


def test_quads_and_counting_from_the_end_in_obj(tmp_path):
    """The material that the file names is not there, and is not looked for."""
    corners = [(x, y, z) for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    lines = ["mtllib none.mtl", *(f"v {x} {y} {z}" for x, y, z in corners)]
    lines += ["usemtl none", "f 1 4 3 2", "f 5 6 7 8", "f 1 2 6 5", "f -7 -6 -2 -3"]
    lines += ["f 3/1/1 4/1/1 8/1/1 7/1/1", "f 4//1 1//1 5//1 8//1"]
    lines.insert(1, "vt 0 0\nvn 0 0 1")
    path = tmp_path / "cube.obj"
    path.write_text("\n".join(lines))
    part = load_part(path)
    assert part.volume == pytest.approx(1e9)
    assert len(part.faces) == 12


def test_free_form_surfaces_of_obj_are_refused_and_not_left_out(tmp_path):
    box((10, 10, 10)).export(tmp_path / "a.obj")
    with (tmp_path / "a.obj").open("a") as file:
        file.write("cstype bspline\ndeg 1 1\nsurf 0 1 0 1 1 2 3 4\nend\n")
    with pytest.raises(InputError, match=r"free-form surfaces.*: export polygons"):
        load_part(tmp_path / "a.obj")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("v 1,5 2 3", r"\('1,5' is not a number: decimals are written with a point\)"),
        ("v 1 x 3", r"\('x' is not a number\)"),
        ("f 1.0 2 3", r"\(a face has the corner '1\.0', no integer\)"),
        ("call rest.obj", "some of it is in other files"),
    ],
)
def test_lines_of_obj_that_cannot_be_read_are_quoted(tmp_path, line, message):
    box((10, 10, 10)).export(tmp_path / "a.obj")
    with (tmp_path / "a.obj").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(InputError, match=message):
        load_part(tmp_path / "a.obj")


@pytest.mark.parametrize(
    ("unit", "edge", "known"),
    [("", 1e3, "mm"), ('unit="inch"', 25_400, "inch"), ('unit="micron"', 1, "um"),
     ('unit="foot"', 304_800, "inch"), ('unit="meter"', 1e6, "m")],
)  # fmt: skip
def test_3mf_units_are_obeyed(tmp_path, unit, edge, known):
    path = tmp_path / "cube.3mf"
    path.write_bytes(threemf(model_of(mesh_of(box()), '<item objectid="1"/>', unit)))
    part = load_part(path)
    assert part.volume == pytest.approx(edge**3)
    assert ("its unit is the foot: read as 12 inches" in part.notes) == ("foot" in unit)
    assert unit_of(path) == known
    with pytest.raises(InputError, match=f"its unit is {known}, not cm"):
        load_part(path, "cm")


def test_3mf_builds_components_in_place_and_only_what_is_built(tmp_path):
    """Object 2 is object 1 twice, of another file; object 3 is not built."""
    other = model_of(mesh_of(box((1, 2, 3))), "")
    component = '<component p:path="/3D/other.model" objectid="1" transform="{}"/>'
    rows = ("1 0 0 0 1 0 0 0 1 5 0 0", "-2 0 0 0 1 0 0 0 1 0 0 0")
    components = "".join(component.format(row) for row in rows)
    resources = f'<object id="2"><components>{components}</components></object>'
    resources += mesh_of(box((9, 9, 9)), 3)
    item = '<item objectid="2" transform="0 1 0 -1 0 0 0 0 1 0 0 7"/>'
    path = tmp_path / "two.3mf"
    path.write_bytes(threemf(model_of(resources, item), other=other))
    part = load_part(path)
    assert part.volume == pytest.approx(18e9)
    np.testing.assert_allclose(part.bounds[0], [-1000, -1000, 5500])
    np.testing.assert_allclose(part.bounds[1], [1000, 5500, 8500])


def bad(kind):
    if kind == "unpacks to over":
        return gzip.compress(bytes(220 << 20))
    mesh, item = mesh_of(box()), '<item objectid="1"/>'
    loop = '<object id="1"><components><component objectid="1"/></components></object>'
    return {
        "no such object": threemf(model_of(mesh, '<item objectid="4"/>')),
        "holds itself": threemf(model_of(loop, item)),
        "builds no mesh": threemf(model_of(mesh, "")),
        "document type": threemf("<!DOCTYPE a>" + model_of(mesh, item)),
        "not there": threemf(model_of(mesh.replace('v1="0"', 'v1="99"'), item)),
        "damaged 3MF": threemf(model_of(mesh, item)[:-9]),
        "no unit": threemf(model_of(mesh, item, 'unit="ell"')),
        "truncated": gzip.compress(b"solid x")[:-4],
        "other files": b'{"asset": {"version": "2.0"}, "buffers": [{"uri": "a.bin"}]}',
        "as GLB": b"glTF\2\0\0\0\x20\0\0\0" + bytes(20),
        "no triangles": b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\n"
        b"property float y\nproperty float z\nend_header\n0 0 0\n",
        "as OFF": b"OFF\n8 6 0\n0 0 nothing\n",
        "as OBJ": b"v 0 0 0\nv 1 0 0\nf 1 2 9\n",
        "this is none": b"I am a letter to my aunt.\n" * 9,
        "is empty": b"",
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["no such object", "holds itself", "builds no mesh", "document type", "not there",
     "damaged 3MF", "no unit", "unpacks to over", "truncated", "other files", "as GLB",
     "no triangles", "as OFF", "as OBJ", "this is none", "is empty"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, kind, capfd):
    path = tmp_path / "bad.part"
    path.write_bytes(bad(kind))
    with pytest.raises(InputError, match=kind.replace("no such", "no")) as error:
        load_part(path)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_poses_are_turned_about_the_axes_of_the_file():
    x, y, z = np.eye(3)
    for up in ("x", "-x", "y", "-y", "z", "-z"):
        matrix = Pose(up=up).matrix
        axis = {"x": x, "y": y, "z": z}[up[-1]] * (-1 if "-" in up else 1)
        np.testing.assert_array_equal(matrix @ axis, z)
        assert np.linalg.det(matrix) == 1.0
    turned = Pose(2.0, rotate=parse_rotations("z:90,x:90")).place(np.eye(3))
    np.testing.assert_array_equal(turned, [2 * z, -2 * x, -2 * y])
    by_30 = Pose(rotate=(("y", 30.0),)).matrix
    expected = trimesh.transformations.rotation_matrix(np.pi / 6, (0, 1, 0))[:3, :3]
    np.testing.assert_allclose(by_30, expected, atol=1e-15)


@pytest.mark.parametrize("text", ["30", "w:30", "z:many", "z:nan", "z:1;x:2"])
def test_rotations_that_say_nothing_are_refused(text):
    with pytest.raises(InputError, match="z:30"):
        parse_rotations(text)


def test_a_pose_turns_a_part_and_keeps_its_volume():
    part = load_part(PARTS / "gear.stl")
    turned = load_part(PARTS / "gear.stl", pose=Pose(3.0, "y", (("z", 30.0),)))
    assert turned.volume == pytest.approx(27 * part.volume)
    assert turned.sha256 == part.sha256
    with pytest.raises(InputError, match="scale"):
        Pose(0.0)
    with pytest.raises(InputError, match="up is the axis"):
        Pose(up="w")


@pytest.mark.parametrize("scale", [1e300, 1e110, 1e-110, 5e-324])
def test_scales_beyond_what_volumes_can_hold_are_refused(scale):
    with pytest.raises(InputError, match="a scale is between 1e-20 and 1e"):
        Pose(scale)


def test_sizes_beyond_what_volumes_can_hold_are_refused(tmp_path):
    text = box().export(file_type="obj").replace("0.50000000", "5e-111")
    (tmp_path / "tiny.obj").write_text(text)
    with pytest.raises(InputError, match="a size of 1e-110 is not that of a part"):
        load_part(tmp_path / "tiny.obj")
    part = load_part(PARTS / "gear.stl")
    for voxel in (1e-320, 1e-200):
        with pytest.raises(InputError, match="is too small for a part"):
            plan_grid(part, voxel)
