"""Parts: STL, OBJ, PLY, OFF, GLB, 3MF and STEP files."""
# ruff: noqa: E501 (a case a line)

import json
import struct

import numpy as np
import pytest
import trimesh
from hostile import (
    SECRET,
    gz,
    many,
    outcome,
    refused,
    survives,
    swapped,
    table,
    zeros_gz,
    zipped,
)
from step_files import Step

from grainpaint.cad.load import load_part

BOX = trimesh.creation.box((1, 2, 3)).subdivide()


def exported(kind, **options):
    data = BOX.export(file_type=kind, **options)
    return data.encode() if isinstance(data, str) else data


def model(unit="millimeter", extra="", item='<item objectid="1"/>'):
    points = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in BOX.vertices)
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in BOX.faces)
    return (
        f'<?xml version="1.0"?><model unit="{unit}" xmlns="http://schemas.microsoft.com/'
        f'3dmanufacturing/core/2015/02"><resources>{extra}<object id="1"><mesh><vertices>'
        f"{points}</vertices><triangles>{faces}</triangles></mesh></object></resources>"
        f"<build>{item}</build></model>"
    ).encode()


def threemf(text):
    return zipped([("3D/3dmodel.model", text)])


WHOLE = {
    "a.stl": exported("stl"),
    "b.stl": exported("stl_ascii"),
    "a.obj": exported("obj"),
    "a.ply": exported("ply"),
    "b.ply": exported("ply", encoding="ascii"),
    "a.off": exported("off"),
    "a.glb": exported("glb"),
    "a.3mf": threemf(model()),
    "a.stl.gz": gz(exported("stl")),
}


@many
@pytest.mark.parametrize("name", WHOLE)
def test_damage_of_a_part_is_borne(tmp_path, name, n):
    checked = name.endswith((".3mf", ".gz"))  # of these formats, damage is known
    survives(load_part, tmp_path / name, WHOLE[name], n, same if checked else None)


def same(a, b):
    return np.array_equal(a.vertices, b.vertices) and np.array_equal(a.faces, b.faces)


@many
def test_damage_within_a_3mf_is_borne(tmp_path, n):
    def read(path):
        inner = path.with_name("inner.3mf")
        inner.write_bytes(threemf(path.read_bytes()))
        return load_part(inner)

    survives(read, tmp_path / "model.xml", model(), n)


def step_text():
    file = Step()
    file.block((0, 0, 0), (1, 2, 3))
    return file.text().encode()


