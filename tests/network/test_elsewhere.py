"""Batches drawn by the workers of an executor are those that are drawn here."""

import pickle
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from samples import batch_bytes, small_training

from grainpaint import InputError
from grainpaint.network import elsewhere
from grainpaint.network.ahead import drawn
from grainpaint.network.elsewhere import batches_by
from grainpaint.network.train import train
from grainpaint.simulate.iso.isotropic import simulate_iso
from grainpaint.simulate.iso.recipe import IsoRecipe


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    """Let this process know nothing of runs, as one on another machine."""
    monkeypatch.setattr(elsewhere, "_prepared", None)
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.9,))


class Loses(Executor):
    """Draws every third batch twice, as if its worker was lost; may give up."""

    def __init__(self, gives_up_at=None, error=None, change=lambda run: run):
        self.n, self.gives_up_at, self.error = 0, gives_up_at, error
        self.change, self.cancelled, self.most_bytes = change, 0, 0

    def submit(self, fn, /, run, step):
        future = Counted(self)
        self.n += 1
        if self.n == self.gives_up_at:
            future.set_exception(self.error)
            return future
        sent = pickle.dumps((fn, self.change(run), step))
        self.most_bytes = max(self.most_bytes, len(sent))
        for _ in range(1 + (self.n % 3 == 0)):
            there, *arguments = pickle.loads(sent)
            found = there(*arguments)
        future.set_result(found)
        return future


class Counted(Future):
    def __init__(self, executor):
        super().__init__()
        self.executor = executor

    def cancel(self):
        self.executor.cancelled += 1
        return super().cancel()


def state(folder):
    return load_file(folder / "base.state.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(
        torch.equal(one[key], other[key]) for key in one
    )


@pytest.fixture(scope="module")
def once(volumes, tmp_path_factory):
    """Return the weights of six steps whose batches were drawn here."""
    folder = tmp_path_factory.mktemp("once")
    train(small_training(), volumes, folder, n_steps=6)
    return state(folder)


def test_lost_draws_change_no_weight_and_a_task_is_small(volumes, once, tmp_path):
    executor = Loses()
    train(small_training(), volumes, tmp_path, n_steps=6, executor=executor)
    assert same(state(tmp_path), once)
    assert executor.most_bytes < 3000
    assert executor.cancelled > 0  # those ahead of the last step


def test_threads_that_end_in_any_order_change_no_weight(
    volumes, once, tmp_path, monkeypatch
):
    reads, read = [], elsewhere._Run.read
    monkeypatch.setattr(
        elsewhere._Run, "read", lambda run: reads.append(run) or read(run)
    )
    with ThreadPoolExecutor(3) as pool:
        train(small_training(), volumes, tmp_path, n_steps=6, executor=pool)
    assert same(state(tmp_path), once)
    assert len(reads) == 1


class KilledWorker(Exception):
    """Named as that of Dask."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CancelledError(), "its scheduler was lost"),
        (BrokenExecutor("no\nprocess"), r"the executor broke \(no process\)"),
        (KilledWorker("draw"), "several workers died of one task"),
    ],
)
def test_an_executor_that_gives_up_is_one_line_and_costs_no_step(
    volumes, once, tmp_path, error, said
):
    how = {"n_steps": 6, "resume": True}
    with pytest.raises(InputError, match=f"{said}.*resume that run") as raised:
        train(small_training(), volumes, tmp_path, executor=Loses(4, error), **how)
    assert "\n" not in str(raised.value)
    with safe_open(tmp_path / "base.state.safetensors", "pt") as file:
        assert file.metadata()["step"] == "3"
    train(small_training(), volumes, tmp_path, executor=Loses(), **how)
    assert same(state(tmp_path), once)


def test_workers_that_lack_something_are_one_line_and_the_checkpoint_stays(
    volumes, tmp_path
):
    out = tmp_path / "out"
    train(small_training(), volumes, out, n_steps=1)
    before = {p: p.read_bytes() for p in out.iterdir()}

    def refused(change):
        executor = Loses(change=change)
        with pytest.raises(InputError) as raised:
            train(
                small_training(), volumes, out, n_steps=6, resume=True,
                executor=executor,
            )  # fmt: skip
        assert {p: p.read_bytes() for p in out.iterdir()} == before
        elsewhere._prepared = None
        return str(raised.value)

    def in_folder(run, folder):
        config, _ = run.source.args
        return replace(run, source=partial(run.source.func, config, folder))

    def on_another_host(run):
        return replace(in_folder(run, tmp_path / "none"), host="login")

    assert "none" in refused(lambda run: in_folder(run, tmp_path / "none"))
    assert ": " + str(tmp_path) in refused(on_another_host)
    versions = {"torch": "1.0"}
    assert "the run 1.0" in refused(
        lambda run: replace(run, versions=run.versions | versions)
    )
    more = tmp_path / "more"
    recipe = IsoRecipe(shape=(32,) * 3, time=80, spins=100, count=4)
    simulate_iso(recipe, more / "coarse.zarr")
    told = refused(lambda run: in_folder(run, more))
    assert "reads other training volumes" in told
    both = {"executor": Loses(), "workers": 2}
    with pytest.raises(InputError, match="give one"):
        train(small_training(), volumes, tmp_path / "both", n_steps=1, **both)
    assert not (tmp_path / "both").exists()


def test_every_stage_finds_its_volumes_again_and_draws_the_same(prepared):
    source, digest = prepared.source, prepared.draw.digest()
    with batches_by(Loses(), source, digest, 4, 3) as batches:
        found = next(batches)
    assert batch_bytes(found) == batch_bytes(drawn(prepared.draw, 3, 4))
    there = pickle.loads(pickle.dumps(source))()
    assert there.digest() == digest
    there = getattr(there, "drawing", there)  # of a student
    blocks = getattr(there, "blocks", None)  # of the paper's network
    del (blocks.volumes if blocks else there.samples.sources)[-1]
    assert there.digest() != digest


class Numbers:
    """Draws the numbers of steps."""

    def __call__(self, rng, step):
        return step

    def digest(self):
        return "same"


def test_few_large_batches_are_drawn_ahead_and_many_small_ones(monkeypatch):
    for n_bytes, most in ((1 << 20, 32), (0, 4)):
        monkeypatch.setattr(elsewhere, "_BYTES", n_bytes)
        executor = Loses()
        with batches_by(executor, Numbers, "same", 5, 1) as batches:
            assert [next(batches) for _ in range(2)] == [5, 6]
            assert executor.n == 1 + most
        assert executor.cancelled == most - 1
