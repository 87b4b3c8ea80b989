"""Models for tests that damage them."""

import shutil

import pytest
from conftest import make_model


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model of six small files' worth: folders are copied faster than made."""
    return make_model(tmp_path_factory.mktemp("whole") / "model")


@pytest.fixture
def model(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "model")
