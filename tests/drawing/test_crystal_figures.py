"""Pole figures and histograms of angles."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint.drawing.crystal_figures import (
    disorientations,
    pole_figures,
    side_by_side,
)
from grainpaint.measure.crystals import Phase
from grainpaint.orientations.mackenzie import mackenzie


def phase(q, symmetry="432", name="Al"):
    n = len(q)
    angle, area = np.array([10.5, 30.5, 31.0]), np.array([2.0, 1.0, 1.0])
    return Phase(name, symmetry, q, np.ones(n), np.zeros(n, int), angle, area)


def test_pole_figures_have_x_to_the_right_y_up_and_equal_areas():
    """One crystal: its <001> near x, near y in the upper half, and near z."""
    turn = Rotation.from_rotvec([0.2, 0.0, 0.0])  # y toward z
    figure = pole_figures([("generated", phase(turn.as_quat(scalar_first=True)[None]))])
    image = figure.axes[0].images[0].get_array().filled(np.nan)
    n = len(image)
    inside = np.isfinite(image)
    assert inside.mean() == pytest.approx(np.pi / 4, abs=0.04)
    assert np.nanmean(image) == pytest.approx(1, abs=0.05)  # cells of equal areas
    x, y = np.meshgrid(*[(np.arange(n) + 0.5) / n * 2 - 1] * 2)
    for direction in turn.apply([[1, 0, 0], [0, 1, 0], [0, 0, 1]]):
        at = direction[:2] / np.sqrt(1 + direction[2])
        near = np.hypot(x - at[0], y - at[1]) < 0.1
        assert np.nanmax(image[near]) > 0.9 * np.nanmax(image)
    away = np.hypot(x, y + 0.8) < 0.1  # -y lies in the lower half
    assert np.nanmax(image[away]) < 0.5 * np.nanmax(image)
    assert "001" in figure.axes[0].get_title()


def test_crystals_whose_poles_depend_on_the_cell_have_no_pole_figures():
    q = np.eye(4)[:1]
    assert pole_figures([("generated", phase(q, "2"))]) is None


def test_histograms_are_by_area_beside_mackenzies_law():
    figure = disorientations([("generated", phase(np.eye(4)))])
    (axes,) = figure.axes
    values, edges, _ = axes.patches[0].get_data()
    assert values.sum() * 2 == pytest.approx(1)
    assert values[edges[:-1] == 10] == values[edges[:-1] == 30] == 0.25
    angle, density = axes.lines[0].get_data()
    np.testing.assert_allclose(
        density, mackenzie(np.radians(angle)) * np.pi / 180, atol=1e-12
    )
    assert np.trapezoid(density, angle) == pytest.approx(1, abs=1e-3)


def test_phases_of_equal_symmetries_are_drawn_together():
    q = np.eye(4)
    one, other = phase(q), phase(q, "622", "Ti")
    together = side_by_side([("generated", [one, other]), ("reference", [one, other])])
    assert [[name for name, _ in group] for group in together] == [
        ["generated", "reference"]
    ] * 2
    apart = side_by_side([("generated", [one]), ("reference", [other])])
    assert [len(group) for group in apart] == [1, 1]
    assert side_by_side([("generated", []), ("reference", [])]) == []
