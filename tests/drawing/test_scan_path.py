import matplotlib.image
import numpy as np
import pytest

from grainpaint.drawing.scan_path import Tracks, draw_path, layer_heights
from grainpaint.errors import InputError


def ladder(n_layers=3):
    """Return two rungs a layer, 50 long at x = 10 and 30, and travel between layers."""
    start, end, on = [], [], []
    for k in range(n_layers):
        start += [(10, 0, k), (30, 50, k), (30, 0, k)]
        end += [(10, 50, k), (30, 0, k), (10, 0, k + 1)]
        on += [True, True, False]
    return Tracks(
        np.array(start, float),
        np.array(end, float),
        np.array(on),
        "voxels",
        ((-0.5,) * 3, (60.5, 60.5, 9.5)),
    )


def test_layers_are_heights_at_which_something_burns():
    assert layer_heights(ladder()).tolist() == [0, 1, 2]


def test_tracks_of_a_layer_are_colored_by_their_order(tmp_path):
    draw_path(ladder(), tmp_path / "a.png", 2)
    image = matplotlib.image.imread(tmp_path / "a.png")[..., :3]
    left = image[:, : image.shape[1] // 2]
    viridis = np.array([(0.267, 0.005, 0.329), (0.993, 0.906, 0.144)])
    dark, light = (
        np.flatnonzero((np.abs(left - c).max(2) < 0.05).sum(0) > 100) for c in viridis
    )
    assert dark.size
    assert light.size
    assert dark.max() < light.min()  # the first rung lies left of the second


def test_the_middle_layer_is_drawn_without_a_wish(tmp_path):
    draw_path(ladder(), tmp_path / "a.png")
    draw_path(ladder(), tmp_path / "b.png", 2)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("layer", [0, 4, -1])
def test_there_is_no_other_layer(tmp_path, layer):
    with pytest.raises(InputError, match=f"1 to 3, there is no layer {layer}"):
        draw_path(ladder(), tmp_path / "a.png", layer)
