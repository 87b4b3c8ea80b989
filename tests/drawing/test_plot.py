"""Colors and slices."""

import numpy as np
from matplotlib.figure import Figure

from grainpaint import Microstructure
from grainpaint.drawing.plot import draw_slice, grain_colors


def test_near_ids_get_different_colors():
    colors = grain_colors(2000).astype(int)
    assert (colors[0] == 255).all()
    for step in (1, 2, 3):
        assert np.abs(colors[1:-step] - colors[1 + step :]).sum(1).min() > 40


def test_a_slice_shows_a_full_layer_at_its_place_in_its_unit():
    ids = np.zeros((8, 6, 4), int)
    ids[6:] = 1
    axes = Figure().subplots()
    draw_slice(axes, Microstructure(ids, (500.0, 500.0, 500.0)), 0, grain_colors(1))
    assert axes.get_title() == "x = 3.25 mm"
    assert axes.images[0].get_extent() == [0, 3, 0, 2]
    assert (axes.images[0].get_array() == grain_colors(1)[1]).all()
