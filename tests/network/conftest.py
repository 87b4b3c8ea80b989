"""Fixtures that several tests of networks share."""

import shutil

import pytest

from grainpaint.simulate.iso.isotropic import simulate_iso
from grainpaint.simulate.iso.recipe import IsoRecipe


@pytest.fixture
def own_model(tiny_model, tmp_path):
    """The folder of a model that a test may change."""
    return shutil.copytree(tiny_model, tmp_path / "mine")


@pytest.fixture(scope="session")
def volumes(tmp_path_factory):
    """Two sets: mean grain diameters of 10 voxels, and of 5."""
    folder = tmp_path_factory.mktemp("sets")
    for name, edge, stop in (("coarse", 32, 80), ("fine", 16, 10)):
        recipe = IsoRecipe(shape=(edge,) * 3, time=stop, spins=100, count=3)
        simulate_iso(recipe, folder / f"{name}.zarr")
    return folder
