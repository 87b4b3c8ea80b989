"""Pictures drawn by a child process."""

import numpy as np
from matplotlib.image import imread

from grainpaint import Microstructure
from grainpaint.drawing.coloring import grain_colors
from grainpaint.drawing.picture import Picture, picture, thinned


def test_picture_shows_the_grains_in_their_colors(tmp_path):
    ids = np.ones((20, 20, 20), int)
    ids[10:] = 2
    picture(Microstructure(ids), tmp_path / "a.png")
    pixels = np.round(imread(tmp_path / "a.png")[..., :3] * 255).astype(int)
    for color in grain_colors(2)[1:]:
        assert (np.abs(pixels - color.astype(int)).sum(-1) <= 3).sum() > 500


def test_thinned_volumes_keep_their_size_within_a_voxel():
    volume = Microstructure(np.ones((10, 5, 1), int), (2.0, 2.0, 3.0))
    assert thinned(volume, 10) is volume
    small = thinned(volume, 4)
    assert small.shape == (4, 3, 1)
    assert small.spacing == (6, 4, 3)
    plate = Microstructure(np.ones((10, 10, 2), int))
    assert thinned(plate, 4).axes == (0, 1, 2)  # no section


def test_flat_and_empty_volumes_are_drawn_and_nothing_is_missing(tmp_path):
    volumes = {
        "section": np.arange(1, 31).reshape(5, 1, 6),
        "line": np.arange(1, 8).reshape(1, 1, 7),
        "void": np.zeros((4, 4, 4), int),
        "voxel": np.ones((1, 1, 1), int),
    }
    with Picture() as drawing:
        for name, ids in volumes.items():
            path = tmp_path / f"{name}.png"
            drawing.draw(Microstructure(ids), path)
            drawn = drawing.wait()
            assert path.stat().st_size > 1000
            assert drawn or name == "voxel"  # a solid needs OpenGL
