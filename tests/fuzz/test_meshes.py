"""Meshes as lists of points and faces: OBJ, PLY and OFF files."""
# ruff: noqa: E501 (a case a line)

import pytest
from hostile import SECRET, gz, outcome, refused, swapped, table, zeros_gz
from meshes import WHOLE

from grainpaint.cad.load import load_part


def line(start, new, of="a.obj", at=0):
    """Return a text in which a line that begins so is another one."""
    lines = WHOLE[of].split(b"\n")
    found = [i for i, one in enumerate(lines) if one.startswith(start)]
    lines[found[at]] = new
    return b"\n".join(lines)


FOUR = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"
OBJ = {
    "a point": b"v 0 0 0\n",
    "points": FOUR,
    "a face alone": b"f 1 2 3\n",
    "open": FOUR + b"f 1 2 3\n",
    "a face less": line(b"f ", b""),
    "no corners": b"v 0 0 0\nf 1 2 3\n",
    "corner 2^62": FOUR + b"f 1 2 4611686018427387904\n",
    "corner 0": line(b"f ", b"f 0 1 2"),
    "corner -99": line(b"f ", b"f -99 1 2"),
    "corner 999": line(b"f ", b"f 1 2 999"),
    "corner of digits": line(b"f ", b"f 1 2 " + b"9" * 9000),
    "corner of words": line(b"f ", b"f a b c"),
    "half a corner": line(b"f ", b"f 1.5 2 3"),
    "two corners": line(b"f ", b"f 1 2"),
    "no corner": line(b"f ", b"f "),
    "a face of 200,000": line(b"f ", b"f " + b"1 " * 200_000),
    "slashes": line(b"f ", b"f 1/ 2// ///3"),
    "normals nowhere": line(b"f ", b"f 1//99 2//99"),
    "points of words": b"v a b c\nf 1 2 3\n",
    "a point of nan": line(b"v ", b"v nan nan nan"),
    "a point of inf": line(b"v ", b"v inf 0 0"),
    "a point of 1e308": line(b"v ", b"v 1e308 0 0"),
    "a point of 1e999": line(b"v ", b"v 1e999 0 0"),
    "a point of 1e-320": FOUR.replace(b"1", b"1e-320") + b"f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n",
    "a point of digits": line(b"v ", b"v " + b"1" * 900_000 + b" 0 0"),
    "a point of two": line(b"v ", b"v 0 1"),
    "a point of none": line(b"v ", b"v"),
    "a point of commas": line(b"v ", b"v 0,5 0,5 0,5"),
    "all at one place": b"v 0 0 0\n" * 4 + b"f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n",
    "flat": FOUR.replace(b"0 0 1", b"1 1 0") + b"f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n",
    "far": b"v 1e308 0 0\nv 0 1 0\nv 0 0 1\nv 0 0 0\nf 1 2 3\nf 1 3 4\nf 1 4 2\nf 2 4 3\n",
    "cut": WHOLE["a.obj"][:1100],
    "zero bytes": line(b"v ", b"v 0 0 \0\0"),
    "bytes": FOUR + bytes(range(128, 256)) * 9,
    "one line": WHOLE["a.obj"].replace(b"\n", b" "),
    "lines that go on": b"v 0 0 0 \\\n" * 9000,
    "curves": FOUR + b"curv 0 1 1 2 3\nsurf 0 1 0 1 1 2 3\n",
    "gz cut": gz(WHOLE["a.obj"])[:-9],
    "gz bomb": zeros_gz(1 << 28, WHOLE["a.obj"][:300]),
}  # fmt: skip


@table(OBJ)
def test_a_bad_obj_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    refused(load_part, tmp_path / "a.obj", case)


def ply(*pairs, of="b.ply"):
    return swapped(WHOLE[of], *pairs)


