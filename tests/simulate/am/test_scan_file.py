import pytest
from scan_paths import EVENTS, GCODE, HATCHES, LAYERS, binary_layers, hatches, layer

from grainpaint.errors import InputError
from grainpaint.simulate.am.scan_file import read_scan


def test_a_file_says_where_a_segment_ends_and_whether_it_burns(tmp_path):
    file = tmp_path / "path.csv"
    file.write_text(
        "x0,y0,z0,x1,y1,z1,speed,on\n0,0,5,10,0,5,8,1\n10,0,5,10,4,6,50,0\n"
    )
    path = read_scan(file)
    assert path.on.tolist() == [True, False]
    assert path.end.tolist() == [[10, 0, 5], [10, 4, 6]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,0,5,10,0,5,8\n", "line 1: a segment is eight values"),
        ("0,0,5,10,0,5,8,maybe\n", "line 1"),
        ("0,0,5,ten,0,5,8,1\n", "line 1"),
        ("0,0,5,10,0,5,0,1\n", "speeds must be above 0, segment 1"),
        ("0,0,5,0,0,5,8,1\n", "segment 1 of the scan path has no length"),
        ("0,0,5,9,0,6,8,1\n", "climbs"),
        ("0,0,5,nan,0,5,8,1\n", "not a finite number"),
        ("", "empty"),
    ],
)
def test_bad_paths_are_refused_in_one_line(tmp_path, text, message):
    file = tmp_path / "path.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_scan(file)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_text_as_other_systems_save_it_is_read(tmp_path, codec):
    file = tmp_path / "path.csv"
    file.write_bytes("x0,y0,z0,x1,y1,z1,speed,on\r\n0,0,5,10,0,5,8,1\r\n".encode(codec))
    assert read_scan(file).end.tolist() == [[10, 0, 5]]


@pytest.mark.parametrize(
    "content",
    [
        EVENTS.encode(),
        GCODE.encode(),
        LAYERS.encode(),
        binary_layers(layer(3), hatches(HATCHES)),
    ],
)
def test_a_path_in_real_units_is_told_its_kind(tmp_path, content):
    file = tmp_path / "path.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match='in real units has kind = "file"'):
        read_scan(file)
