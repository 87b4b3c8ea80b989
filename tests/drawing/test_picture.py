"""Pictures drawn by a child process."""

import numpy as np
import pytest
from matplotlib.image import imread

from grainpaint import Microstructure
from grainpaint.drawing.coloring import grain_colors
from grainpaint.drawing.picture import Picture, thinned
from grainpaint.orientations import Orientations


@pytest.fixture(scope="module")
def drawing():
    """One process draws for all tests: it takes seconds to begin."""
    with Picture() as process:
        yield process


@pytest.mark.parametrize("axis", [None, "z"])
def test_pictures_show_the_grains_in_their_colors(drawing, tmp_path, axis):
    ids = np.ones((20, 20, 20), int)
    ids[10:] = 2
    known = Orientations.from_euler(np.radians([[0, 0, 0], [0, 45, 0]]))
    drawing.draw(Microstructure(ids, orientations=known), tmp_path / "a.png", axis)
    drawing.wait()
    pixels = np.round(imread(tmp_path / "a.png")[..., :3] * 255).astype(int)
    colors = [[255, 0, 0], [0, 255, 0]] if axis else grain_colors(2)[1:].astype(int)
    for color in colors:
        assert (np.abs(pixels - color).sum(-1) <= 3).sum() > 500


def test_thinned_volumes_keep_their_size_within_a_voxel():
    volume = Microstructure(np.ones((10, 5, 1), int), (2.0, 2.0, 3.0))
    assert thinned(volume, 10) is volume
    small = thinned(volume, 4)
    assert small.shape == (4, 3, 1)
    assert small.spacing == (6, 4, 3)
    plate = Microstructure(np.ones((10, 10, 2), int))
    assert thinned(plate, 4).axes == (0, 1, 2)  # no section


def test_flat_and_empty_volumes_are_drawn_and_nothing_is_missing(drawing, tmp_path):
    volumes = {
        "section": np.arange(1, 31).reshape(5, 1, 6),
        "line": np.arange(1, 8).reshape(1, 1, 7),
        "void": np.zeros((4, 4, 4), int),
        "gaps": np.full((2, 8, 8), [[[7]], [[2_000_000_000]]]),
        "voxel": np.ones((1, 1, 1), int),
    }
    for name, ids in volumes.items():
        path = tmp_path / f"{name}.png"
        drawing.draw(Microstructure(ids), path)
        drawn = drawing.wait()
        assert path.stat().st_size > 1000
        assert drawn or name == "voxel"  # a solid needs OpenGL
