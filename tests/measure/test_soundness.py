"""Whether `check` finds broken grains and seams, with and without known windows."""

import json

import numpy as np
import pytest

from grainpaint import InputError, Microstructure, measure
from grainpaint.measure.integrity import integrity
from grainpaint.measure.seams import cell_trace, odd_plane, seam_test
from grainpaint.measure.soundness import check
from grainpaint.segmentation.colors import grains
from grainpaint.simulate.iso.isotropic import isotropic

FACES = [[32], [32], [32]]


@pytest.fixture(scope="module")
def whole():
    grown = isotropic((64, 64, 64), time=15, seed=0)
    return Microstructure(grains(grown.grain_id))


@pytest.fixture(scope="module")
def joined(whole):
    """Two volumes that know nothing of each other, side by side."""
    other = grains(isotropic((64, 64, 64), time=15, seed=1).grain_id)
    halves = [whole.grain_id[:32], other[32:] + whole.n_grains]
    return Microstructure(grains(np.concatenate(halves)))


def test_a_sound_volume_is_sound_by_every_test(whole):
    found = check(whole)
    assert found.sound
    assert found.untested is None
    assert (found.seams.p, found.seams.where) == odd_plane(whole)
    assert found.seams.n_faces is None
    assert found.cells == cell_trace(whole)
    assert found.integrity.n_grains == integrity(whole).n_grains


def test_known_faces_are_tested_and_a_seam_is_a_fault(joined):
    found = check(joined, FACES)
    test = seam_test([joined], FACES)
    assert (found.seams.p, found.seams.n_faces) == (test.p, 3)
    assert found.seams.visible
    assert found.integrity.sound
    assert not found.sound


def test_one_window_has_no_seam(joined):
    found = check(joined, [range(0), range(0), range(0)])
    assert found.sound
    assert found.seams.n_faces == 0
    assert found.cells is not None


@pytest.mark.parametrize("faces", [3, [[32], [32]], [["a"], [], []]])
def test_faces_that_are_none_are_refused(whole, faces):
    with pytest.raises(InputError, match="three sequences of layers"):
        check(whole, faces)


def test_a_grain_in_pieces_is_a_fault(whole):
    broken = whole.grain_id.copy()
    broken[9, 9, 9] = broken.max() + 3
    found = check(Microstructure(broken))
    assert not found.sound
    assert len(found.integrity.missing) == 2


def test_gaps_in_the_ids_are_told_and_no_fault(whole):
    found = check(Microstructure(whole.grain_id * 2))
    assert found.sound
    assert found.integrity.n_missing == whole.grain_id.max()


def test_volumes_too_small_for_the_test_say_so_and_may_be_sound():
    found = check(Microstructure(np.ones((3, 3, 3), int)))
    assert found.sound
    assert found.seams is found.cells is None
    assert "planes of voxels" in found.untested
    assert not check(Microstructure(np.zeros((3, 3, 3), int))).sound


def test_a_file_is_checked_at_the_faces_in_its_record(joined, tmp_path):
    path = joined.save(tmp_path / "joined.npz")
    assert measure.check(path).seams.n_faces is None
    record = {"output": "joined.npz", "window": 32}
    (tmp_path / "joined.run.json").write_text(json.dumps(record))
    assert measure.check(str(path)).seams.n_faces == 3
    assert measure.check(path, [[], [], []]).seams.n_faces == 0


@pytest.mark.parametrize("others", [(30, 30), (1, 30), (5, 1), (1, 1)])
def test_every_length_of_an_axis_has_a_result(others, rng):
    """Slices of 4 to 16 voxels were once longer than the axis."""
    for n in range(1, 26):
        axis = n % 3
        shape = [*others]
        shape.insert(axis, n)
        for ids in (
            rng.integers(1, 9, shape),
            np.ones(shape, int),
            np.zeros(shape, int),
        ):
            volume = Microstructure(ids, periodic=rng.random(3) < 0.5)
            every = [range(1, m) for m in shape]
            for faces in (None, [[], [], []], [[n // 2], [1], [20]], every):
                found = check(volume, faces)
                assert found.shape == volume.shape
                assert (found.seams is None) == (found.untested is not None)
                assert (found.cells is None) == (found.cells_untested is not None)
                assert found.seams is None or 0 <= found.seams.p <= 1


def test_one_grain_is_sound_and_has_no_trace_of_cells():
    found = check(Microstructure(np.full((33, 40, 11), 1)))
    assert found.sound
    assert found.cells == (1, 1)
