"""NumPy archives."""

import numpy as np
import pytest
from samples import example_volume

import grainpaint
from grainpaint.errors import InputNote


def test_npz_holds_the_arrays_of_the_contract(tmp_path):
    with np.load(example_volume().save(tmp_path / "a.npz")) as archive:
        assert sorted(archive) == ["grain_id", "origin", "periodic", "spacing"]
        assert archive["grain_id"].dtype == np.int32
        assert archive["spacing"].dtype == archive["origin"].dtype == np.float64
        assert archive["periodic"].dtype == bool


def test_phases_that_are_not_kept_are_told(tmp_path):
    example_volume().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as held:
        np.savez(tmp_path / "b.npz", **held, phase=[1, 2], phase_name=["Al", "Ti"])
    with pytest.warns(InputNote, match="b.npz: phases without orientations are not"):
        grainpaint.load(tmp_path / "b.npz")
