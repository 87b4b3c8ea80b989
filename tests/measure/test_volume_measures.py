"""Measures of a volume as a whole."""

import numpy as np
import pytest

from grainpaint import InputError, Microstructure
from grainpaint.measure.volume_measures import volume_measures
from grainpaint.segmentation.pieces import label_pieces

PERIODIC = (True, True, True)


def test_measures_refuse_a_volume_without_grains():
    with pytest.raises(InputError, match="no grain"):
        volume_measures(Microstructure(np.zeros((4, 4, 4), int)))


def test_grain_densities_count_voxels_inside_only():
    grain_id = np.zeros((10, 10, 10), int)
    grain_id[:5] = label_pieces(np.ones((5, 10, 10), int))
    found = volume_measures(Microstructure(grain_id, (2.0,) * 3))
    assert found["grains_per_mm3"] == pytest.approx(1e9 / (500 * 8))
    assert found["mean_volume_um3"] == found["weighted_volume_um3"] == 4000


def test_columns_have_the_triple_lines_of_their_honeycomb():
    # A brick pattern in x, y: two triple points for each brick of 8 x 4.
    x, y = np.indices((32, 32))
    row = y // 4
    plane = (x + 4 * (row % 2)) % 32 // 8 + 4 * row + 1
    grain_id = np.repeat(plane[:, :, None], 10, axis=2)
    found = volume_measures(Microstructure(grain_id, periodic=PERIODIC))
    # Sections across z see all triple points, the others none: 2 P_A / 3.
    assert found["triple_lines_per_um2"] == pytest.approx(2 / 3 * (2 / 32))
    assert found["quadruple_points_per_um3"] == 0
