import itertools

import numpy as np
import pytest

from grainpaint.simulate.am.scan import ScanPath, Segment, make_path


def test_the_pool_goes_on_only_straight_ahead_with_the_beam_on():
    corners = [(0.0, 0.0), (9.0, 0.0), (18.0, 1.0), (18.0, 9.0), (18.0, 18.0)]
    tracks = [Segment(a, b, 1.0) for a, b in itertools.pairwise(corners)]
    path = make_path([*tracks, Segment((18.0, 19.0), (18.0, 25.0), 1.0)], [3.0] * 5)
    assert path.goes_on.tolist() == [True, False, True, False, False]
    off = ScanPath(path.start, path.end, path.speed, np.array([1, 0, 1, 0, 1], bool))
    assert not off.goes_on.any()


@pytest.mark.parametrize(("speed", "n"), [(18.0, 208), (14.0, 268), (26.0, 144)])
def test_a_track_takes_26_sweeps_a_unit_of_time(speed, n):
    path = make_path([Segment((-40.0, 0.0), (104.0, 0.0), speed)], [5.0])
    assert path.n_sweeps.tolist() == [n]
    assert path.duration == n / 26
