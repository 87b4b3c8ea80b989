"""Each worker has a card of its own; the cards are stubs, no CUDA is needed."""

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from grainpaint.generation import gpus, worker
from grainpaint.generation.domain import Domain
from grainpaint.generation.gpus import own_card
from grainpaint.generation.recipe import make_recipe
from grainpaint.store import create

CLAIM = """
import sys
from grainpaint.generation import gpus
gpus._n_cards = lambda: int(sys.argv[1])
print(gpus.own_card(sys.argv[2]), gpus.own_card(sys.argv[2]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def claim(tmp_path):
    """Start a process on a machine with so many cards; return its device."""
    with ExitStack() as stack:

        def start(n, device="cuda", **environment):
            process = subprocess.Popen(
                [sys.executable, "-c", CLAIM, str(n), device],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "TMPDIR": str(tmp_path), **environment},
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            first, again = process.stdout.readline().split()
            assert first == again  # for good
            return process, first

        yield start


def test_each_process_gets_a_card_of_its_own_and_gives_it_back(claim):
    one, two = claim(2), claim(2)
    assert (one[1], two[1]) == ("cuda:0", "cuda:1")
    assert claim(2)[1] == "cuda:0"  # more processes than cards share them
    two[0].kill()
    two[0].wait()
    assert claim(2)[1] == "cuda:1"


def test_cards_are_known_by_their_names(claim):
    """As dask-cuda starts workers: each sees the cards in another order."""
    assert claim(2, CUDA_VISIBLE_DEVICES="4,6")[1] == "cuda:0"
    assert claim(2, CUDA_VISIBLE_DEVICES="6,4")[1] == "cuda:0"


@pytest.mark.parametrize("device", ["cpu", "mps", "cuda:1"])
def test_a_device_that_is_named_outright_is_used(device, monkeypatch):
    monkeypatch.setattr(gpus, "_n_cards", lambda: 2)
    assert own_card(device) == device
    assert gpus._held is None


def test_with_one_card_nothing_is_claimed(monkeypatch):
    monkeypatch.setattr(gpus, "_n_cards", lambda: 1)
    assert own_card("cuda") == "cuda"
    assert gpus._held is None


def test_a_worker_of_any_executor_loads_its_model_on_its_own_card(
    tiny_model, tmp_path, monkeypatch
):
    monkeypatch.setattr(gpus, "_n_cards", lambda: 2)
    monkeypatch.setattr(gpus, "_held", (1, None))
    monkeypatch.setattr(worker, "Volume", lambda recipe, device, read: device)
    recipe = make_recipe(Domain((16, 16, 16)), model=str(tiny_model))
    store = create(tmp_path / "a.zarr", recipe.shape, (1.0,) * 3, recipe.origin, {})
    run = worker.Run("a.zarr", "", "", "", "cuda", {})
    assert worker.Worker(run, store, recipe).volume == "cuda:1"
