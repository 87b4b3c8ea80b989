"""Grains that share an ID, against a flood fill."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from naive.segmentation import pieces

from grainpaint import Microstructure
from grainpaint.measure.connected import PieceCount, as_pieces
from grainpaint.measure.grain_table import table
from grainpaint.segmentation.pieces import label_pieces


def lattice(rng, periodic, n_spins=20):
    """Blocks of 3^3 voxels with few spins: most spins are in many pieces."""
    spin = rng.integers(1, n_spins + 1, (6, 5, 4))
    return Microstructure(np.kron(spin, np.ones((3,) * 3, int)), periodic=periodic)


@given(
    grain_id=arrays(
        np.int64, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 3)
    ),
    periodic=st.tuples(*[st.booleans()] * 3),
)
def test_pieces_are_those_of_a_flood_fill(grain_id, periodic):
    volume = Microstructure(grain_id, periodic=periodic)
    found, count = as_pieces(volume)
    expected = pieces(grain_id, periodic, corners=True)
    pairs = np.unique(np.stack([found.grain_id.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == len(np.unique(expected)) == len(np.unique(found.grain_id))
    ids = np.unique(grain_id[grain_id > 0])
    assert count == PieceCount(len(ids), expected.max())
    for g in ids:  # a piece that is the largest of its ID keeps it
        sizes = np.bincount(expected[grain_id == g])
        assert np.count_nonzero(found.grain_id == g) == sizes.max()
        assert (grain_id[found.grain_id == g] == g).all()


@pytest.mark.parametrize("periodic", [(True, True, True), (False, True, False)])
def test_spins_have_the_table_of_their_grains(rng, periodic):
    spins = lattice(rng, periodic)
    whole = label_pieces(spins.grain_id, periodic, corners=True)
    found, count = as_pieces(spins)
    assert count.n_ids == 20 < count.n_pieces == whole.max()
    a, b = (
        table(v).drop(columns="grain").sort_values(["x_um", "y_um", "z_um", "voxels"])
        for v in (found, Microstructure(whole, periodic=periodic))
    )
    assert np.array_equal(a.to_numpy(float), b.to_numpy(float), equal_nan=True)
    assert len(table(spins)) == 20  # the table itself takes IDs as they are


def test_whole_grains_stay_as_they_are_and_nothing_is_said():
    grain_id = np.ones((4, 4, 4), int)
    grain_id[0, 0, 0] = grain_id[1, 1, 1] = 9  # held by a corner
    volume = Microstructure(grain_id)
    found, count = as_pieces(volume)
    assert found is volume
    assert count.note is None
    assert count + count == PieceCount(4, 4)


def test_the_note_has_both_numbers():
    many = PieceCount(600, 2000) + PieceCount(400, 1152)
    assert many.note == "1,000 IDs in 3,152 pieces: measured as pieces"
    assert PieceCount(1, 2).note.startswith("1 ID in 2 pieces")


def test_new_ids_stay_within_32_bits():
    last = 2**31 - 1
    volume, _ = as_pieces(Microstructure(np.array([[[last, 1, last, 1, last]]])))
    assert volume.grain_id.tolist() == [[[last, 1, 2, 3, 4]]]
