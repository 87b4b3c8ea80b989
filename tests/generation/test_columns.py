import numpy as np
import pytest

from grainpaint.generation.columns import alike_along_columns, grown_from
from grainpaint.generation.sampler import UNKNOWN
from grainpaint.palette import palette
from grainpaint.philox import normal_field
from grainpaint.simulate.am.channels import CHANNELS, depths_above, mobile_dose

DIM = 5


def maps_of(shape, dose, depths, exponential=0.0):
    """Return maps of a build that had one dose everywhere, far above its substrate."""
    maps = np.zeros((*shape, len(CHANNELS)), np.float32)
    columns = {
        "inside": 1,
        "melted": 1,
        "dose": np.log1p(dose) / 2 - 1.5,
        "height": np.log1p(depths) / 2,
        "exponential zone": exponential,
    }
    for name, value in columns.items():
        maps[..., CHANNELS.index(name)] = value
    return maps


def drawn(voxels, maps, seed=4):
    noise = normal_field(seed, 10, voxels, DIM)
    return noise, alike_along_columns(noise.copy(), seed, voxels, maps)


def test_maps_tell_dose_and_height_back():
    maps = maps_of((2, 2, 2), dose=37.0, depths=5.0)
    assert mobile_dose(maps) == pytest.approx(37, rel=1e-4)
    assert depths_above(maps) == pytest.approx(5, rel=1e-4)
    assert mobile_dose(maps_of((1, 1, 1), 37.0, 5.0, 1.0)) == pytest.approx(22.2, 1e-4)


def test_noise_has_unit_variance_however_strong_columns_are():
    voxels = [np.arange(64)] * 3
    for dose in (30.0, 100.0):
        _, found = drawn(voxels, maps_of((64,) * 3, dose, 9.0))
        assert abs(found.var() - 1) < 0.01  # 5 sigma of 1.3 million numbers: 0.006
        assert found.dtype == np.float32


def test_noise_is_alike_along_the_height_only():
    voxels = [np.arange(96), np.arange(96), np.arange(256)]
    plain, found = drawn(voxels, maps_of((96, 96, 256), 100.0, 9.0))
    # Means of 64 voxels: independent noise leaves 1/8 of its spread.
    tall, across = (
        found.reshape(96, 96, 4, 64, DIM).mean(3),
        found.transpose(1, 2, 0, 3)[:, :, :64].mean(2),
    )
    spread = plain.reshape(96, 96, 4, 64, DIM).mean(3).std()
    assert spread == pytest.approx(1 / 8, rel=0.02)
    assert tall.std() > 1.15 * spread
    assert across.std() < 1.12 * spread


@pytest.mark.parametrize(
    ("dose", "depths", "melted"), [(20.0, 9.0, 1), (100.0, 0.0, 1), (100.0, 9.0, 0)]
)
def test_noise_stays_as_it_is_where_grains_are_no_columns(dose, depths, melted):
    maps = maps_of((8, 8, 8), dose, depths)
    maps[..., CHANNELS.index("melted")] = melted
    plain, found = drawn([np.arange(8)] * 3, maps)
    np.testing.assert_array_equal(found, plain)


def test_any_box_has_the_noise_of_the_whole():
    whole = [np.arange(-20, 44), np.arange(100, 140), np.arange(0, 300)]
    shape = tuple(v.size for v in whole)
    maps = maps_of(shape, 35.0, 4.0)
    _, found = drawn(whole, maps)
    box = (slice(11, 40), slice(0, 25), slice(150, 210))
    _, part = drawn([v[s] for v, s in zip(whole, box)], maps[box])
    np.testing.assert_allclose(part, found[box], atol=1e-6)


def test_over_a_grain_of_the_substrate_the_noise_has_its_color(rng):
    """Along the color the mean is the strength that falls with height; 4 sigma."""
    noise = rng.normal(size=(40, 40, 30, 5)).astype(np.float32)
    known = np.full(noise.shape[:3], UNKNOWN, np.uint8)
    known[:20, :, :4] = 7
    known[:20, :, 3] = 11  # the one on top counts
    found = grown_from(noise, known, stretch=4)
    color = palette(5)[11] / 5**0.5
    along = (found @ color).mean(1)
    near, far, bare = along[:20, 4:8].mean(), along[:20, 24:].mean(), along[20:].mean()
    strength = 0.12 * 5**0.5
    assert abs(near - 0.9 * strength) < 4 / np.sqrt(20 * 40 * 4) + 0.1 * strength
    assert abs(far) < 4 / np.sqrt(20 * 40 * 6)
    assert abs(bare) < 4 / np.sqrt(20 * 40 * 30)
    np.testing.assert_array_equal(found[20:], noise[20:])
    assert abs(found.std() - 1) < 0.02
