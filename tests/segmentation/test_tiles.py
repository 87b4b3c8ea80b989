import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.fragments import MIN_VOXELS, merge_fragments
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.segmentation.survey import Survey, survey
from grainpaint.segmentation.tiles import apply, join_tiles

OPEN = (False, False, False)
edges = st.tuples(*[st.integers(1, 10)] * 3)
axes = st.tuples(*[st.booleans()] * 3)
least = st.integers(1, 8)


def grid(shape, edge):
    """Yield first voxels and boxes of the tiles of a volume, in the order of places."""
    for low in itertools.product(*(range(0, n, e) for n, e in zip(shape, edge))):
        yield low, tuple(slice(a, a + e) for a, e in zip(low, edge))


def by_tiles(
    color,
    edge,
    min_voxels=MIN_VOXELS,
    periodic=OPEN,
    missing=True,
    keep_cut=False,
):
    """Return the grains, found tile by tile; leave empty tiles out if missing."""
    tiles = [
        (a, b) for a, b in grid(color.shape, edge) if color[b].any() or not missing
    ]
    surveys = (survey(color[b], a, color.shape, min_voxels) for a, b in tiles)
    n_grains, grain_id = join_tiles(surveys, periodic, keep_cut)
    result = np.zeros(color.shape, np.int32)
    for low, box in tiles:
        part = apply(color[box], grain_id[low])
        assert part.dtype == np.int32
        result[box] = part
    assert n_grains == result.max()
    return result


def in_memory(color, min_voxels, periodic):
    piece = label_pieces(color, periodic, corners=True)
    merged = merge_fragments(piece, min_voxels, periodic)
    return label_pieces(merged, periodic, corners=True)


