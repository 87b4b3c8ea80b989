"""Smoothed surface area: closed forms."""

import numpy as np
import pytest

from grainpaint import Microstructure
from grainpaint.measure.grain_table import table


def test_surface_of_a_ball_is_right_for_stretched_voxels():
    spacing = np.array([1.0, 1.5, 0.7])
    x = np.indices((48, 34, 70)) + 0.5 - np.array([24, 17, 35])[:, None, None, None]
    inside = ((x * spacing[:, None, None, None]) ** 2).sum(0) < 20**2
    row = table(Microstructure(inside.astype(int), tuple(spacing))).iloc[0]
    assert row.area_um2 == pytest.approx(4 * np.pi * 20**2, rel=0.02)
    assert row.sphericity == pytest.approx(1, abs=0.02)
