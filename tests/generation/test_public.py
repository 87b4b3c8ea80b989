"""Pieces of volumes that were made before, in Python and on the command line."""

import pytest

from grainpaint import Volume, zoom
from grainpaint.errors import InputError

PIECE = ((0, 8), (0, 8), (0, 8))


@pytest.fixture
def box(tmp_path, run, tiny_model):
    """A box that was generated in float32."""
    words = ("--shape", "16,16,16", "--model", tiny_model, "--no-picture")
    out = tmp_path / "box.npz"
    assert run("generate", *words, "--precision", "float32", "-o", out)[0] == 0
    return out


def test_a_piece_has_the_precision_of_its_volume_or_the_one_asked_for(box):
    assert Volume.of_file(box).recipe.precision == "float32"
    assert Volume.of_file(box, precision="bfloat16").recipe.precision == "bfloat16"
    with pytest.raises(InputError, match="auto, float32 or bfloat16, got 'half'"):
        zoom(box, PIECE, 0.5, precision="half")


def test_a_box_outside_is_told_in_the_voxels_that_were_given(box, run, tmp_path):
    words = ("--box", "0:20,0:8,0:8", "--voxel", "0.5um", "-o", tmp_path / "a.npz")
    code, _, err = run("zoom", box, *words)
    assert code == 2
    assert "0:16 along x, so 0:20 lies outside" in err
    with pytest.raises(InputError, match="so 0:20 lies outside"):
        zoom(box, ((0, 20), (0, 8), (0, 8)), 0.5)
