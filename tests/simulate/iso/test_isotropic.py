import numpy as np
import pytest

from grainpaint.errors import InputError
from grainpaint.simulate.iso.isotropic import isotropic


def test_grains_go_on_from_the_file_of_a_run():
    """One spin a voxel: N + N units of time from a volume give what 2N give."""
    shape = (16, 12, 13)
    half = isotropic(shape, 5, n_spins=0, seed=4)
    start = half.grain_id
    once = isotropic(shape, 10, n_spins=0, seed=4)
    twice = isotropic(shape, 10, seed=4, start=start, start_time=5)
    np.testing.assert_array_equal(once.grain_id, twice.grain_id)


def test_bad_settings_are_refused():
    with pytest.raises(InputError, match="spins"):
        isotropic((8, 8, 8), n_spins=1)
    with pytest.raises(InputError, match="the time is a number; got nan"):
        isotropic((8, 8, 8), time=float("nan"))
    with pytest.raises(InputError, match="mask has shape"):
        isotropic((8, 8, 8), mask=np.ones((7, 8, 8), bool))
    with pytest.raises(InputError, match="nothing can grow"):
        isotropic((8, 8, 8), mask=np.zeros((8, 8, 8), bool))
