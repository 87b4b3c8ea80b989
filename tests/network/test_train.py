import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.torch import load_file

from grainpaint import InputError
from grainpaint.network.cards import Sampling, read_card
from grainpaint.network.train import TrainConfig, noise_levels, train
from grainpaint.network.unet import NetworkConfig


def config(stage="base", **changes):
    return TrainConfig(
        **{
            "stage": stage,
            "network": NetworkConfig(
                dim=3, n_colors=12, channels=(16, 16), head=8, guided=stage == "refine"
            ),
            "sampling": Sampling(n_steps=2, shift=3.0, grain_diameter=5.6),
            "batch": 2,
            "shift": 3.0,
            "warmup": 5,
            **changes,
        }
    )


@pytest.fixture
def one_level(monkeypatch):
    """Judge weights at one noise level, where that is not the matter."""
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.9,))


def same(a, b):
    a, b = load_file(a), load_file(b)
    assert a.keys() == b.keys()
    return all((a[key] == b[key]).all() for key in a)


@pytest.mark.parametrize(
    "stage", ["base", pytest.param("refine", marks=pytest.mark.slow)]
)
def test_a_resumed_run_ends_with_the_very_same_weights(
    volumes, tmp_path, stage, one_level
):
    once = train(config(stage), volumes, tmp_path / "once", n_steps=8)
    train(config(stage), volumes, tmp_path / "twice", n_steps=3)
    again = train(config(stage), volumes, tmp_path / "twice", n_steps=8, resume=True)
    name = f"{stage}.state.safetensors"
    assert same(tmp_path / "once" / name, tmp_path / "twice" / name)
    assert same(
        tmp_path / f"once/{stage}.safetensors", tmp_path / f"twice/{stage}.safetensors"
    )
    assert once.metrics == again.metrics


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
import grainpaint.network.training_run
import grainpaint.network.train as t
from test_train import config
grainpaint.network.training_run._CHECKPOINT_S = 0.0
t._HELD_OUT_LEVELS = (0.9,)
t.train(config(), Path(sys.argv[1]), Path(sys.argv[2]), n_steps=10_000)
"""


def test_a_run_killed_at_any_moment_goes_on_bit_for_bit(volumes, tmp_path, one_level):
    here = os.path.dirname(__file__)
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(volumes), str(tmp_path / "killed"), here]
    )
    state = tmp_path / "killed" / "base.state.safetensors"
    deadline = time.monotonic() + 120
    while not state.exists() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    run.send_signal(signal.SIGKILL)
    run.wait()
    from safetensors import safe_open

    with safe_open(state, "pt") as file:
        n = int(file.metadata()["step"]) + 2
    train(config(), volumes, tmp_path / "killed", n_steps=n, resume=True)
    train(config(), volumes, tmp_path / "whole", n_steps=n)
    assert same(state, tmp_path / "whole" / "base.state.safetensors")


def test_the_network_learns(volumes, tmp_path, monkeypatch):
    """From ln 12 = 2.48 at the start; a broken target or gradient stays there."""
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.3, 0.7, 0.95))
    card = train(config(learning_rate=4e-3), volumes, tmp_path, n_steps=80)
    loss = card.metrics["held_out_cross_entropy"]
    assert loss["0.3"] < 2.0
    assert loss["0.3"] < loss["0.7"] < loss["0.95"] < 2.6


def test_the_card_says_what_made_the_weights(volumes, tmp_path, one_level):
    train(config(), volumes, tmp_path, n_steps=2)
    card = read_card(tmp_path / "base.json")
    assert [s["time"] for s in card.data["sets"]] == [80, 10]
    assert card.data["n_held_out"] == 2
    assert card.n_steps == 2
    assert card.training["seed"] == 0


def test_noise_levels_cover_their_range_evenly():
    levels = np.concatenate([noise_levels(config(shift=1.0), i) for i in range(500)])
    assert np.abs(np.sort(levels) - (np.arange(1000) + 0.5) / 1000).max() < 0.002


def test_mistakes_are_refused(volumes, tmp_path, one_level):
    with pytest.raises(InputError, match="no volume there"):
        train(config(), tmp_path, tmp_path / "out", n_steps=1)
    train(config(), volumes, tmp_path / "out", n_steps=1)
    with pytest.raises(InputError, match="resume that run, or choose another"):
        train(config(), volumes, tmp_path / "out", n_steps=1)
    with pytest.raises(InputError, match="differs"):
        train(config(seed=1), volumes, tmp_path / "out", n_steps=1, resume=True)
