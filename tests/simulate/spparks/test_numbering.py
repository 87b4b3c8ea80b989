"""IDs of sites: those of a box whose faces lie between planes of the lattice."""

import numpy as np

from grainpaint.formats.spparks import site_ids
from grainpaint.simulate.spparks.numbering import ids_in_box
from grainpaint.simulate.spparks.simulation import SimulationBox


def box(shape, origin, spacing, periodic, low, high):
    return SimulationBox(shape, origin, spacing, "sc/26n", periodic, faces=(low, high))


def test_planes_outside_of_the_box_are_counted_as_spparks_counts_them():
    """As its dumps say: `boundary p n p`, `lattice sc/26n 1.5`, block 0 4 0.5 5 0 3."""
    found = ids_in_box(
        box(
            (4, 4, 3),
            (0, 1.5, 0),
            1.5,
            (True, False, True),
            (0, 0.75, 0),
            (6, 7.5, 4.5),
        )
    )
    assert found[:, 0, 0].tolist() == [5, 6, 7, 8]  # the plane y = 0 lies outside
    assert found[0, :, 0].tolist() == [5, 9, 13, 17]
    assert found[0, 0, 1] == 29  # six planes: y = 0 to 7.5


def test_a_box_of_whole_cells_is_numbered_as_its_files():
    periodic = (True, False, False)
    whole = box((3, 4, 5), (-2, 1, 0), 1.0, periodic, (-2, 1, 0), (1, 5, 5))
    np.testing.assert_array_equal(ids_in_box(whole), site_ids((3, 4, 5), periodic))
