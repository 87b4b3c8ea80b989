"""Fibers along the growth of a build, against closed forms."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import grainpaint
from grainpaint import InputError, Microstructure
from grainpaint.orientations.texture_text import with_axis_file
from grainpaint.orienting.growth import directions, growth_of
from grainpaint.orienting.public import orient_measured
from grainpaint.orienting.sources import check_sources

RECIPE = """
shape = [40, 30, 16]
voxel = "5um"
[substrate]
height = 4
grain = 6
[pool]
shape = "ellipsoid"
width = 24
depth = 14
length = 40
[haz]
law = "linear"
width = 3
[scan]
speed = 12
hatch = 60
thickness = 12
angle = 0
overrun = 40
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "build.toml"
    path.write_text(RECIPE)
    return path


def columns(shape, edge=2):
    """Square columns along z."""
    nx, ny, nz = shape
    ids = 1 + np.arange(nx // edge)[:, None] * (ny // edge) + np.arange(ny // edge)
    ids = ids.repeat(edge, 0).repeat(edge, 1)
    return Microstructure(np.repeat(ids[..., None], nz, 2), (5.0,) * 3)


def crystal_axes(volume):
    """Return the axes of the crystals in the sample, shape (n, 3, 3), as columns."""
    q = volume.orientations.quaternion[volume.ids() - 1]
    return Rotation.from_quat(q, scalar_first=True).as_matrix()


def test_directions_of_a_recipe_are_the_normals_of_its_ellipsoid(recipe):
    """One track along x in the middle: y and z of a place decide its direction."""
    volume = columns((40, 30, 16))
    found = directions(recipe, volume)
    _, y, z = np.indices(volume.shape).astype(float)
    middle = float(np.nanmean(np.where(np.isfinite(found[..., 0]), y, np.nan)))
    top = 15.0
    across, below = 2 * (y - middle) / 24, (top - z) / 14
    left = 1 - across**2 - below**2
    molten = np.isfinite(found[..., 0])
    np.testing.assert_array_equal(molten, left > 0)
    # The gradient of (2 x / l)^2 + (2 y / w)^2 + (z / d)^2 in the rear, inwards.
    rear = np.sqrt(np.maximum(left, 0)) / 20
    normal = np.stack([rear, -across / 12, below / 14], -1)[molten]
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    normal[:, 0] *= np.sign(found[molten][0, 0])
    np.testing.assert_allclose(found[molten], normal, atol=2e-6)


def test_sharp_fibers_lie_along_the_mean_direction_of_each_grain(tmp_path):
    volume = columns((24, 24, 6))
    rng = np.random.default_rng(3)
    along = rng.normal(size=(int(volume.grain_id.max()) + 1, 3))
    vectors = along[volume.grain_id] * rng.uniform(0.5, 2, (*volume.shape, 1))
    vectors[volume.grain_id % 5 == 0] = np.nan  # never molten
    few = volume.grain_id == 7
    vectors[few] = np.where(np.arange(few.sum())[:, None] % 3 < 1, vectors[few], 0)
    np.savez(tmp_path / "maps.npz", growth=vectors)
    made = orient_measured(volume, f"fiber:<001>,{tmp_path / 'maps.npz'},0deg", seed=2)
    ids = volume.ids()
    follows = (ids % 5 != 0) & (ids != 7)
    assert made.n_along == follows.sum()
    unit = along[ids] / np.linalg.norm(along[ids], axis=1)[:, None]
    axes = crystal_axes(made.volume)
    cosine = np.abs(np.einsum("gij,gi->gj", axes, unit)).max(1)
    np.testing.assert_allclose(cosine[follows], 1, atol=1e-9)
    assert cosine[~follows].min() < 0.95
    assert made.distance <= made.floor


def test_the_volume_has_the_fiber_in_the_frames_of_its_grains(tmp_path):
    """Tilts have the law of Rayleigh by volume, nearer than drawn ones."""
    rng = np.random.default_rng(1)
    ids = np.arange(1, 12**3 + 1).reshape(12, 12, 12)
    ids = ids.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    ids = np.where(rng.random(ids.shape) < 0.3, 1 + ids % 200, ids)  # large grains
    volume = Microstructure(ids)
    x = np.indices(volume.shape)[0] / 24 - 0.5
    vectors = np.stack([np.sin(x), 0 * x, np.cos(x)], -1)
    np.savez(tmp_path / "maps.npz", growth=vectors)
    found = grainpaint.orient(volume, f"fiber:<001>,{tmp_path / 'maps.npz'},5deg")
    ids, sizes = volume.ids(), volume.grain_volumes()
    growth = growth_of(volume, ids, vectors)
    along = Rotation.from_quat(growth.frame, scalar_first=True).apply([0, 0, 1.0])
    cosine = np.abs(np.einsum("gij,gi->gj", crystal_axes(found), along)).max(1)
    tilt = np.degrees(np.arccos(np.minimum(cosine, 1)))

    def off(tilt):
        order = np.argsort(tilt)
        upto = (np.cumsum(sizes[order]) - sizes[order] / 2) / sizes.sum()
        return np.abs(upto - 1 + np.exp(-((tilt[order] / 5) ** 2) / 2)).max()

    drawn = [off(rng.rayleigh(5, sizes.size)) for _ in range(20)]
    assert off(tilt) < 0.8 * np.mean(drawn)  # 0.71 on average of seeds


def test_frames_turn_z_to_the_direction_even_downward():
    volume = Microstructure(np.arange(1, 4).reshape(3, 1, 1))
    vectors = np.array([[0, 0, -2.0], [0, 0, 1], [3, 0, 0]])[:, None, None]
    growth = growth_of(volume, volume.ids(), vectors)
    turned = Rotation.from_quat(growth.frame, scalar_first=True).apply([0, 0, 1.0])
    np.testing.assert_allclose(turned, [[0, 0, -1], [0, 0, 1], [1, 0, 0]], atol=1e-12)


def test_files_that_cannot_be_used_are_one_line(recipe, tmp_path):
    text = "fiber:<001>,{},10deg"
    assert with_axis_file("fiber:<001>,z,10deg") is None
    volume = columns((40, 30, 16))
    wrong = [
        (tmp_path / "none.npz", "no such file"),
        (tmp_path / "none.toml", "no such"),
        (tmp_path / "text.npz", "not an .npz file"),
        (tmp_path / "other.npz", "no array `growth`"),
    ]
    (tmp_path / "text.npz").write_text("growth")
    np.savez(tmp_path / "other.npz", track=np.zeros(3))
    for path, message in wrong:
        with pytest.raises(InputError, match=message):
            check_sources(text.format(path), None, "432")
    check_sources(text.format(recipe), None, "432")
    np.savez(tmp_path / "small.npz", growth=np.zeros((4, 3, 2, 3)))
    with pytest.raises(InputError, match=r"shape \(40, 30, 16, 3\), as the volume has"):
        grainpaint.orient(volume, text.format(tmp_path / "small.npz"))
    np.savez(tmp_path / "cold.npz", growth=np.zeros((40, 30, 16, 3)))
    with pytest.raises(InputError, match="none of the grains was molten"):
        grainpaint.orient(volume, text.format(tmp_path / "cold.npz"))
    with pytest.raises(InputError, match=r"voxels of 5 µm, and the volume .* 1 x 1 x"):
        grainpaint.orient(Microstructure(volume.grain_id), text.format(recipe))
    with pytest.raises(InputError, match="the box of the recipe has 40 x 30 x 16"):
        grainpaint.orient(columns((20, 30, 16)), text.format(recipe))
