import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint import InputError
from grainpaint.generation.domain import Domain
from grainpaint.generation.grain_size import (
    GrainSize,
    Wanted,
    choose_levels,
    read_grain_size,
)
from grainpaint.network.calibration import Calibration
from grainpaint.network.cards import read_card
from grainpaint.network.lookup import find_model

ROWS = read_card(find_model("iso") / "base.json").sampling.calibration
BOX = Domain((30, 20, 10))


def two_rows():
    """Return a calibration of two sizes."""
    columns = {"asked": (4, 8), "growth": (10, 1000), "coarse_growth": (2, 8)}
    return Calibration(diameter=(8, 32), spins=(1000, 100), **columns)


@given(st.floats(4, 64))
def test_every_size_in_the_range_is_grown_from_sizes_that_were_measured(diameter):
    """At level 1 the diameter lies within the calibration, and an octave of it."""
    level = choose_levels(diameter, diameter, ROWS)
    grown = diameter * 2.0 ** (1 - level)
    assert ROWS.diameter[0] <= grown <= 2 * ROWS.diameter[0]
    assert 0 <= level <= 3


@given(st.floats(4, 32, exclude_max=True))
def test_half_the_voxel_is_one_level_more(diameter):
    level = choose_levels(diameter, diameter, ROWS)
    assert choose_levels(2 * diameter, 2 * diameter, ROWS) == level + 1


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        (3.9, 3.9, "4 to 64 voxels can be made.*smaller voxels"),
        (10, 65, "4 to 64 voxels can be made.*larger voxels"),
        (8, 40, "factor of 4"),
    ],
)
def test_sizes_that_cannot_be_made_are_refused(low, high, reason):
    with pytest.raises(InputError, match=reason):
        choose_levels(low, high, ROWS)


def test_a_model_of_one_size_refuses_others():
    sampling = read_card(find_model("iso") / "refine.json").sampling
    with pytest.raises(InputError, match="grains of one size only"):
        sampling.calibration  # noqa: B018


@pytest.mark.parametrize("columns", [{"asked": (1.0,)}, {"diameter": (32.0, 8.0)}])
def test_a_calibration_of_unequal_columns_or_falling_sizes_is_refused(columns):
    rows = two_rows().model_dump() | columns
    with pytest.raises(ValueError, match=r"one length|must rise"):
        Calibration.model_validate(rows)


def test_a_formula_is_evaluated_at_the_centers_of_voxels():
    size = read_grain_size(
        "20 + x/10 - z", Domain((30, 20, 10), 2.0, (100.0, 0.0, 0.0))
    )
    places = np.array([101.0, 131.0]), np.array([5.0]), np.array([1.0, 9.0])
    expected = [[[29.1, 21.1]], [[32.1, 24.1]]]
    np.testing.assert_allclose(size.map()(places), expected)
    assert size.low == pytest.approx(20 + 10.1 - 19)
    assert size.high == pytest.approx(20 + 15.9 - 1)


def test_beyond_the_volume_sizes_stay_within_its_range():
    size = read_grain_size("20 + x", BOX)
    far = np.array([-1000.0, 1000.0]), np.zeros(1), np.zeros(1)
    assert size.map()(far).ravel().tolist() == [size.low, size.high]


def test_a_field_is_interpolated_between_the_centers_of_its_voxels(tmp_path):
    field = np.arange(10, 14, dtype=np.float32)[:, None, None] * np.ones((4, 3, 2))
    path = tmp_path / "size.npz"
    np.savez(path, field=field, spacing=[10.0, 10.0, 10.0], origin=[5.0, 0.0, 0.0])
    size = read_grain_size(str(path), Domain((40, 30, 20), 1.0, (5.0, 0.0, 0.0)))
    places = np.array([10.0, 15.0, 5.0]), np.array([3.0]), np.array([3.0])
    np.testing.assert_allclose(size.map()(places).ravel(), [10, 10.5, 10])
    np.savez(path, field=field + 1, spacing=[10.0] * 3)
    with pytest.raises(InputError, match="has changed"):
        size.map()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("20 + q", "not a length such as"),
        ("20 +", "not a length such as"),
        ("__import__('os')", "not a length such as"),
        ("x - 1000", "above 0"),
        ("missing.npz", "cannot be read"),
        ("-4um", "above 0"),
    ],
)
def test_what_is_no_grain_size_is_refused(text, reason):
    with pytest.raises(InputError, match=reason):
        read_grain_size(text, BOX)


