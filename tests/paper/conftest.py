"""Fixtures that several tests of the paper's method share."""

import numpy as np
import pytest
import torch
from samples import PAPER_NETWORK

from grainpaint import Microstructure, formats
from grainpaint.network.unet import UNet
from grainpaint.network.weights import write_stage
from grainpaint.paper.model import Levels, PaperCard


@pytest.fixture(scope="session")
def paper_model(tmp_path_factory):
    """The folder of a model with random weights: its grains are noise."""
    folder = tmp_path_factory.mktemp("models") / "tiny-paper"
    folder.mkdir()
    torch.manual_seed(0)
    card = PaperCard(
        edge=16,
        network=PAPER_NETWORK,
        levels=Levels(n_steps=30, first=0.01, last=0.2),
        data={},
        training={"batch": 8},
        n_steps=1,
        minutes=0.0,
        metrics={},
    )
    write_stage(folder, card, UNet(PAPER_NETWORK))
    return folder


@pytest.fixture(scope="session")
def volumes(tmp_path_factory):
    """A folder of two sets: periodic volumes, and open ones."""
    folder = tmp_path_factory.mktemp("sets")
    rng = np.random.default_rng(0)
    for name, periodic in (("closed", True), ("open", False)):
        (folder / name).mkdir()
        for i in range(2):
            cells = rng.integers(1, 30, (8, 8, 8), dtype=np.int32)
            grain_id = cells.repeat(4, 0).repeat(4, 1).repeat(4, 2)
            volume = Microstructure(grain_id, periodic=(periodic,) * 3)
            formats.write(volume, folder / name / f"{i}.npz")
    return folder
