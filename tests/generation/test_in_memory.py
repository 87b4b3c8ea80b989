import dataclasses
import json

import numpy as np
import pytest
import torch

from grainpaint import InputError, formats
from grainpaint.generation import base as base_module
from grainpaint.generation.base import base_colors, base_window
from grainpaint.generation.in_memory import check_memory, fill
from grainpaint.generation.painter import Painter
from grainpaint.generation.public import generate
from grainpaint.generation.refine import refine_window
from grainpaint.generation.sampler import UNKNOWN
from grainpaint.generation.tags import tag_grains
from grainpaint.generation.windows import BaseAxis, BasePlan, Order, whole, windows
from grainpaint.network.loading import load_model
from grainpaint.palette import palette
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.potts import grow

SHAPE = (72, 40, 40)


@pytest.fixture(scope="module")
def model(tiny_model):
    return load_model(str(tiny_model))


PLAN = whole(SHAPE, 8)


def painted(mask, model, seed=0):
    """Paint a mask by a plan of one window."""
    sampling = model.refine_card.sampling
    painter = Painter(model, whole(mask.shape, 8), seed)
    return fill(mask.shape, painter, (sampling.core,) * 3, sampling.halo, mask)


def nothing():
    pass


@pytest.fixture(scope="module")
def base(model):
    """Colors to refine."""
    color = base_window(Painter(model, PLAN, 5), (0, 0, 0), nothing)
    assert color.shape == (40, 32, 32)
    return color


def refine(model, base, plan, shape=SHAPE, seed=5):
    result = np.zeros(shape, np.uint16)
    for window in plan:
        result[window.write] = refine_window(
            Painter(model, PLAN, seed), window, lambda key: base, nothing
        )
    return result


@pytest.mark.slow
def test_any_order_of_windows_gives_the_same_volume(model, base):
    plan = list(windows(SHAPE, core=(32,) * 3))
    forward = refine(model, base, plan)
    np.testing.assert_array_equal(forward, refine(model, base, plan[::-1]))


def test_a_halo_beyond_the_reach_of_the_network_leaves_no_trace_of_base_windows(model):
    """Two levels of convolutions reach 35 voxels an evaluation, 70 in two."""
    small, large = (
        BasePlan((BaseAxis(n, 72), BaseAxis(32), BaseAxis(32))) for n in (24, 48)
    )
    pieces = [base_window(Painter(model, small, 5), (k, 0, 0)) for k in (0, 1)]
    together = base_window(Painter(model, large, 5), (0, 0, 0))
    # bfloat16 sums may fall on the other side of a tie
    assert (np.concatenate(pieces) == together).mean() > 0.9995


def test_grain_growth_at_the_end_of_a_window_is_that_of_the_simulator(model, base):
    """With the random numbers of the window's place."""
    grown = dataclasses.replace(
        model,
        refine_card=model.refine_card.model_copy(
            update={
                "sampling": model.refine_card.sampling.model_copy(
                    update={"n_steps": 0, "relax": 2.0}
                )
            }
        ),
    )
    (window,) = windows((32, 32, 32), core=(32,) * 3)
    found = refine_window(Painter(grown, PLAN, 5), window, lambda key: base, nothing)
    cells = [np.arange(-8, 24) % n for n in base.shape]
    tags = tag_grains(base[np.ix_(*cells)], 12, cells, 5)
    doubled = tags[4:28, 4:28, 4:28].repeat(2, 0).repeat(2, 1).repeat(2, 2)
    *_, expected = grow(
        doubled,
        [4162.0],
        seed=5,
        start_time=4160.0,
        periodic=(False,) * 3,
        origin=(-8,) * 3,
        period=PLAN.period(1),
    )
    np.testing.assert_array_equal(found, expected[8:40, 8:40, 8:40])
    assert (found != doubled[8:40, 8:40, 8:40]).any()


@pytest.mark.slow
def test_windows_alone_give_what_they_give_together(model, base):
    plan = list(windows(SHAPE, core=(32,) * 3))
    whole = refine(model, base, plan)
    for window in plan[1::3]:
        alone = refine(model, base, [window])
        np.testing.assert_array_equal(alone[window.write], whole[window.write])


@pytest.mark.slow
def test_a_halo_beyond_the_reach_of_the_network_leaves_no_trace_of_the_windows(
    model, base
):
    """One level of convolutions reaches 12 voxels an evaluation, 24 in two."""
    x, y, z = np.indices(base.shape) // 4 % 2  # grains that keep their colors
    base = (4 * x + 2 * y + z).astype(np.uint8)
    small = refine(model, base, list(windows(SHAPE, core=(24,) * 3, halo=28)))
    large = refine(model, base, list(windows(SHAPE, core=(56,) * 3, halo=28)))
    # bfloat16 sums may fall on the other side of a tie
    assert (small == large).mean() > 0.9995


def test_a_part_has_the_grains_of_its_box(model, rng):
    """A mask skips windows and cuts grains, it changes none."""
    mask = np.zeros(SHAPE, bool)
    mask[5:30, 5:30, 3:36] = True
    part = painted(mask, model, seed=3)
    box = painted(np.ones(SHAPE, bool), model, seed=3)
    assert part.n_windows < box.n_windows == part.n_windows_box
    assert ((part.volume.grain_id > 0) == mask).all()


def test_colors_in_a_part_are_those_of_the_box(model, base):
    mask = np.zeros(SHAPE, bool)
    mask[44:64, 5:30, 3:20] = True
    part = refine(model, base, list(windows(SHAPE, mask, core=(32,) * 3)))
    box = refine(model, base, list(windows(SHAPE, core=(32,) * 3)))
    np.testing.assert_array_equal(part[mask], box[mask])


