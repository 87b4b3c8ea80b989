"""Windows in batches, as on a card: here all of it runs on the CPU."""

import dataclasses

import numpy as np
import pytest
import torch

from grainpaint import InputError
from grainpaint.errors import InputNote
from grainpaint.generation import batches, in_memory, overlapped
from grainpaint.generation.batches import Batches
from grainpaint.generation.domain import Domain
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.overlapped import painted_windows
from grainpaint.generation.painter import make_painter
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.generation.sampler import Start, sample_one
from grainpaint.generation.windows import windows
from grainpaint.network.loading import load_any
from grainpaint.progress import silent

SHAPE = (100, 24, 24)  # several windows of the base
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def recipe(tiny_model):
    return make_recipe(
        Domain(SHAPE), Options(window=32), str(tiny_model), 5, precision="float32"
    )


def without_refine_network(model):
    """Return a model whose grains are grown, not drawn, as those of `iso`."""
    card = model.refine_card
    sampling = card.sampling.model_copy(update={"n_steps": 0, "relax": 2.0})
    return dataclasses.replace(
        model, refine_card=card.model_copy(update={"sampling": sampling})
    )


def tags(recipe, model, at_once):
    painter = make_painter(recipe, model)
    chosen = list(windows(recipe.shape, None, recipe.core, recipe.halo))
    result = np.zeros(recipe.shape, np.uint16)
    made = painted_windows(painter, chosen, None, silent, at_once)
    for window, found in made:
        assert not result[window.write].any()  # each window comes once
        result[window.write] = found
    return result


@pytest.fixture
def sizes(monkeypatch):
    """The sizes of the batches that were evaluated, in their order."""
    found, sample = [], overlapped.sample

    def watched(network, starts, sampling):
        found.append(len(starts))
        return sample(network, starts, sampling)

    monkeypatch.setattr(overlapped, "sample", watched)
    return found


@pytest.mark.parametrize("refines", [True, False])
def test_batches_of_any_size_give_the_same_grains(recipe, refines, sizes):
    model = load_any(recipe.model, "cpu", recipe.precision)
    model = model if refines else without_refine_network(model)
    one = tags(recipe, model, 1)
    assert set(sizes) == {1}
    sizes.clear()
    three = tags(recipe, model, 3)
    assert max(sizes) == 3
    assert (one == three).mean() > 0.999  # sums of other lengths round differently
    assert one.min() > 0
    np.testing.assert_array_equal(three, tags(recipe, model, 3))


def test_a_card_makes_what_the_processor_makes(recipe, monkeypatch):
    expected = paint_recipe(recipe).volume.grain_id
    monkeypatch.setattr(in_memory, "overlaps", lambda painter: True)
    found = paint_recipe(recipe)
    np.testing.assert_array_equal(found.volume.grain_id, expected)
    assert set(found.seconds) >= {"paint", "segment"}


def test_a_build_is_made_on_a_card_too(additive_model, monkeypatch):
    from conftest import BUILD

    from grainpaint.generation.scan_recipe import make_scan_recipe
    from grainpaint.simulate.am.recipe import AmRecipe

    scan = AmRecipe.model_validate(BUILD)
    domain = Domain((32, 32, 40), 5.0)
    recipe = make_scan_recipe(domain, scan, str(additive_model), precision="float32")
    expected = paint_recipe(recipe).volume.grain_id
    monkeypatch.setattr(in_memory, "overlaps", lambda painter: True)
    found = paint_recipe(recipe).volume.grain_id
    np.testing.assert_array_equal(found, expected)


class Card:
    """Holds at most so many windows."""

    def __init__(self, holds):
        self.holds, self.sizes = holds, []

    def __call__(self, some):
        if len(some) > self.holds:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        self.sizes.append(len(some))
        return [2 * item for item in some]


def test_where_memory_does_not_suffice_batches_are_halved_and_that_is_told_once():
    card, work = Card(2), Batches(CPU, 8)
    with pytest.warns(InputNote, match="does not hold 8 windows at once") as notes:
        found = work.run(range(14), card)
    assert found == [2 * i for i in range(14)]
    assert len(notes) == 1
    assert card.sizes == [2] * 7
    assert work.run(range(3), card) == [0, 2, 4]  # and without a note
    with pytest.raises(InputError, match=r"a window does not fit .* smaller window"):
        Batches(CPU, 1).run([1], Card(0))


def test_a_volume_is_finished_though_the_card_is_small(recipe, monkeypatch):
    model = load_any(recipe.model, "cpu", recipe.precision)
    expected, sample = tags(recipe, model, 1), overlapped.sample

    def small(network, starts, sampling):
        if len(starts) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return sample(network, starts, sampling)

    monkeypatch.setattr(overlapped, "sample", small)
    with pytest.warns(InputNote, match="half as many"):
        found = tags(recipe, model, 4)
    np.testing.assert_array_equal(found, expected)


def test_other_errors_are_not_taken_for_lack_of_memory():
    def broken(some):
        raise RuntimeError("misaligned address")

    with pytest.raises(RuntimeError, match="misaligned"):
        Batches(CPU, 4).run([1, 2], broken)


def test_the_first_window_on_a_card_says_how_many_go_together(monkeypatch):
    peaks = iter([7, 3 << 30])  # before the window, and with it
    monkeypatch.setattr(batches, "peak_bytes", lambda device: next(peaks))
    monkeypatch.setattr(batches, "free_bytes", lambda device: 16 << 30)
    card, work = Card(99), Batches(torch.device("cuda"))
    assert (work.measured, work.at_once) == (False, 1)
    work.run(range(9), card)
    assert work.measured
    assert card.sizes == [1, 4, 4]


def test_one_line_says_that_a_window_does_not_fit(
    run, tiny_model, tmp_path, monkeypatch
):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("grainpaint.generation.sampler.sample", full)
    out = tmp_path / "a.npz"
    words = ("generate", "--shape", "16,16,16", "--model", tiny_model, "-o", out)
    code, _, error = run(*words, "--no-picture")
    assert (code, error.count("\n")) == (2, 1)
    assert "a window does not fit into the memory of cpu" in error
    assert not out.exists()


def test_windows_of_several_shapes_are_drawn_with_their_like(recipe, sizes):
    model = load_any(recipe.model, "cpu", recipe.precision)
    rng = np.random.default_rng(1)
    noise = [rng.normal(size=(n, 16, 16, 3)) for n in (16, 24, 16, 24, 16)]
    starts = [Start(values.astype(np.float32)) for values in noise]
    sampling = model.base_card.sampling
    found = overlapped._sampled(model.base, sampling, starts)
    assert sizes == [3, 2]
    for start, colors in zip(starts, found):
        assert (colors == sample_one(model.base, start, sampling)).mean() > 0.999
