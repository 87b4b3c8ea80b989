import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from grainpaint.simulate.am.hatch import Hatch, _around, _clip, fill_area
from grainpaint.simulate.am.melt_pool import Ellipsoid
from grainpaint.simulate.am.process_map import process_map
from grainpaint.simulate.am.scan import make_path


@given(
    st.tuples(st.integers(8, 40), st.integers(8, 40)),
    st.floats(-180, 180),
    st.sampled_from(["LL", "LR", "UL", "UR"]),
    st.sampled_from([0.0, 7.0, 12.0]),
)
@settings(max_examples=25)
def test_lines_cover_the_whole_area_at_any_angle(size, angle, start, island):
    """A pool as wide as the hatch and long enough melts every voxel."""
    hatch = Hatch(10.0, 5.0, start, True, 3.0, island)
    tracks = fill_area(np.ones(size, bool), hatch, angle)
    path = make_path(tracks, [3.0] * len(tracks))
    done = process_map((*size, 4), path, Ellipsoid(width=7.4, depth=40, length=7.4))
    assert (done.track >= 0).all()


@given(st.sampled_from(["LL", "LR", "UL", "UR"]), st.sampled_from([0.0, 90.0]))
def test_lines_begin_at_the_corner(start, angle):
    first = fill_area(np.ones((20, 30), bool), Hatch(1, 5, start, True, 0, 0), angle)[0]
    x, y = first.start
    assert (x > 9.5) == (start[1] == "R")
    assert (y > 14.5) == (start[0] == "U")


@pytest.mark.parametrize("island", [0, 8])
def test_an_empty_area_has_no_lines(island):
    """Distances to an area that is nowhere are no distances: they left a line there."""
    hatch = Hatch(10.0, 16.0, "LL", True, 0.0, island)
    assert fill_area(np.zeros((64, 64), bool), hatch, 67) == []


def test_lines_turn_back_only_if_serpentine():
    for serpentine in (True, False):
        tracks = fill_area(
            np.ones((20, 20), bool), Hatch(1, 5, "LL", serpentine, 0, 0), 30
        )
        ways = [np.subtract(t.end, t.start) for t in tracks]
        signs = [np.sign(w @ ways[0]) for w in ways]
        assert signs == [1, -1 if serpentine else 1] * (len(signs) // 2) + (
            [1] * (len(signs) % 2)
        )


def test_lines_are_clipped_to_the_part():
    """A ring and half a hatch around it: tracks lie there, and are cut at the hole."""
    radius = np.hypot(*(np.indices((60, 60)) - 29.5))
    tracks = fill_area((radius < 24) & (radius > 12), Hatch(1, 6, "LL", True, 0, 0), 20)
    length = 0.0
    for t in tracks:
        a, b = np.array(t.start), np.array(t.end)
        length += np.linalg.norm(b - a)
        far = np.hypot(*(a + np.linspace(0, 1, 50)[:, None] * (b - a) - 29.5).T)
        assert far.min() > 9 - 1
        assert far.max() < 27 + 1
    assert length * 6 == pytest.approx(np.pi * (27**2 - 9**2), rel=0.05)


def test_islands_are_scanned_at_right_angles():
    tracks = fill_area(np.ones((20, 20), bool), Hatch(1, 5, "LL", True, 0, 10), 0)
    along_x = [t.start[1] == pytest.approx(t.end[1]) for t in tracks]
    assert along_x == [True] * 2 + [False] * 4 + [True] * 2  # cells in rows


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.floats(-180, 180),
    st.floats(1, 20),
    st.floats(-30, 70),
)
def test_a_line_through_a_full_rectangle_is_cut_as_one_through_any_area(
    size, angle, reach, off
):
    """Its pixels are known in closed form; those of other areas are looked up."""
    full, hatch = np.ones(size, bool), Hatch(1.0, 2 * reach, "LL", True, 0.5, 0.0)
    near = _around(full, reach)
    outside = distance_transform_edt(~np.pad(full, near.margin))
    looked_up = near._replace(mask=outside <= reach)
    way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    line, s = np.array([off, 0.3 * off]), np.arange(-90, 90, 0.25)
    found, expected = (_clip(n, hatch, line, way, s) for n in (near, looked_up))
    assert near.mask is None
    assert found == expected


def test_an_island_of_any_width_beyond_the_box_is_one_island():
    """Uncut, its lines were sampled over its whole width, which took the memory."""
    found = [
        fill_area(np.ones((30, 20), bool), Hatch(10, 5, "LL", True, 0, island), 20)
        for island in (1e3, 1e9)
    ]
    assert found[0] == found[1]
    assert len(found[0]) >= 7  # lines 5 apart across 30 sin 20 + 20 cos 20
