import itertools

import numba as nb
import numpy as np
import pytest

from grainpaint.simulate.iso.lattice import LATTICES, Lattice, neighborhood
from grainpaint.simulate.iso.neighbor_set import holding, lowest_place, n_places

SHAPE = (5, 6, 8)  # ghosts included


@nb.njit
def bits(lattice, flat, i, value):
    places = holding(lattice, flat, i, value)
    return n_places(places), lowest_place(places), places


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize("name", LATTICES)
def test_neighbors_that_hold_a_value_are_those_counted_one_by_one(name, kind, rng):
    """Whatever the number's size, up to the last site whose row ends the array."""
    values = np.array([0, 1, 200, np.iinfo(kind).max], kind)
    held = rng.choice(values, SHAPE)
    spin = np.zeros(held.size, np.uint16)
    byte = np.zeros(held.size, np.uint8)
    lattice = Lattice(
        spin, byte, byte.view(np.uint64), np.zeros((0, 0, 0), np.float32),
        *neighborhood(LATTICES[name], 48, 8), np.ones(3, bool), 3, 4, 5, 0, 0, 0,
    )  # fmt: skip
    for x, y, z in itertools.product((1, 2, 3), (1, 4), (1, 2, 5)):
        for value in values:
            expected = {
                tuple(o)
                for o in LATTICES[name]
                if held[x + o[0], y + o[1], z + o[2]] == value
            }
            i = np.uint64(48 * x + 8 * y + z)
            n, lowest, places = bits(lattice, held.ravel(), i, value)
            found = [b for b in range(36) if int(places) >> b & 1]
            assert n == len(found) == len(expected)
            assert {tuple(lattice.offsets[b].tolist()) for b in found} == expected
            assert not found or lowest == found[0]
            steps = lattice.offsets[found] @ (48, 8, 1)
            np.testing.assert_array_equal(lattice.steps[found].astype(np.int64), steps)
