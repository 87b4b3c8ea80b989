"""Damaged scan paths and temperature histories."""

import gzip
import struct

import pytest
from hostile import many, refused, survives, swapped, table, zeros_gz
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
    "a bomb": zeros_gz(1 << 28),
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


HISTORY = "x,y,z,melt,freeze,rate\n" + "".join(
    f"{x},{y},{z},{x + 1},{x + 2},5\n"
    for x in range(3)
    for y in range(2)
    for z in range(2)
)


def history(old, new):
    return swapped(HISTORY, (old, new)).encode()


HISTORIES = {
    "nothing": b"",
    "names": b"x,y,z,melt,freeze,rate\n",
    "names without end": b"x,y,z,melt,freeze,rate",
    "a point": b"0,0,0,1,2,3\n",
    "bytes": bytes(range(256)) * 99,
    "zeros": bytes(9999),
    "a picture": b"\x89PNG\r\n\x1a\n\0\0" + HISTORY.encode(),
    "a bomb": zeros_gz(1 << 28),
    "a bomb of a table": zeros_gz(1 << 28, HISTORY.encode()),
    "gz cut": gzip.compress(HISTORY.encode())[:-9],
    "far": b"0,0,0,1,2,3\n1e308,0,0,1,2,3\n-1e308,0,0,1,2,3\n",
    "fine": b"0,0,0,1,2,3\n1e-300,0,0,1,2,3\n1,0,0,1,2,3\n",
    "wide": b"0,0,0,1,2,3\n1e-5,0,0,1,2,3\n1,1,1,1,2,3\n1,2,1e6,1,2,3\n",
    "long": b"1," * 400_000,
    "long below names": HISTORY.encode() + b"1," * 400_000,
    "semicolons": HISTORY.replace(",", ";").encode(),
    "spaces": HISTORY.replace(",", " ").encode(),
    "five columns": HISTORY.replace(",5", "").replace(",rate", "").encode(),
    "seven columns": HISTORY.replace("\n", ",7\n").encode(),
    "a row less": history("2,1,1,3,4,5\n", ""),
    "a row twice": history("2,1,1,", "2,1,0,"),
    "a row more": (HISTORY + "9,9,9,1,2,3\n").encode(),
    "half a row": (HISTORY[:-4]).encode(),
    "a cell more": history("2,1,1,3,4,5", "2,1,1,3,4,5,6"),
    "a word": history("2,1,1,3,4,5", "2,1,1,3,four,5"),
    "an empty cell": history("2,1,1,3,4,5", "2,1,1,3,,5"),
    "no x": history("2,1,1,3,4,5", ",1,1,3,4,5"),
    "x of nan": history("2,1,1,3,4,5", "nan,1,1,3,4,5"),
    "x of inf": history("2,1,1,3,4,5", "inf,1,1,3,4,5"),
    "x of 1e300": history("2,1,1,3,4,5", "1e300,1,1,3,4,5"),
    "x off the grid": history("2,1,1,3,4,5", "2.3,1,1,3,4,5"),
    "x of words": history("2,1,1,3,4,5", "two,1,1,3,4,5"),
    "a time of inf": history("2,1,1,3,4,5", "2,1,1,3,inf,5"),
    "a time of 1e300": history("2,1,1,3,4,5", "2,1,1,3,1e300,5"),
    "melts after it froze": history("2,1,1,3,4,5", "2,1,1,5,4,5"),
    "melts and no more": history("2,1,1,3,4,5", "2,1,1,3,nan,nan"),
    "a rate of -5": history("2,1,1,3,4,5", "2,1,1,3,4,-5"),
    "a rate of inf": history("2,1,1,3,4,5", "2,1,1,3,4,inf"),
    "a rate of nan": history("2,1,1,3,4,5", "2,1,1,3,4,nan"),
    "digits": history("2,1,1,3,4,5", "2,1,1,3,4," + "1" * 900_000),
    "a quote": history("2,1,1,3,4,5", '"' + "2,1,1,3,4,5"),
    "zero bytes": history("2,1,1,3,4,5", "2,1,1,3,4,\0"),
}


@table(HISTORIES)
def test_a_bad_history_is_refused(tmp_path, case):
    refused(read_thermal_history, tmp_path / "a", case)