def test_a_place_of_twice_the_size_is_asked_for_and_grown_as_such():
    """Between the rows of the calibration, by its logarithms."""
    size = read_grain_size("where(x < 50, 8, 16)", Domain((100, 1, 1)))
    wanted = Wanted(size.map(), size.low, size.high, two_rows(), 1.0, (0.0, 0.0, 0.0))
    asked, _ = wanted.asked((np.array([0, 49]), np.zeros(1), np.zeros(1)))
    np.testing.assert_allclose(asked.ravel(), [4, np.sqrt(32)], rtol=1e-6)
    time, share = wanted.growth((np.array([0, 99]), np.zeros(1), np.zeros(1)), 1)
    assert time == pytest.approx(100)
    np.testing.assert_allclose(share.ravel(), [0.1, 1], rtol=1e-5)
    time, share = wanted.growth((np.array([0, 49]), np.zeros(1), np.zeros(1)), 0)
    assert time == pytest.approx(4)
    np.testing.assert_allclose(share.ravel(), [0.5, 1], rtol=1e-5)
    assert wanted.spins == 1000  # of the smallest


def test_one_size_everywhere_needs_no_map():
    size = read_grain_size("40um", Domain((30, 20, 10), 4.0))
    wanted = Wanted(size.map(), size.low, size.high, ROWS, 4.0, (0.0, 0.0, 0.0))
    assert wanted.growth((np.arange(3),) * 3, 1)[1] is None
    assert wanted.spins == round(float(ROWS.at(ROWS.spins, np.array(10.0))))


@pytest.mark.parametrize("text", ["40um", "40.0um", "0.04mm", " 40 um "])
def test_a_number_and_its_texts_are_one_grain_size(text):
    assert read_grain_size(text, BOX) == read_grain_size(40.0, BOX)


def test_a_function_gives_what_its_formula_gives():
    formula = read_grain_size("20 + x/10 - z", BOX)
    function = read_grain_size(lambda x, y, z: 20 + x / 10 - z, BOX)
    places = np.array([1.0, 31.0]), np.array([5.0, 6.0]), np.array([1.0, 9.0])
    np.testing.assert_allclose(function.map()(places), formula.map()(places))
    assert (function.low, function.high) == (formula.low, formula.high)


def test_an_array_is_spread_over_the_domain_and_interpolated():
    """Four values along 40 µm from x = 5: their centers are at 10, 20, 30, 40."""
    values = np.arange(10.0, 14.0)[:, None, None] * np.ones((4, 3, 2))
    size = read_grain_size(values, Domain((20, 15, 10), 2.0, (5.0, 0.0, 0.0)))
    places = np.array([10.0, 15.0, 5.0]), np.array([3.0]), np.array([3.0])
    np.testing.assert_allclose(size.map()(places).ravel(), [10, 10.5, 10])


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (-4.0, "above 0"),
        (float("nan"), "above 0"),
        (lambda x, y, z: np.ones(7), "one number for each place"),
        (lambda x: x, "three arrays"),
        (lambda x, y, z: x - 1000, "above 0"),
        (np.ones((2, 2)), "along x, y, z"),
        (np.full((2, 2, 2), np.inf), "above 0"),
    ],
)
def test_numbers_functions_and_arrays_that_cannot_be_grain_sizes(asked, reason):
    with pytest.raises(InputError, match=reason):
        read_grain_size(asked, BOX)


def test_a_function_is_not_read_back_from_a_record():
    size = read_grain_size(lambda x, y, z: 20 + x / 10 - z, BOX)
    back = GrainSize.model_validate_json(size.model_dump_json())
    with pytest.raises(InputError, match="'a function' is not a length"):
        back.map()((np.zeros(1),) * 3)
