"""Paths that fit a box, and those that do not."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.melt_pool.ellipsoid import Ellipsoid
from grainpaint.simulate.am.paths.check import check_fit, length_within
from grainpaint.simulate.am.scan import ScanPath

BOX = (100, 80, 50)
POOL = Ellipsoid(shape="ellipsoid", width=10, depth=8, length=20)


def lines(scale=1.0, hatch=8.0, thickness=5.0, shift=(0, 0, 0), speed=18.0):
    """Return layers of lines along x that fill the box, larger by some factor."""
    y, z = np.meshgrid(np.arange(0, 80, hatch), np.arange(4.5, 50, thickness))
    start = np.stack([np.zeros(y.size), y.ravel(), z.ravel()], axis=1)[
        np.lexsort([y.ravel(), z.ravel()])
    ]
    end = start + np.array([99, 0, 0])
    start, end = start * scale + shift, end * scale + shift
    return ScanPath(start, end, np.full(len(start), speed), np.ones(len(start), bool))


def upside_down(path):
    """Return a path whose highest layer is scanned first."""
    order = np.argsort(-path.start[:, 2], kind="stable")
    return ScanPath(path.start[order], path.end[order], path.speed, path.on)


def test_a_path_that_fits_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_fit(lines(), BOX, 5.0, POOL)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (lines(shift=(500, 0, 0)), "no track reaches the box of 0.5 x 0.4 x 0.25 mm"),
        (lines(shift=(0, 0, 500)), "no track reaches"),
        (lines(shift=(0, 0, -90)), "no track reaches"),
        (lines(scale=1000), "layers are 5,000 voxels .25 mm. thick.*0.001 times"),
        (
            lines(scale=1000, thickness=99),
            "8,000 voxels .40 mm. apart.*is `unit` right",
        ),
        (lines(scale=0.001), "0.008 voxels .* apart.*1000 times"),
        (lines(scale=1 / 25.4, hatch=2), "apart.*25.4 times"),
    ],
)
def test_a_path_that_cannot_be_meant_is_refused(path, message):
    with pytest.raises(InputError, match=message) as error:
        check_fit(path, BOX, 5.0, POOL)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (lines(shift=(70, 0, 0)), "70% of the length"),
        (lines(hatch=31), "31 voxels .155 µm. apart, and the pool is only 10"),
        (lines(speed=600), "in one sweep the pool moves on by up to 23.1 voxels"),
        (lines(speed=0.01), "in one sweep the pool moves on by only 0.00038 voxels"),
        (lines(thickness=12), "layers are 12 voxels .* and the pool is only 8 voxels"),
        (upside_down(lines()), "down from z = 49.5 to 44.5 voxels .9 places.*sort it"),
    ],
)
def test_doubts_are_noted(path, message):
    with pytest.warns(InputNote, match=message):
        check_fit(path, BOX, 5.0, POOL)


_coordinate = st.integers(-50, 150)


@given(st.lists(st.tuples(*[_coordinate] * 4), min_size=1, max_size=5))
def test_length_within_a_box_is_that_of_many_points(ends):
    ends = np.array(ends, float)
    z = np.zeros((len(ends), 1))
    start, end = np.hstack([ends[:, :2], z]), np.hstack([ends[:, 2:], z])
    t = (np.arange(20_000) + 0.5)[:, None, None] / 20_000
    place = start + t * (end - start)
    inside = ((place >= -0.5) & (place <= np.array(BOX) - 0.5)).all(axis=2)
    expected = inside.mean(axis=0) * np.linalg.norm(end - start, axis=1)
    found = length_within(start, end, BOX)
    np.testing.assert_allclose(found, expected, atol=0.05)
