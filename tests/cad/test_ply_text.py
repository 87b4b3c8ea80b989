"""Binary PLY whose faces differ in their numbers of corners."""

import struct

import pytest

from grainpaint.cad import load_part

CORNERS = [(x, y, z) for z in (0, 3) for y in (0, 2) for x in (0, 1)]
FACES = [
    *((0, 2, 3, 1), (4, 5, 7), (4, 7, 6), (0, 1, 5, 4)),
    *((2, 6, 7, 3), (0, 4, 6), (0, 6, 2), (1, 3, 7, 5)),
]


@pytest.mark.parametrize(("form", "order"), [("little", "<"), ("big", ">")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_triangles_beside_quads_are_read(tmp_path, form, order, end):
    """As Blender saves what is modeled there."""
    lines = ["ply", f"format binary_{form}_endian 1.0", "comment a", "element vertex 8"]
    lines += [
        f"property {kind} {axis}"
        for kind, axis in zip(("float", "double", "float"), "xyz")
    ]
    lines += ["property uchar red", "element face 8"]
    lines += ["property list uchar int vertex_indices", "end_header", ""]
    data = end.join(lines).encode()
    data += b"".join(struct.pack(f"{order}fdfB", *corner, 7) for corner in CORNERS)
    for face in FACES:
        data += struct.pack(f"{order}B{len(face)}i", len(face), *face)
    (tmp_path / "a.ply").write_bytes(data)
    assert load_part(tmp_path / "a.ply", "um").volume == pytest.approx(6)
