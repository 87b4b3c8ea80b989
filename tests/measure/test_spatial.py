"""Correlations, chords and boundaries: brute force, closed forms, topology."""

import itertools

import numpy as np
import pytest
from grainpaint.measure.grains import table
from grainpaint.measure.spatial import boundary_density, chords, measures, two_point
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from naive import same_grain, same_pairs

from grainpaint import InputError, Microstructure
from grainpaint.measure import spatial
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

PERIODIC = (True, True, True)


@given(
    grain_id=arrays(
        np.int64, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 3)
    ),
    periodic=st.tuples(*[st.booleans()] * 3),
)
def test_two_point_equals_counting_all_pairs(grain_id, periodic):
    if not grain_id.any():
        return
    found = two_point(Microstructure(grain_id, periodic=periodic), 4)
    for axis in range(3):
        for k, value in enumerate(found.along[axis]):
            lag = [0, 0, 0]
            lag[axis] = k
            expected = same_grain(grain_id, periodic, lag)
            assert np.isclose(value, expected, equal_nan=True), (axis, k)


def test_the_radial_correlation_is_the_mean_over_its_shell():
    volume = isotropic((16, 16, 16), time=8, seed=1)
    found = two_point(volume, 3)
    shells = {}
    for lag in itertools.product(range(-3, 4), repeat=3):
        k = round(np.linalg.norm(lag))
        shells.setdefault(k, []).append(same_grain(volume.grain_id, PERIODIC, lag))
    assert np.allclose(found.radial, [np.mean(shells[k]) for k in range(4)])


@pytest.mark.parametrize("transformed", [False, True])
@pytest.mark.parametrize("periodic", [PERIODIC, (False,) * 3, (True, False, True)])
def test_two_point_of_ids_in_many_pieces_counts_every_pair(
    rng, monkeypatch, periodic, transformed
):
    if transformed:  # as IDs of very many runs are
        monkeypatch.setattr(spatial, "_RUNS", 0)
    grain_id = np.kron(rng.integers(0, 4, (4, 3, 5)), np.ones((2, 2, 2), int))
    volume = Microstructure(grain_id, periodic=periodic)
    found = two_point(volume, 4)
    lags = [min(4, n // 2 if w else n - 1) for n, w in zip(grain_id.shape, periodic)]
    same = spatial._same_pairs(volume, tuple(lags))
    shells = np.zeros((8, 2))
    for lag in itertools.product(*(range(-m, m + 1) for m in lags)):
        counts = same_pairs(grain_id, periodic, lag)
        assert same[tuple(np.add(lag, lags))] == counts[0], lag
        shells[round(np.linalg.norm(lag))] += counts
    same, pairs = shells[: min(lags) + 1].T
    assert np.array_equal(found.radial, same / pairs)


def test_two_point_of_spins_is_that_of_any_numbering(rng):
    grain_id = np.kron(rng.integers(1, 4, (6, 6, 6)), np.ones((3, 3, 3), int))
    new = np.array([0, 900, 2, 31])
    a, b = (two_point(Microstructure(g), 9) for g in (grain_id, new[grain_id]))
    assert np.array_equal(a.radial, b.radial)


def test_two_point_of_layers_falls_in_a_straight_line():
    layers = np.repeat(np.arange(1, 9), 4)[:, None, None] * np.ones((1, 8, 8), int)
    found = two_point(Microstructure(layers, periodic=PERIODIC), 6)
    assert found.along[0].tolist() == [1, 0.75, 0.5, 0.25, 0, 0, 0]
    assert found.along[1].tolist() == [1, 1, 1, 1, 1]  # half of the box and no more


def test_chords_are_the_runs_that_no_face_cuts(rng):
    grain_id = rng.integers(0, 3, (5, 6, 20))
    counts = np.zeros(21, int)
    for row in grain_id.reshape(-1, 20):
        runs = [(g, len(list(r))) for g, r in itertools.groupby(row)]
        for g, n in runs[1:-1]:
            counts[n] += g > 0
    assert chords(Microstructure(grain_id))[2].tolist() == counts.tolist()


def test_chords_go_on_through_periodic_faces():
    ring = Microstructure(np.array([[[1, 2, 2, 3, 1, 1]]]), periodic=PERIODIC)
    assert chords(ring)[2].tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert chords(ring)[0].sum() == 0  # one grain all round: no chord ends


def test_boundary_density_of_a_lattice_of_balls_is_their_surface():
    x = np.indices((48,) * 3) + 0.5 - 24
    ball = (x**2).sum(0) < 18**2
    volume = Microstructure(np.where(ball, 1, 2), periodic=PERIODIC)
    expected = 4 * np.pi * 18**2 / 48**3
    assert boundary_density(volume) == pytest.approx(expected, rel=0.02)
    # the surface of a part is no grain boundary
    assert boundary_density(Microstructure(ball.astype(int))) == 0


def test_boundary_density_scales_with_the_voxel():
    a = isotropic((24, 24, 24), time=10)
    b = Microstructure(a.grain_id, (4.0,) * 3, periodic=PERIODIC)
    assert boundary_density(b) == pytest.approx(boundary_density(a) / 4)


def test_columns_have_the_triple_lines_of_their_honeycomb():
    # A brick pattern in x, y: two triple points for each brick of 8 x 4.
    x, y = np.indices((32, 32))
    row = y // 4
    plane = (x + 4 * (row % 2)) % 32 // 8 + 4 * row + 1
    grain_id = np.repeat(plane[:, :, None], 10, axis=2)
    found = measures(Microstructure(grain_id, periodic=PERIODIC))
    # Sections across z see all triple points, the others none: 2 P_A / 3.
    assert found["triple_lines_per_um2"] == pytest.approx(2 / 3 * (2 / 32))
    assert found["quadruple_points_per_um3"] == 0


def test_quadruple_points_follow_from_the_topology_of_simple_cells():
    volume = isotropic((48, 48, 48), time=30, seed=2)
    faces = table(volume)["neighbors"].mean()
    # Simple polyhedra with f faces have 2 (f - 2) corners, each shared by four.
    expected = 2 * (faces - 2) / 4 * volume.n_grains
    found = measures(volume)["quadruple_points_per_um3"] * 48**3
    assert found == pytest.approx(expected, rel=0.06)


def test_smooth_boundaries_have_roughness_one_and_rough_ones_more(rng):
    x = np.indices((48,) * 3) + 0.5 - 24
    smooth = np.where((x**2).sum(0) < 18**2, 1, 2)
    assert measures(Microstructure(smooth))["roughness"] == pytest.approx(1, abs=0.03)
    radius = 18 + rng.normal(0, 1.5, (48,) * 3)
    rough = np.where((x**2).sum(0) < radius**2, 1, 2)
    assert measures(Microstructure(rough))["roughness"] > 1.3


def test_measures_refuse_a_volume_without_grains():
    with pytest.raises(InputError, match="no grain"):
        measures(Microstructure(np.zeros((4, 4, 4), int)))


def test_grain_densities_count_voxels_inside_only():
    grain_id = np.zeros((10, 10, 10), int)
    grain_id[:5] = label_pieces(np.ones((5, 10, 10), int))
    found = measures(Microstructure(grain_id, (2.0,) * 3))
    assert found["grains_per_mm3"] == pytest.approx(1e9 / (500 * 8))
    assert found["mean_volume_um3"] == found["weighted_volume_um3"] == 4000
