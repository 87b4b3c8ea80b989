import json

import numpy as np
import pytest
import torch
import trimesh
from scipy import ndimage

from grainpaint import InputError, formats, paper
from grainpaint.cad import load_part, plan_grid
from grainpaint.errors import InputNote
from grainpaint.formats.field import read_values
from grainpaint.generation.domain import Domain
from grainpaint.generation.paper_plans import batches, center, grid
from grainpaint.network.loading import load_model
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import grains_of, paint_blocks, paint_paper
from grainpaint.paper.recipe import PaperOptions, make_paper_recipe
from grainpaint.segmentation.dbscan import dbscan


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


def test_blocks_go_on_in_halves_where_memory_does_not_suffice(paper_model, monkeypatch):
    options = PaperOptions(edge=16, resamplings=1)
    recipe = make_paper_recipe(Domain((40, 16, 16)), options, str(paper_model), 1)
    expected, whole = paint_paper(recipe)[1], paper.paint.repaint

    def small(denoiser, given, *how):
        if len(given) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(denoiser, given, *how)

    monkeypatch.setattr(paper.paint, "repaint", small)
    with pytest.warns(InputNote, match="at once: going on with half as many"):
        found = paint_paper(recipe)[1]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_volume_depends_on_its_seed_and_not_on_the_batches(paper_model):
    def paint(seed, batch):
        options = PaperOptions(edge=16, resamplings=1)
        domain = Domain((40, 16, 16))
        recipe = make_paper_recipe(domain, options, str(paper_model), seed)
        return paint_paper(recipe, batch=batch)

    run, field = paint(3, 1)
    again, same = paint(3, 8)
    assert np.array_equal(field, same)
    assert np.array_equal(run.volume.grain_id, again.volume.grain_id)
    assert run.n_windows == run.n_windows_box == 3
    assert not np.array_equal(field, paint(4, 8)[1])


@pytest.mark.slow
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
    words += ("--block", 16, "--resamplings", 2, "--field", field, "--no-picture")
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
    words = ("--model", paper_model, "--block", 16, "--resamplings", 1, "--no-picture")
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
        (["--window", "64"], "--window is not an option of the model"),
        (["--workers", "2"], "--workers is not an option of the model"),
        (["--grain-size", "9um"], "--grain-size is not an option of the model"),
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
        assert f"{words[0]} is not an option of the model" in err
    with pytest.raises(InputError, match="of another kind"):
        load_model(str(paper_model))
    with pytest.raises(InputError, match="of another kind"):
        load_paper(str(tiny_model))
