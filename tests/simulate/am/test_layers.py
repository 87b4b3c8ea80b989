import numpy as np
import pytest

from grainpaint.errors import InputError
from grainpaint.simulate.am.layers import cartesian_layer, stack_layers
from grainpaint.simulate.am.scan import Segment


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
    a = [Segment((0, 0), (10, 0), 5.0)]
    b = [Segment((0, 1), (10, 1), 5.0), Segment((0, 3), (10, 3), 5.0)]
    path = stack_layers([(a, 2), (b, 3)], first=4, n_layers=4)
    assert path.start[:, 2].tolist() == [4, 6, 6, 9, 11, 11]


@pytest.mark.parametrize(("speed", "hatch"), [(0, 5), (-1, 5), (5, 0), (np.nan, 5)])
def test_speed_and_hatch_must_be_positive(speed, hatch):
    with pytest.raises(InputError, match="must be above 0"):
        cartesian_layer((8, 8, 8), "x", speed, hatch)
