from dataclasses import replace

import numpy as np
import pytest

from grainpaint.errors import InputError
from grainpaint.network.batch import draw_batch
from grainpaint.network.builds import Builds, first_grains, half_build, load_builds
from grainpaint.pyramid import halve
from grainpaint.simulate.am.build import first_spins
from grainpaint.simulate.am.channels import (
    CHANNELS,
    COOLED_FAST,
    channels,
    has_columns,
    mirrored,
    transposed,
    unmelted,
)
from grainpaint.simulate.am.exposure import expose
from grainpaint.simulate.am.scan import ScanPath

N = len(CHANNELS)
ACROSS, COSINE, SINE = (CHANNELS.index(c) for c in ("across", "cosine", "sine"))


@pytest.fixture(scope="module")
def builds(additive_builds):
    return Builds(load_builds(additive_builds, held_out=False), 12)


def test_samples_have_grains_where_their_maps_say_so(builds, rng):
    for _ in range(4):
        sample = builds.draw(rng)
        assert sample.color.shape == (32, 32, 32)
        assert sample.maps.shape == (32, 32, 32, N)
        assert sample.maps.dtype == np.float32
        np.testing.assert_array_equal(sample.color >= 0, has_columns(sample.maps))


def test_crops_are_as_tall_as_the_tallest_build_allows(additive_builds):
    (build,) = load_builds(additive_builds, held_out=False)
    low = replace(build, grain_id=np.ones((64, 64, 48), np.int32))
    for height, crop in ((48, 32), (64, 40), (80, 48), (200, 48)):
        tall = replace(build, grain_id=np.ones((48, 48, height), np.int32))
        assert Builds([low, tall], 12).crop == (32, 32, crop)


def test_what_a_crop_has_above_a_low_build_is_outside(additive_builds, rng):
    (build,) = load_builds(additive_builds, held_out=False)
    tall = replace(build, grain_id=np.ones((48, 48, 200), np.int32))
    sample = Builds([build, tall], 12).draw(rng, 0)
    assert sample.color.shape == (32, 32, 48)
    assert (sample.color[:, :, :32] >= 0).any()
    assert (sample.color[:, :, 32:] == -1).all()
    assert not sample.maps[:, :, 32:].any()


def test_what_has_no_grain_or_never_melted_is_not_noised(builds, rng):
    batch = draw_batch(builds, np.array([0.9, 0.4]), 0.0, rng)
    assert batch.maps.shape == (2, 32, 32, 32, N)
    level = batch.t[..., 0].numpy()
    none, still = batch.color.numpy() < 0, unmelted(batch.maps.numpy()) > 0
    assert none.any()
    assert (still & ~none).any()
    assert (level[none | still] == 0).all()
    assert set(np.unique(level[0][~(none | still)[0]])) == {np.float32(0.9)}


def test_builds_number_twenty_and_its_multiples_are_held_out(additive_builds):
    (other,) = load_builds(additive_builds, held_out=True)
    (own,) = load_builds(additive_builds, held_out=False)
    assert (other.grain_id != own.grain_id).any()


