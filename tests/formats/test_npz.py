"""NumPy archives."""

import numpy as np
from samples import example_volume


def test_npz_holds_the_arrays_of_the_contract(tmp_path):
    with np.load(example_volume().save(tmp_path / "a.npz")) as archive:
        assert sorted(archive) == ["grain_id", "origin", "periodic", "spacing"]
        assert archive["grain_id"].dtype == np.int32
        assert archive["spacing"].dtype == archive["origin"].dtype == np.float64
        assert archive["periodic"].dtype == bool
