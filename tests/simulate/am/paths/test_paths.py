"""Reading, writing and reading again; the three formats that say the same."""

import numpy as np
import pytest
from hypothesis import given
from scan_paths import (
    EVENTS,
    GCODE,
    HATCHES,
    LAYERS,
    assert_same,
    binary_layers,
    burning,
    file_paths,
    hatches,
    layer,
)

from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.paths import kind_of_file, read_path, write_path

THREE = {
    "events": EVENTS.encode(),
    "gcode": GCODE.encode(),
    "layers": LAYERS.encode(),
    "binary": binary_layers(layer(3), hatches(HATCHES)),
}


@pytest.mark.parametrize("kind", THREE)
def test_formats_agree_whatever_the_suffix(tmp_path, kind):
    file = tmp_path / "path.dat"
    file.write_bytes(THREE[kind])
    assert kind_of_file(file) == ("layers" if kind == "binary" else kind)
    path = read_path(file)
    np.testing.assert_allclose(path.start[path.on, :2] / 10, np.array(HATCHES)[:, :2])
    np.testing.assert_allclose(path.end[path.on, :2] / 10, np.array(HATCHES)[:, 2:])
    np.testing.assert_allclose(path.start[:, 2], 30)
    if path.has_speeds:
        np.testing.assert_allclose(path.speed, 5e5)
        assert path.on.tolist() == [True, False, True, False, True]


@pytest.mark.parametrize("kind", ["events", "gcode", "layers"])
def test_lines_may_end_as_on_old_macs(tmp_path, kind):
    file = tmp_path / "path"
    file.write_bytes(THREE[kind].replace(b"\n", b"\r"))
    assert kind_of_file(file) == kind
    assert burning(read_path(file)).start.shape == (3, 3)


@given(file_paths())
def test_events_and_gcode_come_back(tmp_path_factory, path):
    folder = tmp_path_factory.getbasetemp()
    for name in ("path.inp", "path.gcode"):
        write_path(path, folder / name)
        # A difference of times: the shortest track of 1 nm takes 2e-10 of 10 s.
        speeds = 1e-3 if name == "path.inp" else 1e-9
        assert_same(read_path(folder / name), path, 1e-8, speeds)


@given(file_paths())
def test_layers_come_back_without_speeds(tmp_path_factory, path):
    file = tmp_path_factory.getbasetemp() / "path.cli"
    write_path(path, file)
    assert_same(read_path(file), burning(path), 1e-8, None)


@given(file_paths())
def test_binary_layers_come_back_as_32_bits(tmp_path_factory, path):
    file = tmp_path_factory.getbasetemp() / "path.cli"
    write_path(path, file, binary=True)
    first = burning(path)
    kept = (first.start / 1e3).astype("f4") != (first.end / 1e3).astype("f4")
    if kept.any(axis=1).all():  # else a track of nanometers is a point in 32 bits
        assert_same(read_path(file), first, 40e3 * 2**-23, None)


def test_a_gzipped_path_is_read(tmp_path):
    import gzip

    (tmp_path / "a").write_bytes(gzip.compress(EVENTS.encode()))
    assert len(read_path(tmp_path / "a").on) == 5


def test_a_path_saved_by_an_editor_of_windows_is_read(tmp_path):
    (tmp_path / "a").write_text(EVENTS, encoding="utf-16")
    (tmp_path / "b").write_text(EVENTS)
    assert_same(read_path(tmp_path / "a"), read_path(tmp_path / "b"), 0, 0)


def test_a_program_may_begin_with_its_number(tmp_path):
    (tmp_path / "a.nc").write_text(f"%\nO1000 (PART)\n{GCODE}%\n")
    (tmp_path / "b.nc").write_text(GCODE)
    assert_same(read_path(tmp_path / "a.nc"), read_path(tmp_path / "b.nc"), 0, 0)


def test_the_unit_is_that_of_the_file_or_mm(tmp_path):
    file = tmp_path / "a"
    file.write_text(EVENTS)
    assert read_path(file, "m").end[0, 0] == pytest.approx(1e6)
    file.write_text(GCODE.replace("G21 ", ""))
    assert read_path(file, "inch").end[0, 0] == pytest.approx(25_400)
    file.write_text(GCODE.replace("G21", "G20"))
    assert read_path(file).end[0, 0] == pytest.approx(25_400)


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        (GCODE, "inch", "line 2: G21 says mm"),
        (LAYERS, "um", "says itself how many mm"),
        (EVENTS, "furlong", "unit of length is nm"),
        ("", None, "empty"),
        ("solid part\n", None, "is not a scan path.*begins with 'solid part'"),
        ("\0\1\2\3" * 99, None, "is not a scan path"),
        ("0,0,5,10,0,5,8,1\n", None, 'kind = "csv"'),
        ("x,y,z,melt,freeze,rate\n", None, "temperature history"),
        ("shape = [1, 2]\n", None, "is not a scan path"),
    ],
)
def test_what_is_no_path_is_refused_in_one_line(tmp_path, text, unit, message):
    file = tmp_path / "path.cli"
    file.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_path(file, unit)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value) or unit == "furlong"


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_path(tmp_path / "none.cli")
    with pytest.raises(InputError, match="not a file"):
        read_path(tmp_path)


def test_tracks_of_no_length_are_left_out_with_a_note(tmp_path):
    file = tmp_path / "a"
    file.write_text(LAYERS.replace("3,0,0,100,0", "4,7,7,7,7,0,0,100,0"))
    with pytest.warns(InputNote, match="tracks of no length are left out, 1 in number"):
        assert len(read_path(file).on) == 3


def test_speeds_are_required_where_they_are_written(tmp_path):
    (tmp_path / "a").write_text(LAYERS)
    path = read_path(tmp_path / "a")
    with pytest.raises(InputError, match="has no speeds"):
        write_path(path, tmp_path / "b.gcode")
    with pytest.raises(InputError, match=r"written as \.cli, \.inp, \.gcode"):
        write_path(path, tmp_path / "b.step")
