"""Damaged scan paths and temperature histories."""

import gzip
import struct

import pytest
from hostile import many, refused, survives, table, zeros_gz
from scan_paths import (
    EVENTS,
    GCODE,
    HATCHES,
    LAYERS,
    binary_layers,
    hatches,
    layer,
    polyline,
    short_hatches,
    short_layer,
    short_polyline,
)

from grainpaint.simulate.am.paths import read_path
from grainpaint.simulate.am.scan_file import read_scan
from grainpaint.simulate.am.thermal_history import read_thermal_history

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]
WHOLE = {
    "a.inp": EVENTS.encode(),
    "a.gcode": GCODE.encode() + b"G91 X1 Z2\nG28 X\nG0 Y2 F9\nN7 G1 X3 E2 *9\n",
    "a.cli": LAYERS.replace(
        "$$GEOMETRYEND", "$$LAYER/6\n$$POLYLINE/1,0,4,0,0,4,0,4,4,0,4\n$$GEOMETRYEND"
    ).encode(),
    "b.cli": binary_layers(
        layer(3), hatches(HATCHES), short_layer(6), polyline(SQUARE, 1),
        short_polyline(SQUARE, 2), short_hatches(HATCHES), more=b"$$LAYERS/2\n",
    ),
    "b.cli.gz": gzip.compress(binary_layers(layer(3), hatches(HATCHES)), mtime=0),
}  # fmt: skip


@many
@pytest.mark.parametrize("name", WHOLE)
def test_damage_of_a_path_is_borne(tmp_path, name, n):
    survives(read_path, tmp_path / name, WHOLE[name], n)


@many
def test_damage_of_a_csv_is_borne(tmp_path, n):
    rows = "x0,y0,z0,x1,y1,z1,speed,on\n0,0,5,10,0,5,8,1\n10,0,5,10,4,6,50,off\n"
    survives(read_scan, tmp_path / "a.csv", rows.encode(), n)


@many
def test_damage_of_a_history_is_borne(tmp_path, n):
    rows = (
        "x,y,z,melt,freeze,rate\n0,0,0,1,2,5\n1,0,0,2,3,5\n0,2,0,3,4,5\n1,2,0,4,5,6\n"
    )
    survives(read_thermal_history, tmp_path / "a.csv", rows.encode(), n)


START = GCODE.encode()
BAD = {
    "nothing": b"",
    "bytes": bytes(range(256)) * 99,
    "zeros": bytes(9999),
    "a bomb": zeros_gz(1 << 30),
    "a path in a picture": b"\x89PNG" + START,
    "digits": START + b"G1 X" + b"1" * 900_000 + b"\n",
    "signs": START + b"G1 X" + b"-" * 900_000 + b"\n",
    "an open bracket": START + b"(" * 900_000 + b"\nG1 X\n",
    "far": START + b"G1 X" + b"9" * 300 + b"\n",
    "units without end": LAYERS.replace("0.01", "1" * 400).encode(),
    "far layers": LAYERS.replace("$$LAYER/3", "$$LAYER/1e308").encode(),
    "many told": LAYERS.replace("1,3,0,", "1,1e300,0,").encode(),
    "dollars": LAYERS.replace("$$LAYER/3", "$$" * 400_000).encode(),
    "a long word": LAYERS.replace("100,10", "100," + "x" * 900_000).encode(),
    "all of memory": binary_layers(layer(3), struct.pack("<Hii", 132, 1, 2**31 - 1)),
    "nan": binary_layers(layer(float("nan")), hatches(HATCHES)),
    "signaling nan": binary_layers(
        layer(3), struct.pack("<HiiIIII", 132, 1, 1, *[0x7FA00000] * 4)
    ),
    "events far away": EVENTS.replace(", 1, ", ", 1e200, ").encode(),
    "not UTF-8": b"\xff\xfe" + EVENTS.encode("utf-16-le"),
}


@table(BAD)
def test_a_bad_path_is_refused(tmp_path, case):
    refused(read_path, tmp_path / "a", case)


@table(
    {
        "nothing": b"",
        "a zero": b"0,0,5,10,0,5,8,1\0\n",
        "bytes": b"\xff\xfe,1\n",
        "a field": b'"' + b"x" * 900_000,
        "far": b"0,0,5,1e300,0,5,8,1\n",
        "long": b"1," * 400_000,
    }
)
def test_a_bad_csv_is_refused(tmp_path, case):
    refused(read_scan, tmp_path / "a", case)


@table(
    {
        "bytes": bytes(range(256)) * 99,
        "a bomb": zeros_gz(1 << 30),
        "far": b"0,0,0,1,2,3\n1e308,0,0,1,2,3\n-1e308,0,0,1,2,3\n",
        "fine": b"0,0,0,1,2,3\n1e-300,0,0,1,2,3\n1,0,0,1,2,3\n",
        "wide": b"0,0,0,1,2,3\n1e-5,0,0,1,2,3\n1,1,1,1,2,3\n1,2,1e6,1,2,3\n",
        "long": b"1," * 400_000,
    }
)
def test_a_bad_history_is_refused(tmp_path, case):
    refused(read_thermal_history, tmp_path / "a", case)
