"""Shared fixtures: random generators, a tiny model, real data where it is."""

import gc
import os
import sys

# One core a worker, also for the programs that it starts: threads that wait spin.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}

import numpy as np
import pytest
import torch
from hypothesis import settings
from samples import RECORDED

from grainpaint.cli import main
from grainpaint.network.cards import Sampling, StageCard
from grainpaint.network.train import PRESETS
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.network.weights import write_stage

# Thousands of tests and the modules that they import stay to the end: looking them
# through again and again is a third of collecting them.
gc.disable()

# The first call of a kernel compiles it: no deadline. Fixed seeds: no surprise in CI.
settings.register_profile("grainpaint", deadline=None, derandomize=True)
settings.load_profile("grainpaint")

BUILD = {  # a small build, inside the range of the additive model
    "shape": (48, 48, 48),
    "voxel": "5um",
    "substrate": {"height": 12, "grain": 10},
    "pool": {"shape": "ellipsoid", "width": 16, "depth": 10, "length": 22},
    "haz": {"law": "linear", "width": 5},
    "scan": {"speed": 14, "hatch": 11, "thickness": 7, "rotation": 90},
}


def pytest_collection_modifyitems(items):
    # Commands call the kernels of all rooms. While one process compiled them for a
    # command, the other would do the same for a room.
    items.sort(key=lambda item: item.path.parent.name == "cli")


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


@pytest.fixture
def rng():
    return np.random.default_rng(20251123)


def write_random(folder, config, sampling, stage="additive"):
    """Write a network with random weights, and its card."""
    network = UNet(config)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn_like(weight) * 0.3)
    card = StageCard(
        stage=stage,
        network=config,
        sampling=sampling,
        data={},
        training={},
        n_steps=0,
        minutes=0.0,
        metrics={},
    )
    write_stage(folder, card, network)


def make_model(folder, dim=3, n_colors=12, seed=0):
    """Write a model with random weights: fast, and its grains are noise."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    palette = {"dim": dim, "n_colors": n_colors, "head": 4}
    sampling = Sampling(n_steps=2, shift=3.0, grain_diameter=6.0)
    base = NetworkConfig(**palette, channels=(8, 8))
    refine = NetworkConfig(**palette, channels=(8,), guided=True)
    write_random(folder, base, sampling, "base")
    write_random(folder, refine, sampling, "refine")
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def additive_builds(tmp_path_factory):
    """Return a folder with two small builds, one of them held out."""
    from grainpaint.simulate.am.build import simulate_am_set
    from grainpaint.simulate.am.recipe import AmRecipe

    folder = tmp_path_factory.mktemp("builds")
    for seed in (20, 21):
        recipe = AmRecipe.model_validate(BUILD)
        simulate_am_set(recipe, folder / f"{seed}.zarr", seed)
    return folder


@pytest.fixture(scope="session")
def additive_model(tmp_path_factory):
    """Return the folder of an additive model with random weights."""
    folder = tmp_path_factory.mktemp("am")
    preset = PRESETS["additive"]
    small = {"channels": (8, 8), "inner": (), "head": 4}
    config = preset.network.model_copy(update=small)
    write_random(folder, config, preset.sampling.model_copy(update={"n_steps": 2}))
    return folder


@pytest.fixture
def few_draws(monkeypatch):
    """Let intervals and floors come from few draws, where they are not the matter."""
    monkeypatch.setattr("grainpaint.measure.floors._N_BOOTSTRAP", 4)
    monkeypatch.setattr("grainpaint.measure.floors._N_FLOOR", 4)


@pytest.fixture
def no_densities(monkeypatch):
    """Leave those figures empty, where they are not the matter: there are twenty."""
    from matplotlib.figure import Figure

    monkeypatch.setattr("grainpaint.drawing.figures.density", lambda *_: Figure())


@pytest.fixture
def drawn(monkeypatch):
    """Collect what the process that draws would be given; it has its own tests."""
    given = []
    monkeypatch.setattr(
        "grainpaint.drawing.picture.picture", lambda *what: given.append(what) or True
    )
    return given


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process; return code, output and error text."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["grainpaint", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        out = capsys.readouterr()
        return stop.value.code or 0, out.out, out.err

    return call


STAND_IN = f"""import os, re, shutil, sys, time
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
script = open(words["-in"]).read()
with open(os.environ["STAND_IN_NOTE"], "w") as note:
    print(os.getpid(), os.getcwd(), sys.argv[1:], script, sep="\\n", file=note)
if os.environ.get("STAND_IN_FAILS"):
    print("Setting site values ...")
    print("ERROR: One or more sites have invalid values (../app_potts.cpp:98)")
    sys.exit(1)
log = open(words["-log"], "w")
print("  1 by 1 by 1 processor grid", file=log)
print("      Time    Naccept    Nreject    Nsweeps        CPU", file=log)
for i in range(int(os.environ.get("STAND_IN_ROWS", "3"))):
    print("%10g %10d 0 0 0.1" % (i / 2, i), file=log, flush=True)
    time.sleep(0.3)
(name,) = re.findall(r'^dump grainpaint text 1e20 "?([^" ]+)', script, re.M)
shutil.copy({str(RECORDED / "tiny.dump")!r}, name)
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """An executable that plays back a recorded run; its notes lie beside it."""
    program = tmp_path / "stand_in.py"
    program.write_text(STAND_IN)
    path = tmp_path / "spk_stand_in"
    # A line #! of its own would not bear a space in the path of Python.
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("STAND_IN_NOTE", str(tmp_path / "note"))
    return path
