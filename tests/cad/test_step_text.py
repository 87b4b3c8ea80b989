"""The text of STEP files: what OpenCASCADE would mend in silence is refused."""

import contextlib
import re
from pathlib import Path

import pytest
from step_files import Step

from grainpaint import InputError
from grainpaint.cad.step_edges import check_edges
from grainpaint.cad.step_text import step_text

NUMBER = r"\s*(-?\d+\.\d+)\s*"
POINT = re.compile(
    rf"#(\d+)\s*=\s*CARTESIAN_POINT\s*\(''\s*,\s*\({NUMBER},{NUMBER},{NUMBER}\)"
)


def text_of(shape, *sizes):
    step = Step()
    getattr(step, shape)(*sizes)
    return step.text()


BLOCK = text_of("block", (0.0, 0.0, 0.0), (1.0, 2.0, 3.0))
ROUND = text_of("cylinder", 2.0, 5.0)


def check(text):
    found = POINT.finditer(text)
    points = {m[1].encode(): tuple(float(m[i]) for i in (2, 3, 4)) for m in found}
    check_edges(step_text(Path("a.step"), text.encode()), points)


def edited(text, pattern, new):
    text, n = re.subn(pattern, new, text, count=1)
    assert n == 1
    return text


@pytest.mark.parametrize("text", [BLOCK, ROUND], ids=["block", "round"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "  ", "\n/* a; comment */\n"], ids=repr)
def test_good_text_is_accepted_however_it_is_spaced(text, ends):
    text = text.replace(";\n", f" ;{ends}").replace("=", " = ").replace(",", " , ")
    check(text)
    check(text.replace("'part'", "'it''s; (a, part' ").replace("E-6", "e-06"))


def test_complex_entities_may_be_broken_into_lines():
    check(BLOCK.replace(")GLOBAL", ")\n   GLOBAL").replace(")NAMED", ")\r\n\tNAMED"))


EDITS = {
    "a number": (r"2\.000000000", "2.0x", "not a statement"),
    "two numbers": (r"2\.000000000", "2.0.0", "not a statement"),
    "a blank in a number": (r"2\.000000000", "2.0 0", "not a statement"),
    "a number less": (r"2\.000000000,", "", "not a point of three coordinates"),
    "nothing for a number": (r"2\.000000000", "", "not a statement"),
    "a bracket more": (r",\.T\.\);", ",.T.));", "not a statement"),
    "no name": (r"=ORIENTED_EDGE\([^;]*;", "=$;", "has no name"),
    "an end less": (r"\.T\.\);", ".T.)", "not a statement"),
    "a byte": (r"#20=", "#20=\x01", "not a statement"),
    "a number twice": (r"#3=", "#1=", "defined twice"),
    "a shell of another name": ("CLOSED_SHELL", "CLOSED_SHOLL", "not what it needs"),
    "an edge of another name": ("ORIENTED_EDGE", "ORIENTED_EDGY", "not what it needs"),
    "a vertex of nothing": (r"VERTEX_POINT\('',#\d+", "VERTEX_POINT('',#9999", "#9999"),
    "axes of nothing": (
        r"(PLANE\('',)#\d+",
        r"\1#9999",
        "#9999, which is not what it needs",
    ),
    "a face as an edge": (r"(\*,\*,)#\d+", r"\1#1", "not what it needs"),
    "no sense": (r"(ADVANCED_FACE.*),\.T\.", r"\1,.U.", "no ADVANCED_FACE"),
    "an edge less": (r"(EDGE_LOOP\('',\()#\d+,", r"\1", "open: an edge is missing"),
    "an edge turned": (r"(ORIENTED_EDGE.*)\.T\.", r"\1.F.", "open"),
    "a point moved": (r"\(1\.000000000,2\.", "(1.010000000,2.", "lies off its edge"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_a_damaged_block_is_refused_with_the_place(edit):
    pattern, new, message = edit
    with pytest.raises(InputError, match=message):
        check(edited(BLOCK, pattern, new))


@pytest.mark.parametrize("kind", ["CIRCLE", "LINE", "SURFACE_CURVE", "SEAM_CURVE"])
@pytest.mark.parametrize(
    "arguments", ["'',#900,$", "'',#900,#901", "", "#900", "$,#9999,9."]
)
def test_curves_may_hold_anything(kind, arguments):
    """They refer to themselves, or to nothing: no traceback."""
    text = BLOCK.replace("ENDSEC;\nEND", f"#900={kind}({arguments});\nENDSEC;\nEND")
    text = edited(text, r"(EDGE_CURVE\('',#\d+,#\d+,)#\d+", r"\1#900")
    with contextlib.suppress(InputError):
        check(text)


def test_complex_entities_may_stand_where_parts_of_solids_do():
    check(edited(BLOCK, r"=(ORIENTED_EDGE\([^;]*);", r"=(\1 MORE());"))


def test_a_circle_of_another_radius_or_axis_is_refused():
    with pytest.raises(InputError, match="lies off its edge"):
        check(edited(ROUND, r"(CIRCLE\('',#\d+,)2\.0", r"\g<1>2.1"))
    with pytest.raises(InputError, match="lies off its edge"):
        check(edited(ROUND, r"#4=DIRECTION\('',\(0", "#4=DIRECTION('',(8"))


def test_a_plane_that_is_turned_is_refused():
    turned = r"(PLANE\('',#(\d+)\);)"
    number = re.search(turned, BLOCK)[2]
    axis = re.search(rf"#{number}=AXIS2_PLACEMENT_3D\('',#\d+,#(\d+)", BLOCK)[1]
    with pytest.raises(InputError, match="does not lie in its plane"):
        check(
            edited(
                BLOCK, rf"#{axis}=DIRECTION[^;]*;", f"#{axis}=DIRECTION('',(1.,1.,9.));"
            )
        )