PLY = {
    "a head": b"ply\nformat ascii 1.0\nend_header\n",
    "a head without end": WHOLE["a.ply"][:60],
    "a head of comments": b"ply\nformat ascii 1.0\n" + b"comment a\n" * 90_000,
    "no format": ply((b"format ascii 1.0\n", b"")),
    "an unknown format": ply((b"ascii", b"hexadecimal")),
    "text as binary": ply((b"ascii", b"binary_little_endian")),
    "binary as text": ply((b"binary_little_endian", b"ascii"), of="a.ply"),
    "the other order": ply((b"binary_little", b"binary_big"), of="a.ply"),
    "points of 2^31": ply((b"element vertex 26", b"element vertex 2147483648"), of="a.ply"),
    "points of 2^62": ply((b"element vertex 26", b"element vertex 4611686018427387904")),
    "points of -1": ply((b"element vertex 26", b"element vertex -1")),
    "points of words": ply((b"element vertex 26", b"element vertex many")),
    "points of digits": ply((b"element vertex 26", b"element vertex " + b"1" * 9000)),
    "points of 27": ply((b"element vertex 26", b"element vertex 27")),
    "binary points of 27": ply((b"element vertex 26", b"element vertex 27"), of="a.ply"),
    "no points": ply((b"element vertex 26", b"element point 26")),
    "faces of 2^32": ply((b"element face 48", b"element face 4294967295"), of="a.ply"),
    "faces of 49": ply((b"element face 48", b"element face 49")),
    "binary faces of 47": ply((b"element face 48", b"element face 47"), of="a.ply"),
    "faces of 47": ply((b"element face 48", b"element face 47")),
    "no faces": ply((b"element face 48", b"element edge 48")),
    "an unknown type": ply((b"float", b"evil"), of="a.ply"),
    "points of text": ply((b"property float x", b"property string x")),
    "no x": ply((b"property float x\n", b""), of="a.ply"),
    "x twice": ply((b"property float y", b"property float x")),
    "a list of floats": ply((b"uchar int", b"float float"), of="a.ply"),
    "a list of wide counts": ply((b"uchar int", b"uint int"), of="a.ply"),
    "a list without type": ply((b"list uchar int", b"list")),
    "no list": ply((b"property list uchar int vertex_indices\n", b"")),
    "elements of nothing": ply((b"element face 48", b"element a 2147483647\nelement face 48"), of="a.ply"),
    "an element less": ply((b"element vertex 26\n", b"")),
    "a point of nan": ply((b"\n-0.5", b"\nnan")),
    "a point of inf": ply((b"\n-0.5", b"\ninf")),
    "a point of 1e39": ply((b"\n-0.5", b"\n1e39")),
    "a point of words": ply((b"\n-0.5", b"\nabc")),
    "corner 999": ply((b"\n3 ", b"\n3 999 0 1\n3 ")),
    "corner -1": ply((b"\n3 ", b"\n3 -1 0 1\n3 ")),
    "a face of two": ply((b"\n3 ", b"\n2 ")),
    "a face of 10^9": ply((b"\n3 ", b"\n1000000000 ")),
    "binary nan": WHOLE["a.ply"].replace(b"\0\0\0\xbf", b"\0\0\xc0\x7f", 1),
    "cut": WHOLE["b.ply"][:900],
    "binary cut": WHOLE["a.ply"][:-20],
    "gz bomb": zeros_gz(1 << 28, WHOLE["a.ply"][:300]),
}  # fmt: skip


@table(PLY)
def test_a_bad_ply_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    refused(load_part, tmp_path / "a.ply", case)


def off(*pairs):
    return swapped(WHOLE["a.off"], *pairs)


