"""Points to grains by misorientation, and mean orientations, against plain versions."""

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from grainpaint.orientations import operators
from grainpaint.segmentation.orientation_map import grains_of_points, mean_by_grain


def angle(p, q, symmetry):
    """Return the smallest rotation between two crystals by trying all, degrees."""
    group = Rotation.from_quat(operators(symmetry), scalar_first=True)
    one = Rotation.from_quat(p, scalar_first=True)
    other = Rotation.from_quat(q, scalar_first=True)
    return np.degrees(min((one.inv() * other * s).magnitude() for s in group))


@given(
    shape=st.tuples(*[st.integers(1, 4)] * 3),
    symmetry=st.sampled_from(["432", "622", "32", "1"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=15)
def test_grains_are_the_pieces_of_a_graph(shape, symmetry, seed):
    rng = np.random.default_rng(seed)
    few = Rotation.random(2, random_state=seed)
    spread = Rotation.from_rotvec(rng.normal(0, 0.05, (np.prod(shape), 3)))
    pick = few[rng.integers(0, 2, np.prod(shape))]
    group = Rotation.from_quat(operators(symmetry), scalar_first=True)
    any_of = group[rng.integers(0, len(group), np.prod(shape))]
    points = (pick * spread * any_of).as_quat(scalar_first=True).reshape(*shape, 4)
    phase = rng.integers(0, 3, shape)
    graph = networkx.Graph()
    places = [tuple(p) for p in np.argwhere(phase > 0)]
    graph.add_nodes_from(places)
    for place in places:
        for axis in range(3):
            other = tuple(n + (i == axis) for i, n in enumerate(place))
            if (
                other in graph
                and phase[other] == phase[place]
                and angle(points[place], points[other], symmetry) <= 5
            ):
                graph.add_edge(place, other)
    label = grains_of_points(points, phase, (symmetry, symmetry), 5.0)
    assert (label == 0).tolist() == (phase == 0).tolist()
    pieces = {frozenset(piece) for piece in networkx.connected_components(graph)}
    found = {
        frozenset(map(tuple, np.argwhere(label == n).tolist()))
        for n in range(1, label.max() + 1)
    }
    assert found == pieces


def test_equivalent_orientations_are_no_boundary():
    group = operators("432")[:, None, None]
    assert grains_of_points(group, np.ones((24, 1, 1), int), ("432",)).max() == 1
    assert grains_of_points(group, np.ones((24, 1, 1), int), ("1",)).max() > 1


@pytest.mark.parametrize("symmetry", ["432", "622", "1"])
def test_the_mean_is_the_middle_whatever_equivalents_were_measured(symmetry):
    rng = np.random.default_rng(3)
    middle = Rotation.random(4, random_state=1)
    label = np.repeat([1, 2, 0, 3], 4000)
    group = Rotation.from_quat(operators(symmetry), scalar_first=True)
    spread = Rotation.from_rotvec(rng.normal(0, np.radians(2), (label.size, 3)))
    any_of = group[rng.integers(0, len(group), label.size)]
    points = (middle[label] * spread * any_of).as_quat(scalar_first=True)
    points *= rng.choice([-1, 1], label.size)[:, None]
    mean = mean_by_grain(points, label, np.ones(label.size, int), (symmetry,))
    for n in (1, 2, 3):  # the error of a mean of 4000 is 2 / sqrt(4000) = 0.03 degrees
        expected = middle[n].as_quat(scalar_first=True)
        assert angle(expected, mean[n - 1], symmetry) < 0.15
