"""Builds painted by an additive model, in memory and where they are looked at."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from conftest import BUILD

from grainpaint import formats, generate, paint, store
from grainpaint.errors import InputError, InputNote
from grainpaint.generation import on_disk
from grainpaint.generation.base import base_start, base_window, written_of
from grainpaint.generation.domain import Domain, PartFile, part_domain
from grainpaint.generation.finish import with_substrate
from grainpaint.generation.in_memory import fill, paint_recipe
from grainpaint.generation.painter import make_painter
from grainpaint.generation.recipe import Recipe
from grainpaint.generation.sampler import UNKNOWN, Start
from grainpaint.generation.scan_recipe import make_scan_recipe
from grainpaint.generation.substrate import substrate_colors
from grainpaint.generation.volume import Volume
from grainpaint.network.loading import load_any
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.channels import CHANNELS, has_columns, stretched, unmelted
from grainpaint.simulate.am.recipe import AmRecipe

SHAPE = (32, 32, 40)


def recipe_of(model, shape=SHAPE, seed=1, **changes):
    scan = AmRecipe.model_validate(BUILD | changes)
    return make_scan_recipe(Domain(shape, 5.0), scan, str(model), seed)


@pytest.fixture(scope="module")
def painted(additive_model):
    return paint_recipe(recipe_of(additive_model)).volume


def test_a_box_is_full_and_the_seed_decides_its_grains(additive_model, painted):
    assert painted.shape == SHAPE
    assert painted.spacing == (5.0, 5.0, 5.0)
    assert painted.grain_id.min() == 1
    # That of the same seed is the same: see the next test.
    other = paint_recipe(recipe_of(additive_model, seed=2)).volume
    assert (other.grain_id != painted.grain_id).any()


def test_python_takes_the_recipe_of_the_simulator(additive_model, painted, tmp_path):
    model = str(additive_model)
    found = generate(model=model, seed=1, scan=BUILD | {"shape": SHAPE})
    np.testing.assert_array_equal(found.grain_id, painted.grain_id)
    assert found.spacing == painted.spacing
    np.save(tmp_path / "part.npy", painted.grain_id[:, :20] > 0)
    with pytest.warns(InputNote, match="the whole box is inside"):
        part = paint(tmp_path / "part.npy", voxel=5.0, model=model, seed=1, scan=BUILD)
    assert part.shape == (32, 20, 40)
    with pytest.raises(InputError, match="no grain_size, no periodic axes"):
        generate(SHAPE, model=model, grain_size=20.0, scan=BUILD)
    with pytest.raises(InputError, match="the same edge to both"):
        generate(SHAPE, model=model, voxel=4.0, scan=BUILD)
    with pytest.raises(InputError, match="give the shape of the box"):
        generate(model=model)


def test_pieces_look_as_in_the_whole(additive_model, painted):
    volume = Volume(recipe_of(additive_model))
    piece = volume[4:28, 4:28, 8:36].grain_id
    known = painted.grain_id[4:28, 4:28, 8:36]
    walls = [np.diff(g, axis=2) != 0 for g in (piece, known)]
    np.testing.assert_array_equal(walls[0], walls[1])


def test_the_base_keeps_the_colors_of_the_substrate(additive_model):
    """Where some of a base voxel never melted, it has that of a cell there."""
    model = load_any(str(additive_model), precision="float32")
    painter = make_painter(recipe_of(additive_model), model)
    start, kept = base_start(painter, (0, 0, 0))
    share = unmelted(start.maps)
    assert ((start.known == UNKNOWN) == (share == 0)).all()
    assert ((share > 0) & (share < 1)).any()
    known = start.known[kept]
    written = base_window(painter, (0, 0, 0))
    np.testing.assert_array_equal(written[known != UNKNOWN], known[known != UNKNOWN])
    scan, n_colors = painter.scan, model.base.config.n_colors
    height = 2 * painter.plan.stretch
    for i, j, k in np.argwhere(unmelted(start.maps[kept]) == 1)[::11]:
        place = np.array([[2 * i + 0.5, 2 * j + 0.5, height * (k + 0.5) - 0.5]])
        given = scan.recipe.substrate
        own = substrate_colors(place, scan.slab, given, painter.seed, n_colors)
        assert known[i, j, k] == own[0]


def test_melt_in_base_voxels_of_the_substrate_makes_all_its_moves():
    still = np.zeros((2, 1, 12), bool)
    still[0, 0, :5] = True
    found = with_substrate(still, bottom=3, height=4)  # 3 is the last of a base voxel
    assert found[0, 0].tolist() == [True] * 5 + [False] * 7
    found = with_substrate(still, bottom=2, height=4)
    assert found[0, 0].tolist() == [True] * 6 + [False] * 6
    assert not found[1].any()


def test_what_never_melted_has_no_steps_of_base_voxels(additive_model):
    """Drawn in base voxels, grains would have no walls within those."""
    wide = paint_recipe(recipe_of(additive_model, (128, 128, 40))).volume
    substrate = wide.grain_id[:, :, :3]  # below all pools
    walls = [np.moveaxis(np.diff(substrate, axis=a) != 0, a, 0) for a in (0, 1)]
    within, between = (np.mean([w[first::2].mean() for w in walls]) for first in (0, 1))
    assert 0.9 < within / between < 1.1


def test_the_network_reads_the_means_of_what_a_tall_base_voxel_holds(additive_model):
    field = make_painter(recipe_of(additive_model), load_any(str(additive_model))).scan
    x, y = np.arange(-2, 18), np.arange(0, 9)
    fine = replace(field, stretch=1).maps((x, y, np.arange(-6, 18)))
    found = replace(field, stretch=3).maps((x, y, np.arange(-2, 6)))
    np.testing.assert_array_equal(found, stretched(fine, 3))
    np.testing.assert_array_equal(
        has_columns(found), has_columns(fine).reshape(20, 9, 8, 3).any(-1)
    )


def cleaned(painter, maps, color):
    """Return what a window writes of colors, all of it."""
    (key,) = painter.plan.find([np.arange(n) for n in painter.plan.shape])
    all_of_it = tuple(slice(0, n) for n in color.shape)
    return written_of(painter, key, Start(None, maps=maps), all_of_it, color)


def test_merged_grains_of_a_base_get_two_colors_and_specks_none(additive_model):
    model = load_any(str(additive_model))
    sampling = model.base_card.sampling.model_copy(update={"largest_shape_factor": 7.5})
    card = model.base_card.model_copy(update={"sampling": sampling})
    recipe = recipe_of(additive_model)
    painter = make_painter(recipe, replace(model, base_card=card))
    maps = np.zeros((40, 40, 40, len(CHANNELS)), np.float32)
    maps[..., CHANNELS.index("inside")] = 1
    color = np.full(maps.shape[:3], 7, np.uint8)
    color[4:9, 4:9, 4:9] = color[13:18, 4:9, 4:9] = color[9:13, 6, 6] = 3  # a neck
    color[4:7, 14, 20] = 5  # three voxels
    found = cleaned(painter, maps, color)
    (one,), (other,) = (
        np.unique(found[4:9, 4:9, 4:9]),
        np.unique(found[13:18, 4:9, 4:9]),
    )
    assert one != other
    assert 3 in (one, other)
    assert 7 not in (one, other)
    assert (found[color != 3] == 7).all()


def test_a_base_stays_as_it_is_where_the_network_makes_no_grains(additive_model, rng):
    painter = make_painter(recipe_of(additive_model), load_any(str(additive_model)))
    maps = np.zeros((40, 40, 40, len(CHANNELS)), np.float32)
    maps[12:, ..., CHANNELS.index("inside")] = 1
    color = rng.integers(0, 40, maps.shape[:3]).astype(np.uint8)
    found = cleaned(painter, maps, color)
    np.testing.assert_array_equal(found[:12], color[:12])
    assert (found[12:] != color[12:]).any()
    assert found.max() < 40


def test_each_voxel_of_powder_is_a_grain(additive_model):
    """With tracks far apart, what lies between them was never molten."""
    scan = BUILD["scan"] | {"hatch": 15.0, "thickness": 8.9}
    haz, shape = {"law": "linear", "width": 2}, (48, 48, 48)
    recipe = recipe_of(additive_model, shape, scan=scan, haz=haz)
    painter = make_painter(recipe, load_any(str(additive_model)))
    box = [(0, n) for n in shape]
    exposure = painter.scan.exposure(box)
    cold = (~exposure.melted & (exposure.dose == 0))[:, :, 12:]
    assert cold.sum() > 20
    grain_id = fill(shape, painter, recipe.core, recipe.halo).volume.grain_id
    n_grains = np.unique(grain_id[:, :, 12:][cold]).size
    assert n_grains > 0.9 * cold.sum()


def test_a_part_has_grains_inside_it_only(additive_model, tmp_path):
    mask = np.zeros(SHAPE, bool)
    mask[4:28, 4:28] = True
    mask[:, :, 32:] &= np.hypot(*np.indices((32, 32)) - 15.5)[..., None] < 11
    np.save(tmp_path / "part.npy", mask)
    domain, _ = part_domain(tmp_path / "part.npy", voxel=5.0)
    scan = AmRecipe.model_validate(BUILD)
    recipe = make_scan_recipe(domain, scan, str(additive_model), 1)
    grain_id = paint_recipe(recipe).volume.grain_id
    np.testing.assert_array_equal(grain_id > 0, mask)


def test_the_store_holds_the_build_that_memory_gives(additive_model, tmp_path):
    """Several windows of the base, three shards; grains cross them by corners too."""
    recipe = recipe_of(additive_model, (270, 20, 40))
    assert not recipe.plan.axes[0].closed
    path = tmp_path / "build.zarr"
    settings = recipe.model_dump(mode="json")
    volume = store.create(path, recipe.shape, (5.0,) * 3, recipe.origin, settings)
    on_disk.run(recipe, volume)
    in_memory = paint_recipe(recipe).volume.grain_id
    np.testing.assert_array_equal(formats.load(path).grain_id, in_memory)
    assert store.verify(volume) == []
    walls = label_pieces(in_memory)  # pieces that only share edges or corners
    assert walls.max() > in_memory.max()
    piece = Volume.of_file(path)[120:136, :, 10:30].grain_id
    known = in_memory[120:136, :, 10:30]
    np.testing.assert_array_equal(np.diff(piece) != 0, np.diff(known) != 0)


@pytest.mark.slow
def test_a_box_in_a_build_that_would_fill_a_disk(additive_model):
    """Two boxes that overlap in a build of 8 x 10^9 voxels agree where they do."""
    recipe = BUILD | {"shape": (2000, 2000, 2000)}
    volume = Volume.of_scan(recipe, str(additive_model), seed=1)
    one = volume[1000:1040, 1000:1024, 1000:1016].grain_id
    two = volume[1016:1048, 1000:1024, 1000:1016].grain_id
    walls = [np.diff(g, axis=2) != 0 for g in (one[16:], two[:24])]
    np.testing.assert_array_equal(*walls)
    assert one.max() > 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pool": BUILD["pool"] | {"width": 50}}, r"pool width 50 \(14 to 32\)"),
        ({"copy_molten": True}, "copy_molten"),
        ({"temperature": 1.0}, r"temperature 1 \(0.25\)"),
        ({"scan": BUILD["scan"] | {"hatch": 90}}, "hatch / pool width 5.62"),
        ({"voxel": "2um"}, "count voxels of 2 µm, the volume has voxels of 5 µm"),
    ],
)
def test_builds_that_were_never_learned_are_refused(additive_model, changes, message):
    with pytest.raises(InputError, match=message):
        recipe_of(additive_model, **changes)


def test_a_path_from_a_file_must_be_like_learned_ones(additive_model, tmp_path):
    file = tmp_path / "path.csv"
    model = load_any(str(additive_model))
    recipe = recipe_of(additive_model, scan={"kind": "csv", "file": tracks(file, 14)})
    assert make_painter(recipe, model).scan is not None
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe
    tracks(file, 15)
    with pytest.raises(InputError, match=r"path\.csv has changed since the volume"):
        make_painter(recipe, model)
    recipe = recipe_of(additive_model, scan={"kind": "csv", "file": tracks(file, 300)})
    with pytest.raises(InputError, match=r"trained on .* speed 300 .6 to 30."):
        make_painter(recipe, model)


def tracks(file, speed):
    """Write four layers of three tracks along x, and return the file."""
    rows = [(-8, y, z, 40, y, z) for z in (18, 25, 32, 39) for y in (4, 15, 26)]
    file.write_text("".join(",".join(map(str, (*t, speed, 1))) + "\n" for t in rows))
    return file


def test_a_build_has_the_voxels_of_its_scan(additive_model):
    with pytest.raises(InputError, match="in the voxels that its scan counts: for"):
        Volume(recipe_of(additive_model)).zoom(2.5)


def test_a_volume_taller_than_what_the_model_learned_from_is_told():
    recipe_of("am", (32, 32, 270))
    with pytest.warns(InputNote, match=r"400 voxels high .* builds of 224"):
        recipe_of("am", (32, 32, 400))


def test_windows_of_a_base_are_low_where_its_voxels_are_tall():
    """No higher than a build, and half as many as wide in a large one."""
    assert recipe_of("am", (100, 100, 100)).plan.computed_shape == (56, 56, 16)
    with pytest.warns(InputNote, match="1600 voxels high"):
        large = recipe_of("am", (1600, 1600, 1600))
    assert large.plan.computed_shape == (128, 128, 64)
    assert large.plan.stretch == 4
    with pytest.warns(InputNote, match="5000 voxels high"):
        huge = recipe_of("am", (5000, 5000, 5000))
    assert huge.plan.computed_shape == (104, 104, 64)
    assert (large.core, huge.core) == ((128,) * 3, (64,) * 3)


def test_a_part_that_is_turned_away_from_its_path_is_told(additive_model, tmp_path):
    scan = {"kind": "csv", "file": tracks(tmp_path / "path.csv", 14)}
    recipe = AmRecipe.model_validate(BUILD | {"scan": scan})
    as_it_is = PartFile(path="a.stl", unit="um", sha256="ab")
    for part, told in (
        (as_it_is, []),
        (as_it_is.model_copy(update={"rotate": (("z", 90.0),)}), ["turned or scaled"]),
    ):
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            domain = Domain(SHAPE, 5.0, part=part)
            make_scan_recipe(domain, recipe, str(additive_model))
        assert len(notes) == len(told)
        assert all(word in str(n.message) for word, n in zip(told, notes))
