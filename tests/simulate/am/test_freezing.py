"""Grains from temperature histories."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from naive import simulate as naive

from grainpaint import formats
from grainpaint.errors import InputError, InputNote
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate import thermal
from grainpaint.simulate.am.freezing import freeze_grains


def front(shape, axis, stride):
    """Return the sweeps in which a flat front that moves along an axis passes."""
    return np.indices(shape)[axis] / stride


def test_grains_are_those_of_a_slow_reference(rng):
    shape = (6, 5, 7)
    spin = rng.integers(1, 9, shape).astype(np.int32)
    spin[0] = 0
    freeze = front(shape, 2, 0.4) + rng.uniform(0, 2, shape)
    freeze[:, :, 0] = np.nan
    fall = rng.uniform(0.1, 0.5, shape)
    settings = {"n_spins": 9, "temperature": 0.5, "seed": 3}
    found = freeze_grains(spin, freeze, fall, **settings)
    np.testing.assert_array_equal(
        found, naive.freeze_grains(spin, freeze, fall, **settings)
    )


@pytest.mark.parametrize("axis", [0, 2])
def test_columns_follow_the_front(axis):
    shape = (32, 32, 32)
    spin = np.ones(shape, np.int32)
    freeze = front(shape, axis, 0.1)
    found = freeze_grains(spin, freeze, np.full(shape, 0.02), n_spins=10_000)
    unlike = [np.mean(np.diff(found, axis=a) != 0) for a in range(3)]
    along = unlike.pop(axis)
    assert along < 0.5 * min(unlike)


def test_sites_that_cool_within_a_sweep_are_single_voxels():
    shape = (12, 12, 12)
    freeze = front(shape, 0, 0.3)
    freeze[:2] = np.nan
    spin = np.full(shape, 12, np.int32)
    found = freeze_grains(spin, freeze, np.full(shape, 1e9), n_spins=10_000)
    assert (found[:2] == 12).all()
    assert np.median(np.bincount(label_pieces(found, corners=True).ravel())[1:]) == 1


def test_progress_counts_every_move_of_a_site():
    """Sites of a mobility that falls by 0.3 a sweep move in four, 64^3 of them."""
    told = []

    @contextmanager
    def progress(stage, total, done=0):
        yield SimpleNamespace(update=lambda n: told.append((n, total)))

    shape = (64, 64, 64)
    freeze_grains(
        np.ones(shape, np.int32),
        front(shape, 0, 0.001),
        np.full(shape, 0.3),
        n_spins=9,
        progress=progress,
    )
    assert told[-1] == (4 * 64**3, 4 * 64**3)


def test_a_site_that_never_stops_is_refused():
    shape = (2, 2, 2)
    with pytest.raises(InputError, match="moves for 10,000,000,000 sweeps"):
        freeze_grains(
            np.ones(shape, np.int32), np.ones(shape), np.full(shape, 1e-10), n_spins=9
        )


RECIPE = """
[history]
file = "history.csv"
unit = "um"
time = "1ms"
range = 50
[substrate]
height = 4
grain = 6
"""


def write_history(folder, change=lambda rows: None, spacing=(5, 5, 5)):
    """Write a recipe and its history: a front that rises at 2 points a sweep."""
    index = np.stack(np.indices((10, 9, 12)), -1).reshape(-1, 3)
    z = index[:, 2].astype(float)
    freeze = np.where(z < 4, np.nan, z / 0.2 * 1e-3 / 26)
    rate = np.where(z < 4, np.nan, 50 * 26 / 1e-3 / 20)
    rows = np.column_stack([index * spacing, freeze, freeze, rate])
    change(rows)
    np.savetxt(folder / "history.csv", rows, delimiter=",")
    (folder / "build.toml").write_text(RECIPE)
    return folder / "build.toml"


def test_a_history_drives_grains_from_the_command_line(run, tmp_path):
    recipe, out = write_history(tmp_path), tmp_path / "grains.npz"
    code, text, error = run("simulate", "thermal", recipe, "-o", out, "--seed", "2")
    assert code == 0, error
    assert "grains" in text
    found = formats.load(out)
    assert found.shape == (10, 9, 12)
    assert found.spacing == (5.0, 5.0, 5.0)
    assert found.origin == (-2.5, -2.5, -2.5)  # the first point is a voxel's center
    np.testing.assert_array_equal(thermal(recipe, seed=2).grain_id, found.grain_id)
    below, above = (found.grain_id[:, :, a:b] for a, b in ((0, 4), (4, 12)))
    assert len(np.intersect1d(below, above)) > 1  # grains grow from the substrate


def test_the_names_of_a_history_say_its_unit(tmp_path):
    recipe = write_history(tmp_path, spacing=(5e-6,) * 3)
    numbers = (tmp_path / "history.csv").read_text()
    recipe.write_text(RECIPE.replace('unit = "um"\n', ""))
    with pytest.warns(InputNote, match=r"0.005 µm apart: is their unit mm"):
        thermal(recipe)
    names = "x (m),y (m),z (m),tm (s),tl (s),cr (K/s)\n"
    (tmp_path / "history.csv").write_text(names + numbers)
    assert thermal(recipe).spacing == pytest.approx((5.0,) * 3)
    recipe.write_text(RECIPE)
    with pytest.raises(InputError, match="another unit of length than um: leave"):
        thermal(recipe)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"1ms"', '"1s"', "hardly any grain grows"),
        ("range = 50", "range = 100000", "move for 1.54e.03 units of time"),
    ],
)
def test_units_that_make_sites_rush_or_linger_are_told(tmp_path, old, new, message):
    recipe = write_history(tmp_path)
    recipe.write_text(RECIPE.replace(old, new))
    with pytest.warns(InputNote, match=message):
        thermal(recipe)


def stand_still(rows):
    rows[-1, 5] = 0


def never_melt(rows):
    rows[:, 3:] = np.nan


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"change": stand_still}, "point .9, 8, 11. of the grid froze with a cooling"),
        ({"change": never_melt}, "no point ever melted"),
        ({"spacing": (5, 5, 4)}, "its points lie 5 x 5 x 4 µm apart"),
    ],
)
def test_a_history_that_cannot_drive_grains_is_one_line(run, tmp_path, how, message):
    recipe, out = write_history(tmp_path, **how), tmp_path / "grains.npz"
    code, _, error = run("simulate", "thermal", recipe, "-o", out)
    assert code == 2
    assert error.count("\n") == 1
    with pytest.raises(InputError, match=message):
        thermal(recipe)
    assert not out.exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"1ms"', '"1"', "history.time"),
        ("range = 50", "range = -5", "history.range"),
        ('"um"', '"ell"', "a unit is"),
        ("history.csv", "none.csv", "no such file"),
        ("[substrate]", "[substrates]", "did you mean substrate?"),
    ],
)
def test_a_mistake_in_the_recipe_is_one_line(tmp_path, old, new, message):
    recipe = write_history(tmp_path)
    recipe.write_text(RECIPE.replace(old, new))
    with pytest.raises(InputError, match=message):
        thermal(recipe)
