"""A fixture that several tests of networks share."""

import shutil

import pytest


@pytest.fixture
def own_model(tiny_model, tmp_path):
    """The folder of a model that a test may change."""
    return shutil.copytree(tiny_model, tmp_path / "mine")
