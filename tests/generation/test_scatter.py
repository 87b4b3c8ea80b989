from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.generation.base import start_of
from grainpaint.generation.domain import Domain
from grainpaint.generation.painter import Painter
from grainpaint.generation.recipe import Options, Recipe, make_recipe, zoomed
from grainpaint.generation.scatter import between, unevenness
from grainpaint.generation.windows import BaseAxis, BasePlan
from grainpaint.network.loading import load_model

NEVER = (0, 0, 0)


def line(first, stop):
    return np.arange(first, stop)


@given(
    first=st.tuples(*[st.integers(-40, 40)] * 3),
    edge=st.tuples(*[st.integers(1, 9)] * 3),
    period=st.sampled_from([0, 32, 40, 56]),
)
def test_a_box_is_as_uneven_as_that_part_of_a_larger_one(first, edge, period):
    periods = (period,) * 3
    wide = unevenness(3, [line(a - 5, a + n + 7) for a, n in zip(first, edge)], periods)
    part = unevenness(3, [line(a, a + n) for a, n in zip(first, edge)], periods)
    inside = tuple(slice(5, 5 + n) for n in edge)
    assert np.array_equal(wide[inside], part)


def test_unevenness_repeats_and_has_no_seam():
    around = unevenness(1, [line(0, 160), line(0, 40), line(0, 40)], (80, 40, 40))
    assert np.array_equal(around[:80], around[80:])
    steps = np.abs(np.diff(around[:81], axis=0))
    assert steps.max() < 0.8  # of 4, from -2 to 2
    assert steps[79].max() < 1.1 * steps[:79].max()


def test_unevenness_has_mean_0_and_spread_1_at_all_places_between_lattice_points():
    field = unevenness(5, [line(0, 320)] * 3, NEVER)
    # 40^3 independent points; what is cut off at 2 takes 4 %.
    assert abs(field.mean()) < 0.02
    phases = field.reshape(40, 8, 40, 8, 40, 8).std((0, 2, 4))
    assert np.all((phases > 0.93) & (phases < 0.98))
    assert np.abs(field).max() == 2


def test_unevenness_is_alike_over_a_few_voxels_and_not_over_many():
    field = unevenness(5, [line(0, 320)] * 3, NEVER)
    alike = [
        np.corrcoef(field[:-n].ravel(), field[n:].ravel())[0, 1] for n in (2, 4, 16)
    ]
    assert alike[0] > 0.85
    assert 0.5 < alike[1] < 0.8
    assert abs(alike[2]) < 0.03


@given(place=st.floats(-1e4, 1e4))
def test_weights_keep_the_variance(place):
    below, (first, second) = between(np.array([place]))
    assert below[0] <= place < below[0] + 1 + 1e-9
    assert first[0] ** 2 + second[0] ** 2 == pytest.approx(1)


def painter_of(scatter, even=False, sizes=None):
    model = load_model("iso")
    card = model.base_card
    told = card.sampling.model_copy(update={"scatter": scatter, "sizes": sizes})
    axis = BaseAxis(32)
    changed = replace(model, base_card=card.model_copy(update={"sampling": told}))
    return Painter(changed, BasePlan((axis, axis, axis)), seed=2, even=even)


def test_sizes_asked_for_scatter_around_the_size_on_the_card():
    voxels = [line(0, 32)] * 3
    assert start_of(painter_of(0.0), voxels).diameter is None
    assert start_of(painter_of(0.25, even=True), voxels).diameter is None
    painter = painter_of(0.25)
    asked = start_of(painter, voxels).diameter
    mean = painter.model.base_card.sampling.grain_diameter
    expected = 0.25 * unevenness(2, voxels, (32, 32, 32))
    assert asked.dtype == np.float32
    assert np.log(asked / mean) == pytest.approx(expected, abs=1e-6)


def test_scatter_never_asks_for_sizes_far_beyond_the_table():
    sizes = load_model("iso").base_card.sampling.sizes
    asked = start_of(painter_of(1.0, sizes=sizes), [line(0, 32)] * 3).diameter
    assert asked.min() == pytest.approx(min(sizes.asked) / 1.35)
    assert asked.max() == pytest.approx(max(sizes.asked) * 1.35)


def test_a_volume_of_small_grains_is_as_even_zoomed_as_it_was():
    small, usual = (
        make_recipe(Domain((64, 64, 64), 1.0), Options(grain_size=size), "iso")
        for size in (6.0, 12.0)
    )
    assert small.even
    assert zoomed(small, 0.5).even
    assert not usual.even
    assert not zoomed(usual, 0.5).even
    assert Recipe.model_validate_json(small.model_dump_json()) == small
    assert "even" not in usual.model_dump()
