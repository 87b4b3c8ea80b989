"""The tally: any tiling counts the same."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grainpaint import Microstructure
from grainpaint.measure.tally import tally


@given(
    grain_id=arrays(
        np.int64, st.tuples(*[st.integers(1, 7)] * 3), elements=st.integers(0, 4)
    ),
    tile=st.tuples(*[st.integers(1, 9)] * 3),
    periodic=st.tuples(*[st.booleans()] * 3),
)
def test_any_tiling_counts_the_same(grain_id, tile, periodic):
    assume(grain_id.any())
    volume = Microstructure(grain_id, periodic=periodic)
    whole, tiled = tally(volume), tally(volume, tile)
    for name in ("sums", "crossings", "low", "high", "pairs", "faces", "at_border"):
        assert np.array_equal(getattr(whole, name), getattr(tiled, name)), name
