"""Clusters, and what is made on them."""

import pytest
from dask_runs import SHAPE, Processes
from samples import small_training

from grainpaint import store
from grainpaint.generation import on_disk
from grainpaint.generation.domain import Domain
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.simulate.iso.isotropic import simulate_iso
from grainpaint.simulate.iso.recipe import IsoRecipe


@pytest.fixture(scope="session")
def volume(tiny_model, tmp_path_factory):
    """Return the volume that one process makes."""
    path = tmp_path_factory.mktemp("finished") / "a.zarr"
    recipe = make_recipe(Domain(SHAPE), Options(window=32), str(tiny_model), seed=5)
    settings = recipe.model_dump(mode="json")
    made = store.create(path, recipe.shape, (1.0,) * 3, recipe.origin, settings)
    on_disk.run(recipe, made)
    return path


@pytest.fixture(scope="session")
def finished(volume):
    """Return its digest."""
    return store.open_store(volume).digest()


@pytest.fixture(scope="session")
def volumes(tmp_path_factory):
    """Return a set to train on."""
    folder = tmp_path_factory.mktemp("sets")
    recipe = IsoRecipe(shape=(16, 16, 16), time=10, spins=100, count=3)
    simulate_iso(recipe, folder / "fine.zarr")
    return folder


@pytest.fixture
def small(monkeypatch):
    """Let a training take a moment."""
    presets = {"base": small_training()}
    monkeypatch.setattr("grainpaint.network.train.PRESETS", presets)
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.9,))


@pytest.fixture
def processes(tmp_path):
    made = []

    def make(*how, **options):
        made.append(Processes(tmp_path, *how, **options))
        return made[-1]

    yield make
    for each in made:
        each.end()
