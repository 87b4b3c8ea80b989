"""Colors of grains, and the keys to them."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from oriented import oriented, without
from scipy.spatial.transform import Rotation

from grainpaint import Microstructure
from grainpaint.drawing.coloring import (
    best_coloring,
    coloring,
    draw_key,
    few_colors,
    grain_colors,
    key_picture,
)
from grainpaint.drawing.figures import slices
from grainpaint.drawing.plot import plot_volume
from grainpaint.orientations import GROUPS, Orientations
from grainpaint.orientations.ipf import KEYS, ipf_colors


@pytest.mark.parametrize("symmetry", KEYS)
def test_the_picture_of_a_key_is_pure_in_its_corners(symmetry):
    image, places = key_picture(symmetry, 400)
    for name, color in zip(KEYS[symmetry], np.eye(3) * 255):
        inside = image[..., 3] > 0
        rows, columns = np.nonzero(inside)
        x, y = places[name]
        nearest = np.argmin((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2)
        found = image[rows[nearest], columns[nearest], :3].astype(float)
        assert np.abs(found - color).max() < 60  # roots are steep there
        assert found.argmax() == color.argmax()
    # The arc from green to blue, and no other rim, is round: the sector is convex.
    assert 0.4 < (image[..., 3] > 0).mean() < 0.85


@pytest.mark.parametrize("symmetry", GROUPS)
def test_keys_have_their_names_at_the_rims_of_their_pictures(symmetry):
    image, places = key_picture(symmetry, 200)
    assert max(image.shape) == 200
    shown = np.argwhere(image[..., 3] > 0)[:, ::-1] + 0.5
    for place in places.values():
        assert np.linalg.norm(shown - place, axis=1).min() < 4
    axes = Figure().subplots()
    draw_key(axes, symmetry, "key")
    assert len(axes.texts) == len(places) >= 3


def test_slices_show_a_key_for_each_symmetry():
    volume = oriented()
    colored = coloring(volume, "x")
    np.testing.assert_array_equal(colored.colors, ipf_colors(volume.orientations, "x"))
    figure = plot_volume(volume, colored=colored)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[3:] == ["432, along x", "622, along x"]
    ids = volume.grain_id[2]
    np.testing.assert_array_equal(
        figure.axes[0].images[0].get_array(), colored.colors[ids.T]
    )
    assert len(plot_volume(volume).axes) == 3


def test_the_report_falls_back_to_colors_that_tell_grains_apart():
    volume = oriented()
    assert best_coloring(volume).meaning.endswith("along z.")
    assert best_coloring(without(volume)).axis is None
    other = without(volume)
    assert best_coloring(other).meaning == "Colors tell grains apart."
    names = [axes.get_title() for axes in slices([volume, other]).axes]
    assert len(names) == 3 + 1 + 3


def test_few_colors_are_near_those_of_all_grains():
    q = Rotation.random(5000, random_state=3).as_quat(scalar_first=True)
    known = Orientations(q, "432")
    ids = np.arange(1, 5001).reshape(50, 10, 10)
    colored = coloring(Microstructure(ids, orientations=known), "y")
    number, colors = few_colors(colored)
    assert number[0] == 0
    assert number[1:].min() == 1
    assert len(colors) <= 255
    gap = colors[number[1:].astype(int) - 1].astype(int) - colored.colors[1:]
    assert np.abs(gap).max() <= 256 / 9
    assert np.abs(gap).mean() < 8
    dark = Orientations(q, "3")
    colored = coloring(Microstructure(ids, orientations=dark), "y")
    number, colors = few_colors(colored)
    assert len(colors) <= 255
    gap = colors[number[1:].astype(int) - 1].astype(int) - colored.colors[1:]
    assert np.abs(gap).mean() < 16
    apart, table = few_colors(coloring(Microstructure(ids)))
    np.testing.assert_array_equal(apart[1:4], [1, 2, 3])
    np.testing.assert_array_equal(table[:3], grain_colors(3)[1:])
