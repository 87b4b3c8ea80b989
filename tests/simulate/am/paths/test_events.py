import pytest
from scan_paths import EVENTS

from grainpaint.errors import InputError
from grainpaint.simulate.am.paths.content import kind_of_path
from grainpaint.simulate.am.paths.events import read_events


def test_the_power_of_an_event_holds_until_the_next():
    path = read_events(EVENTS.encode(), 1000)
    assert path.on.tolist() == [True, False, True, False, True]
    assert path.speed == pytest.approx([5e5] * 5)  # 1 mm in 2 ms


def test_jumps_pauses_comments_and_more_columns():
    text = (
        "# x\n0,0,0,1,5,9\n1,2,0,1,0,9\n1,0,3,1,5,9\n\n2,0,3,1,5,9\n** y\n3,2,3,1,0,9\n"
    )
    path = read_events(text.encode(), 1.0)
    assert path.start[:, 0].tolist() == [0, 0, 0]
    assert path.end[:, 0].tolist() == [2, 0, 2]  # the second one stands still
    assert path.speed.tolist() == [2, 0, 2]


def test_a_comma_may_end_a_line():
    text = "*EVENT SERIES\r\n0, 0, 0, 1, 5\r\n1, 2, 0, 1, 0,\r\n2, 2, 2, 1, 0 , \r\n"
    assert read_events(text.encode(), 1.0).end[:, 1].tolist() == [0, 2]


@pytest.mark.parametrize(
    "lines",
    [
        ("0\t0\t0\t1\t5", "1\t2\t0\t1\t0"),
        ("  0.0D+00 0 0 1.0d0  5.D2 ", "1.0D0  2  0.0  1.0  0"),
        ("time;x;y;z;power", "0;0;0;1,0;5,5;", "1;2,0;0;1;0;"),
        ('"Time" x y z power', "0 0 0 1 5 9", "1 2 0 1 0 9"),
    ],
    ids=["tabs", "Fortran", "semicolons", "blanks"],
)
def test_columns_are_found_whatever_separates_them(lines):
    data = "\n".join(lines).encode()
    assert kind_of_path(data) == "events"
    path = read_events(data, 1.0)
    assert path.end.tolist() == [[2, 0, 1]]
    assert path.on.all()


@pytest.mark.parametrize(
    "names",
    [
        "time [s], x [mm], y [mm], z [mm], power [W]",
        "Time(ms),X (um),Y (um),Z (um),Power (W)",
    ],
)
def test_names_may_say_units(names):
    lines = "0,0,0,3,5\n1,2,0,3,0\n"
    data = f"{names}\n{lines}".encode()
    assert kind_of_path(data) == "events"
    edge, seconds = (1000.0, 1.0) if "mm" in names else (1.0, 1e-3)
    path = read_events(data)
    assert path.end.tolist() == [[2 * edge, 0, 3 * edge]]
    assert path.speed == pytest.approx([2 * edge / seconds])
    assert read_events(data, edge).end.tolist() == path.end.tolist()
    with pytest.raises(InputError, match="say another unit of length"):
        read_events(data, 25_400.0)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("time [h],x,y,z,power", "unit of a time is 'h'"),
        ("time,x [mm],y [m],z [m],power", "'mm', 'm', 'm': write all in one unit"),
        ("time,x [ell],y [ell],z [ell],power", "unit of length is 'ell'"),
    ],
)
def test_names_with_units_that_cannot_be_meant_are_refused(names, message):
    with pytest.raises(InputError, match=message):
        read_events(f"{names}\n0,0,0,3,5\n1,2,0,3,0\n".encode())


def test_a_line_of_six_numbers_is_told_to_need_names():
    with pytest.raises(InputError, match=r"6 numbers.*name the columns"):
        kind_of_path(b"0,0,0,0,1,9\n1,1,0,0,0,9\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,0,0,0,1\n1,1,0,0,0\n0.5,2,0,0,0\n", "backward from 1 to 0.5 s at event 3"),
        ("0,0,0,0,1\n0,1,0,0,0\n", "event 2 lies elsewhere"),
        ("0,0,0,0,-1\n1,1,0,0,0\n", "event 1: .* power of at least 0"),
        ("0,0,0,inf,1\n1,1,0,0,0\n", "event 1 has the number inf"),
        ("0,0,0,0,1\n", "at least two"),
        ("0,0,0,0,1\n1,1,0,0\n", "lacks a number"),
        ("0,0,0,0,1\n1,1,zero,0,0\n", "damaged"),
        ("0,0,0,0\n1,1,0,0\n", "4 columns"),
        ("0, 0, nan, 0, 1\n1, 1, 0, 0, 0\n", "event 1 .of 2. lacks a number"),
        ("time,z,y,x,power\n0,0,0,0,1\n1,1,0,0,0\n", "in this order, got 'time,z"),
        ("time,power,x,y,z\n0,0,0,0,1\n1,1,0,0,0\n", "in this order"),
        ("time,x,y,z,power\n0,0,0,0,03,1\n1,1,0,0,03,0\n", "6 columns and 5 names"),
        ("", "no events"),
    ],
)
def test_damage_is_refused_in_one_line(text, message):
    with pytest.raises(InputError, match=message) as error:
        read_events(text.encode(), 1.0)
    assert "\n" not in str(error.value)
