"""Maps of orientations in texts: .ang, .ctf, tables of Euler angles; lists of them."""
# ruff: noqa: E501 (a case a line)

import gzip

import numpy as np
import pytest
from ebsd_maps import GRAINS, ang, angles_of, ctf
from hostile import (
    gz,
    many,
    mutations,
    outcome,
    refused,
    survives,
    swapped,
    table,
    zeros_gz,
)

from grainpaint import load
from grainpaint.formats.orientation_list import read_orientations


def csv(head="x (um),y (um),phi1 (deg),Phi (deg),phi2 (deg),phase", sep=","):
    rows = [head.replace(",", sep)]
    for (y, x), a in zip(np.ndindex(GRAINS.shape), angles_of().reshape(-1, 3)):
        rows.append(sep.join(f"{v:g}" for v in (x * 0.5, y * 0.5, *a, 1)))
    return ("\n".join(rows) + "\n").encode()


def orientations(head="phi1,Phi,phi2,weight", n=9):
    rng = np.random.default_rng(3)
    rows = [",".join(f"{v:.3f}" for v in rng.uniform(0, 180, 4)) for _ in range(n)]
    return ("\n".join([head, *rows]) + "\n").encode()


ANG, CTF, CSV = ang(), ctf(), csv()
MAPS = {"a.ang": ANG, "a.ctf": CTF, "b.ctf": ctf(comma=True), "a.csv": CSV,
        "a.ang.gz": gzip.compress(ANG, mtime=0)}  # fmt: skip


