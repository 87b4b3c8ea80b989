"""3MF of slicers: what is no part of the part."""

import io
import zipfile

import pytest
from solids import box

from grainpaint import InputError
from grainpaint.cad import load_part

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
