import numpy as np
from matplotlib.image import imread

from grainpaint import Microstructure
from grainpaint.drawing.picture import picture
from grainpaint.drawing.plot import grain_colors
from grainpaint.drawing.render import cut_quarter, surface


def test_near_ids_get_different_colors():
    colors = grain_colors(2000).astype(int)
    assert (colors[0] == 255).all()
    for step in (1, 2, 3):
        assert np.abs(colors[1:-step] - colors[1 + step :]).sum(1).min() > 40


def test_surface_has_a_face_for_each_pair_of_inside_and_outside(rng):
    ids = rng.integers(0, 3, (5, 6, 7))
    corners, owner = surface(ids)
    padded = np.pad(ids > 0, 1)
    n = sum(np.abs(np.diff(padded.astype(int), axis=a)).sum() for a in range(3))
    assert len(corners) == len(owner) == n
    assert (owner > 0).all()
    # Each face is a unit square whose middle lies half a voxel from its owner's.
    np.testing.assert_allclose(np.ptp(corners, axis=1).sum(1), 2)
    middle = corners.mean(1)
    for sign in (-0.5, 0.5):
        axis = np.ptp(corners, axis=1).argmin(1)
        inner = middle.copy()
        inner[np.arange(n), axis] += sign
        index = np.floor(inner).astype(int)
        ok = ((index >= 0) & (index < ids.shape)).all(1)
        found = np.zeros(n, int)
        found[ok] = ids[tuple(index[ok].T)]
        if sign < 0:
            matches = found == owner
        else:
            matches |= found == owner
    assert matches.all()


def test_the_cut_opens_one_quarter():
    cut = cut_quarter(np.ones((4, 6, 5), int))
    assert cut.sum() == 4 * 6 * 5 * 3 // 4


def test_picture_shows_the_grains_in_their_colors(tmp_path):
    ids = np.ones((20, 20, 20), int)
    ids[10:] = 2
    picture(Microstructure(ids), tmp_path / "a.png")
    pixels = np.round(imread(tmp_path / "a.png")[..., :3] * 255).astype(int)
    for color in grain_colors(2)[1:]:
        assert (np.abs(pixels - color.astype(int)).sum(-1) <= 3).sum() > 500
