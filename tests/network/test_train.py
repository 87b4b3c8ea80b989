import dataclasses
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
from grainpaint.network.dataset import Samples, load_sets
from grainpaint.network.train import (
    TrainConfig,
    _draw_batch,
    _noise_levels,
    _split,
    train,
)
from grainpaint.network.unet import NetworkConfig
from grainpaint.pyramid import double, halve
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import simulate_iso
from grainpaint.simulate.iso.recipe import IsoRecipe


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


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """Two sets: mean grain diameters of 10 voxels, and of 5."""
    folder = tmp_path_factory.mktemp("sets")
    for name, edge, stop in (("coarse", 32, 80), ("fine", 16, 10)):
        recipe = IsoRecipe(shape=(edge,) * 3, time=stop, spins=100, count=3)
        simulate_iso(recipe, folder / f"{name}.zarr")
    return folder


def same(a, b):
    a, b = load_file(a), load_file(b)
    assert a.keys() == b.keys()
    return all((a[key] == b[key]).all() for key in a)


@pytest.mark.parametrize("stage", ["base", "refine"])
def test_a_resumed_run_ends_with_the_very_same_weights(volumes, tmp_path, stage):
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
import grainpaint.network.fit
import grainpaint.network.train as t
from test_train import config
grainpaint.network.fit._CHECKPOINT_S = 0.0
t.train(config(), Path(sys.argv[1]), Path(sys.argv[2]), n_steps=10_000)
"""


def test_a_run_killed_at_any_moment_goes_on_bit_for_bit(volumes, tmp_path):
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


def test_the_network_learns(volumes, tmp_path):
    """From ln 12 = 2.48 at the start; a broken target or gradient stays there."""
    card = train(config(learning_rate=4e-3), volumes, tmp_path, n_steps=80)
    loss = card.metrics["held_out_cross_entropy"]
    assert loss["0.3"] < 2.0
    assert loss["0.3"] < loss["0.7"] < loss["0.95"] < 2.6


def test_the_card_says_what_made_the_weights(volumes, tmp_path):
    train(config(), volumes, tmp_path, n_steps=2)
    card = read_card(tmp_path / "base.json")
    assert [s["time"] for s in card.data["sets"]] == [80, 10]
    assert card.data["n_held_out"] == 2
    assert card.n_steps == 2
    assert card.training["seed"] == 0


def test_noise_levels_cover_their_range_evenly():
    levels = np.concatenate([_noise_levels(config(shift=1.0), i) for i in range(500)])
    assert np.abs(np.sort(levels) - (np.arange(1000) + 0.5) / 1000).max() < 0.002


def test_each_stage_learns_from_the_sets_that_suit_it(volumes):
    """Fine grains are shown to the base as they are, coarse ones halved."""
    sets = load_sets(volumes)
    coarse, fine = (s.grain_diameter for s in sets)
    assert coarse > 8 > fine > 4
    base = [(k.grain_diameter, k.halved) for k in Samples(sets, "base", 12).kinds]
    assert base == [(coarse / 2, True), (fine, False)]
    refine = [(k.grain_diameter, k.halved) for k in Samples(sets, "refine", 12).kinds]
    assert refine == [(coarse, False)]
    with pytest.raises(InputError, match=r"refine network learns from.* 7 to"):
        Samples(sets[1:], "refine", 12)


def test_samples_are_proper_colorings_of_symmetric_copies(volumes, rng):
    samples = Samples(load_sets(volumes), "base", 40)
    assert len(samples.kinds[0].grain_id) == 3 * 8  # every offset of the 2^3 cells
    for _ in range(5):
        sample = samples.draw(rng, kind=1)
        assert sample.color.shape == (16, 16, 16)
        assert 0 <= sample.color.min() <= sample.color.max() < 40
        pieces = label_pieces(sample.color.astype(np.int32) + 1, (True,) * 3, True)
        assert pieces.max() in {g.max() for g in samples.kinds[1].grain_id}


def test_a_refiner_is_guided_by_the_halved_volume(volumes, rng):
    samples = Samples(load_sets(volumes), "refine", 12)
    batch = _draw_batch(samples, config("refine", known=0.0), np.array([0.8, 0.8]), rng)
    for color, guide in zip(batch.color.numpy(), batch.guide.numpy()):
        np.testing.assert_array_equal(guide, double(halve(guide)))
        assert 0.6 < (guide == color).mean() < 1


def test_known_boxes_are_at_level_zero(volumes, rng):
    samples = Samples(load_sets(volumes), "base", 12)
    batch = _draw_batch(samples, config(known=1.0), np.array([0.8, 0.4]), rng)
    for level, t in zip((0.8, 0.4), batch.t.numpy()):
        assert set(np.unique(t)) == {np.float32(0), np.float32(level)}


def test_the_network_is_told_the_grain_size_of_the_set(volumes, rng):
    samples = Samples(load_sets(volumes), "base", 12)
    for i, kind in enumerate(samples.kinds):
        batch = _draw_batch(samples, config(), np.array([0.8]), rng, i)
        size, halved = batch.setting[0, 3, 4, 5].tolist()
        assert 6 * 2**size == pytest.approx(kind.grain_diameter, rel=1e-5)
        assert halved == kind.halved


def test_held_out_volumes_stay_held_out_while_a_set_grows(volumes):
    fine = load_sets(volumes)[1]
    grown = dataclasses.replace(fine, volumes=fine.volumes * 9)  # 27
    held = [_split([s], held_out=True)[0].volumes for s in (fine, grown)]
    assert [len(volumes) for volumes in held] == [1, 2]
    assert held[0][0] is held[1][0]
    assert len(_split([grown], held_out=False)[0].volumes) == 25


def test_mistakes_are_refused(volumes, tmp_path):
    with pytest.raises(InputError, match="no volume there"):
        train(config(), tmp_path, tmp_path / "out", n_steps=1)
    train(config(), volumes, tmp_path / "out", n_steps=1)
    with pytest.raises(InputError, match="--resume"):
        train(config(), volumes, tmp_path / "out", n_steps=1)
    with pytest.raises(InputError, match="differs"):
        train(config(seed=1), volumes, tmp_path / "out", n_steps=1, resume=True)


def test_volumes_that_cannot_train_are_named(tmp_path):
    from grainpaint import Microstructure

    Microstructure(np.ones((32, 32, 32), int)).save(tmp_path / "a.npz")
    with pytest.raises(InputError, match=r"a\.npz.*periodic"):
        load_sets(tmp_path)
    Microstructure(np.ones((20, 32, 32), int), periodic=(True,) * 3).save(
        tmp_path / "a.npz"
    )
    with pytest.raises(InputError, match=r"a\.npz.*multiples of 16"):
        load_sets(tmp_path)
