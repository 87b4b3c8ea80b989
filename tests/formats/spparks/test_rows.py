"""Rows of sites, and the IDs that SPPARKS gives them."""

import numpy as np
from samples import RECORDED

from grainpaint.formats.spparks import site_ids


def test_site_ids_count_one_more_plane_on_open_axes():
    """The IDs of the recorded run with `boundary p n n`."""
    ids = site_ids((4, 5, 3), (True, False, False))
    rows = np.loadtxt(RECORDED / "tiny.1.sites", skiprows=11, dtype=int)
    np.testing.assert_array_equal(np.sort(ids.ravel()), np.sort(rows[:, 0]))
    assert ids[3, 4, 2] == 1 + 3 + 4 * (4 + 6 * 2)
