import itertools
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from grainpaint.segment import MIN_VOXELS, grains, label_pieces, merge_fragments
from grainpaint.tiles import Survey, apply, join, survey

OPEN = (False, False, False)
edges = st.tuples(*[st.integers(1, 10)] * 3)
axes = st.tuples(*[st.booleans()] * 3)
least = st.integers(1, 8)


def boxes(shape, edge):
    """Yield the boxes of a grid of tiles in the order of their places."""
    for low in itertools.product(*(range(0, n, e) for n, e in zip(shape, edge))):
        yield low, tuple(slice(a, a + e) for a, e in zip(low, edge))


def by_tiles(color, edge, min_voxels=MIN_VOXELS, periodic=OPEN, missing=True):
    """Return the grains tile by tile, without the tiles that hold nothing if missing."""
    tiles = [
        (low, box)
        for low, box in boxes(color.shape, edge)
        if color[box].any() or not missing
    ]
    surveys = (
        Survey.from_bytes(survey(color[box], low, color.shape, min_voxels).to_bytes())
        for low, box in tiles
    )
    n_grains, grain_id = join(surveys, periodic)
    result = np.zeros(color.shape, np.int32)
    for low, box in tiles:
        result[box] = apply(color[box], grain_id[low])
    assert n_grains == result.max()
    return result


def in_memory(color, min_voxels, periodic):
    merged = merge_fragments(label_pieces(color, periodic), min_voxels, periodic)
    return label_pieces(merged, periodic)


@st.composite
def colored(draw):
    """Draw noise, or noise in coarse cells, in a box or a part with holes."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=9))
    n_colors = draw(st.integers(1, 6))
    color = draw(arrays(np.uint8, shape, elements=st.integers(0, n_colors)))
    if draw(st.booleans()):
        color = color.repeat(2, 0).repeat(2, 1)
    if draw(st.booleans()):
        color[: color.shape[0] // 2, :, color.shape[2] // 2 :] = 0
    return color


@given(colored(), edges, axes, least, st.booleans())
@settings(max_examples=400)
def test_any_tiling_gives_the_grains_in_memory(color, edge, periodic, least, missing):
    result = by_tiles(color, edge, least, periodic, missing)
    np.testing.assert_array_equal(result, in_memory(color, least, periodic))


@given(st.integers(0, 2**32), st.integers(2, 40), edges, least)
@settings(max_examples=60)
def test_noise_gives_the_grains_in_memory(seed, n_colors, edge, least):
    # Fragments alone, that gather in chains of rounds and with many ties.
    rng = np.random.default_rng(seed)
    color = rng.integers(0, n_colors, rng.integers(5, 20, 3)).astype(np.uint8)
    np.testing.assert_array_equal(by_tiles(color, edge, least), grains(color, least))


def test_a_piece_that_winds_through_all_tiles_is_one_grain():
    color = np.full((24, 24, 3), 2, np.uint8)
    color[..., 1] = _spiral(24)
    result = by_tiles(color, (5, 4, 1))
    np.testing.assert_array_equal(result, grains(color))
    assert result.max() == 2  # arms of colour 2 touch the planes above and below
    assert (result == result[0, 0, 1]).sum() == (color == 1).sum()


def _spiral(n):
    """Draw a path of 1 one voxel wide, arms one voxel apart, on a plane of 2."""
    plane = np.full((n, n), 2, np.uint8)
    at, step = np.array([0, -1]), np.array([0, 1])
    for k in itertools.count():
        length = n if k == 0 else n - 1 - 2 * ((k - 1) // 2)
        if length <= 0:
            return plane
        for _ in range(length):
            at = at + step
            plane[tuple(at)] = 1
        step = np.array([step[1], -step[0]])
