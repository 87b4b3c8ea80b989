"""Fixtures that tests of measures share."""

import pytest

from grainpaint import Microstructure
from grainpaint.measure.measured import measure
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


@pytest.fixture(scope="session")
def measured():
    """Fourteen small open volumes, each with a few hundred grains."""
    whole = [isotropic((32, 32, 32), time=12, seed=s) for s in range(14)]
    return [measure(Microstructure(label_pieces(v.grain_id))) for v in whole]
