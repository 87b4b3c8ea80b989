import numpy as np
import pytest

from grainpaint import InputError
from grainpaint.paper.halfway import Halfway


def test_a_damaged_half_painted_volume_is_told(tmp_path):
    kept = Halfway(tmp_path / "x.npz", "{}")
    kept.save(np.ones((1, 2, 2, 2), np.float32), np.array([True]))
    kept.path.write_bytes(kept.path.read_bytes()[:-40])
    with pytest.raises(InputError, match="delete it to begin again"):
        kept.load(np.zeros((1, 2, 2, 2), np.float32), np.array([False]))