CORNERS = b"OFF\n4 4 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
SIDES = b"3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"
OFF = {
    "a head": b"OFF\n",
    "a head and half": b"OFF\n4",
    "counts of words": b"OFF\na b c\n",
    "counts of 2^31": b"OFF\n2147483648 2147483648 0\n",
    "counts of 2^62": b"OFF\n4611686018427387904 1 0\n0 0 0\n",
    "counts of -4": (CORNERS + SIDES).replace(b"4 4 0", b"-4 4 0"),
    "counts of digits": (CORNERS + SIDES).replace(b"4 4 0", b"1" * 9000 + b" 4 0"),
    "counts of halves": (CORNERS + SIDES).replace(b"4 4 0", b"4.5 4 0"),
    "counts of nan": (CORNERS + SIDES).replace(b"4 4 0", b"nan 4 0"),
    "points of 5": (CORNERS + SIDES).replace(b"4 4 0", b"5 4 0"),
    "points of 3": (CORNERS + SIDES).replace(b"4 4 0", b"3 4 0"),
    "faces of 5": (CORNERS + SIDES).replace(b"4 4 0", b"4 5 0"),
    "faces of 3": (CORNERS + SIDES).replace(b"4 4 0", b"4 3 0"),
    "faces of 0": (CORNERS + SIDES).replace(b"4 4 0", b"4 0 0"),
    "points alone": CORNERS,
    "beyond": CORNERS + b"3 0 1 7\n",
    "corner -1": CORNERS + SIDES.replace(b"3 0 2 1", b"3 0 2 -1"),
    "corner 2^62": CORNERS + SIDES.replace(b"3 0 2 1", b"3 0 2 4611686018427387904"),
    "corner of words": CORNERS + SIDES.replace(b"3 0 2 1", b"3 0 2 a"),
    "half a corner": CORNERS + SIDES.replace(b"3 0 2 1", b"3 0 2 1.5"),
    "a face of 9": CORNERS + SIDES.replace(b"3 0 2 1", b"9 0 2 1"),
    "a face of 2": CORNERS + SIDES.replace(b"3 0 2 1", b"2 0 2"),
    "a face of 2^31": CORNERS + SIDES.replace(b"3 0 2 1", b"2147483648 0 2 1"),
    "a face of -3": CORNERS + SIDES.replace(b"3 0 2 1", b"-3 0 2 1"),
    "a face of nothing": CORNERS + SIDES.replace(b"3 0 2 1", b"3"),
    "a face less": CORNERS.replace(b"4 4", b"4 3") + SIDES[8:],
    "open": b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n",
    "points of nan": off((b"\n0.5", b"\nnan"), (b"\n-0.5", b"\nnan")),
    "points of inf": off((b"\n0.5", b"\ninf")),
    "points of 1e308": off((b"\n0.5", b"\n1e308")),
    "points of 1e999": off((b"\n0.5", b"\n1e999")),
    "points of words": off((b"\n0.5", b"\nabc")),
    "points of two": (CORNERS + SIDES).replace(b"\n1 0 0", b"\n1 0"),
    "points of none": (CORNERS + SIDES).replace(b"\n1 0 0", b"\n"),
    "points of one": (CORNERS + SIDES).replace(b"1 0 0", b"0 0 0").replace(b"0 1 0", b"0 0 0").replace(b"0 0 1", b"0 0 0"),
    "commas": (CORNERS + SIDES).replace(b"\n1 0 0", b"\n1,5 0 0"),
    "zero bytes": (CORNERS + SIDES).replace(b"\n1 0 0", b"\n\0 0 0"),
    "bytes": b"OFF\n" + bytes(range(128, 256)) * 99,
    "binary": b"OFF BINARY\n" + bytes(99),
    "another dimension": b"4OFF\n" + CORNERS[4:] + SIDES,
    "cut": WHOLE["a.off"][:700],
    "comments": b"OFF\n" + b"# a\n" * 90_000,
    "gz bomb": zeros_gz(1 << 28, b"OFF\n26 48 0\n"),
}  # fmt: skip


@table(OFF)
def test_a_bad_off_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    refused(load_part, tmp_path / "a.off", case)


def test_the_materials_that_an_obj_names_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_text("newmtl a\nmap_Kd http://127.0.0.1:9/a.png\n")
    lines = f"mtllib {SECRET}\nmtllib /etc/{SECRET}\nusemtl a\n".encode()
    path = tmp_path / "a.obj"
    path.write_bytes(lines + WHOLE["a.obj"])
    assert outcome(load_part, path).value.volume == pytest.approx(6e9)
