"""d1 of the welds, against values that SPPARKS (October 2025) dumps."""

import numpy as np
import pytest

from grainpaint.simulate.am.scan import Segment
from grainpaint.simulate.spparks.applications import (
    JoiningApp,
    PathWeldApp,
    WeldApp,
    WeldShape,
)
from grainpaint.simulate.spparks.pool_values import pool_values
from grainpaint.simulate.spparks.simulation import LayeredScan, SimulationBox


def box(*shape):
    return SimulationBox(shape, (0.0,) * 3, 1.0, "sc/26n", (False,) * 3)


MOLTEN = 919
PULSED = {
    (20, 33, 1): 9.7573,
    (19, 34, 6): 9.2036,
    (33, 15, 6): 9.4144,
    (4, 18, 1): 9.4641,
    (12, 17, 1): 1.6316,
    (27, 23, 0): 6.2336,
    (27, 25, 4): 6.1922,
    (29, 18, 6): 5.5193,
}
ON_A_PATH = {
    (44, 18, 5): 3.2989,
    (39, 11, 5): 4.8079,
    (30, 15, 5): 1.0521,
    (27, 11, 7): 5.6745,
    (30, 13, 7): 3.7839,
    (29, 25, 1): 0.5481,
    (18, 26, 1): 5.0955,
    (23, 25, 2): 2.055,
    (33, 25, 0): 0.1993,
    (20, 16, 2): 2.3162,
}
JOINING = {
    1: {
        (14, 18, 5): 0.7788,
        (15, 14, 5): 0.7788,
        (24, 8, 7): 0.7788,
        (20, 8, 7): 0.7788,
        (18, 22, 8): 1.1,
    },
    2: {
        (11, 17, 8): 0.8607,
        (30, 22, 8): 0.7788,
        (21, 13, 0): 0.3894,
        (22, 18, 1): 0.4756,
        (22, 20, 1): 1.1,
    },
    3: {
        (12, 29, 5): 0.4,
        (28, 28, 4): 0.381,
        (16, 45, 5): 0.6667,
        (12, 28, 2): 0.381,
        (13, 25, 8): 0.4167,
    },
    4: {
        (24, 29, 2): 0.8167,
        (11, 31, 3): 0.3447,
        (31, 30, 6): 0.1081,
        (12, 39, 4): 0.7273,
        (25, 29, 2): 0.7147,
    },
    5: {
        (25, 31, 8): 0.9663,
        (9, 44, 1): 0.0936,
        (9, 34, 5): 0.1619,
        (10, 40, 5): 0.3185,
        (30, 30, 8): 0.2611,
    },
}


def test_a_pulsed_weld_keeps_its_distances():
    app = WeldApp(2000, 0, 0.7, 0.6, 8, 8, WeldShape(16, 24), (0.3, 3.0))
    values = pool_values(app, None, box(36, 50, 8), 53)
    # SPPARKS has as many molten sites after 53 sweeps (time 2.03846).
    assert (values == -1).sum() == MOLTEN
    for place, theirs in PULSED.items():
        assert values[place] == pytest.approx(theirs, abs=1e-3)


def test_a_weld_along_paths_keeps_its_distances_above_the_surface_too():
    app = PathWeldApp(2000, 0.75, 1.2, 5, WeldShape(10, case="III"))
    scan = LayeredScan((((Segment((30, 20), (40, 20), 26),), 4.0),), 4.0, 1)
    values = pool_values(app, scan, box(50, 40, 8), 0)
    for place, theirs in ON_A_PATH.items():
        assert values[place] == pytest.approx(theirs, abs=1e-3)


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5])
def test_joining_keeps_its_mobilities(kind):
    app = JoiningApp(1000, 14, 20, 7, 24, 0, 26.0, kind, 0.05)
    values = pool_values(app, None, box(40, 60, 9), 27)
    for place, theirs in JOINING[kind].items():
        assert values[place] == pytest.approx(theirs, abs=1e-3)
    before = pool_values(app, None, box(40, 60, 9), 1)
    np.testing.assert_array_equal(before, 1)  # the weld has not begun
