import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grainpaint.errors import InputError
from grainpaint.simulate.am.hatch import Hatch, contours, fill
from grainpaint.simulate.am.melt_pool import Ellipsoid
from grainpaint.simulate.am.process_map import process_map
from grainpaint.simulate.am.scan import (
    Path,
    Segment,
    build,
    cartesian_layer,
    make_path,
    path_layer,
    read_csv,
)


@pytest.mark.parametrize(
    ("direction", "start", "offset", "first", "last"),
    [
        ("x", "LL", (-40, 0), ((-40, 0), (104, 0)), ((-40, 64), (104, 64))),
        ("y", "UL", (0, 40), ((0, 104), (0, -40)), ((64, 104), (64, -40))),
        ("x", "UR", (40, 0), ((104, 64), (-40, 64)), ((104, 0), (-40, 0))),
        ("y", "LR", (0, -40), ((64, -40), (64, 104)), ((0, -40), (0, 104))),
    ],
)
def test_tracks_of_a_cartesian_layer_are_those_of_spparks(
    direction, start, offset, first, last
):
    tracks = cartesian_layer((64, 64, 64), direction, 18, 16, start, offset)
    assert len(tracks) == 5
    assert (tracks[0].start, tracks[0].end) == first
    assert (tracks[-1].start, tracks[-1].end) == last  # the fifth runs as the first
    assert (
        (tracks[1].start[0 if direction == "x" else 1])
        == (tracks[0].end[0 if direction == "x" else 1])
    )
    one_way = cartesian_layer(
        (64, 64, 64), direction, 18, 16, start, offset, serpentine=False
    )
    way = np.subtract(one_way[0].end, one_way[0].start)
    assert all((np.subtract(t.end, t.start) == way).all() for t in one_way)


def test_overhatch_moves_the_far_limit():
    assert len(cartesian_layer((64, 64, 8), "x", 9, 16, overhatch=16)) == 6


def test_build_repeats_its_pattern_and_rises_by_the_layer_done():
    a = path_layer([((0, 0), (10, 0), 5.0)])
    b = path_layer([((0, 1), (10, 1), 5.0), ((0, 3), (10, 3), 5.0)])
    path = build([(a, 2), (b, 3)], first=4, n_layers=4)
    assert path.start[:, 2].tolist() == [4, 6, 6, 9, 11, 11]


def test_the_pool_goes_on_only_straight_ahead_with_the_beam_on():
    corners = [(0.0, 0.0), (9.0, 0.0), (18.0, 1.0), (18.0, 9.0), (18.0, 18.0)]
    tracks = [Segment(a, b, 1.0) for a, b in itertools.pairwise(corners)]
    path = make_path([*tracks, Segment((18.0, 19.0), (18.0, 25.0), 1.0)], [3.0] * 5)
    assert path.goes_on.tolist() == [True, False, True, False, False]
    off = Path(path.start, path.end, path.speed, np.array([1, 0, 1, 0, 1], bool))
    assert not off.goes_on.any()


@pytest.mark.parametrize(("speed", "n"), [(18.0, 208), (14.0, 268), (26.0, 144)])
def test_sweeps_of_a_track(speed, n):
    path = make_path([Segment((-40.0, 0.0), (104.0, 0.0), speed)], [5.0])
    assert path.n_sweeps.tolist() == [n]
    assert path.duration == n / 26


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
    tracks = fill(np.ones(size, bool), hatch, angle)
    path = make_path(tracks, [3.0] * len(tracks))
    done = process_map((*size, 4), path, Ellipsoid(width=7.4, depth=40, length=7.4))
    assert (done.track >= 0).all()


@given(st.sampled_from(["LL", "LR", "UL", "UR"]), st.sampled_from([0.0, 90.0]))
def test_lines_begin_at_the_corner(start, angle):
    first = fill(np.ones((20, 30), bool), Hatch(1, 5, start, True, 0, 0), angle)[0]
    x, y = first.start
    assert (x > 9.5) == (start[1] == "R")
    assert (y > 14.5) == (start[0] == "U")


def test_lines_turn_back_only_if_serpentine():
    for serpentine in (True, False):
        tracks = fill(np.ones((20, 20), bool), Hatch(1, 5, "LL", serpentine, 0, 0), 30)
        ways = [np.subtract(t.end, t.start) for t in tracks]
        signs = [np.sign(w @ ways[0]) for w in ways]
        assert signs == [1, -1 if serpentine else 1] * (len(signs) // 2) + (
            [1] * (len(signs) % 2)
        )


def test_lines_are_clipped_to_the_part():
    """A ring and half a hatch around it: tracks lie there, and are cut at the hole."""
    radius = np.hypot(*(np.indices((60, 60)) - 29.5))
    tracks = fill((radius < 24) & (radius > 12), Hatch(1, 6, "LL", True, 0, 0), 20)
    length = 0.0
    for t in tracks:
        a, b = np.array(t.start), np.array(t.end)
        length += np.linalg.norm(b - a)
        far = np.hypot(*(a + np.linspace(0, 1, 50)[:, None] * (b - a) - 29.5).T)
        assert far.min() > 9 - 1
        assert far.max() < 27 + 1
    assert length * 6 == pytest.approx(np.pi * (27**2 - 9**2), rel=0.05)


def test_islands_are_scanned_at_right_angles():
    tracks = fill(np.ones((20, 20), bool), Hatch(1, 5, "LL", True, 0, 10), 0)
    along_x = [t.start[1] == pytest.approx(t.end[1]) for t in tracks]
    assert along_x == [True] * 2 + [False] * 4 + [True] * 2  # cells in rows


def test_contours_follow_the_edge_of_a_disk():
    x, y = np.indices((61, 61)) - 30
    disk = np.hypot(x, y) < 25
    loops, inner = contours(disk, 2, 4.0, 1.0)
    radius = np.array([np.hypot(*np.subtract(t.start, 30)) for t in loops])
    outer = radius > 21
    np.testing.assert_allclose(radius[outer], 23, atol=0.7)
    np.testing.assert_allclose(radius[~outer], 19, atol=0.7)
    for ring in (outer, ~outer):
        path = make_path([t for t, r in zip(loops, ring) if r], [0.0] * ring.sum())
        np.testing.assert_array_equal(path.end[-1], path.start[0])  # closed
        total = path.length.sum()
        assert total == pytest.approx(2 * np.pi * radius[ring].mean(), rel=0.03)
    assert inner.sum() == pytest.approx(np.pi * 17**2, rel=0.06)


def test_path_from_a_file(tmp_path):
    file = tmp_path / "path.csv"
    file.write_text(
        "x0,y0,z0,x1,y1,z1,speed,on\n0,0,5,10,0,5,8,1\n10,0,5,10,4,6,50,0\n"
    )
    path = read_csv(file)
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
        ("0,0,5,nan,0,5,8,1\n", "no number"),
        ("", "empty"),
    ],
)
def test_bad_paths_are_refused_in_one_line(tmp_path, text, message):
    file = tmp_path / "path.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_csv(file)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value)


@pytest.mark.parametrize(("speed", "hatch"), [(0, 5), (-1, 5), (5, 0), (np.nan, 5)])
def test_speed_and_hatch_must_be_positive(speed, hatch):
    with pytest.raises(InputError, match="must be above 0"):
        cartesian_layer((8, 8, 8), "x", speed, hatch)
