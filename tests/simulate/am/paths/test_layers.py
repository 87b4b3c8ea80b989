"""The Common Layer Interface against what its specification says."""

import re
import struct

import numpy as np
import pytest
from scan_paths import (
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

from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.paths.layers import read_layers

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]
POINTS = ",".join(f"{x},{y}" for x, y in SQUARE)


def with_line(line):
    return LAYERS.replace("$$GEOMETRYEND", f"{line}\n$$GEOMETRYEND").encode()


def places(path):
    return np.column_stack([path.start, path.end[:, :2]]).tolist()


def test_long_short_and_text_are_the_same():
    lines = f"$$LAYER/6\n$$POLYLINE/1,1,4,{POINTS}\n$$POLYLINE/1,2,4,{POINTS}"
    text = read_layers(with_line(lines))
    long = binary_layers(
        layer(3), hatches(HATCHES), layer(6), polyline(SQUARE, 1), polyline(SQUARE, 2)
    )
    short = binary_layers(
        short_layer(3),
        short_hatches(HATCHES),
        short_layer(6),
        short_polyline(SQUARE, 1),
        short_polyline(SQUARE, 2),
    )
    assert len(text.on) == 3 + 4 + 3  # a solid is closed, an open line is not
    for data in (long, short):
        np.testing.assert_allclose(places(read_layers(data)), places(text))
    np.testing.assert_allclose(np.unique(text.start[:, 2]), [30, 60])


def test_a_part_behind_the_end_is_told():
    with pytest.warns(InputNote, match="after ..GEOMETRYEND are passed over"):
        path = read_layers((LAYERS + LAYERS).encode())
    assert len(path.on) == 3


def test_a_closed_solid_is_not_closed_again():
    line = f"$$POLYLINE/1,0,5,{POINTS},0,0"
    assert len(read_layers(with_line(line)).on) == 3 + 4


def test_padding_of_32_bits_is_skipped():
    parts = [
        struct.pack("<HxxHxx", 128, 3),
        struct.pack("<HxxHxxHxx", 131, 1, 3) + np.array(HATCHES, "<u2").tobytes(),
        struct.pack("<HxxHxxHxxHxx", 129, 1, 2, 4) + np.array(SQUARE, "<u2").tobytes(),
        struct.pack("<Hxxf", 127, 6.0),
        struct.pack("<Hxxii", 132, 1, 3) + np.array(HATCHES, "<f4").tobytes(),
    ]
    for more in (b"", b"$$DATE/1\n", b"$$DATE/12\n", b"$$DATE/123\n"):
        start = len(binary_layers(more=b"$$ALIGN\n" + more))
        data = binary_layers(*parts, more=b"$$ALIGN\n" + more, gap=b"\0" * (-start % 4))
        path = read_layers(data)
        assert len(path.on) == 3 + 3 + 3
        assert path.start[-1].tolist() == [0, 200, 60]


@pytest.mark.parametrize("gap", [b"\n", b"\r\n"])
def test_a_line_break_before_the_commands_is_skipped(gap):
    data = binary_layers(layer(3), hatches(HATCHES), gap=gap)
    assert len(read_layers(data).on) == 3


def test_numbers_may_stand_in_several_lines_and_commands_in_small_letters():
    text = LAYERS.replace("0,0,100,0,", "0,0,100,0,\n").replace("$$HATCH", "$$hatch")
    assert len(read_layers(text.lower().encode()).on) == 3


def test_other_commands_are_told():
    with pytest.warns(InputNote, match=r"2 commands .* are passed over.*\$\$POWER"):
        read_layers(with_line("$$POWER/200\n$$POWER/300"))


def test_missing_layers_are_told():
    with pytest.warns(InputNote, match="tells of 7 layers, the file has 1:"):
        read_layers(LAYERS.replace("LAYERS/1", "LAYERS/7").encode())


DAMAGED = {
    "no end": (LAYERS.replace("$$GEOMETRYEND", ""), "cut off: .*GEOMETRYEND"),
    "no header": (LAYERS.replace("$$HEADEREND", ""), "cut off: its header"),
    "no units": (LAYERS.replace("$$UNITS/0.01", ""), "UNITS/u with"),
    "bad units": (LAYERS.replace("0.01", "-1"), "UNITS/u with"),
    "no kind": (LAYERS.replace("$$ASCII", ""), "either .*ASCII or"),
    "two kinds": (LAYERS.replace("$$ASCII", "$$ASCII\n$$BINARY"), "either"),
    "a word": (LAYERS.replace("100,10", "100,ten"), "line 10: .*'ten' is not a number"),
    "nan": (LAYERS.replace("100,10", "100,nan"), "line 10: .*'nan' is not a number"),
    "few": (LAYERS.replace("1,3,0,", "1,4,0,"), "line 10: .*got 14.* 18 were told"),
    "many": (LAYERS.replace("1,3,0,", "1,2,0,"), "line 10: .*got 14.* 10 were told"),
    "half": (LAYERS.replace("1,3,0,", "1,2.5,0,"), "line 10: .*whole number, not 2.5"),
    "empty": (LAYERS.replace("$$LAYER/3", "$$LAYER/"), "line 9: .*LAYER needs z"),
    "early": (re.sub(r"\$\$LAYER/3\n", "", LAYERS), "holds no"),
    "dir": (with_line("$$POLYLINE/1,9,1,0,0").decode(), "dir is 0, 1 or 2, not 9"),
    "id only": (with_line("$$POLYLINE/1").decode(), "line 11: .*got 1 numbers"),
    "negative": (with_line("$$HATCHES/1,-1").decode(), "line 11: .*got 2 numbers"),
    "nothing": (re.sub(r"\$\$HATCHES.*\n", "", LAYERS), "holds no"),
}


@pytest.mark.parametrize("case", DAMAGED.values(), ids=list(DAMAGED))
def test_damage_of_text_names_its_line(case):
    text, message = case
    with pytest.raises(InputError, match=message) as error:
        read_layers(text.encode())
    assert "\n" not in str(error.value)


WHOLE = binary_layers(layer(3), hatches(HATCHES))
BINARY = {
    "cut": (WHOLE[:-3], r"byte 53: command 132 .* cut off"),
    "cut early": (WHOLE[:-50], "cut off"),
    "unknown": (WHOLE + b"\x50\x00\1", "80 is not a command"),
    "no layer": (binary_layers(hatches(HATCHES)), "before the first layer"),
    "many": (WHOLE + struct.pack("<Hii", 132, 1, 2**31 - 1), "cut off"),
    "negative": (WHOLE + struct.pack("<Hii", 132, 1, -4), "cut off"),
    "dir": (WHOLE + polyline(SQUARE, 7), "dir is 0, 1 or 2, not 7"),
    "nothing": (binary_layers(layer(3)), "holds no layer"),
}


@pytest.mark.parametrize("case", BINARY.values(), ids=list(BINARY))
def test_damage_of_binary_names_its_byte(case):
    data, message = case
    with pytest.raises(InputError, match=message):
        read_layers(data)
