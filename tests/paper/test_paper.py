"""The paper's method: its blocks, its network, volumes painted block by block."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import trimesh
from safetensors.torch import load_file
from scipy import ndimage

from grainpaint import InputError, Microstructure, formats, paper, simulate
from grainpaint.cad import load_part, plan_grid
from grainpaint.formats.field import read_values
from grainpaint.generation.blocks import batches, center, grid
from grainpaint.network.inference import Evaluator
from grainpaint.network.loading import load_model
from grainpaint.network.unet import Conv, NetworkConfig, UNet
from grainpaint.network.weights import write_stage
from grainpaint.palette import palette
from grainpaint.paper.data import (
    encode_block,
    lattice_blocks,
    load_blocks,
    random_blocks,
)
from grainpaint.paper.ddpm import add_noise, linear_schedule
from grainpaint.paper.halfway import Halfway
from grainpaint.paper.model import Levels, PaperCard, denoiser, load_paper, predict
from grainpaint.paper.paint import (
    grains_of,
    make_paper_recipe,
    paint_blocks,
    paint_paper,
)
from grainpaint.paper.train import PaperTraining, train_paper
from grainpaint.segmentation.dbscan import dbscan

NETWORK = NetworkConfig(dim=1, n_colors=1, channels=(4, 4), head=2, torus=False)
LEVELS = Levels(n_steps=30, first=0.01, last=0.2)


@pytest.fixture(scope="session")
def paper_model(tmp_path_factory):
    """The folder of a model with random weights: its grains are noise."""
    folder = tmp_path_factory.mktemp("models") / "tiny-paper"
    folder.mkdir()
    torch.manual_seed(0)
    card = PaperCard(
        edge=16,
        network=NETWORK,
        levels=LEVELS,
        data={},
        training={"batch": 8},
        n_steps=1,
        minutes=0.0,
        metrics={},
    )
    write_stage(folder, card, UNet(NETWORK))
    return folder


@pytest.fixture(scope="session")
def volumes(tmp_path_factory):
    """A folder of two sets: periodic volumes, and open ones."""
    folder = tmp_path_factory.mktemp("sets")
    rng = np.random.default_rng(0)
    for name, periodic in (("closed", True), ("open", False)):
        (folder / name).mkdir()
        for i in range(2):
            cells = rng.integers(1, 30, (8, 8, 8), dtype=np.int32)
            grain_id = cells.repeat(4, 0).repeat(4, 1).repeat(4, 2)
            volume = Microstructure(grain_id, periodic=(periodic,) * 3)
            formats.write(volume, folder / name / f"{i}.npz")
    return folder


def test_a_volume_of_the_paper_gives_27_disjoint_blocks_and_56_on_their_boundaries(rng):
    starts = lattice_blocks((100, 100, 100), 32, rng)
    apart, between = starts[:27], starts[27:]
    assert len(set(starts)) == 83
    assert max(map(max, starts)) == 64
    covered = np.zeros((100,) * 3, int)
    for x, y, z in apart:
        covered[x : x + 32, y : y + 32, z : z + 32] += 1
    assert covered.max() == 1
    assert covered.sum() == 96**3
    for start in between:  # centered on a boundary along an axis or more
        odd = [a % 32 for a in start]
        assert set(odd) <= {0, 16}
        assert 16 in odd


def test_random_blocks_reach_every_corner_alike(rng):
    starts = np.concatenate([random_blocks((18, 17, 16), 16, rng) for _ in range(200)])
    assert len(random_blocks((100,) * 3, 32, rng)) == 40
    counts = np.bincount(starts[:, 0], minlength=3), np.bincount(starts[:, 1])
    assert (starts[:, 2] == 0).all()
    for n in counts:  # 8,000 draws: 5 deviations are p = 1e-6
        expected = starts.shape[0] / n.size
        assert (abs(n - expected) < 5 * expected**0.5).all()


def test_periodic_volumes_get_the_lattice_and_open_ones_random_blocks(volumes):
    trained, held, description = load_blocks(volumes, 16)
    lattice, drawn = 8 + 19, 40  # 2^3 blocks in 32^3, and all that lie between them
    assert len(held.places) == lattice  # the first volume
    assert len(trained.places) == lattice + 2 * drawn
    assert description["n_blocks"] == 2 * lattice + 2 * drawn
    names = [(s["folder"], s["n_volumes"]) for s in description["sets"]]
    assert names == [("closed", 2), ("open", 2)]
    assert trained.draw(np.random.default_rng(0)).shape == (16, 16, 16)


def test_a_palette_block_gives_touching_grains_different_colors(rng):
    block = np.arange(64).reshape(4, 4, 4).repeat(2, 0)
    field = encode_block(block, 5, rng)
    assert field.shape == (5, 8, 4, 4)
    nearest = (np.moveaxis(field, 0, -1) @ palette(5).T).argmax(-1)
    for axis in range(3):
        alike = np.diff(block, axis=axis) == 0
        assert ((np.diff(nearest, axis=axis) == 0) == alike).all()


def test_a_new_network_gives_the_best_linear_guess_of_the_noise():
    schedule = linear_schedule()
    rng = torch.Generator().manual_seed(0)
    x0 = torch.randn((1, 1, 32, 32, 32), generator=rng) * 0.3**0.5
    eps = torch.randn(x0.shape, generator=rng)
    for t in (10, 120, 250):
        alpha_bar = schedule.alpha_bar[t]
        x = alpha_bar**0.5 * x0 + (1 - alpha_bar) ** 0.5 * eps
        slope = (x * eps).sum() / (x * x).sum()  # least squares
        with torch.no_grad():
            _, seen = predict(UNet(NETWORK), x, torch.tensor([t]), schedule)
        torch.testing.assert_close(seen, slope * x, rtol=0.05, atol=0.01)


def test_one_level_a_block_is_the_same_level_at_every_voxel():
    torch.manual_seed(0)
    network = UNet(NETWORK)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.2)
    see = denoiser(Evaluator(network, "float32"), LEVELS.schedule)
    x = torch.randn(2, 1, 16, 16, 16)
    for t in (torch.tensor([1, 4]), torch.tensor([4, 4])):
        everywhere = t.reshape(2, 1, 1, 1, 1).expand(2, 1, 16, 16, 16)
        torch.testing.assert_close(see(x, t), see(x, everywhere))
        with torch.no_grad():  # what it was trained as
            trained = predict(network, x, t, LEVELS.schedule)[1]
        torch.testing.assert_close(see(x, t), trained, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(
        see(x, torch.tensor([1, 4])), see(x, torch.tensor([4, 1]))
    )


def config(**changes):
    settings = {"batch": 2, "warmup": 5, "edge": 16, "network": NETWORK}
    return PaperTraining(**{**settings, **changes})


def test_training_lowers_the_error_and_resumes_bit_for_bit(volumes, tmp_path):
    whole = train_paper(config(), volumes, tmp_path / "once", n_steps=24)
    train_paper(config(), volumes, tmp_path / "twice", n_steps=10)
    again = train_paper(config(), volumes, tmp_path / "twice", 9, 24, True)
    weights = [
        load_file(tmp_path / f"{x}/paper.safetensors") for x in ("once", "twice")
    ]
    assert all((weights[0][key] == weights[1][key]).all() for key in weights[0])
    assert whole.metrics == again.metrics
    first = train_paper(config(), volumes, tmp_path / "first", n_steps=1)
    for level, error in whole.metrics["held_out_noise_error"].items():
        assert error < first.metrics["held_out_noise_error"][level]
    assert load_paper(str(tmp_path / "once")).card == whole


def test_training_refuses_what_cannot_serve(volumes, tmp_path):
    with pytest.raises(InputError, match="multiple of 4 voxels, got 18"):
        train_paper(config(edge=18), volumes, tmp_path / "x")
    with pytest.raises(InputError, match="at least 48 voxels"):
        train_paper(config(edge=48), volumes, tmp_path / "x")
    with pytest.raises(InputError, match="above 0"):
        train_paper(config(), volumes, tmp_path / "x", minutes=0)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("plan", [grid, center])
@pytest.mark.parametrize("batch", [1, 5])
def test_each_voxel_is_written_once_and_what_is_written_is_given_on(plan, batch):
    shape = (70, 40, 33)
    blocks = plan(shape)
    seen = []

    def painter(given, known, places):
        assert (given[~known] >= 0).all()
        for i, place in enumerate(places):
            inside = torch.zeros(known[i, 0].shape, dtype=torch.bool)
            inside[blocks[place].inside] = True
            # what is known was painted, by blocks that this one needs
            values = given[i, 0][known[i, 0] & inside].unique().int().tolist()
            assert set(values) <= {j + 1 for j in blocks[place].needs}
        seen.extend(places)
        numbers = torch.tensor(places).reshape(-1, 1, 1, 1, 1) + 1.0
        return torch.where(known, given, numbers)

    values = paint_blocks(painter, blocks, shape, 1, batch)[0]
    assert sorted(seen) == list(range(len(blocks)))
    expected = np.zeros(shape, int)
    for place, block in enumerate(blocks):  # the first block over a voxel writes it
        box = expected[block.read]
        box[box == 0] = place + 1
    assert (values == expected).all()


def test_a_volume_depends_on_its_seed_and_not_on_the_batches(paper_model):
    def paint(seed, batch):
        recipe = make_paper_recipe(
            (40, 16, 16), 1.0, model=str(paper_model), seed=seed, edge=16, resamplings=1
        )
        return paint_paper(recipe, batch=batch)

    run, field = paint(3, 1)
    again, same = paint(3, 8)
    assert np.array_equal(field, same)
    assert np.array_equal(run.volume.grain_id, again.volume.grain_id)
    assert run.n_windows == run.n_windows_box == 3
    assert not np.array_equal(field, paint(4, 8)[1])


def test_a_painter_that_is_killed_goes_on_and_ends_in_the_same_volume(
    run, tmp_path, paper_model, monkeypatch
):
    once, again = tmp_path / "once.npz", tmp_path / "b" / "again.npz"
    words = ("generate", "--model", paper_model, "--shape", "40,40,16", "--block", 16)
    words += ("--resamplings", 1, "-o")
    assert run(*words, once)[0] == 0
    calls, paint = [], paper.paint.repaint

    def dies(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return paint(*arguments)

    monkeypatch.setattr(paper.paint, "repaint", dies)
    assert run(*words, again)[0] == 130
    kept = tmp_path / "b" / "again.npz.halfway.npz"
    assert [p.name for p in kept.parent.iterdir()] == [kept.name]
    code, _, err = run(*words, again, "--seed", 1)
    assert code == 2
    assert "other settings" in err
    assert err.count("\n") == 1
    n_batches = len(calls)
    assert run(*words, again)[0] == 0
    n_all = len(batches(grid((40, 40, 16), edge=16, overlap=4), 8))
    assert len(calls) - n_batches == n_all - 2
    assert not kept.exists()
    assert np.array_equal(formats.load(again).grain_id, formats.load(once).grain_id)


def test_a_damaged_half_painted_volume_is_told(tmp_path):
    kept = Halfway(tmp_path / "x.npz", "{}")
    kept.save(np.ones((1, 2, 2, 2), np.float32), np.array([True]))
    kept.path.write_bytes(kept.path.read_bytes()[:-40])
    with pytest.raises(InputError, match="delete it to begin again"):
        kept.load(np.zeros((1, 2, 2, 2), np.float32), np.array([False]))


def test_no_voxel_of_a_thin_part_is_left_over_and_none_outside_is_filled():
    values = np.zeros((12, 12, 12), np.float32)
    values[:6] = 0.8
    mask = np.zeros(values.shape, bool)
    mask[:, :5] = True  # a wall that holds two grains
    mask[3, 8, :] = True  # a rod of single voxels, noise to DBSCAN
    mask[9, 8, :4] = True
    label = grains_of(values, mask)
    assert ((label > 0) == mask).all()
    wall = label[:, :5]
    assert np.unique(wall).size == 2
    assert np.unique(wall[:6]).size == 1
    assert np.unique(label[3, 8]).size == 1
    assert label.max() == 4 == ndimage.label(label > 0)[1] + 1


def test_what_is_a_grain_does_not_depend_on_the_size_of_the_volume():
    values = np.zeros((20, 20, 20), np.float32)
    values[10:] = 0.03  # 3 voxels apart in sub-volumes of 100, 0.6 in those of 20
    assert dbscan(values).max() == 1
    assert grains_of(values).max() == 2
    assert grains_of(values[6:14, :8, :8]).max() == 2


def test_the_field_may_hold_anything_outside_the_part(rng):
    values = rng.choice([-0.8, 0.0, 0.8], (3, 1, 1)).repeat(5, 0).repeat(14, 1)
    values = values.repeat(14, 2)
    mask = np.zeros(values.shape, bool)
    mask[2:12, 3:9] = True
    nonsense = np.where(mask, values, rng.normal(0, 1, values.shape))
    nonsense[0, 0, 0] = np.nan
    assert np.array_equal(grains_of(values, mask), grains_of(nonsense, mask))


def test_the_command_line_generates_and_says_how(run, tmp_path, paper_model):
    box, field = tmp_path / "box.npz", tmp_path / "field.npz"
    words = ("generate", "--model", paper_model, "--shape", "16,16,16", "-o", box)
    words += ("--block", 16, "--resamplings", 2, "--field", field)
    code, out, _ = run(*words, "--dry-run")
    assert code == 0
    assert "38, 38 a block" in out  # 30 levels, and 4 of them with 2 jumps
    assert not list(tmp_path.iterdir())
    code, out, _ = run(*words)
    assert code == 0
    volume = formats.load(box)
    values, spacing, _ = read_values(field)
    assert spacing == volume.spacing
    assert np.array_equal(grains_of(values), volume.grain_id)
    note = json.loads((tmp_path / "box.run.json").read_text())
    assert note["recipe"]["resamplings"] == 2
    assert note["recipe"]["plan"] == "grid"
    assert note["windows"] == 1


def test_a_part_is_painted_by_the_blocks_that_it_needs(run, tmp_path, paper_model):
    part = tmp_path / "bar.stl"
    bar = trimesh.creation.box((40, 4, 4)).apply_translation((20, 2, 2))
    trimesh.util.concatenate(
        [bar, trimesh.creation.box((4, 36, 4)).apply_translation((2, 22, 2))]
    ).export(part)
    words = ("--model", paper_model, "--block", 16, "--resamplings", 1)
    output = tmp_path / "bar.npz"
    code, _, err = run("paint", part, "--voxel", "1mm", *words, "-o", output)
    assert code == 0, err
    volume = formats.load(output)
    mask = load_part_mask(part)
    assert ((volume.grain_id > 0) == mask).all()
    note = json.loads((tmp_path / "bar.run.json").read_text())
    assert note["windows"] < note["windows_of_box"]


def load_part_mask(part):
    grid = plan_grid(load_part(part, "mm"), 1000.0)
    return grid.mask([(0, n) for n in grid.shape])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resamplings", "0"], "at least 1 resampling, got 0"),
        (["--jump", "3"], "the jump length must divide the 30 steps"),
        (["--block", "18"], "a multiple of 4 voxels, got 18"),
        (["--plan", "windows"], "grid or center, got 'windows'"),
        (["--window", "64"], "--window is no option of the model"),
        (["--workers", "2"], "--workers is no option of the model"),
        (["--grain-size", "9um"], "--grain-size is no option of the model"),
        (["--field", "x.txt"], "written as .npz"),
    ],
)
def test_a_mistake_is_one_line(run, tmp_path, paper_model, words, message):
    output = tmp_path / "a.npz"
    start = ["generate", "--model", paper_model, "--shape", "16,16,16", "-o", output]
    code, _, err = run(*start, *words)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not output.exists()


def test_options_of_the_other_kind_are_refused(run, tmp_path, tiny_model, paper_model):
    output = tmp_path / "a.npz"
    start = ["generate", "--model", tiny_model, "--shape", "16,16,16", "-o", output]
    for words in (["--resamplings", 3], ["--jump", 1], ["--block", 16]):
        code, _, err = run(*start, *words)
        assert code == 2
        assert f"{words[0]} is no option of the model" in err
    with pytest.raises(InputError, match="of another kind"):
        load_model(str(paper_model))
    with pytest.raises(InputError, match="of another kind"):
        load_paper(str(tiny_model))


def test_the_shipped_network_sees_noise_where_values_alone_do_not():
    """On a simulated block that it was not trained on: error against the best line."""
    model = load_paper("paper-iso")
    spins = simulate.isotropic((32, 32, 32), 100, seed=77).grain_id
    rng = np.random.default_rng(0)
    x0 = torch.from_numpy(encode_block(spins, 1, rng))[None]
    schedule = model.card.levels.schedule
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    for t, part in ((50, 0.35), (150, 0.4), (250, 0.5)):
        x = add_noise(x0, t, eps, schedule)
        line = ((x * eps).sum() / (x * x).sum()) * x
        with torch.no_grad():
            seen = model.denoiser(x, torch.tensor([t]))
        errors = [F.mse_loss(guess, eps).item() for guess in (seen, line)]
        assert errors[0] < part * errors[1], t
