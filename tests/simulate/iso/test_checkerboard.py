import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grainpaint.simulate.iso.checkerboard import row_blocks


@given(st.tuples(*[st.integers(1, 130)] * 2))
@settings(max_examples=50)
def test_blocks_of_one_color_hold_no_neighbors_and_all_of_them_every_row(shape):
    owner = np.full(shape, -1)
    n = 0
    for blocks in row_blocks((*shape, 7)):
        color = np.full(shape, -1)
        for x0, x1, y0, y1 in blocks:
            assert (owner[x0:x1, y0:y1] == -1).all()
            owner[x0:x1, y0:y1] = color[x0:x1, y0:y1] = n
            n += 1
        for shift in itertools.product((-1, 0, 1), repeat=2):
            other = np.roll(color, shift, (0, 1))  # across the faces too
            assert ((color == other) | (color == -1) | (other == -1)).all()
    assert (owner >= 0).all()
