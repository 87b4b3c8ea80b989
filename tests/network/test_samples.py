from dataclasses import replace

import numpy as np
import pytest

from grainpaint import InputError
from grainpaint.network.dataset import load_sets
from grainpaint.network.samples import Samples
from grainpaint.segmentation.pieces import label_pieces


def test_each_stage_learns_from_the_sets_that_suit_it(volumes):
    """Fine grains are shown to the base as they are, coarse ones halved."""
    sets = load_sets(volumes)
    coarse, fine = (s.grain_diameter for s in sets)
    assert coarse > 8 > fine > 4
    base = [(s.grain_diameter, s.halved) for s in Samples(sets, "base", 12).sources]
    assert base == [(coarse / 2, True), (fine, False)]
    refine = [(s.grain_diameter, s.halved) for s in Samples(sets, "refine", 12).sources]
    assert refine == [(coarse, False)]
    with pytest.raises(InputError, match=r"refine network learns from.* 7 to"):
        Samples(sets[1:], "refine", 12)


def test_sets_serve_where_they_have_the_shape_of_most(volumes):
    coarse, fine = load_sets(volumes)  # 32^3 and 16^3
    between = replace(coarse, grain_diameter=7.0)
    sources = Samples([coarse, between, fine], "base", 12).sources
    assert [(s.grain_diameter, s.halved) for s in sources] == [
        (coarse.grain_diameter / 2, True),
        (3.5, True),
        (fine.grain_diameter, False),
    ]
    too_fine = replace(coarse, grain_diameter=5.0)  # would be 2.5 if halved
    with pytest.raises(InputError, match="one shape"):
        Samples([coarse, too_fine, fine], "base", 12)


def test_samples_are_proper_colorings_of_symmetric_copies(volumes, rng):
    samples = Samples(load_sets(volumes), "base", 40)
    assert len(samples.sources[0].grain_id) == 3 * 8  # every offset of the 2^3 cells
    for _ in range(5):
        sample = samples.draw(rng, source=1)
        assert sample.color.shape == (16, 16, 16)
        assert 0 <= sample.color.min() <= sample.color.max() < 40
        pieces = label_pieces(sample.color.astype(np.int32) + 1, (True,) * 3, True)
        assert pieces.max() in {g.max() for g in samples.sources[1].grain_id}
