"""G-code against a naive interpreter, and the rules of the beam."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.paths.content import kind_of_path
from grainpaint.simulate.am.paths.gcode import read_gcode

GO = "M3\nG1 X1 F60 S1\n"


def ends(text, **options):
    return (read_gcode(text.encode(), **options).end / 1000).tolist()


def test_words_hold_and_lines_may_be_written_in_many_ways():
    text = (
        "%\nO7\nN10 g21g90 ; mm\nm3 (on) s5\ng1x1y 2.5f600\nX+3.*71\r\n\nY.5 M8\nM5\n"
    )
    assert ends(text) == [[1, 2.5, 0], [3, 2.5, 0], [3, 0.5, 0]]
    path = read_gcode(text.encode())
    assert path.speed.tolist() == [10_000] * 3  # 600 mm/min
    assert path.on.all()


def test_motions_behind_coolants_and_tools_are_followed():
    text = GO + "M8 G1 X2\nN5 T1 M06 G01 Y3\nM117 G1 X9\nM106 S255\nG1 X4\n"
    assert ends(text) == [[1, 0, 0], [2, 0, 0], [2, 3, 0], [4, 3, 0]]


def test_macros_may_come_first():
    text = b"START_PRINT BED=60\n_PURGE\nG90\n" + GO.encode()
    assert kind_of_path(text) == kind_of_path(b"$H\n" + GO.encode()) == "gcode"
    with pytest.warns(InputNote, match="2 lines passed over"):
        assert len(read_gcode(text).on) == 1


def test_columns_of_axes_are_no_program():
    with pytest.raises(InputError, match="not a scan path"):
        kind_of_path(b"y0,x0,z0,x1,y1,z1,speed,on\n0,0,0,1,0,0,2,1\n")


def test_power_may_be_that_of_each_move():
    text = b"M3 I\nG1 X1 F60 S1\nX2 S0\nM05 I\n"
    assert read_gcode(text).on.tolist() == [True, False]


@pytest.mark.parametrize("word", ["X1e-05", "Y-2.5E+02", "F1.E-12"])
def test_exponents_are_refused_rather_than_read_as_an_extrusion(word):
    with pytest.raises(InputError, match="line 3: a number has an exponent"):
        read_gcode(f"{GO}G1 {word} Z0\n".encode())
    assert ends(GO + "G1 X2E-5\nG1 X3 E-05\n")[1:] == [[2, 0, 0], [3, 0, 0]]


def test_relative_places_units_and_home():
    text = GO + "G91 X1 Z2\nG20 X1\nG90 G21 X5\nG28 X\nG1 Y1\nG91 G28\nX3\n"
    places = [[1, 0, 0], [2, 0, 2], [27.4, 0, 2], [5, 0, 2], [0, 1, 2], [3, 0, 0]]
    assert ends(text) == places


def test_a_rapid_move_is_a_jump_unless_its_feed_is_told():
    path = read_gcode(b"M3 S1\nG1 X1 F60\nG0 X5\nG1 X6\nG0 X9 F120\nG1 X10 F60\n")
    assert path.start[:, 0].tolist() == [0, 5000, 6000, 9000]
    assert path.on.tolist() == [True, True, False, True]
    assert path.speed.tolist() == [1000, 1000, 2000, 1000]


@pytest.mark.parametrize(
    ("laser", "text", "on"),
    [
        ("power", "M3 S1\nG1 X1 F9\nX2 S0\nX3 S2\nM5\nX4\nM4\nX5\n", [1, 0, 1, 0, 1]),
        ("power", "G1 X1 F9 S1\nX2 S0\nX3 S.1\n", [1, 0, 1]),  # never M3
        ("power", "G1 X1 F9\nM3\nX2\nM5\nX3\n", [0, 1, 0]),  # never S
        ("power", "M3\nG1 X1 F9\nM106 S255\nG4 S9\nX2\nX3 S1\n", [0, 0, 1]),  # fan
        ("motion", "G1 X1 F9\nG0 X2 F9\nG1 X3\n", [1, 0, 1]),
        ("extrusion", "G1 X1 F9 E1\nX2\nX3 E1.5\nX4 E1\nG92 E0\nX5 E.1\n",
         [1, 0, 1, 0, 1]),
        ("extrusion", "M83\nG1 X1 F9 E1\nX2 E1\nE-2\nX3\nX4 E.1\n", [1, 1, 0, 1]),
    ],
)  # fmt: skip
def test_the_beam_is_on_by_the_rule_of_its_laser(laser, text, on):
    assert read_gcode(text.encode(), laser=laser).on.tolist() == on


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("G1 X1 F60\n", "no move burns by the rule laser = 'power'"),
        (GO + "G2 X1 Y1 I1\n", "line 3: arcs"),
        (GO + "G81 X1 Z-1 R2\n", "line 3: threads, probing and cycles"),
        (GO + "G92 X0\n", "line 3: G92"),
        (GO + "G10 L2 P1 X5\n", "line 3: G92 and G10"),
        (GO + "G5.1 X1 I1 J1\n", "line 3: arcs"),
        (GO + "G16\n", "line 3: coordinates that are polar, scaled"),
        (GO + "G52 X5\n", "line 3: coordinates that are polar, scaled"),
        (GO + "G42 D1\n", "line 3: paths beside"),
        (GO + "G95\n", "line 3: only feeds per minute"),
        (GO + "G54\nG55\n", "line 4: a second origin"),
        (GO + "G55\nG1 X2\n", "line 3: a second origin"),
        ("G59\n" + GO + "G55\nG54\n", "line 4: a second origin"),
        (GO + "G53 G0 Z9\n", "line 3: coordinates of the machine"),
        (GO + "M98 P100\n", "line 3: subprograms"),
        (GO + "G1 X2 M98 P100\n", "line 3: subprograms"),
        (GO + "O100 repeat [5]\n", "line 3: subprograms"),
        (GO + "G65 P9 X5\n", "line 3: subprograms"),
        (GO + "G0 G1 X2\n", "line 3: codes 0 and 1 in one line contradict"),
        (GO + "G90 G91\n", "line 3: codes 90 and 91 in one line"),
        (GO + "G93\n", "line 3: feeds as inverse"),
        (GO + "G1 A4\n", "line 3: other axes"),
        (GO + "G1 X\n", "line 3: 'G1X' is not G-code"),
        (GO + "G1 X1.2.3\n", "line 3: 'G1X1.2.3' is not G-code"),
        (GO + "12\nG1 X2\n", "line 3: '12' is not G-code"),
        (GO + "G1 X1 X2\n", "line 3: X stands there twice"),
        ("M3\nX1\n", "line 2: a move before any G0 or G1"),
        (GO + "X2 F0\n", "line 3: the feed F"),
        (GO + "X2 F-60\n", "line 3: the feed F"),
    ],
)
def test_what_cannot_be_read_is_one_line(text, message):
    with pytest.raises(InputError, match=message) as error:
        read_gcode(text.encode())
    assert "\n" not in str(error.value)


def test_lines_of_macros_are_told():
    text = GO + "EXCLUDE_OBJECT NAME=a\n$H\nG1 X2\nM117 Hello X\nT1\nG29 A\n"
    with pytest.warns(InputNote, match="2 lines .*first is 'EXCLUDE_OBJECT NAME=A'"):
        assert len(ends(text)) == 2


def test_one_origin_and_macros_by_name_are_no_matter():
    text = GO + 'G54\nG0 G43 Z1 H1\nM98 P"home.g"\nO1000\nG54 G1 X2 G1\n'
    assert ends(text)[-1] == [2, 0, 1]


def test_an_origin_other_than_the_first_holds_if_it_is_the_only_one():
    assert ends("G28\nG28 Z0\nG56 " + GO + "G56\nX2\n") == [[1, 0, 0], [2, 0, 0]]


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("M30\n", "line 3 (M30)"),
        ("N9 M02 (end)\n", "line 3 (M02)"),
        ("G0 X0 M 2\n", "line 3 (M 2)"),
        ("%\n", "line 3 (%)"),
        ("\nM30*17\r\n", "line 4 (M30)"),
    ],
)
def test_what_follows_the_end_of_a_program_is_told_and_not_followed(end, told):
    with pytest.warns(InputNote, match=re.escape(told) + ".* are passed over"):
        assert ends(GO + end + "\nG1 X9\n") == [[1, 0, 0]]


def test_ends_of_programs_without_motions_behind_go_without_a_note():
    start = "%\n% a part\nO1\n" + GO
    assert ends(start + "M30\n%\nX-ray of G1\n") == [[1, 0, 0]]
    # M30 with a name deletes a file, M300 beeps, a text is none, a comment is aside.
    more = "M30 OLD.GCO\nM300 S2\nM117 AT M30\n(M2)\n; M30\n% note\nG1 X2\n"
    assert ends(start + more) == [[1, 0, 0], [2, 0, 0]]


def naive(text):
    """Interpret a program line by line."""
    at, relative, factor, motion, feed, power = [0.0] * 3, False, 1.0, None, None, 0
    tracks = []
    for line in text.splitlines():
        words = re.findall(r"([A-Z])(-?[\d.]+)", line)
        for letter, value in words:
            if letter == "G":
                code = float(value)
                relative = {90: False, 91: True}.get(code, relative)
                factor = {20: 25.4, 21: 1.0}.get(code, factor)
                motion = code if code in (0, 1) else motion
        to = list(at)
        for letter, value in words:
            if letter in "XYZ":
                i = "XYZ".index(letter)
                to[i] = float(value) * factor + (at[i] if relative else 0)
            elif letter == "F":
                feed = float(value) * factor / 60
            elif letter == "S":
                power = float(value)
        if any(letter in "XYZ" for letter, _ in words) and motion == 1:
            tracks.append((*at, *to, feed, power > 0))
        at = to
    return tracks


def _line(parts):
    head, letters, number = parts
    words = (f"{a}{abs(number) if a == 'S' else number}" for a in letters)
    return head + " ".join(words)


_lines = st.lists(
    st.tuples(
        st.sampled_from(["", "G0 ", "G1 ", "G20 ", "G21 ", "G90 ", "G91 ", "G1 G91 "]),
        st.lists(st.sampled_from("XYZS"), unique=True, max_size=4),
        st.integers(-50, 50),
    ).map(_line),
    max_size=30,
)


@given(_lines)
def test_a_program_is_followed_as_line_by_line(lines):
    text = "\n".join(["M3", "G1 X1 F60 S1", *lines])
    found = read_gcode(text.encode())
    expected = np.array(naive(text))
    table = np.column_stack([found.start, found.end, found.speed]) / 1000
    np.testing.assert_allclose(table, expected[:, :7], atol=1e-9)
    np.testing.assert_array_equal(found.on, expected[:, 7] == 1)
