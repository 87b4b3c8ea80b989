"""STEP files: damaged, malicious, and of what is no solid."""
# ruff: noqa: E501 (a case a line)

import numpy as np
import pytest
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
)
from step_files import Step
from step_forks import Forks

from grainpaint.cad.load import load_part
from grainpaint.cad.step import CHILD

pytest.importorskip("cascadio")


def step_text():
    file = Step()
    file.block((0, 0, 0), (1, 2, 3))
    return file.text().encode()


def round_text():
    file = Step()
    file.cylinder(2.0, 5.0)
    file.block((5.0, 0.0, 0.0), (6.0, 1.0, 1.0))
    return file.text().encode()


def as_large(whole, part):
    """Return whether a part is what the whole file holds, but for the last digits."""
    bounds = np.array(whole.bounds)
    near = np.allclose(part.bounds, bounds, atol=0.002 * bounds.max())
    return near and abs(part.volume / whole.volume - 1) < 0.01


@many
@pytest.mark.parametrize("name", ["block", "round"])
def test_damage_of_a_step_file_is_borne(tmp_path, monkeypatch, name, n):
    """By forks of one process: each file would start its own."""
    data = {"block": step_text, "round": round_text}[name]()
    silent = []

    def same(whole, part):
        silent.extend([part] * (not as_large(whole, part)))
        return True

    with Forks(CHILD) as forks:
        monkeypatch.setattr("grainpaint.cad.step.subprocess", forks)
        survives(load_part, tmp_path / f"{name}.step", data, n // 2, same)
    assert len(silent) <= n // 2 / 1000  # such as an axis that leans by a little
    assert forks.peak < 4 * len(data) + (300 << 20)


def test_a_step_file_starts_a_process_of_its_own(tmp_path):
    """And a damaged one, too, as in the product."""
    read, allowed = tmp_path / "a.step", ("subprocess.Popen",)
    survives(load_part, read, step_text(), 2, None, allowed)


def step(*pairs):
    return swapped(step_text(), *pairs)


def entity(kind, new, at=0):
    """Return a file in which the n-th entity of a kind is another one."""
    lines = step_text().split(b"\n")
    found = [i for i, line in enumerate(lines) if b"=" + kind + b"(" in line]
    number = lines[found[at]].partition(b"=")[0]
    lines[found[at]] = new.replace(b"#0", number) if new else new
    return b"\n".join(lines)


POINT = b"CARTESIAN_POINT('',("
END = b"ENDSEC;\nEND-ISO"
SOON = {  # refused by what the text says
    "a line": b"ISO-10303-21;\n",
    "end alone": b"ISO-10303-21; END-ISO-10303-21;",
    "cut": step_text()[:900],
    "cut before the end": step_text()[:-20],
    "zeros behind": step_text() + bytes(9000),
    "no solid": step_text().replace(b"MANIFOLD_SOLID_BREP", b"SHELL"),
    "no unit": step_text().replace(b"METRE", b"PARSEC"),
    "an unknown prefix": step((b".MILLI.", b".EVIL.")),
    "a prefix of giga": step((b".MILLI.", b".GIGA.")),
    "a unit by another name": step((b"LENGTH_UNIT()", b"MASS_UNIT()")),
    "lengths without end": swapped(
        step_text().replace(b"METRE", b"FOOT"), (b"ENDSEC", b"LENGTH_UNIT() " * 40_000 + b";ENDSEC")
    ),
    "lengths in feet": step((b"(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))", b"(CONVERSION_BASED_UNIT('FOOT',#9)LENGTH_UNIT()NAMED_UNIT(#9))")),
    "points of dots": step_text().replace(POINT + b"0.", POINT + b"0.1.2"),
    "points of two dots": step_text().replace(POINT + b"0.", POINT + b"0..0"),
    "points far": step_text().replace(POINT + b"0.", POINT + b"1E999"),
    "points of 1E300": step_text().replace(POINT + b"0.", POINT + b"1E300"),
    "points of digits": step_text().replace(POINT + b"0.", POINT + b"9" * 900 + b"."),
    "points at one place": step_text().replace(b"1.000000000", b"0.0").replace(b"2.000000000", b"0.0").replace(b"3.000000000", b"0.0"),
    "no points": step_text().replace(b"CARTESIAN_POINT", b"POINT"),
    "one point": b"ISO-10303-21;#1=MANIFOLD_SOLID_BREP('',#2);#2=CARTESIAN_POINT('',(0.,0.,0.));#3=(LENGTH_UNIT()SI_UNIT($,.METRE.));END-ISO-10303-21;",
    "XML": b'<?xml version="1.0"?><iso_10303_28/>',
    "IGES": b" " * 72 + b"S      1\n",
    "gz cut": gz(step_text())[:-30],
    "gz bomb": zeros_gz(1 << 28, b"ISO-10303-21;\n"),
    "zeros": b"ISO-10303-21;\n" + bytes(9000),
}  # fmt: skip


@table(SOON)
def test_a_bad_step_file_is_refused_at_once(tmp_path, case):
    refused(load_part, tmp_path / "a.step", case)


LATE = {  # refused by OpenCASCADE in its process, or by what it makes
    "no faces": entity(b"CLOSED_SHELL", b"#0=CLOSED_SHELL('',());"),
    "a face less": entity(b"ADVANCED_FACE", b""),
    "a shell of itself": entity(b"CLOSED_SHELL", b"#0=CLOSED_SHELL('',(#0));"),
    "a solid of nothing": entity(b"MANIFOLD_SOLID_BREP", b"#0=MANIFOLD_SOLID_BREP('',#999999);"),
    "a solid of itself": entity(b"MANIFOLD_SOLID_BREP", b"#0=MANIFOLD_SOLID_BREP('',#0);"),
    "a solid of a text": entity(b"MANIFOLD_SOLID_BREP", b"#0=MANIFOLD_SOLID_BREP('','a');"),
    "an edge less": entity(b"EDGE_LOOP", b""),
    "a corner far away": entity(b"VERTEX_POINT", b"#0=VERTEX_POINT('',#888888);\n#888888=CARTESIAN_POINT('',(9E9,9E9,9E9));"),
    "a direction of 0": entity(b"DIRECTION", b"#0=DIRECTION('',(0.,0.,0.));", 3),
    "a plane of nothing": entity(b"PLANE", b"#0=PLANE('',$);"),
    "brackets": swapped(step_text(), (b"CLOSED_SHELL('',", b"CLOSED_SHELL(''," + b"(" * 9000)),
    "numbers twice": swapped(step_text(), (b"\n#2=", b"\n#1=")),
    "units without end": step((b"ENDSEC", b"CONVERSION_BASED_UNIT('a' " * 40_000 + b";ENDSEC")),
    "points of signs": step_text().replace(POINT + b"0.", POINT + b"--"),
    "points in a plane of text": step_text().replace(b"(0.", b"(x."),
    "an open text": step((b"FILE_NAME('", b"FILE_NAME('" + b"a" * 900_000)).replace(b"CARTESIAN_POINT('", b"CARTESIAN_POINT(\""),
    "no representation": entity(b"SHAPE_DEFINITION_REPRESENTATION", b""),
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if i < 1 else pytest.mark.slow) for i, name in enumerate(LATE)],
)  # fmt: skip
def test_a_step_file_that_its_reader_cannot_read_is_refused(tmp_path, name):
    refused(load_part, tmp_path / "a.step", LATE[name], ("subprocess.Popen",))


@pytest.mark.slow
def test_a_step_file_names_no_other_file(tmp_path, monkeypatch):
    """Documents and parts elsewhere, which assemblies may name, stay closed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_bytes(step_text())
    more = f"#777=DOCUMENT_FILE('{SECRET}','','',#778,'','');\n".encode()
    path = tmp_path / "a.step"
    path.write_bytes(swapped(step_text(), (END, more + END)))
    outcome(load_part, path, ("subprocess.Popen",))
