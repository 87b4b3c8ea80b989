"""Fields that are not grains yet."""

import numpy as np
import pytest

from grainpaint import InputError
from grainpaint.formats.field import read_field, read_values


def test_a_field_comes_with_its_spacing_and_origin(tmp_path, rng):
    color = rng.integers(0, 12, (4, 5, 6))
    np.savez(tmp_path / "c.npz", field=color, spacing=[2, 2, 2])
    back, spacing, origin = read_field(tmp_path / "c.npz")
    np.testing.assert_array_equal(back, color)
    assert tuple(spacing) == (2, 2, 2)
    assert tuple(origin) == (0, 0, 0)
    np.savez(tmp_path / "bad.npz", spins=color)
    with pytest.raises(InputError, match="no array 'field'; it has spins"):
        read_field(tmp_path / "bad.npz")
    np.save(tmp_path / "whole.npy", color)
    with pytest.raises(InputError, match=r"no \.npz archive: .*savez") as error:
        read_field(tmp_path / "whole.npy")
    assert "damaged" not in str(error.value)
    np.savez(tmp_path / "ints.npz", field=color)
    with pytest.raises(InputError, match="must be floats"):
        read_values(tmp_path / "ints.npz")
