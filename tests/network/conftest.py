"""Fixtures that several tests of networks share."""

import shutil

import pytest
import torch
from samples import PAPER_NETWORK, small_training

from grainpaint.network.student import StudentConfig, train_student
from grainpaint.network.train import train
from grainpaint.paper.train import PaperTraining, train_paper
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


@pytest.fixture(params=["base", "refine", "additive", "student", "paper"])
def prepared(request, volumes, additive_builds, tiny_model, tmp_path, monkeypatch):
    """Return the task of a training of each kind, which is not begun."""

    def task(name, config, prepare, *how, **more):
        return prepare(config, torch.device("cpu"))

    monkeypatch.setattr("grainpaint.network.train.fit", task)
    monkeypatch.setattr("grainpaint.network.student.fit", task)
    monkeypatch.setattr("grainpaint.paper.train.fit", task)
    if request.param == "paper":
        paper = PaperTraining(batch=2, edge=16, network=PAPER_NETWORK)
        return train_paper(paper, volumes, tmp_path)
    if request.param == "student":
        narrow = small_training().network.model_copy(update={"inner": (4, 4)})
        how = {**dict(small_training()), "network": narrow, "teacher": str(tiny_model)}
        return train_student(StudentConfig(**how), volumes, tmp_path)
    data = additive_builds if request.param == "additive" else volumes
    return train(small_training(request.param), data, tmp_path)
