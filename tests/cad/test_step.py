"""STEP files: exact bodies, in the unit of the file; nonsense and crashes refused."""

import gzip
import math

import numpy as np
import pytest
import trimesh
from solids import box
from step_files import Step

from grainpaint import InputError
from grainpaint.cad import load_part, unit_of

pytest.importorskip("cascadio")


def block(unit="mm"):
    step = Step(unit)
    step.block((0.0, 0.0, 0.0), (1.0, 2.0, 3.0))
    return step.text()


@pytest.mark.parametrize(("unit", "edge"), [("mm", 1e3), ("inch", 25_400), ("m", 1e6)])
def test_a_block_is_itself_in_the_unit_of_its_file(tmp_path, unit, edge):
    path = tmp_path / "block.dat"
    path.write_bytes(gzip.compress(block(unit).encode()))
    part = load_part(path)
    np.testing.assert_allclose(part.bounds[1], np.array([1, 2, 3]) * edge, rtol=1e-6)
    assert part.volume == pytest.approx(6 * edge**3, rel=1e-6)
    assert unit_of(path) == unit
    assert part.notes == ()
    with pytest.raises(InputError, match=f"its unit is {unit}, not cm"):
        load_part(path, "cm")


def test_a_cylinder_is_within_the_chord_that_is_said(tmp_path):
    step = Step()
    step.cylinder(2.0, 5.0)
    step.block((5.0, 0.0, 0.0), (6.0, 1.0, 1.0))
    path = tmp_path / "two.step"
    path.write_text(step.text())
    part = load_part(path)
    cylinder, cube = sorted(part.body_volumes, reverse=True)
    assert cylinder == pytest.approx(math.pi * 20e9, rel=0.003)
    assert cube == pytest.approx(1e9, rel=1e-6)
    assert "flat pieces" in part.notes[0]


def test_a_solid_within_another_is_no_cavity(tmp_path):
    step = Step()
    step.block((0.0, 0.0, 0.0), (4.0, 4.0, 4.0))
    step.block((1.0, 1.0, 1.0), (2.0, 2.0, 2.0))
    path = tmp_path / "two.step"
    path.write_text(step.text())
    part = load_part(path)
    assert sorted(part.body_volumes) == pytest.approx([1e9, 64e9])
    (note,) = part.notes
    assert "1 solid of 2 within another solid, around (1.5, 1.5, 1.5) mm" in note


def test_names_comments_and_marks_of_bytes_do_not_matter(tmp_path):
    text = block().replace(
        "CARTESIAN_POINT('',", "CARTESIAN_POINT ( 'p (x;y) it''s' ,\n"
    )
    text = text.replace("DATA;", "DATA;\n/* #1 = MANIFOLD_SOLID_BREP('',#2); */")
    path = tmp_path / "block.step"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    part = load_part(path)
    assert part.volume == pytest.approx(6e9, rel=1e-6)
    assert part.notes == ()


def test_units_are_what_they_measure_whatever_their_names(tmp_path):
    path = tmp_path / "block.step"
    path.write_text(block("inch").replace("'INCH'", "'ZOLL (Z)'"))
    assert unit_of(path) == "inch"
    path.write_text(block("inch").replace("LENGTH_MEASURE(25.4)", "25.4"))
    assert unit_of(path) == "inch"
    for text in (
        block("inch").replace("25.4", "304.8"),
        block().replace("MILLI", "DECI"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=r"unit of length is \d+ mm, which is not"):
            unit_of(path)


def test_the_chord_is_that_of_the_smallest_unit_of_several(tmp_path):
    step = Step()
    step.cylinder(2.0, 5.0)
    extra = block("inch").split("DATA;\n")[1].split("ENDSEC")[0].replace("#", "#9")
    path = tmp_path / "two.step"
    path.write_text(step.text().replace("\nENDSEC;\nEND", f"\n{extra}ENDSEC;\nEND"))
    part = load_part(path)
    cube, cylinder = sorted(part.body_volumes, reverse=True)
    assert cube == pytest.approx(6 * 25_400.0**3, rel=1e-6)
    assert cylinder == pytest.approx(math.pi * 20e9, rel=0.003)
    assert part.notes[0] == "its parts are in mm and inch, each as the file says"


def test_what_the_file_does_not_say_is_refused(tmp_path):
    text = block()
    cases = {
        "truncated": text[:-60],
        "defines no solid": text.replace("MANIFOLD_SOLID_BREP", "SHELL_BASED_MODEL"),
        "unit of length": text.replace(".METRE.", ".GRAM."),
        "not what it needs": text.replace("CLOSED_SHELL", "CLOSED_SHOLL"),
    }
    for message, bad in cases.items():
        path = tmp_path / "bad.step"
        path.write_text(bad)
        with pytest.raises(InputError, match=message):
            load_part(path)


def test_nonsense_of_the_reader_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "block.step"
    path.write_text(block())
    for size in ((0.001, 0.002, 0.001), (1.0, 2.0, 3.0)):
        glb = trimesh.Scene(box(size)).export(file_type="glb")
        monkeypatch.setattr("grainpaint.cad.step._convert", lambda *_, glb=glb: glb)
        with pytest.raises(InputError, match="does not fit the points"):
            load_part(path)


@pytest.mark.parametrize(
    ("code", "message"),
    [("import os; print('boom', flush=True); os.abort()", "crashed"),
     ("import time; time.sleep(9)", "stopped after"),
     ("import sys; print('noise', file=sys.stderr)", "nothing that it can read")],
)  # fmt: skip
def test_a_crash_or_a_hang_of_the_reader_is_one_line(
    tmp_path, monkeypatch, capfd, code, message
):
    path, child = tmp_path / "block.step", tmp_path / "child.py"
    path.write_text(block())
    child.write_text(code)
    monkeypatch.setattr("grainpaint.cad.step.CHILD", child)
    monkeypatch.setattr("grainpaint.cad.step._LONGEST_S", 1)
    with pytest.raises(InputError, match=message):
        load_part(path)
    assert capfd.readouterr() == ("", "")


def test_without_the_package_the_way_to_get_it_is_said(tmp_path, monkeypatch):
    path = tmp_path / "block.step"
    path.write_text(block())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'grainpaint\[step\]'"):
        load_part(path)
