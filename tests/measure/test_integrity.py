"""Integrity against independent counts."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import label as ski_label

from grainpaint import Microstructure
from grainpaint.measure.integrity import integrity
from grainpaint.simulate.iso.isotropic import isotropic


@given(
    grain_id=arrays(
        np.int32, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 4)
    )
)
def test_pieces_and_gaps_agree_with_an_independent_labeling(grain_id):
    assume(grain_id.size > 1)  # see the next test
    found = integrity(Microstructure(grain_id))
    label = ski_label(grain_id, connectivity=3)
    largest = int(grain_id.max())
    pieces = {g: len(np.unique(label[grain_id == g])) for g in range(1, largest + 1)}
    open_axes = [axis for axis in range(3) if grain_id.shape[axis] > 1]
    at_face = np.zeros(grain_id.shape, bool)
    for axis in open_axes:
        np.moveaxis(at_face, axis, 0)[[0, -1]] = True
    cut = [
        g
        for g, n in pieces.items()
        if n > 1
        and all(at_face[label == k].any() for k in np.unique(label[grain_id == g]))
    ]
    in_several = {g: n for g, n in pieces.items() if n > 1}
    assert found.in_pieces == {g: n for g, n in in_several.items() if g not in cut}
    assert found.n_cut == len(cut)
    assert found.missing.tolist() == [g for g, n in pieces.items() if n == 0]
    assert found.n_grains == sum(n > 0 for n in pieces.values())
    sizes = np.bincount(label.ravel())
    alone = np.argwhere((sizes[label] == 1) & (grain_id > 0) & ~at_face)
    assert found.isolated.tolist() == alone.tolist()


def test_a_volume_of_one_voxel_is_sound():
    """It is cut on all sides, though no axis is long enough to be open."""
    assert integrity(Microstructure(np.ones((1, 1, 1), int))).sound


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pieces_join_through_periodic_faces_only(axis, periodic):
    grain_id = np.ones((6, 4, 4), int)
    grain_id[2:4] = 2
    grain_id[[0, 5], 0, 0] = 3
    grain_id = np.moveaxis(grain_id, 0, axis)
    found = integrity(Microstructure(grain_id, periodic=(periodic,) * 3))
    assert found.sound
    assert found.n_cut == (0 if periodic else 2)


def test_a_piece_within_the_volume_is_a_fault_and_one_at_an_open_face_is_not():
    grain_id = np.ones((9, 9, 9), int)
    grain_id[0, 4, 4] = grain_id[8, 4, 4] = 2
    found = integrity(Microstructure(grain_id))
    assert found.sound
    assert found.n_cut == 1
    grain_id[4, 4, 4] = 2
    found = integrity(Microstructure(grain_id))
    assert found.in_pieces == {2: 3}
    assert found.isolated.tolist() == [[4, 4, 4]]
    assert found.n_cut == 0


def test_grains_that_hang_together_by_corners_are_whole():
    grain_id = np.ones((4, 4, 4), int)
    grain_id[0, 0, 0] = grain_id[1, 1, 1] = 2
    found = integrity(Microstructure(grain_id))
    assert found.sound
    assert found.n_by_corners == 1


def test_a_simulated_volume_is_sound_when_its_specks_are_gone():
    volume = isotropic((24, 24, 24), time=20, seed=4)
    specks = integrity(volume).isolated
    assert integrity(volume).in_pieces == {}
    small = volume.grain_volumes() < 2
    assert len(specks) == small.sum()
