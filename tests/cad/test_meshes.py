"""Counts of mesh files: what other programs write is read, what is missing refused."""

import numpy as np
import pytest
from meshes import WHOLE

from grainpaint import InputError
from grainpaint.cad import load_part

CORNERS = b"0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
SIDES = b"3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"
PLY = (
    b"ply\r\nformat ascii 1.0\r\ncomment by hand\r\nobj_info x\r\nelement vertex 4\r\n"
    b"property double x\r\nproperty double y\r\nproperty double z\r\n"
    b"element face 4\r\nproperty list uint8 int32 vertex_index\r\n"
    b"property uchar red\r\nend_header\r\n"
)
GOOD = {
    "comments.off": b"# a\nOFF # b\n4 4 6\n" + CORNERS + b"\n# c\n" + SIDES,
    "counts.off": b"OFF 4 4 6\n" + CORNERS + SIDES,
    "no_word.off": b"# a\n4 4\n" + CORNERS + SIDES,
    "wide.off": ("off 4 4 6\n" + (CORNERS + SIDES).decode()).encode("utf-16"),
    "normals.off": b"NOFF\n4 4 0\n" + CORNERS.replace(b"\n", b" 0 0 1\n") + SIDES,
    "colors.off": b"COFF\n4 4 0\n"
    + CORNERS.replace(b"\n", b" 255 0 0 255\n")
    + SIDES.replace(b"\n", b" 0.5 0.5 0.5\n"),
    "one_line.off": b"OFF 4 4 6 " + (CORNERS + SIDES).replace(b"\n", b" "),
    "three_lines.off": b"OFF\n4 4\n"
    + CORNERS.replace(b"\n", b" ")
    + b"\n"
    + SIDES.replace(b"\n", b" "),
    "counts_in_lines.off": b"OFF\n4\n4\n6\n" + CORNERS + SIDES,
    "normals_in_one_line.off": b"NOFF 4 4 0 "
    + (CORNERS.replace(b"\n", b" 0 0 1\n") + SIDES).replace(b"\n", b" "),
    "colors.ply": PLY
    + (CORNERS + SIDES.replace(b"\n", b" 7\n")).replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("name", GOOD)
def test_other_spellings_are_read(tmp_path, name):
    (tmp_path / name).write_bytes(GOOD[name])
    part = load_part(tmp_path / name, "um")
    assert part.volume == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"OFF BINARY\n\0\0\0\4", "binary: save it as text"),
        (b"nOFF\n5\n4 4 0\n", "points of four or more dimensions"),
        (b"4 4 0 4\n", "states 4 points and 4 faces, and has 0 lines"),
        (b"4 4 0 " + (CORNERS + SIDES).replace(b"\n", b" ")[:-4], "and has 0 lines"),
    ],
)
def test_other_kinds_of_off_are_refused_with_the_reason(tmp_path, head, reason):
    (tmp_path / "a.off").write_bytes(head)
    with pytest.raises(InputError, match=reason):
        load_part(tmp_path / "a.off")


@pytest.mark.parametrize("name", ["a.ply", "a.off", "b.ply", "a.glb"])
def test_a_face_more_or_less_than_stated_is_refused(tmp_path, name):
    data = WHOLE[name]
    (tmp_path / name).write_bytes(data)
    unit, expected = (None, 6e18) if name == "a.glb" else ("mm", 6e9)  # GLB: in m
    assert load_part(tmp_path / name, unit).volume == pytest.approx(expected)
    for n in (-12, 12):
        changed = data[:n] if n < 0 else data + data[-12:]
        (tmp_path / name).write_bytes(changed)
        with pytest.raises(InputError, match=rf"{name}: cannot be read as"):
            load_part(tmp_path / name)


def test_quads_are_counted_in_binary_too(tmp_path):
    import trimesh

    box = trimesh.creation.box((1, 1, 1))
    quads = np.array(
        [
            *((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1)),
            *((2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)),
        ]
    )
    head = (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 8\nproperty float x\n"
        b"property float y\nproperty float z\nelement face 6\n"
        b"property list uchar int vertex_indices\nend_header\n"
    )
    corners = np.array(
        [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], "f4"
    )
    faces = b"".join(b"\4" + quad.astype("<i4").tobytes() for quad in quads)
    path = tmp_path / "quads.ply"
    path.write_bytes(head + corners.tobytes() + faces)
    assert load_part(path, "um").volume == pytest.approx(box.volume)
    path.write_bytes(head + corners.tobytes() + faces[:-4])
    with pytest.raises(InputError, match="cut off in a list"):
        load_part(path, "um")