@many
@pytest.mark.parametrize("name", MAPS)
def test_damage_of_a_map_is_borne(tmp_path, name, n):
    survives(load, tmp_path / name, MAPS[name], n // 3 if n < 1000 else n)


@many
def test_damage_of_a_list_of_orientations_is_borne(tmp_path, n):
    survives(read_orientations, tmp_path / "a.csv", orientations(), n)


def test_damage_of_a_section_is_borne(tmp_path):
    """A folder of maps is read as sections; one of them is damaged."""
    folder = tmp_path / "sections"
    folder.mkdir()
    for i in range(3):
        (folder / f"S{i}.ang").write_bytes(ANG)
    for _, damaged in mutations(ANG, 20, "section"):
        (folder / "S1.ang").write_bytes(damaged)
        outcome(lambda path: load(path, spacing_z=1.0), folder)


def row(at, column, new, of=ANG, comment=b"#", split=None, join=b" "):
    """Return a map in which a number of a point is another one."""
    lines = of.splitlines()
    points = [i for i, line in enumerate(lines) if not line.startswith(comment)]
    words = lines[points[at]].split(split)
    words[column] = new
    lines[points[at]] = join.join(words)
    return b"\n".join(lines) + b"\n"


def point(column, new):
    return row(3, column, new)


def every(column, values):
    """Return a map in which all points have other numbers in a column."""
    data = ANG
    for i, value in zip(range(GRAINS.size), values):
        data = row(i, column, value) if i == 0 else row(i, column, value, data)
    return data


LINES = ANG.splitlines(keepends=True)
HEADER = b"".join(line for line in LINES if line.startswith(b"#"))
FAR = b"1e300"
ANGS = {
    "nothing": b"",
    "a header alone": HEADER,
    "half a header": HEADER[:30],
    "no header": b"".join(line for line in LINES if not line.startswith(b"#")),
    "cut after a line": b"".join(LINES[:-9]),
    "cut in a line": ANG[:-40],
    "a word": point(0, b"abc"),
    "a long word": point(0, b"x" * 900_000),
    "digits": point(0, b"1" * 900_000),
    "signs": point(3, b"-" * 9000),
    "degrees": ang(np.degrees(angles_of())),
    "a far x": point(3, FAR),
    "a far y": point(4, b"-" + FAR),
    "x of inf": point(3, b"inf"),
    "x of nan": point(3, b"nan"),
    "x of every size": every(3, [b"1e%d" % (i - 20) for i in range(40)]),
    "tiny x": every(3, [b"%de-320" % i for i in range(40)]),
    "x off the grid": every(3, [b"%.3f" % (i**1.5) for i in range(40)]),
    "all x alike": every(3, [b"0"] * 40),
    "a diagonal": HEADER + b"".join(b"1 1 1 %d %d 9 1 0\n" % (i, i) for i in range(9000)),
    "a phase too many": point(7, b"2"),
    "a phase of 1e300": point(7, FAR),
    "a phase of 2^63": point(7, b"9223372036854775808"),
    "half a phase": point(7, b"0.5"),
    "a phase of inf": point(7, b"inf"),
    "confidence of words": point(6, b"sure"),
    "a column less": swapped(ANG, (b" 90.0", b"")),
    "a column more": swapped(ANG, (b" 90.0", b" 90.0 1 2 3")),
    "columns": HEADER + b"1 " * 400_000,
    "columns and lines": HEADER + (b"1 " * 9000 + b"\n") * 40,
    "zero bytes": point(0, b"\0\0\0"),
    "no symmetry": swapped(ANG, (b"# Symmetry", b"# Simmetry")),
    "symmetry of words": swapped(ANG, (b"43", b"evil" * 9000)),
    "phases of one number": ang(phases=("1", "1")),
    "a phase of raised digits": swapped(ANG, (b"# Phase 1", b"# Phase \xb2")),
    "a phase of digits": swapped(ANG, (b"# Phase 1", b"# Phase " + b"1" * 9000)),
    "rows of 1e999": swapped(ANG, (b"NROWS: 5", b"NROWS: 1e999")),
    "rows of 1e300": swapped(ANG, (b"NROWS: 5", b"NROWS: 1e300")),
    "rows of signs": swapped(ANG, (b"NROWS: 5", b"NROWS: --5")),
    "rows of -1": swapped(ANG, (b"NROWS: 5", b"NROWS: -1")),
    "a step of 1e999": swapped(ang(angles_of()[:, :1]), (b"XSTEP: 0.5", b"XSTEP: 1e999")),
    "a step of -1": swapped(ang(angles_of()[:, :1]), (b"XSTEP: 0.5", b"XSTEP: -1")),
    "other bytes": HEADER + bytes(range(1, 256)) * 99,
    "gz cut": gz(ANG)[:-30],
    "gz bomb": zeros_gz(1 << 28, HEADER),
}  # fmt: skip


@table(ANGS)
def test_a_bad_ang_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.ang", case)


def field(at, column, new):
    """Return a .ctf in which a field of a line is another one."""
    lines = [line.split(b"\t") for line in CTF.split(b"\r\n")]
    lines[at][column] = new
    return b"\r\n".join(b"\t".join(line) for line in lines)


PHASES, NAMES, POINT = 9, 11, 14
CTF_HEAD = b"\r\n".join(CTF.split(b"\r\n")[:12]) + b"\r\n"
CTFS = {
    "nothing": b"",
    "a header alone": CTF_HEAD,
    "half a header": CTF[:60],
    "a line alone": b"Channel Text File\r\n",
    "lines": b"Channel Text File\r\n" + b"a\tb\r\n" * 200_000,
    "tabs": b"Channel Text File\r\n" + b"\t" * 900_000,
    "cut after a line": CTF[: CTF.rfind(b"\r\n", 0, -99) + 2],
    "cut in a line": CTF[:-40],
    "a word": field(POINT, 5, b"abc"),
    "digits": field(POINT, 5, b"9" * 900_000),
    "angles of 1e300": field(POINT, 5, FAR),
    "an angle of inf": field(POINT, 5, b"-inf"),
    "no angle": field(POINT, 5, b""),
    "an angle of nan": field(POINT, 5, b"nan"),
    "x of 1e300": field(POINT, 1, FAR),
    "x of inf": field(POINT, 1, b"inf"),
    "no x": field(POINT, 1, b""),
    "y of -1e300": field(POINT, 2, b"-" + FAR),
    "x off the grid": field(POINT, 1, b"0.77"),
    "two at a place": field(POINT, 1, b"0.5"),
    "a phase too many": field(POINT, 0, b"2"),
    "a phase of -1": field(POINT, 0, b"-1"),
    "a phase of 1e300": field(POINT, 0, FAR),
    "a phase of inf": field(POINT, 0, b"inf"),
    "a phase of nan": field(POINT, 0, b"nan"),
    "half a phase": field(POINT, 0, b"1.5"),
    "a field less": field(POINT, 10, b"0\r\n1\t0\t0"),
    "a field more": field(POINT, 10, b"0\t5\t5"),
    "columns": CTF_HEAD + b"1\t" * 400_000,
    "no phases": field(PHASES, 1, b"0"),
    "phases of 2^31": field(PHASES, 1, b"2147483648"),
    "phases of digits": field(PHASES, 1, b"1" * 9000),
    "phases of raised digits": field(PHASES, 1, b"\xb9"),
    "phases of words": field(PHASES, 1, b"one"),
    "phases of nothing": field(PHASES, 0, b"Phaze"),
    "Laue group 99": field(PHASES + 1, 3, b"99"),
    "Laue group of words": field(PHASES + 1, 3, b"m-3m" * 9000),
    "Laue group of digits": field(PHASES + 1, 3, b"1" * 9000),
    "short phase": field(PHASES + 1, 1, b"90\r\nx"),
    "cells of 1e999": field(2, 1, b"1e999"),
    "cells of 1e300": field(2, 1, FAR),
    "cells of nan": field(2, 1, b"nan"),
    "cells of words": field(2, 1, b"many" * 9000),
    "cells of -8": field(2, 1, b"-8"),
    "no column of phases": field(NAMES, 0, b"Fase"),
    "no column of angles": field(NAMES, 6, b"Eulr2"),
    "zero bytes": field(POINT, 5, b"\0\0"),
    "gz cut": gz(CTF)[:-30],
    "gz bomb": zeros_gz(1 << 28, CTF_HEAD),
}


@table(CTFS)
def test_a_bad_ctf_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.ctf", case)


def cell(column, new):
    return row(9, column, new, CSV, b"x", b",", b",")


NAMED = b"x,y,phi1,Phi,phi2"
TABLES = {
    "a line of names": NAMED + b"\n",
    "a line of names without end": NAMED,
    "no x": CSV.replace(b"x (um)", b"u (um)"),
    "x twice": CSV.replace(b"y (um)", b"x (um)"),
    "phi1 twice": CSV.replace(b"Phi (deg)", b"phi1 (deg)"),
    "no phi2": CSV.replace(b"phi2", b"phi9"),
    "other names": b"a,b,c\n1,2,3\n",
    "names": b"x,y,phi1,Phi,phi2," + b"a," * 400_000 + b"\n1,2,3\n",
    "columns": NAMED + b"\n" + b"1," * 400_000,
    "columns and lines": NAMED + b"\n" + (b"1," * 9000 + b"\n") * 40,
    "a cell more": cell(5, b"1,5"),
    "a cell less": cell(4, b"1\n0,1"),
    "a word": cell(2, b"abc"),
    "a long word": cell(2, b"x" * 900_000),
    "a quote": cell(2, b'"' + b"1" * 9000),
    "digits": cell(0, b"1" * 900_000),
    "no x of a point": cell(0, b""),
    "x of nan": cell(0, b"nan"),
    "x of inf": cell(0, b"inf"),
    "x of 1e300": cell(0, FAR),
    "y of -1e300": cell(1, b"-" + FAR),
    "x of 1e15": cell(0, b"1e15"),
    "x off the grid": cell(0, b"0.77"),
    "two at a place": cell(0, b"0"),
    "radians that are degrees": CSV.replace(b"deg", b"rad"),
    "an angle of 1e300": cell(2, FAR),
    "an angle of inf": cell(2, b"inf"),
    "a phase of 1e300": cell(5, FAR),
    "a phase of 2^31": cell(5, b"2147483648"),
    "a phase of inf": cell(5, b"inf"),
    "half a phase": cell(5, b"0.5"),
    "no phase of a point": cell(5, b""),
    "cut in the last line": CSV[:-20],
    "cut after a comma": CSV[:-3],
    "zero bytes": cell(2, b"\0"),
    "other bytes": NAMED + b"\n" + bytes(range(128, 256)) * 99,
    "a layer twice": CSV.replace(b"phase", b"z") + CSV.partition(b"\n")[2],
    "z of every size": b"x,y,z,phi1,Phi,phi2\n" + b"".join(
        b"%d,0,1e%d,1,2,3\n" % (i, i - 30) for i in range(60)
    ),
    "a diagonal": b"x,y,z,phi1,Phi,phi2\n" + b"".join(
        b"%d,%d,%d,1,2,3\n" % (i, i, i) for i in range(900)
    ),
    "a diagonal of a plane": b"x,y,phi1,Phi,phi2\n" + b"".join(
        b"%d,%d,1,2,3\n" % (i, i) for i in range(9000)
    ),
    "gz cut": gz(CSV)[:-30],
    "gz bomb": zeros_gz(1 << 28, NAMED + b"\n"),
}  # fmt: skip


@table(TABLES)
def test_a_bad_table_of_angles_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.csv", case)


def euler(new, head="phi1,Phi,phi2"):
    return f"{head}\n10,20,30\n{new}\n".encode()


def turn(new):
    return euler(new, "w,x,y,z,weight").replace(b"10,20,30", b"1,0,0,0,1")


LISTS = {
    "nothing": b"",
    "spaces": b" \n" * 9000,
    "notes": b"# a\n" * 9000,
    "zeros": bytes(9000),
    "bytes": bytes(range(256)) * 99,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "names alone": b"phi1,Phi,phi2\n",
    "names without end": b"phi1,Phi,phi2",
    "other names": b"a,b,c\n1,2,3\n",
    "long names": b"a" * 900_000 + b",b,c\n1,2,3\n",
    "many names": b"a," * 400_000 + b"\n1,2,3\n",
    "many columns": b"1," * 400_000 + b"\n",
    "many columns below names": euler("1," * 400_000),
    "names twice": b"phi1,Phi,phi2,phi1\n10,20,30,40\n",
    "weights twice": b"w,x,y,z,weight,weight\n1,0,0,0,1,2\n",
    "four columns": b"1,0,0,0\n",
    "one column": b"10\n20\n30\n",
    "a row less": euler("10,20"),
    "a row more": euler("10,20,30,40"),
    "a word": euler("10,20,x"),
    "a long word": euler("10,20," + "x" * 900_000),
    "digits": euler("10,20," + "1" * 900_000),
    "dots": euler("10,20,1.2.3"),
    "an empty field": euler("10,,30"),
    "other digits": euler("10,20,٣٣"),
    "hexadecimal": euler("10,20,0x1F"),
    "complex": euler("10,20,1+2j"),
    "nan": euler("10,20,nan"),
    "inf": euler("10,inf,30"),
    "far": euler("10,1e300,30"),
    "beyond": euler("10,1e999,30"),
    "above 360": euler("10,400,30"),
    "radians above 2 pi": euler("10,20,30", "phi1_rad,Phi_rad,phi2_rad"),
    "no unit and small": b"phi1,Phi,phi2\n1,0.3,2\n",
    "two units": euler("1,1,1", "phi1_rad,Phi_deg,phi2_deg"),
    "quaternion of 0": turn("0,0,0,0,1"),
    "quaternion of 1e300": turn("1e300,1e300,0,0,1"),
    "quaternion of 2": turn("1,1,1,1,1"),
    "quaternion of nan": turn("nan,0,0,0,1"),
    "a weight below 0": turn("1,0,0,0,-1"),
    "a weight of inf": turn("1,0,0,0,inf"),
    "weights of 0": turn("1,0,0,0,0").replace(b"1,0,0,0,1", b"1,0,0,0,0"),
    "weights beyond": turn("1,0,0,0,1.7e308").replace(b"1,0,0,0,1\n", b"1,0,0,0,1.7e308\n"),
    "zero bytes": euler("10,20,\0"),
    "gz cut": gz(orientations())[:-9],
    "gz bomb": zeros_gz(1 << 28, b"phi1,Phi,phi2\n"),
}  # fmt: skip


@table(LISTS)
def test_a_bad_list_of_orientations_is_refused(tmp_path, case):
    refused(read_orientations, tmp_path / "a.csv", case)
