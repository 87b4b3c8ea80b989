"""PLY as programs write it: faces of any numbers of corners, strips, line ends."""

import struct

import pytest

from grainpaint import InputError
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


HEAD = (
    "ply\nformat ascii 1.0\nelement vertex 8\nproperty float x\nproperty float y\n"
    "property float z\n"
)
POINTS = "".join(f"{x} {y} {z}\n" for x, y, z in CORNERS)
LIST = "property list uchar int vertex_indices\n"


def faces_of(faces):
    lines = "".join(f"{len(f)} {' '.join(map(str, f))}\n" for f in faces)
    return f"element face {len(faces)}\n{LIST}end_header\n{POINTS}{lines}"


def test_strips_of_triangles_are_read_beside_faces(tmp_path):
    """As Stanford's scanners save them: strips end at -1, every other one is turned."""
    strip = [0, 2, 1, 3, 5, 7, 4, 6, -1, 0, 4, 2, 6, -1, 2, 6, 3, 7]
    text = (
        f"{HEAD}element face 1\n{LIST}element tristrips 1\n"
        "property list int int vertex_indices\nend_header\n"
        f"{POINTS}4 0 1 5 4\n{len(strip)} {' '.join(map(str, strip))}\n"
    )
    (tmp_path / "a.ply").write_text(text)
    part = load_part(tmp_path / "a.ply", "um")
    assert part.volume == pytest.approx(6)
    assert len(part.faces) == 12
    assert part.notes == ()


def test_line_ends_of_old_programs_are_read(tmp_path):
    (tmp_path / "a.ply").write_text((HEAD + faces_of(FACES)).replace("\n", "\r"))
    assert load_part(tmp_path / "a.ply", "um").volume == pytest.approx(6)


@pytest.mark.parametrize("corner", ["-5", "8", "3.5"])
def test_corners_that_are_not_there_are_refused(tmp_path, corner):
    """Counted backward, -5 would be corner 3."""
    text = (HEAD + faces_of(FACES)).replace("4 0 2 3 1\n", f"4 0 2 {corner} 1\n")
    (tmp_path / "a.ply").write_text(text)
    with pytest.raises(InputError, match="a face has a corner that is no"):
        load_part(tmp_path / "a.ply", "um")
