"""Figures of planes against plain counts."""

import numpy as np
import pytest

from grainpaint import Microstructure
from grainpaint.measure.planes import profiles
from grainpaint.simulate.iso.isotropic import isotropic


def test_profiles_agree_with_plain_counts():
    grain_id = isotropic((64, 64, 64), time=15, seed=0).grain_id.copy()
    grain_id[:, :20, :] = 0
    volume = Microstructure(grain_id)
    inside = (grain_id[:-1] > 0) & (grain_id[1:] > 0)
    unlike = (grain_id[:-1] != grain_id[1:]) & inside
    found = profiles(volume)[0]["boundary"]
    assert np.allclose(found, unlike.sum((1, 2)) / inside.sum((1, 2)))
    assert np.isnan(profiles(volume)[1]["boundary"][:20]).all()
    sizes = np.bincount(grain_id.ravel())[1:]
    half = round(np.cbrt(6 / np.pi * sizes[sizes > 0].mean()) / 2)
    for plane in (20, 31):
        near, far = grain_id[plane + 1 - half], grain_id[plane + half]
        both = (near > 0) & (far > 0)
        expected = ((near == far) & both).sum() / both.sum()
        assert profiles(volume)[0]["two_point"][plane] == pytest.approx(expected)
        logs = np.log(sizes[grain_id[plane : plane + 2][:, inside[plane]] - 1])
        assert profiles(volume)[0]["grain_size"][plane] == pytest.approx(logs.mean())
