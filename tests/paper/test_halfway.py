import numpy as np
import pytest

from grainpaint import InputError
from grainpaint.paper.halfway import Halfway, halfway_path, halfway_precision


def test_what_is_kept_comes_back_and_is_deleted(tmp_path):
    output = tmp_path / "x.npz"
    kept = Halfway(halfway_path(output), '{"precision": "float32"}')
    assert halfway_precision(output) is None
    values, done = np.full((1, 2, 2, 2), 0.5, np.float32), np.array([True, False])
    kept.save(values, done)
    assert halfway_precision(output) == "float32"
    found, which = np.zeros_like(values), np.zeros_like(done)
    kept.load(found, which)
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(which, done)
    with pytest.raises(InputError, match="other settings"):
        Halfway(kept.path, "{}").load(found, which)
    kept.delete()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_half_painted_volume_is_refused(tmp_path):
    kept = Halfway(tmp_path / "x.npz", "{}")
    kept.save(np.ones((1, 2, 2, 2), np.float32), np.array([True]))
    kept.path.write_bytes(kept.path.read_bytes()[:-40])
    with pytest.raises(InputError, match="delete it to start again"):
        kept.load(np.zeros((1, 2, 2, 2), np.float32), np.array([False]))
