"""3MF of slicers: what is no part of the part."""

import io
import zipfile

import pytest
from solids import box

from grainpaint import InputError
from grainpaint.cad import load_part, voxelize

ITEM = '<item objectid="1"/>'


def saved(path, resources, build=ITEM, **settings):
    head = '<model unit="micron" xmlns="http://schemas.microsoft.com/3dmanufacturing/core">'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        text = f"{head}<resources>{resources}</resources><build>{build}</build></model>"
        archive.writestr("3D/3dmodel.model", text)
        for name, text in settings.items():
            archive.writestr(f"Metadata/{name}.config", text)
    path.write_bytes(packed.getvalue())
    return path


def mesh_of(*meshes, more=""):
    corners = faces = ""
    first = 0
    for mesh in meshes:
        for x, y, z in mesh.vertices:
            corners += f'<vertex x="{x}" y="{y}" z="{z}"/>'
        for a, b, c in mesh.faces + first:
            faces += f'<triangle v1="{a}" v2="{b}" v3="{c}"/>'
        first += len(mesh.vertices)
    faces = f"<triangles>{faces}</triangles>{more}"
    return f"<mesh><vertices>{corners}</vertices>{faces}</mesh>"


PART, OTHER = box((4, 4, 4)), box((2, 2, 9), (1, 1, 1))


def prusa(role):
    return (
        '<config><object id="1"><volume firstid="0" lastid="11">'
        '<metadata type="volume" key="volume_type" value="ModelPart"/></volume>'
        f'<volume firstid="12" lastid="23">{role}</volume></object></config>'
    )


@pytest.mark.parametrize(
    "role",
    [
        '<metadata key="volume_type" value="ParameterModifier"/>',
        '<metadata key="volume_type" value="SupportBlocker"/>',
        '<metadata key="modifier" value="1"/>',
    ],
)
def test_modifiers_of_prusaslicer_are_left_out(tmp_path, role):
    both = f'<object id="1">{mesh_of(PART, OTHER)}</object>'
    path = saved(tmp_path / "a.3mf", both, Slic3r_PE_model=prusa(role))
    part = load_part(path)
    assert part.volume == pytest.approx(64)
    assert part.notes[0].startswith("1 volume of a slicer")


@pytest.mark.parametrize("role", ["modifier_part", "support_enforcer", "negative_part"])
def test_modifiers_of_bambu_studio_are_left_out(tmp_path, role):
    meshes = "".join(
        f'<object id="{i}">{mesh_of(mesh)}</object>'
        for i, mesh in ((1, PART), (2, OTHER))
    )
    whole = '<component objectid="1"/><component objectid="2"/>'
    whole = f'<object id="3"><components>{whole}</components></object>'
    settings = (
        '<config><object id="3"><part id="1" subtype="normal_part"/>'
        f'<part id="2" subtype="{role}"/></object></config>'
    )
    path = saved(
        tmp_path / "a.3mf",
        meshes + whole,
        '<item objectid="3"/>',
        model_settings=settings,
    )
    if role == "negative_part":
        with pytest.raises(InputError, match="a negative volume out of object 3"):
            load_part(path)
    else:
        assert load_part(path).volume == pytest.approx(64)


def test_what_is_not_printed_is_left_out_and_said(tmp_path):
    move = 'transform="1 0 0 0 1 0 0 0 1 50 0 0"'
    build = f'{ITEM}<item objectid="1" printable="0" {move}/>'
    part = load_part(
        saved(tmp_path / "a.3mf", f'<object id="1">{mesh_of(PART)}</object>', build)
    )
    assert part.volume == pytest.approx(64)
    assert part.notes == ("1 item that the file says not to print: left out",)


@pytest.mark.parametrize("where", ["object", "mesh"])
def test_bodies_of_extensions_are_not_lost_in_silence(tmp_path, where):
    lattice = '<b:beamlattice xmlns:b="b"/>'
    shape = '<b:booleanshape xmlns:b="b" objectid="1"/>'
    second = mesh_of(OTHER, more=lattice) if where == "mesh" else shape
    objects = f'<object id="1">{mesh_of(PART)}</object><object id="2">{second}</object>'
    path = saved(tmp_path / "a.3mf", objects, f'{ITEM}<item objectid="2"/>')
    with pytest.raises(InputError, match="object 2 is made by b"):
        load_part(path)
    assert load_part(saved(path, objects)).volume == pytest.approx(64)


def objects_of(*inner):
    """Return objects 1, 2, ... and the items that build them."""
    objects = "".join(f'<object id="{i + 1}">{x}</object>' for i, x in enumerate(inner))
    return objects, "".join(f'<item objectid="{i + 1}"/>' for i in range(len(inner)))


@pytest.mark.parametrize("kind", ["infill_mesh", "support_mesh", "anti_overhang_mesh"])
def test_modifiers_of_cura_are_left_out(tmp_path, kind):
    def said(value):
        name = f'name="cura:{kind}" preserve="true"'
        group = f"<metadatagroup><metadata {name}>{value}</metadata></metadatagroup>"
        return objects_of(mesh_of(PART), group + mesh_of(box((2, 2, 2))))

    part = load_part(saved(tmp_path / "a.3mf", *said("True")))
    assert part.volume == pytest.approx(64)
    assert part.notes[0].startswith("1 volume of a slicer")
    part = load_part(saved(tmp_path / "b.3mf", *said("False")))
    assert len(part.body_volumes) == 2


def test_an_object_within_another_is_a_solid_and_not_a_cavity(tmp_path):
    """3MF Core Specification 1.3: each mesh bounds what is printed; they are united."""
    apart = saved(
        tmp_path / "a.3mf", *objects_of(mesh_of(PART), mesh_of(box((2, 2, 2))))
    )
    part = load_part(apart)
    assert voxelize(part, voxel=0.5).mask.sum() * 0.5**3 == 64
    assert "1 solid of 2 within another solid" in part.notes[0]
    cavity = box((2, 2, 2))
    cavity.invert()
    hollow = saved(tmp_path / "b.3mf", *objects_of(mesh_of(PART, cavity)))
    assert load_part(hollow).volume == pytest.approx(64 - 8)


def test_the_model_is_the_one_that_the_archive_names(tmp_path):
    data = {}
    for name, mesh in (("a", OTHER), ("zz", PART)):
        path = saved(tmp_path / "one.3mf", *objects_of(mesh_of(mesh)))
        with zipfile.ZipFile(path) as archive:
            data[f"3D/{name}.model"] = archive.read("3D/3dmodel.model")
    kind = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
    data["_rels/.rels"] = (
        f'<Relationship Target="/3D/zz.model" Type="{kind}"/>'.encode()
    )
    with zipfile.ZipFile(tmp_path / "two.3mf", "w") as archive:
        for name, text in data.items():
            archive.writestr(name, text)
    assert load_part(tmp_path / "two.3mf").volume == pytest.approx(64)


def test_an_unknown_extension_that_is_required_is_refused(tmp_path):
    path = saved(tmp_path / "a.3mf", *objects_of(mesh_of(PART)))
    with zipfile.ZipFile(path) as archive:
        text = archive.read("3D/3dmodel.model").decode()
    words = (
        'requiredextensions="p w" xmlns:w="urn:warp" xmlns:p="urn:x/production/2015"'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("3D/3dmodel.model", text.replace("<model", f"<model {words}"))
    with pytest.raises(InputError, match="it requires urn:warp, an extension of 3MF"):
        load_part(path)
