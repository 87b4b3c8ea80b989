"""OBJ and OFF as programs write them: any polygons, any counting, comments."""

import pytest

from grainpaint import InputError
from grainpaint.cad import load_part

CORNERS = [(x, y, z) for z in (0, 3) for y in (0, 2) for x in (0, 1)]
QUADS = [
    *((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4)),
    *((2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)),
]
NOTCHED = [(0, 0), (10, 0), (10, 2), (2, 2), (2, 10), (0, 10)]  # 36 of 100


def v_lines(shift=0, corners=CORNERS, end="\n"):
    return "".join(f"v {x + shift} {y} {z}{end}" for x, y, z in corners)


def f_lines(first=1, faces=QUADS, end="\n"):
    lines = (" ".join(str(i + first) for i in face) for face in faces)
    return "".join(f"f {line}{end}" for line in lines)


BACKWARD = "g a\n" + v_lines() + f_lines(-8) + "g b\n" + v_lines(5) + f_lines(-8)
OBJ = {
    "counted backward in each group": (BACKWARD, 12),
    "counted from the start": (
        BACKWARD.replace("f -", "# f -") + f_lines(1) + f_lines(9),
        12,
    ),
    "tabs": ((v_lines() + f_lines()).replace(" ", "\t"), 6),
    "indented": ("  " + (v_lines() + f_lines()).replace("\n", "\n  "), 6),
    "comments behind": (v_lines(end=" # corner\n") + f_lines(end=" # face\n"), 6),
    "weights and line ends of Windows": (
        v_lines(end=" 1.0\r\n") + f_lines(end="\r\n"),
        6,
    ),
    "lines that go on": (v_lines() + f_lines().replace(" 1 ", " 1 \\\n "), 6),
}


@pytest.mark.parametrize("name", OBJ)
def test_obj_of_other_programs_is_read(tmp_path, name):
    text, volume = OBJ[name]
    (tmp_path / "a.obj").write_text(text, newline="")
    part = load_part(tmp_path / "a.obj", "um")
    assert part.volume == pytest.approx(volume)
    assert not part.notes


def prism(turn):
    """Return corners and faces of a prism over a polygon that is not convex."""
    n = len(NOTCHED)
    corners = [(x, y, z) for z in (0, 5) for x, y in NOTCHED]
    top = [(i + turn) % n + n for i in range(n)]
    sides = [(i, (i + 1) % n, (i + 1) % n + n, i + n) for i in range(n)]
    return corners, [[i - n for i in reversed(top)], top, *sides]


@pytest.mark.parametrize("turn", range(6))
def test_polygons_that_are_not_convex_keep_their_area(tmp_path, turn):
    """From some corners, the triangles of a fan overlap."""
    corners, faces = prism(turn)
    (tmp_path / "a.obj").write_text(v_lines(0, corners) + f_lines(1, faces))
    points = "".join(f"{x} {y} {z} # p\n" for x, y, z in corners)
    lines = "".join(f"{len(f)} {' '.join(map(str, f))}\n" for f in faces)
    (tmp_path / "a.off").write_text(f"OFF\n12 8 0 # counts\n{points}{lines}")
    for name in ("a.obj", "a.off"):
        assert load_part(tmp_path / name, "um").volume == pytest.approx(36 * 5)


@pytest.mark.parametrize(
    "line", ["f 1 2 9", "f 1 2", "f 0 1 2", "f -9 1 2", "v 1 2", "f 1 2 x", "v 1 2 x"]
)
def test_damaged_obj_is_refused(tmp_path, line):
    (tmp_path / "a.obj").write_text(v_lines() + f_lines() + line)
    with pytest.raises(InputError, match=r"a\.obj: cannot be read as OBJ"):
        load_part(tmp_path / "a.obj")
