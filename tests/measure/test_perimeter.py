"""Smoothed perimeter of plane figures: closed forms and scikit-image."""

import itertools

import numpy as np
import pytest
from skimage.measure import perimeter_crofton

from grainpaint import Microstructure
from grainpaint.measure.grain_table import table
from grainpaint.measure.perimeter import edge_lengths


def disc(radius, spacing, offset):
    """A disc whose middle lies at an offset (pixels) from that of a pixel."""
    shape = [int(2 * radius / s) + 6 for s in spacing]
    place = [(np.arange(n) - n // 2 - o) * s for n, s, o in zip(shape, spacing, offset)]
    return np.add.outer(place[0] ** 2, place[1] ** 2) < radius**2


@pytest.mark.parametrize("pixel", [(1, 1), (1, 1.5), (1, 3)])
@pytest.mark.parametrize(
    ("radius", "n", "bias"), [(3, 40, -0.008), (6, 20, -0.002), (20, 5, 0)]
)
def test_circles_have_the_bias_that_is_stated(radius, n, bias, pixel):
    radius *= np.sqrt(np.prod(pixel))
    places = itertools.product((np.arange(n) + 0.5) / n, repeat=2)
    discs = [disc(radius, pixel, place) * (i + 1) for i, place in enumerate(places)]
    volume = Microstructure(np.concatenate(discs)[:, :, None], (*pixel, 3.0))
    found = table(volume)
    ratio = found["perimeter_um"] / (2 * np.pi * radius)
    assert ratio.mean() == pytest.approx(1 + bias, abs=0.004)
    circularity = 4 * np.pi * found["area_um2"] / found["perimeter_um"] ** 2
    assert np.allclose(found["circularity"], circularity)
    # Pixel edges are 4 / pi times as long as a circle, for any pixel.
    edges = found["edge_length_um"].mean() / (2 * np.pi * radius)
    assert edges == pytest.approx(4 / np.pi, rel=0.02)


def test_the_perimeter_of_square_pixels_is_that_of_scikit_image(rng):
    for _ in range(20):
        inside = rng.random((12, 15)) < rng.random()
        inside[5, 5] = True
        found = table(Microstructure(inside[None].astype(int), (9.0, 1.0, 1.0)))
        expected = perimeter_crofton(np.pad(inside, 1), directions=4)
        assert found["perimeter_um"][0] == pytest.approx(expected)


def test_a_straight_edge_along_an_axis_is_five_percent_too_short():
    inside = np.zeros((1002, 1, 3), int)
    inside[1:-1] = 1  # three pixels wide: two long edges, at the faces of the box
    row = table(Microstructure(inside)).iloc[0]
    assert row.perimeter_um == pytest.approx(0.948 * 2 * 1000, rel=0.005)
    assert row.edge_length_um == 2 * (1000 + 3)


def test_edges_across_an_axis_have_the_length_of_the_other_one():
    assert edge_lengths((2.0, 3.0, 5.0), (0, 2)).tolist() == [5.0, 0.0, 2.0]