@st.composite
def volumes(draw):
    """Draw noise, some of it in coarse cells, in a box or a part of it."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=5))
    elements = st.integers(0, draw(st.integers(1, 6)))
    color = draw(arrays(np.uint8, shape, elements=elements))
    if draw(st.booleans()):
        color = color.repeat(2, 0).repeat(2, 1)
    if draw(st.booleans()):
        color[: color.shape[0] // 2, :, color.shape[2] // 2 :] = 0
    return color


@given(volumes(), edges, axes, least, st.booleans())
@settings(max_examples=80)
def test_any_tiling_gives_the_grains_in_memory(color, edge, periodic, least, missing):
    result = by_tiles(color, edge, least, periodic, missing)
    np.testing.assert_array_equal(result, in_memory(color, least, periodic))


@given(st.integers(0, 2**32), st.integers(2, 40), edges, axes, least)
@settings(max_examples=50)
def test_noise_gives_the_grains_in_memory(seed, n_colors, edge, periodic, least):
    # Fragments alone: many rounds, chains and ties.
    rng = np.random.default_rng(seed)
    color = rng.integers(0, n_colors, rng.integers(3, 16, 3)).astype(np.uint8)
    result = by_tiles(color, edge, least, periodic)
    np.testing.assert_array_equal(result, in_memory(color, least, periodic))


@given(volumes(), edges, axes, st.booleans(), st.booleans())
def test_all_tilings_agree_with_grains(color, edge, periodic, keep_cut, missing):
    result = by_tiles(color, edge, 5, periodic, missing, keep_cut)
    expected = grains(color, periodic, 5, keep_cut)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("step", [(1, 1, 0), (1, -1, 0), (0, 1, -1), (1, -1, 1)])
def test_two_voxels_that_share_a_corner_of_four_or_eight_tiles_are_one(step):
    color = np.zeros((8, 8, 8), np.uint8)
    high = np.maximum(step, 0)
    color[tuple(3 + high)] = color[tuple(3 + high - step)] = 7
    assert by_tiles(color, (4, 4, 4), 1).max() == 1
    color[tuple(3 + high)] = 8
    assert by_tiles(color, (4, 4, 4), 1).max() == 2


def test_surveys_may_come_in_any_order(rng):
    color = rng.integers(0, 4, (12, 12, 12)).astype(np.uint8)
    tiles = [survey(color[b], a, color.shape) for a, b in grid(color.shape, (5, 4, 3))]
    n_grains, expected = join_tiles(tiles)
    order = rng.permutation(len(tiles))
    again, grain_id = join_tiles(tiles[i] for i in order)
    assert again == n_grains
    for low, ids in expected.items():
        np.testing.assert_array_equal(grain_id[low], ids)


def spiral(n):
    """Draw a path of 1, one voxel wide and one apart, on a plane of 2."""
    plane = np.full((n, n), 2, np.uint8)
    at, step = (0, -1), (0, 1)
    arms = [n - 1 - 2 * (k // 2) for k in range(n - 1)]
    for length in [n, *(arm for arm in arms if arm > 0)]:
        for _ in range(length):
            at = (at[0] + step[0], at[1] + step[1])
            plane[at] = 1
        step = (step[1], -step[0])
    return plane


@pytest.mark.parametrize("edge", [(1, 5, 4), (2, 24, 24), (1, 1, 1)])
def test_a_piece_that_winds_through_many_tiles_is_one_grain(edge):
    color = np.zeros((2, 24, 24), np.uint8)
    color[1] = spiral(24)
    assert label_pieces(color[1:] == 1).max() == 1  # the drawing itself
    result = by_tiles(color, edge)
    np.testing.assert_array_equal(result, grains(color))
    assert result.max() == 2
    assert (result == 1).sum() == (color == 1).sum()


def test_a_grain_of_single_voxels_around_a_corner_of_tiles_is_no_fragment():
    color = np.ones((8, 8, 8), np.uint8)
    color[3:5, 3:5, 3:5] = 2  # eight voxels, one in each of eight tiles
    assert (by_tiles(color, (4, 4, 4)) == color).all()


def test_a_fragment_around_an_edge_of_tiles_goes_where_most_of_its_faces_are():
    color = np.ones((8, 8, 8), np.uint8)
    color[:, :, 4:] = 2
    color[3:5, 3:5, 3] = 3  # four voxels in four tiles: 12 faces to 1, 4 to 2
    expected = np.where(color == 3, 1, color)
    np.testing.assert_array_equal(by_tiles(color, (4, 4, 8)), expected)
    color[3:5, 3:5, 4] = 1  # still four faces to what lies above it, now all 1
    color[3:5, 3:5, 2] = 2  # an island of 2: four faces to 3
    np.testing.assert_array_equal(by_tiles(color, (4, 4, 2)), grains(color))


@given(st.integers(0, 2**32), st.integers(2, 6))
@settings(max_examples=25)
def test_places_beyond_int32_are_exact(seed, n_colors):
    # Three tiles at the far end of 2^40 voxels, one of them in another layer of x.
    rng = np.random.default_rng(seed)
    shape, edge = (2**14, 2**13, 2**13), (4, 4, 4)
    low = np.array(shape) - 8
    color = rng.integers(1, n_colors, (8, 8, 8)).astype(np.uint8)
    tiles = [(a, b) for a, b in grid(color.shape, edge)][3:6]
    kept = np.zeros_like(color)
    surveys = []
    for a, box in tiles:
        kept[box] = color[box]
        there = tuple((low + a).tolist())
        surveys.append(survey(color[box], there, shape))
        first = (there[0] * shape[1] + there[1]) * shape[2] + there[2]
        assert surveys[-1].first[1] == first > 2**39
    n_grains, grain_id = join_tiles(surveys)
    expected = grains(kept)  # a box has its voxels in the order of the volume
    assert n_grains == expected.max()
    for a, box in tiles:
        ids = grain_id[tuple((low + a).tolist())]
        np.testing.assert_array_equal(apply(color[box], ids), expected[box])


@pytest.mark.parametrize("n_colors", [1, 2, 9])
def test_bytes_bring_back_a_survey(rng, n_colors):
    color = rng.integers(0, n_colors, (7, 8, 9)).astype(np.uint8)
    tile = survey(color, (2**20, 0, 5), (2**21, 2**10, 2**9), 6)
    back = Survey.from_bytes(tile.to_bytes())
    assert (back.shape, back.low, back.min_voxels) == (
        (2**21, 2**10, 2**9),
        (2**20, 0, 5),
        6,
    )
    for name in ("color", "n_voxels", "first", "contacts"):
        mine, theirs = getattr(back, name), getattr(tile, name)
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    assert len(back.faces) == 6
    for mine, theirs in zip(back.faces, tile.faces):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("left", [0, 3, 4, 100, -1])
def test_bytes_cut_short_are_refused(rng, left):
    color = rng.integers(0, 9, (7, 8, 9)).astype(np.uint8)
    data = survey(color, (0, 0, 0), color.shape).to_bytes()
    with pytest.raises(ValueError, match="damaged or incomplete"):
        Survey.from_bytes(data[:left])


def test_a_volume_without_tiles_has_no_grains():
    assert join_tiles([]) == (0, {})
    empty = np.zeros((2, 3, 4), np.uint8)
    n_grains, grain_id = join_tiles([survey(empty, (0, 0, 0), (9, 9, 9))])
    assert n_grains == 0
    assert not apply(empty, grain_id[0, 0, 0]).any()


def test_what_does_not_fit_together_is_refused():
    color = np.ones((4, 4, 4), np.uint8)
    tile = survey(color, (0, 0, 0), (8, 8, 8))
    with pytest.raises(ValueError, match="must lie within"):
        survey(color, (5, 0, 0), (8, 8, 8))
    with pytest.raises(ValueError, match="must come once"):
        join_tiles([tile, tile])
    with pytest.raises(ValueError, match="must come once"):
        join_tiles([tile, survey(color, (4, 0, 0), (8, 8, 9))])
    with pytest.raises(ValueError, match="must come once"):
        join_tiles([tile, survey(color, (4, 0, 0), (8, 8, 8), min_voxels=3)])
    with pytest.raises(ValueError, match="on one grid"):
        join_tiles([tile, survey(color[:, :3], (4, 0, 0), (8, 8, 8))])
    _, grain_id = join_tiles([tile])
    color[2] = 2
    with pytest.raises(ValueError, match="has 3 pieces, its survey 1"):
        apply(color, grain_id[0, 0, 0])
