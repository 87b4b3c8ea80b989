"""How boxes are cut: little is computed twice, and by the box alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.generation import cuts
from grainpaint.generation.cuts import GROWN_VOXELS, base_around, cores
from grainpaint.generation.domain import Domain
from grainpaint.generation.recipe import Options, Recipe, make_recipe
from grainpaint.generation.windows import base_shape

edges = st.integers(1, 1500)
shapes = st.tuples(edges, edges, edges)


def base_work(axes):
    """Base voxels that all windows compute, over those of the box."""
    along = [sum(a.computed(k).size for k in range(a.n_blocks)) for a in axes]
    return math.prod(along) / math.prod(a.period for a in axes)


@given(shapes, st.sampled_from([4, 8, 12]))
def test_windows_of_a_box_are_of_a_bounded_size_and_cover_it_once(shape, halo):
    axes = base_around(shape, 8, 1, halo)
    length = base_shape(shape, 8)
    assert tuple(a.period for a in axes) == length
    for axis in axes:
        place = axis.find(np.arange(-axis.period, 2 * axis.period))
        once = [[k, p] for k in range(axis.n_blocks) for p in range(axis.written(k))]
        assert np.stack(place, 1).tolist() == 3 * once
    n_windows = math.prod(a.n_blocks for a in axes)
    largest = math.prod(
        max(a.computed(k).size for k in range(a.n_blocks)) for a in axes
    )
    if math.prod(length) <= 128**3:
        assert n_windows == 1
    else:
        assert n_windows >= 4
        assert largest <= cuts._BASE_VOXELS


@given(shapes)
def test_windows_that_grow_are_whole_shards_of_a_bounded_size(shape):
    period = tuple(2 * n for n in base_shape(shape, 8))
    core = cores(period, 1, 32, GROWN_VOXELS)
    assert all(c % 128 == 0 for c in core)
    seen = [n if n <= c else c + 64 for c, n in zip(core, period)]
    assert math.prod(seen) <= GROWN_VOXELS
    assert max(period) <= 128 or any(n > c for c, n in zip(core, period))


@pytest.mark.parametrize(
    ("edge", "base", "growth"), [(512, 1.25, 1.25), (1024, 1.31, 1.57)]
)
def test_large_boxes_compute_little_twice(edge, base, growth):
    """Windows of 128 base voxels, 128 voxels: 2.8 and 3.4 for 512^3."""
    axes = base_around((edge,) * 3, 8, 1, 8)
    assert base_work(axes) <= base
    core = cores((edge,) * 3, 1, 32, GROWN_VOXELS)
    along = [edge + (64 * (edge // c) if c < edge else 0) for c in core]
    assert math.prod(along) / edge**3 <= growth


def test_a_window_that_is_asked_for_is_the_longest_edge():
    axes = base_around((300, 100, 60), 8, 1, 8, window=48)
    longest = [max(a.computed(k).size for k in range(a.n_blocks)) for a in axes]
    assert longest == [48, 48, 32]
    assert cores((1024, 512, 256), 1, 32, GROWN_VOXELS, longest=256) == (256,) * 3


def test_a_recipe_keeps_how_its_box_is_cut_and_reads_those_of_older_volumes(tiny_model):
    new = make_recipe(Domain((300, 300, 300)), precision="float32")
    assert any(new.around)
    assert new.thrifty
    assert Recipe.model_validate_json(new.model_dump_json()) == new
    small = make_recipe(Domain((64, 64, 64)), model=str(tiny_model))
    settings = small.model_dump(mode="json")
    assert settings["core"] == 64
    assert "around" not in settings
    assert "thrifty" not in settings
    old = Recipe.model_validate(settings)
    assert old.core == (64, 64, 64)
    assert not old.thrifty
    assert old.model_dump(mode="json") == settings


def test_the_length_of_a_periodic_axis_need_not_fit_into_a_window(tiny_model):
    options = Options(periodic=(True, False, False), window=32)
    recipe = make_recipe(Domain((144, 40, 40)), options, str(tiny_model))
    assert recipe.plan.period(1)[0] == 144
    assert not recipe.plan.axes[0].closed
