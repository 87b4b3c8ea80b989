"""Scan paths for tests: small ones by hand, random ones by hypothesis."""

import struct

import numpy as np
from hypothesis import strategies as st

from grainpaint.simulate.am.paths import FilePath

# Three tracks of 1 mm, 0.1 mm apart, at z = 0.03 mm; the second runs back. 500 mm/s.
EVENTS = """** an event series
time, x, y, z, power
0, 0, 0, 0.03, 200
0.002, 1, 0, 0.03, 0
0.0022, 1, 0.1, 0.03, 200
0.0042, 0, 0.1, 0.03, 0
0.0044, 0, 0.2, 0.03, 200
0.0064, 1, 0.2, 0.03, 0
"""
GCODE = """; a program
G21 G90 (mm, absolute)
M3
G0 X0 Y0 Z0.03
G1 X1 F30000 S200
G1 Y0.1 S0
G1 X0 S200
G1 Y0.2 S0
G1 X1 S200
M5
"""
LAYERS = """$$HEADERSTART
// three tracks //
$$ASCII
$$UNITS/0.01 // of a mm //
$$VERSION/200
$$LAYERS/1
$$HEADEREND
$$GEOMETRYSTART
$$LAYER/3
$$HATCHES/1,3,0,0,100,0,100,10,0,10,0,20,100,20
$$GEOMETRYEND
"""
HATCHES = [(0, 0, 100, 0), (100, 10, 0, 10), (0, 20, 100, 20)]


def binary_layers(*blocks, units="0.01", more=b"", gap=b""):
    """Return a binary file of layers."""
    head = b"$$HEADERSTART\n$$BINARY\n$$UNITS/" + units.encode() + b"\n" + more
    return head + b"$$HEADEREND" + gap + b"".join(blocks)


def layer(z):
    return struct.pack("<Hf", 127, z)


def short_layer(z):
    return struct.pack("<HH", 128, z)


def hatches(rows):
    flat = np.array(rows, "<f4")
    return struct.pack("<Hii", 132, 1, len(rows)) + flat.tobytes()


def short_hatches(rows):
    return struct.pack("<HHH", 131, 1, len(rows)) + np.array(rows, "<u2").tobytes()


def polyline(points, direction):
    head = struct.pack("<Hiii", 130, 1, direction, len(points))
    return head + np.array(points, "<f4").tobytes()


def short_polyline(points, direction):
    head = struct.pack("<HHHH", 129, 1, direction, len(points))
    return head + np.array(points, "<u2").tobytes()


_nanometers = st.integers(-40_000_000, 40_000_000)  # 40 mm


@st.composite
def file_paths(draw):
    """Draw a path in whole nanometers and mm/s, in part continuous, some of it off."""
    n = draw(st.integers(1, 12))
    start, end = [], []
    at = draw(st.tuples(_nanometers, _nanometers, _nanometers))
    for _ in range(n):
        if draw(st.booleans()):
            at = draw(st.tuples(_nanometers, _nanometers, _nanometers))
        there = draw(st.tuples(_nanometers, _nanometers))
        if there == at[:2]:
            there = (at[0] + 1, at[1])
        start.append(at)
        at = (*there, at[2])
        end.append(at)
    on = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    on[draw(st.integers(0, n - 1))] = True
    speed = draw(st.lists(st.floats(1, 5000), min_size=n, max_size=n))
    return FilePath(
        np.array(start) / 1e3, np.array(end) / 1e3, np.array(speed) * 1e3, on
    )


def assert_same(found, path, apart, speeds=1e-6):
    """Fail unless two paths agree to so many µm and a share of the speed."""
    np.testing.assert_allclose(found.start, path.start, rtol=0, atol=apart)
    np.testing.assert_allclose(found.end, path.end, rtol=0, atol=apart)
    np.testing.assert_array_equal(found.on, path.on)
    if speeds is not None:
        np.testing.assert_allclose(found.speed, path.speed, rtol=speeds)


def burning(path):
    """Return the tracks of a path that burn."""
    return FilePath(*(v[path.on] for v in (path.start, path.end, path.speed, path.on)))