@pytest.mark.parametrize(
    "n", [3, pytest.param(500, marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_damage_of_a_step_file_is_borne(tmp_path, n):
    """Few: each starts a process."""
    pytest.importorskip("cascadio")
    survives(
        load_part, tmp_path / "a.step", step_text(), n, None, ("subprocess.Popen",)
    )


def binary(count=None, **changes):
    data = bytearray(WHOLE["a.stl"])
    if count is not None:
        data[80:84] = struct.pack("<I", count)
    for at, values in changes.items():
        data[84 + 12 + int(at[1:]) : 84 + 24 + int(at[1:])] = struct.pack(
            "<3f", *values
        )
    return bytes(data)


def text(*pairs, of="b.stl"):
    return swapped(WHOLE[of], *pairs)


def first_vertex(new):
    old = next(line for line in WHOLE["b.stl"].split(b"\n") if b"vertex" in line)
    return WHOLE["b.stl"].replace(old, new, 1)


STL = {
    "nothing": b"",
    "a byte": b"s",
    "a head": bytes(84),
    "a cut head": bytes(50),
    "no triangles": b"solid a\nendsolid a\n",
    "count of 2^31 in zeros": bytes(80) + struct.pack("<I", 2**31) + bytes(999),
    "cut binary": WHOLE["a.stl"][:1007],
    "nan": binary(b0=(np.nan, 0, 0)),
    "inf": binary(b0=(np.inf, 0, 0)),
    "far": binary(b0=(3e38, 0, 0)),
    "a corner off": binary(b0=(0.1, 0.2, 0.9)),
    "one triangle": WHOLE["a.stl"][:80] + b"\1\0\0\0" + WHOLE["a.stl"][84:134],
    "cut text": WHOLE["b.stl"][:999],
    "a word": first_vertex(b"vertex a b c"),
    "a comma": first_vertex(b"vertex 0,5 1 1"),
    "two numbers": first_vertex(b"vertex 0 1"),
    "no vertex": first_vertex(b""),
    "four vertices": first_vertex(b"vertex 0 0 0\nvertex 0 0 0"),
    "text nan": first_vertex(b"vertex nan 0 0"),
    "text inf": first_vertex(b"vertex inf 0 0"),
    "1e308": first_vertex(b"vertex 1e308 0 0"),
    "1e99999": first_vertex(b"vertex 1e99999 0 0"),
    "1e-320": first_vertex(b"vertex 1e-320 0 0"),
    "digits": first_vertex(b"vertex " + b"9" * 9000 + b" 0 0"),
    "unknown word": text((b"outer", b"inner")),
    "no loop": text((b"loop", b"hoop")),
    "zero bytes": text((b"outer", b"\0\0\0\0\0")),
    "noise": np.random.default_rng(0).bytes(9999),
    "zeros": bytes(9999),
    "ones": b"\xff" * 9999,
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(999),
    "page": b"<html>facet vertex</html>",
    "utf-16": "solid a\nfacet normal x".encode("utf-16"),
    "gz cut": gz(WHOLE["a.stl"])[:-20],
    "gz of gz": gz(gz(WHOLE["a.stl"])),
    "gz bomb": zeros_gz(1 << 30, b"solid a\n"),
    "gz head": b"\x1f\x8b",
    "gz of nothing": gz(b""),
    "tiny": binary(b0=(1e-42, 0, 0)),
    "a hole": WHOLE["a.stl"][:80] + b"\x2f\0\0\0" + WHOLE["a.stl"][84:-50],
}


@table(STL)
def test_a_bad_stl_is_refused(tmp_path, case):
    refused(load_part, tmp_path / "a.stl", case)


def glb(change=lambda tree: tree, body=None):
    data = WHOLE["a.glb"]
    n = int.from_bytes(data[12:16], "little")
    tree = json.loads(data[20 : 20 + n])
    words = json.dumps(change(tree) or tree).encode()
    words += b" " * (-len(words) % 4)
    body = data[28 + n :] if body is None else body
    chunks = struct.pack("<I4s", len(words), b"JSON") + words
    chunks += struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def put(*path_and_value):
    *path, key, value = path_and_value

    def change(tree):
        for step in path:
            tree = tree[step]
        tree[key] = value

    return glb(change)


def uri(address):
    return put("buffers", 0, {"byteLength": 999, "uri": address})


MESHES = {
    **{
        f"glb of {address}": uri(address)
        for address in ("file:///etc/passwd", "http://127.0.0.1:9/a.bin", SECRET,
                        f"../{SECRET}", "data:,x", "data:application/pickle;base64,gASVAA==")
    },
    "glb of 2^31": put("accessors", 0, "count", 2**31),
    "glb of 2^62": put("accessors", 0, "count", 2**62),
    "glb of -1": put("accessors", 0, "count", -1),
    "glb of floats": put("accessors", 0, "count", 1e300),
    "glb of no type": put("accessors", 0, "componentType", 1),
    "glb beyond": put("bufferViews", 0, "byteOffset", 2**31),
    "glb of no view": put("bufferViews", []),
    "glb without nodes": put("nodes", []),
    "glb without meshes": put("meshes", []),
    "glb of a skew": put("nodes", 0, "matrix", [float("nan")] * 16),
    "glb nested": WHOLE["a.glb"][:12] + struct.pack("<I4s", 90_000, b"JSON") + b"[" * 90_000,
    "glb cut": WHOLE["a.glb"][:200],
    "glb alone": b"glTF" + bytes(8),
    "glb of version 1": WHOLE["a.glb"].replace(b"glTF\2", b"glTF\1", 1),
    "gltf": b'{"asset": {"version": "2.0"}, "buffers": [{"uri": "/etc/passwd"}]}',
    "obj open": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    "obj of no corners": b"v 0 0 0\nf 1 2 3\n",
    "obj of 2^62": b"v 0 0 0\nv 1 0 0\nf 1 2 4611686018427387904\n",
    "obj of words": b"v a b c\nf 1 2 3\n",
    "obj of points": b"v 0 0 0\nv 1 1 1\n",
    "obj nan": text((b"v ", b"v nan nan nan\nv "), of="a.obj"),
    "obj 1e308": b"v 1e308 0 0\nv 0 1 0\nv 0 0 1\nv 0 0 0\nf 1 2 3\nf 1 3 4\nf 1 4 2\nf 2 4 3\n",
    "ply of 2^31": text((b"element vertex 26", b"element vertex 2147483648"), of="a.ply"),
    "ply of 2^62": text((b"element vertex 26", b"element vertex 4611686018427387904"), of="b.ply"),
    "ply of faces": text((b"element face 48", b"element face 4294967295"), of="a.ply"),
    "ply of -1": text((b"element vertex 26", b"element vertex -1"), of="b.ply"),
    "ply of no type": text((b"float", b"evil"), of="a.ply"),
    "ply endless": WHOLE["a.ply"][:60],
    "ply head": b"ply\nformat ascii 1.0\nend_header\n",
    "off of 2^31": b"OFF\n2147483648 2147483648 0\n",
    "off of 2^62": b"OFF\n4611686018427387904 1 0\n0 0 0\n",
    "off of words": b"OFF\na b c\n",
    "off head": b"OFF\n",
    "off beyond": b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n",
    "off open": b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n",
    "off nan": text((b"\n0.5", b"\nnan"), (b"\n-0.5", b"\nnan"), of="a.off"),
}  # fmt: skip


@table(MESHES)
def test_a_bad_mesh_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_bytes(bytes(999))
    refused(load_part, tmp_path / "a.mesh", case)


def test_the_materials_that_an_obj_names_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_text("newmtl a\nmap_Kd http://127.0.0.1:9/a.png\n")
    lines = f"mtllib {SECRET}\nmtllib /etc/{SECRET}\nusemtl a\n".encode()
    path = tmp_path / "a.obj"
    path.write_bytes(lines + WHOLE["a.obj"])
    assert outcome(load_part, path).value.volume == pytest.approx(6e9)


def nested(n):
    """Return objects that hold the next one twice: 2^n of them."""
    twice = '<object id="{}"><components>' + 2 * '<component objectid="{}"/>'
    return "".join((twice + "</components></object>").format(i + 2, i + 3, i + 3)
                   for i in range(n)) + f'<object id="{n + 2}"/>'  # fmt: skip


LAUGHS = "<!DOCTYPE a [<!ENTITY b 'c'>" + "".join(
    f"<!ENTITY b{i} '{10 * f'&b{i - 1};' if i else 10 * '&b;'}'>" for i in range(9)
)
OUTSIDE = f"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///{SECRET}'>]><model>&x;</model>"
THREEMF = {
    "laughs": threemf(f"{LAUGHS}]><model>&b8;</model>".encode()),
    "outside": threemf(OUTSIDE.encode()),
    "late doctype": threemf(b"<!--" + b" " * 9000 + b"-->" + OUTSIDE.encode()),
    "wide doctype": threemf(f"{LAUGHS}]><model>&b8;</model>".encode("utf-16")),
    "2^30 objects": threemf(model(extra=nested(30), item='<item objectid="2"/>')),
    "itself": threemf(
        b'<model><resources><object id="1"><components><component objectid="1"/>'
        b'</components></object></resources><build><item objectid="1"/></build></model>'
    ),
    "nested": threemf(b"<a>" * 200_000),
    "nested and closed": threemf(b"<a>" * 90_000 + b"</a>" * 90_000),
    "unknown code": threemf(b'<?xml version="1.0" encoding="evil"?><model/>'),
    "utf-32": threemf(model().decode().encode("utf-32")),
    "no XML": threemf(b"hello"),
    "empty": threemf(b""),
    "cut": threemf(model()[:-99]),
    "no unit": threemf(model("parsec")),
    "no build": threemf(model(item="")),
    "no object": threemf(model(item='<item objectid="9"/>')),
    "no id": threemf(model(item="<item/>")),
    "path up": threemf(model(item=f'<item objectid="1" path="../../{SECRET}"/>')),
    "path outside": threemf(model(item='<item objectid="1" path="/etc/passwd"/>')),
    "matrix nan": threemf(
        model(item=f'<item objectid="1" transform="{"nan " * 12}"/>')
    ),
    "matrix flat": threemf(model(item=f'<item objectid="1" transform="{"0 " * 12}"/>')),
    "matrix of words": threemf(model(item='<item objectid="1" transform="a b"/>')),
    "corner beyond": threemf(model().replace(b'v1="0"', b'v1="2147483648"', 1)),
    "corner -1": threemf(model().replace(b'v1="0"', b'v1="-1"', 1)),
    "corner 2^70": threemf(model().replace(b'v1="0"', b'v1="1180591620717411303424"')),
    "corner of words": threemf(model().replace(b'v1="0"', b'v1="a"', 1)),
    "x nan": threemf(model().replace(b'x="', b'x="nan" w="', 1)),
    "no x": threemf(model().replace(b" x=", b" w=", 1)),
    "zip cut": threemf(model())[:300],
    "zip bomb": zipped([("3D/3dmodel.model", b"<a>" + bytes(140 << 20))]),
    "only outside": zipped([("/etc/passwd.model", b"x"), ("../a.model", b"y")]),
}


@table(THREEMF)
def test_a_bad_3mf_is_refused(tmp_path, case):
    refused(load_part, tmp_path / "a.3mf", case)


STEP = {
    "cut": lambda: step_text()[:900],
    "no solid": lambda: step_text().replace(b"MANIFOLD_SOLID_BREP", b"SHELL"),
    "no unit": lambda: step_text().replace(b"METRE", b"PARSEC"),
    "points of dots": lambda: step_text().replace(b"CARTESIAN_POINT('',(0.", b"CARTESIAN_POINT('',(0.1.2"),
    "points far": lambda: step_text().replace(b"CARTESIAN_POINT('',(0.", b"CARTESIAN_POINT('',(1E999"),
    "no points": lambda: step_text().replace(b"CARTESIAN_POINT", b"POINT"),
    "end alone": lambda: b"ISO-10303-21; END-ISO-10303-21;",
    "units without end": lambda: swapped(
        step_text(), (b"ENDSEC", b"CONVERSION_BASED_UNIT('a' " * 40_000 + b";ENDSEC")
    ),
    "lengths without end": lambda: swapped(
        step_text().replace(b"METRE", b"FOOT"),
        (b"ENDSEC", b"LENGTH_UNIT() " * 40_000 + b";ENDSEC"),
    ),
}  # fmt: skip


@table(STEP)
def test_a_bad_step_file_is_refused(tmp_path, case):
    pytest.importorskip("cascadio")
    refused(load_part, tmp_path / "a.step", case(), ("subprocess.Popen",))
