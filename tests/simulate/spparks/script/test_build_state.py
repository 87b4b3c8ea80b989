"""Runs of a build that follow one another, against moves of the pool one by one."""

import numpy as np
import pytest

from grainpaint.simulate.am.scan import Segment
from grainpaint.simulate.spparks.additive_run import scan_path
from grainpaint.simulate.spparks.script.build_state import BuildState, scan_duration
from grainpaint.simulate.spparks.simulation import LayeredScan

TRACKS = (
    (Segment((-4.0, 0.0), (9.0, 0.0), 26.0), Segment((9.0, 5.0), (-4.0, 5.0), 26.0)),
    (Segment((0.0, -3.0), (0.0, 8.5), 13.0), Segment((5.0, 8.5), (5.0, -3.0), 13.0)),
    (Segment((0.0, 0.0), (7.0, 7.0), 19.0),),
)
RISES = (4.0, 3.0, 2.0)


class Pool:
    """Moves as SPPARKS' sources make them: along tracks, layer after layer."""

    def __init__(self, layers, surface, n_layers):
        self.layers, self.surface, self.n_layers = layers, surface, n_layers
        self.at = [(0, 0) for _ in layers]  # track and moves on it, of each layer
        self.count = 0

    def place(self):
        tracks, _ = self.layers[self.count % len(self.layers)]
        number, moves = self.at[self.count % len(self.layers)]
        (start, end, speed) = tracks[number]
        heading = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
        return (*(start + heading * moves * speed / 26), self.surface)

    def move(self):
        layer = self.count % len(self.layers)
        tracks, rise = self.layers[layer]
        number, moves = self.at[layer]
        start, end, speed = tracks[number]
        if (moves + 1) * speed / 26 < np.hypot(*np.subtract(end, start)) - 1e-9:
            self.at[layer] = number, moves + 1
        elif number + 1 < len(tracks):
            self.at[layer] = number + 1, 0
        else:
            self.at[layer] = 0, 0
            self.count += 1
            if self.count != self.n_layers:
                self.surface += rise


def places(scan, n):
    path = scan_path(scan)
    found = []
    for i, n_sweeps in enumerate(path.n_sweeps):
        steps = np.arange(n_sweeps)[:, None] * path.speed[i] / 26
        found += (path.start[i] + steps * path.direction[i]).tolist()
    assert len(found) >= n
    return found[:n]


@pytest.mark.parametrize("n_pattern", [1, 2, 3])
@pytest.mark.parametrize("n_layers", [1, 2, 5])
@pytest.mark.parametrize("begins", [True, False])
def test_the_pool_goes_on_as_spparks_moves_it(n_pattern, n_layers, begins):
    """Runs of a build begin with its pattern, or with ``pre no`` where they stopped."""
    layers = tuple(zip(TRACKS[:n_pattern], RISES))
    build = LayeredScan(layers, 3.0, n_layers)
    n_sweeps = round(scan_duration(build) * 26)
    pool, state = Pool(layers, 3.0, n_layers), BuildState()
    for number in range(4):
        expected = []
        anew = begins or number == 0
        if anew:
            pool.count = 0
        else:
            n_sweeps = 17 * number
        for _ in range(n_sweeps):
            expected.append(pool.place())
            pool.move()
        scan = state.next_run(build, n_sweeps, anew)
        np.testing.assert_allclose(places(scan, n_sweeps), expected, atol=1e-9)
        state.advance(build, n_sweeps, anew)
    assert state.surface == pool.surface


def test_a_pattern_of_2019_begins_anew_with_each_run():
    build = LayeredScan(tuple(zip(TRACKS, RISES)), 3.0, 3, timed=True)
    state = BuildState()
    state.advance(build, 20)
    assert state.next_run(build, 20) is build