def test_halves_have_the_maps_of_the_middles_of_their_cells(additive_builds):
    (build,) = load_builds(additive_builds, held_out=False)
    grain_id, maps = half_build(build.grain_id, build.grain_id, build.job, (0, 0, 0))
    assert grain_id.shape == tuple(n // 2 + 8 for n in build.grain_id.shape)
    assert (grain_id[:4] == 0).all()
    assert not maps[:4].any()
    x = 2.0 * np.arange(24) + 0.5
    recipe = build.job.recipe
    exposure = expose((x, x, x), build.job.path, recipe.pool, recipe.haz)
    inner = maps[4:28, 4:28, 4:28]
    np.testing.assert_array_equal(inner[..., COSINE], exposure.heading[..., 0])
    np.testing.assert_array_equal(inner[..., SINE], exposure.heading[..., 1])
    np.testing.assert_allclose(inner[..., ACROSS], 2 * exposure.across, rtol=1e-6)


def test_no_column_is_made_of_what_was_never_molten_above_or_cooled_fast(
    additive_builds,
):
    (build,) = load_builds(additive_builds, held_out=False)
    recipe, x = build.job.recipe, np.arange(48.0)
    exposure = expose((x, x, x), build.job.path, recipe.pool, recipe.haz)
    inside = np.ones((48,) * 3, bool)
    inside[5] = False
    made = has_columns(channels(recipe, exposure, inside, x))
    fast = exposure.melted & (exposure.dose < COOLED_FAST)
    powder = ~exposure.melted & (x > recipe.ground - 0.5)
    assert 0.01 < fast.mean() < 0.9
    np.testing.assert_array_equal(made, inside & ~powder & ~fast)


def test_mirrored_maps_are_those_of_a_mirrored_path(additive_builds):
    """Mirroring the coordinates of every track mirrors the maps."""
    (build,) = load_builds(additive_builds, held_out=False)
    job = build.job
    x = np.arange(48.0)

    def maps_of(path):
        exposure = expose((x, x, x), path, job.recipe.pool, job.recipe.haz)
        return channels(job.recipe, exposure, np.ones((48,) * 3, bool), x)

    own, path = maps_of(job.path), job.path
    flip, shift = np.array([-1, 1, 1]), np.array([47.0, 0, 0])
    turned = ScanPath(
        path.start * flip + shift, path.end * flip + shift, path.speed, path.on
    )
    np.testing.assert_allclose(mirrored(own, 0), maps_of(turned), atol=1e-4)
    swapped = ScanPath(
        path.start[:, [1, 0, 2]], path.end[:, [1, 0, 2]], path.speed, path.on
    )
    np.testing.assert_allclose(transposed(own), maps_of(swapped), atol=1e-4)


def test_volumes_that_are_no_builds_are_refused(volumes):
    with pytest.raises(InputError, match="not a build: an additive network learns"):
        load_builds(volumes, held_out=False)


def test_the_substrate_of_a_sample_has_the_grains_that_it_began_with(additive_builds):
    """They are the Voronoi cells of the simulation; elsewhere nothing changes."""
    (build,) = load_builds(additive_builds, held_out=False)
    recipe, grain_id = build.job.recipe, build.grain_id
    begun = first_grains(grain_id, recipe, build.seed)
    assert recipe.ground > 4
    above = (slice(None), slice(None), slice(recipe.ground, None))
    np.testing.assert_array_equal(begun[above], grain_id[above])
    under = (slice(None), slice(None), slice(recipe.ground))
    cell = first_spins(recipe.spins, recipe.substrate, grain_id > 0, build.seed)[under]
    pairs = np.unique(np.stack([cell.ravel(), begun[under].ravel()]), axis=1)
    assert len(pairs[0]) == len(np.unique(pairs[0])) == len(np.unique(pairs[1]))
    for grain in np.unique(begun[under]):
        if grain <= grain_id.max():  # left of the cell where most of it lies
            cells, counts = np.unique(
                cell[grain_id[under] == grain], return_counts=True
            )
            (own,) = np.unique(cell[begun[under] == grain])
            assert counts[cells == own].item() == counts.max()
    assert (begun[under] == grain_id[under]).mean() > 0.3
    coarse, maps = half_build(grain_id, begun, build.job, (0, 0, 0))
    usual, _ = half_build(grain_id, grain_id, build.job, (0, 0, 0))
    still = unmelted(maps) > 0
    assert (coarse[still] != usual[still]).any()
    np.testing.assert_array_equal(coarse[~still], usual[~still])


@pytest.mark.parametrize("offset", [(0, 0, 0), (1, 1, 3)])
def test_tall_base_voxels_hold_the_commonest_of_what_a_network_makes(
    additive_builds, offset
):
    (build,) = load_builds(additive_builds, held_out=False)
    stretch = 3
    margin = np.array([8, 8, 8 * stretch]) + offset
    wide = np.pad(build.grain_id, [(m, 64) for m in margin])
    own = build.grain_id
    tall, maps = half_build(own, own, build.job, offset, stretch)
    made = has_columns(maps)
    assert made.any()
    assert (made <= (tall > 0)).all()
    x, y, z = (2.0 * np.arange(n) + 0.5 - m for n, m in zip(wide.shape, margin))
    recipe = build.job.recipe
    for place in np.argwhere(tall > 0)[::97]:
        i, j, k = place
        low = [
            halve(
                wide[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, 2 * n : 2 * n + 2], (i, j, n)
            ).item()
            for n in range(stretch * k, stretch * (k + 1))
        ]
        here = (x[[i]], y[[j]], z[stretch * k : stretch * (k + 1)])
        seen = expose(here, build.job.path, recipe.pool, recipe.haz)
        low = np.array(low)
        parts = channels(recipe, seen, low[None, None] > 0, here[2])[0, 0]
        wanted = has_columns(parts)
        assert made[i, j, k] == wanted.any()
        if wanted.any():
            low, parts = low[wanted], parts[wanted]
            still = unmelted(parts) > 0
            low = low[still | ~still.any()]
        most = max(np.sum(low == value) for value in low)
        assert np.sum(low == tall[i, j, k]) == most
        np.testing.assert_allclose(maps[i, j, k, :8], parts[:, :8].mean(0), atol=1e-5)
