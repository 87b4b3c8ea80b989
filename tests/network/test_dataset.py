import dataclasses

import numpy as np
import pytest

from grainpaint import InputError, Microstructure
from grainpaint.network.dataset import digest_of, load_sets, split


def test_held_out_volumes_stay_held_out_while_a_set_grows(volumes):
    fine = load_sets(volumes)[1]
    grown = dataclasses.replace(fine, volumes=fine.volumes * 9)  # 27
    held = [split([s], held_out=True)[0].volumes for s in (fine, grown)]
    assert [len(volumes) for volumes in held] == [1, 2]
    assert held[0][0] is held[1][0]
    assert len(split([grown], held_out=False)[0].volumes) == 25


def test_volumes_that_cannot_train_are_named(tmp_path):
    Microstructure(np.ones((32, 32, 32), int)).save(tmp_path / "a.npz")
    with pytest.raises(InputError, match=r"a\.npz.*periodic"):
        load_sets(tmp_path)
    Microstructure(np.ones((20, 32, 32), int), periodic=(True,) * 3).save(
        tmp_path / "a.npz"
    )
    with pytest.raises(InputError, match=r"a\.npz.*multiples of 16"):
        load_sets(tmp_path)


def test_a_digest_tells_voxels_shapes_types_and_their_order():
    one, other = np.zeros((2, 3), np.int32), np.zeros((3, 2), np.int32)
    changed = one.copy()
    changed[1, 2] = 1
    found = [
        digest_of(arrays, *more)
        for arrays, *more in (
            ([one, other],),
            ([other, one],),
            ([changed, other],),
            ([one.astype(np.int16), other],),
            ([one],),
            ([one, other], 4.5),
        )
    ]
    assert len(set(found)) == len(found)
    assert digest_of([one.T.copy().T, other]) == found[0]


@pytest.mark.parametrize("edges", [(2.0, 2.0, 2.0), (1.0, 1.0, 3.0)])
def test_voxels_of_several_sizes_are_refused(tmp_path, edges):
    ids = np.ones((16, 16, 16), np.int32)
    for name, spacing in (("a", (1.0, 1.0, 1.0)), ("b", edges)):
        volume = Microstructure(ids, spacing=spacing, periodic=(True,) * 3)
        volume.save(tmp_path / f"{name}.npz")
    with pytest.raises(InputError, match=r"b\.npz: the voxels of a set must be cubes"):
        load_sets(tmp_path)
