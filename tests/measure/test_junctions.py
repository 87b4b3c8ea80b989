"""Triple and quadruple points: counted by hand, and the topology of simple cells."""

import numpy as np
import pytest

from grainpaint import Microstructure
from grainpaint.measure.grain_table import table
from grainpaint.measure.junctions import count_junctions
from grainpaint.simulate.iso.isotropic import isotropic


def test_quadruple_points_follow_from_the_topology_of_simple_cells():
    volume = isotropic((48, 48, 48), time=30, seed=2)
    faces = table(volume)["neighbors"].mean()
    # Simple polyhedra with f faces have 2 (f - 2) corners, each shared by four.
    expected = 2 * (faces - 2) / 4 * volume.n_grains
    assert count_junctions(volume)[1] == pytest.approx(expected, rel=0.06)


def test_four_columns_that_meet_in_a_line_are_two_triple_lines():
    plane = np.array([[1, 2], [3, 4]])
    columns = np.repeat(plane[:, :, None], 5, axis=2)
    assert count_junctions(Microstructure(columns)) == ([0, 0, 10], 0)
