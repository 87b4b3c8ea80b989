import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grainpaint.palette import color_grains, contact_graph, palette, scalar_block
from grainpaint.pyramid import double, halve
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


@pytest.mark.parametrize(("dim", "n"), [(3, 12), (4, 24), (5, 40), (6, 60)])
def test_palette_has_60_degrees_between_any_two_colors(dim, n):
    colors = palette(dim).astype(float)
    assert colors.shape == (n, dim)
    gram = colors @ colors.T / dim
    np.testing.assert_allclose(np.diag(gram), 1, rtol=1e-6)
    assert gram[~np.eye(n, dtype=bool)].max() == pytest.approx(0.5)
    np.testing.assert_allclose(colors.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(colors.T @ colors / n, np.eye(dim), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.tuples(*[st.booleans()] * 3))
@settings(max_examples=25)
def test_contact_graph_is_that_of_all_pairs(seed, periodic):
    g = np.random.default_rng(seed).integers(0, 9, (4, 3, 5)).astype(np.int32)
    pairs = set()
    for place in np.ndindex(g.shape):
        for offset in np.ndindex(3, 3, 3):
            there = [p + o - 1 for p, o in zip(place, offset)]
            if any(
                not 0 <= t < n and not p for t, n, p in zip(there, g.shape, periodic)
            ):
                continue
            a, b = g[place], g[tuple(t % n for t, n in zip(there, g.shape))]
            if a != b and a and b:
                pairs.add((int(a), int(b)))
    start, neighbor = contact_graph(g, periodic)
    found = {
        (a, int(b))
        for a in range(len(start) - 1)
        for b in neighbor[start[a] : start[a + 1]]
    }
    assert found == pairs


def test_grains_come_back_from_their_colors(rng):
    volume = isotropic((32, 32, 32), time=20, seed=3)
    faces = label_pieces(volume.grain_id, volume.periodic)  # connected through faces
    for _ in range(3):
        graph = contact_graph(faces, volume.periodic)
        color = color_grains(graph, 40, rng)[faces]
        back = label_pieces(color + 1, volume.periodic)
        np.testing.assert_array_equal(back, faces)


def test_halving_takes_the_majority_and_undoes_doubling(rng):
    small = rng.integers(0, 9, (6, 4, 8)).astype(np.int16)
    np.testing.assert_array_equal(halve(double(small)), small)
    values = rng.integers(0, 3, (12, 8, 10))
    half = halve(values)
    for x, y, z in np.ndindex(half.shape):
        cell = values[2 * x : 2 * x + 2, 2 * y : 2 * y + 2, 2 * z : 2 * z + 2]
        count = np.bincount(cell.ravel(), minlength=3)
        assert count[half[x, y, z]] == count.max()


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_scalar_blocks_are_centered_and_scaled_and_tell_grains_apart(seed, n):
    rng = np.random.default_rng(seed)
    grain_id = rng.integers(5, 5 + n, (6, 6, 6))
    field = scalar_block(grain_id, rng)
    assert field.dtype == np.float32
    assert abs(field.mean()) < 1e-5
    assert np.abs(field).max() == pytest.approx(float(n > 1), abs=1e-6)
    for g in np.unique(grain_id):  # one value a grain
        assert np.ptp(field[grain_id == g]) == 0
    assert len(np.unique(field)) == len(np.unique(grain_id))
