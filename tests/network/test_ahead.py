"""Batches drawn ahead by processes are those that are drawn one by one."""

import os
import pickle
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from draws import Draw
from safetensors.torch import load_file
from samples import batch_bytes, small_training

from grainpaint import InputError
from grainpaint.network.ahead import batches_from, checked_workers
from grainpaint.network.train import train


def first_of(workers, n, draw):
    with batches_from(5, draw, 7, workers) as batches:
        return [next(batches) for _ in range(n)]


def test_any_number_of_processes_gives_the_same_batches_and_they_end():
    expected = first_of(0, 9, Draw())
    assert [step for step, _ in expected] == list(range(5, 14))
    state = torch.get_rng_state()
    for (step, drawn), (other, same_drawn) in zip(first_of(2, 9, Draw()), expected):
        assert step == other
        assert torch.equal(drawn, same_drawn)
    assert active_children() == []
    assert torch.equal(state, torch.get_rng_state())


def test_a_process_that_is_killed_is_one_line():
    with pytest.raises(InputError, match="was killed, perhaps for lack of memory"):
        first_of(1, 9, Draw(dies_at=7))
    assert active_children() == []


@pytest.mark.slow
def test_a_run_goes_on_with_any_number_of_processes(volumes, tmp_path):
    train(small_training(), volumes, tmp_path / "once", n_steps=6)
    train(small_training(), volumes, tmp_path / "twice", n_steps=3, workers=1)
    train(small_training(), volumes, tmp_path / "twice", n_steps=6, resume=True)
    once, twice = (
        load_file(tmp_path / name / "base.state.safetensors")
        for name in ("once", "twice")
    )
    assert once.keys() == twice.keys()
    assert all(torch.equal(once[key], twice[key]) for key in once)


def test_every_stage_draws_in_another_process_what_it_draws_here(prepared):
    draw = prepared.draw
    there = pickle.loads(pickle.dumps(draw))
    here, other = (d(np.random.default_rng((3, 4)), 4) for d in (draw, there))
    assert batch_bytes(here) == batch_bytes(other)


def test_processors_draw_for_themselves_and_cards_are_drawn_for(monkeypatch):
    assert checked_workers(None, torch.device("cpu")) == 0
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert checked_workers(None, torch.device("cuda")) == 3
    assert checked_workers(0, torch.device("cuda")) == 0
    with pytest.raises(InputError, match="at least 0 workers, got -1"):
        checked_workers(-1, torch.device("cpu"))


def test_a_batch_that_does_not_fit_is_one_line(volumes, tmp_path, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("grainpaint.network.train.batch_losses", full)
    with pytest.raises(InputError, match="a batch of 2 does not fit"):
        train(small_training(), volumes, tmp_path / "out", n_steps=2)


@pytest.mark.slow
def test_an_interrupt_ends_all_processes_and_the_run_goes_on(volumes, tmp_path):
    words = ("train", "paper", "--data", volumes / "coarse.zarr", "--out", tmp_path)
    words = [sys.executable, "-m", "grainpaint", *words, "--workers", "2", "--resume"]
    run = subprocess.Popen(
        list(map(str, words)), stderr=subprocess.PIPE, start_new_session=True
    )
    log = Path(tmp_path) / "paper.log.jsonl"
    try:
        deadline = time.monotonic() + 240
        while not (log.exists() and log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert run.poll() is None
        children = psutil.Process(run.pid).children(recursive=True)
        assert len(children) >= 2
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        error = run.communicate(timeout=240)[1].decode()
    finally:
        run.kill()
        run.wait()
    assert "Traceback" not in error
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
