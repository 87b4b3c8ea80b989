import numpy as np
import pytest

from grainpaint.simulate.am.contours import contours
from grainpaint.simulate.am.scan import make_path


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