def test_the_seed_decides_the_grains(model):
    mask = np.ones((32, 32, 32), bool)
    a, b, c = (painted(mask, model, seed=s).volume.grain_id for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_grains_are_connected_and_numbered_without_gaps(model):
    grain_id = painted(np.ones((40, 40, 40), bool), model).volume.grain_id
    np.testing.assert_array_equal(label_pieces(grain_id, corners=True), grain_id)


def test_generate_is_a_full_box_with_the_asked_spacing(tiny_model):
    volume = generate((20, 30, 10), str(tiny_model), seed=1, voxel=2.5)
    assert volume.shape == (20, 30, 10)
    assert volume.spacing == (2.5,) * 3
    assert volume.n_voxels == 20 * 30 * 10


class Pointwise:
    """A denoiser that knows the clean colors of nothing but its own voxel."""

    def __init__(self, like):
        self.config, self.multiple, self.device = like.config, 8, like.device
        self.colors = torch.from_numpy(palette(like.config.dim))

    def slabs(self, x, told, guide):
        yield slice(None), 20 * (x + guide) @ self.colors.T


def test_with_a_pointwise_denoiser_windows_are_exact(model, base):
    exact = dataclasses.replace(model, refine=Pointwise(model.refine))
    x, y, z = np.indices(base.shape) // 4 % 2  # grains that keep their colors
    base = (4 * x + 2 * y + z).astype(np.uint8)
    one = refine(exact, base, list(windows(SHAPE, core=(128,) * 3, halo=0)))
    many = refine(exact, base, list(windows(SHAPE, core=(16,) * 3, halo=4)))
    np.testing.assert_array_equal(one, many)


def test_impossible_requests_are_refused_before_any_work(model):
    with pytest.raises(InputError, match="GiB"):
        check_memory((100_000,) * 3, whole((100_000,) * 3, 8))
    with pytest.raises(InputError, match="GiB"):
        generate((3000, 3000, 200))
    with pytest.raises(InputError, match="inside"):
        painted(np.zeros((8, 8, 8), bool), model)
    with pytest.raises(InputError, match="seed"):
        painted(np.ones((8, 8, 8), bool), model, seed=-1)


@pytest.mark.parametrize("kind", ["grid", "center"])
def test_blocks_in_order_give_each_what_those_before_them_wrote(
    model, kind, monkeypatch
):
    order = Order(kind, edge=24, overlap=5, halo=4)
    plan = dataclasses.replace(whole((112, 64, 64), 8), order=order)
    assert plan.seen_shape == (32, 32, 32)
    calls = []

    def watched(painter, voxels, tick, known):
        found = base_colors(painter, voxels, tick, known=known)
        calls.append((voxels, known, found))
        return found

    monkeypatch.setattr(base_module, "base_colors", watched)
    color = base_window(Painter(model, plan, 5), (0, 0, 0))
    assert len(calls) == plan.n_runs == len(order.blocks(plan.shape))
    assert (color < 12).all()
    for block, (voxels, known, found) in zip(order.blocks(plan.shape), calls):
        given = known != UNKNOWN
        np.testing.assert_array_equal(color[np.ix_(*voxels)][given], known[given])
        inner = found[(slice(4, -4),) * 3]
        np.testing.assert_array_equal(color[block.read], inner[block.inside])
    assert (calls[0][1] == UNKNOWN).all()
    assert all((known != UNKNOWN).any() for _, known, _ in calls[-3:])


@pytest.mark.slow
def test_a_plan_in_order_is_part_of_the_recipe(run, tmp_path, tiny_model):
    words = ("generate", "--shape", "80,48,32", "--model", tiny_model)
    words += ("--window", 32, "--halo", 4, "--overlap", 6, "--no-picture")
    first, second = tmp_path / "a" / "a.npz", tmp_path / "b.zarr"
    for output in (first, second):
        code, _, err = run(*words, "--plan", "grid", "-o", output)
        assert code == 0, err
    volume = formats.load(first)
    assert np.array_equal(volume.grain_id, formats.load(second).grain_id)
    code, _, err = run(*words, "--plan", "center", "-o", tmp_path / "c.npz", "--force")
    assert code == 0
    assert not np.array_equal(
        formats.load(tmp_path / "c.npz").grain_id, volume.grain_id
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--plan", "grid", "--overlap", 60), "overlap by 1 to 55 voxels, got 60"),
        (("--plan", "center", "--window", 62), "multiple of"),
        (
            ("--plan", "windows", "--overlap", 8),
            "only the plans grid and center have",
        ),
        (("--plan", "lattice"), "got 'lattice'"),
    ],
)
def test_plans_that_cannot_serve_are_one_line(
    run, tmp_path, tiny_model, words, message
):
    start = ("generate", "--shape", "64,64,64", "--model", tiny_model)
    code, _, err = run(*start, *words, "-o", tmp_path / "a.npz")
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("plan", "n_blocks", "n_waves"),
    [("grid --overlap 4", 5**3, 8), ("windows", 4**3, 1)],
)
def test_a_plan_tells_its_blocks_and_waves(run, tiny_model, plan, n_blocks, n_waves):
    """Along 64 base voxels three blocks of 16 and two between; windows of 16."""
    words = ("plan", "--shape", "128,128,128", "--plan", *plan.split(), "--window", 32)
    code, text, _ = run(*words, "--model", tiny_model, "--json")
    found = json.loads(text)
    assert code == 0
    assert (found["n_blocks"], found["n_waves"]) == (n_blocks, n_waves)
