"""The figures of the paper."""

import numpy as np
import pytest

from grainpaint import Microstructure
from grainpaint.drawing import figures
from grainpaint.measure.measured import measure
from grainpaint.measure.seams import seam_test
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


@pytest.fixture(scope="module")
def volumes():
    whole = [isotropic((32, 32, 32), time=15, seed=s) for s in range(4)]
    return [Microstructure(label_pieces(v.grain_id), (2.0,) * 3) for v in whole]


@pytest.fixture(scope="module")
def sets(volumes):
    members = [measure(v) for v in volumes]
    return members[:2], members[2:]


def test_every_figure_is_drawn_as_vectors(tmp_path, volumes, sets):
    # The report draws the densities of all descriptors.
    drawn = [
        figures.density(*sets, "neighbors"),
        figures.density(*sets, "volume", interior=True),
        figures.aspect_ratio_plane(*sets),
        figures.correlation(*sets),
        figures.slices(volumes[:2]),
        figures.seams(seam_test(volumes, [[16]] * 3)),
    ]
    for i, figure in enumerate(drawn):
        path = tmp_path / f"{i}.svg"
        figure.savefig(path)
        assert "<path" in path.read_text()


def test_values_that_are_all_equal_have_no_density():
    cubes = np.kron(np.arange(1, 28).reshape(3, 3, 3), np.ones((2, 2, 2), int))
    figure = figures.density([measure(Microstructure(cubes))], None, "volume")
    (text,) = figure.axes[0].texts
    assert text.get_text() == "all values are equal"
