"""Stores that several tests use, and a small disk."""

import os
import shutil
import subprocess

import pytest
from store_run import fill, make

from grainpaint.store import open_store


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    store = make(tmp_path_factory.mktemp("store") / "gear.zarr")
    assert fill(store) == 8
    store.finish()
    return store


@pytest.fixture
def copy(finished, tmp_path):
    return open_store(shutil.copytree(finished.path, tmp_path / "gear.zarr"))


def mount(place, options):
    """Mount a file system in memory, where root may."""
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted: {done.stderr.decode().strip()}")


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 300 kB."""
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    place = tmp_path / "disk"
    mount(place, "size=300k")
    yield place
    subprocess.run(["umount", place], check=True)
