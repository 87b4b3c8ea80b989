"""The seam test finds seams, places them, and is silent where there is none."""

import numpy as np
import pytest

from grainpaint import InputError, Microstructure
from grainpaint.measure.seams import cell_trace, odd_plane, seam_test
from grainpaint.simulate.iso.isotropic import isotropic

FACES = [[32]] * 3


@pytest.fixture(scope="module")
def grown():
    return [isotropic((64, 64, 64), time=15, seed=s) for s in range(3)]


def joined(a, b):
    """Two volumes that know nothing of each other, side by side."""
    halves = [a.grain_id[:32], b.grain_id[32:] + a.n_grains]
    return Microstructure(np.concatenate(halves)).relabel()


@pytest.mark.slow
def test_volumes_that_grew_whole_have_no_seam(grown):
    # Level 0.01 after correction; four tests.
    assert seam_test(grown, FACES).p > 0.01
    assert all(odd_plane(volume)[0] > 0.01 for volume in grown)


def test_a_cut_through_grains_is_found_and_placed(grown):
    bad = joined(*grown[:2])
    test = seam_test([bad], [[32], [], []])
    assert test.p < 1e-4
    assert test.where == "boundary at distance 0"
    assert test.figure["boundary"][0] > 2 * test.interior["boundary"]
    p, where = odd_plane(bad)
    assert p < 1e-4
    assert where == "boundary at x = 32"


def test_more_volumes_see_a_weaker_seam(grown):
    rng = np.random.default_rng(1)
    weak = []
    for volume in grown:
        grain_id = volume.grain_id.copy()
        speckled = rng.random((64, 64)) < 0.06  # stray voxels at the face
        grain_id[32][speckled] = grain_id[33][rng.permutation(64)][speckled]
        weak.append(Microstructure(grain_id))
    faces = [[32], [], []]
    assert seam_test(weak, faces).p < min(seam_test([v], faces).p for v in weak)


def test_grains_that_are_finer_near_a_face_are_found(grown):
    coarse = np.kron(grown[0].grain_id[:32, :32, :32], np.ones((2, 2, 2), int))
    coarse[28:36] = grown[1].grain_id[28:36] + coarse.max()
    test = seam_test([Microstructure(coarse).relabel()], [[32], [], []])
    assert test.p < 0.01


def test_cells_of_two_voxels_are_no_seam(grown):
    # All boundaries lie between cells, as at the face of a window.
    halves = [v.grain_id[:32, :32, :32] for v in grown]
    doubled = [Microstructure(np.kron(h, np.ones((2, 2, 2), int))) for h in halves]
    assert seam_test(doubled, FACES).p > 0.01


def test_the_trace_of_cells_is_measured(grown):
    ratio, p = cell_trace(grown[0])
    assert ratio == pytest.approx(1, abs=0.02)
    assert p > 1e-3
    doubled = np.kron(grown[0].grain_id[:32, :32, :32], np.ones((2, 2, 2), int))
    assert cell_trace(Microstructure(doubled)) == (np.inf, pytest.approx(0, abs=1e-9))


def test_no_face_in_the_volume_and_too_small_volumes_are_refused(grown):
    with pytest.raises(InputError, match="no face"):
        seam_test(grown, [[64], [], []])
    with pytest.raises(InputError, match="planes of voxels"):
        odd_plane(Microstructure(np.ones((3, 3, 3), int)))
    with pytest.raises(InputError, match="no grain"):
        odd_plane(Microstructure(np.zeros((3, 3, 3), int)))


def test_faces_beside_void_cannot_be_compared(grown):
    ids = grown[0].grain_id.copy()
    ids[24:40] = 0
    with pytest.raises(InputError, match="too close"):
        seam_test([Microstructure(ids)], [[32], [], []])
