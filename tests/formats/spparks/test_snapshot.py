"""Spins of one time, and their grains."""

import numpy as np
from samples import RECORDED

from grainpaint.formats.spparks import grains_of_spins, read_spins


def test_spin_0_of_melted_sites_is_a_grain_like_others():
    spin = np.array([[[0, 0, 5]]], np.int32)
    snapshot = read_spins(RECORDED / "tiny.dump")
    volume = grains_of_spins(type(snapshot)(spin))
    assert volume.grain_id.tolist() == [[[1, 1, 2]]]
