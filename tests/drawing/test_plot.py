"""Colors and slices."""

import numpy as np
from matplotlib.figure import Figure

from grainpaint import Microstructure
from grainpaint.drawing.coloring import grain_colors
from grainpaint.drawing.plot import draw_slice, plot_volume


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


def test_a_section_is_drawn_alone_and_to_scale():
    for flat, names in ((0, "yz"), (1, "xz"), (2, "xy")):
        ids = np.expand_dims(np.arange(1, 13).reshape(4, 3), flat)
        figure = plot_volume(Microstructure(ids, (2.0,) * 3))
        (axes,) = figure.axes
        assert axes.get_title() == f"a section across {'xyz'[flat]}"
        assert axes.get_xlabel() == f"{names[0]}, µm"
        assert axes.get_ylabel() == f"{names[1]}, µm"
        assert axes.images[0].get_extent() == [0, 8, 0, 6]
        shown = axes.images[0].get_array()
        assert (shown == grain_colors(12)[ids.reshape(4, 3).T]).all()
        assert axes.get_aspect() == 1


def test_a_line_lies_whatever_its_axis():
    for axis in range(3):
        shape = [1, 1, 1]
        shape[axis] = 9
        figure = plot_volume(Microstructure(np.arange(1, 10).reshape(shape)))
        (axes,) = figure.axes
        assert axes.get_xlabel() == f"{'xyz'[axis]}, µm"
        assert axes.images[0].get_array().shape[:2] == (1, 9)


def test_thin_slices_are_stretched_and_say_so():
    axes = Figure().subplots()
    draw_slice(axes, Microstructure(np.ones((400, 9, 2), int)), 1, grain_colors(1))
    assert axes.get_aspect() == 5
    assert axes.get_title() == "y = 4.5 µm (z stretched)"
    draw_slice(axes, Microstructure(np.ones((2, 9, 400), int)), 1, grain_colors(1))
    assert axes.get_aspect() == 0.2
    assert axes.get_title() == "y = 4.5 µm (x stretched)"
