"""What becomes of a base before the last moves of a build."""

import numpy as np

from grainpaint.generation.finish import without_lone_cells


def test_lone_cells_take_the_commonest_color_around_them():
    colors = np.ones((5, 5, 5), np.uint8)
    colors[3:] = 2
    colors[1, 1, 1] = colors[4, 4, 4] = 7
    colors[0, 4, 0], colors[1, 3, 1] = 9, 9  # neighbors by a corner are two
    expected = colors.copy()
    expected[1, 1, 1], expected[4, 4, 4] = 1, 2
    np.testing.assert_array_equal(without_lone_cells(colors, 40), expected)


def test_each_lone_cell_is_found_by_a_slow_search(rng):
    colors = rng.integers(0, 12, (7, 6, 5)).astype(np.uint8)
    found = without_lone_cells(colors, 12)
    for place in np.ndindex(colors.shape):
        around = tuple(slice(max(0, a - 1), a + 2) for a in place)
        counts = np.bincount(colors[around].ravel(), minlength=12)
        counts[colors[place]] -= 1
        alone = counts[colors[place]] == 0
        assert found[place] == (counts.argmax() if alone else colors[place])
