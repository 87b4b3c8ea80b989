import numpy as np
import pytest

from grainpaint import InputError
from grainpaint.simulate.am.layers import stack_layers
from grainpaint.simulate.am.plan_path import plan_path
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.additive_run import pool_of
from grainpaint.simulate.spparks.from_recipe import from_am_recipe, from_recipe_file
from grainpaint.simulate.spparks.script_text import script_text


def script(tmp_path, text, name="in.script"):
    path = tmp_path / name
    path.write_text(text)
    return path


BUILD = {
    "shape": (40, 30, 20),
    "spins": 100,
    "temperature": 0.3,
    "copy_molten": True,
    "pool": {
        "shape": "double-ellipsoid", "width": 9, "depth": 6, "front": 4, "rear": 12,
    },
    "haz": {
        "law": "exponential", "decay": 0.3,
        "width": 12, "depth": 8, "front": 6, "rear": 15,
    },
    "scan": {"speed": 12.0, "hatch": 7.0, "thickness": 4, "rotation": 90.0},
}  # fmt: skip


POINTS = {"x": (0, 0, 2, 3, 3), "y": (1, 2, 1), "z": (-1, -2, -1)}


CURVED = {"shape": "bezier", "width": 9, "depth": 6, **POINTS}


LINEAR = {"law": "linear", "width": 3, "tail": 5, "power": 2.0}


@pytest.mark.parametrize("change", [{}, {"pool": CURVED, "haz": LINEAR}])
def test_a_recipe_becomes_the_script_of_the_same_build(tmp_path, change):
    recipe = AmRecipe.model_validate(BUILD | change)
    asked = from_am_recipe(recipe, seed=4)
    again = read_script(script(tmp_path, script_text(asked, "out.dump")))
    assert again.app == asked.app
    layers = [(list(tracks), t) for tracks, t in again.scan.layers]
    path = stack_layers(layers, again.scan.start, again.scan.n_layers)
    expected = plan_path(recipe, np.ones(recipe.shape, bool))
    for name in ("start", "end", "speed"):
        np.testing.assert_allclose(
            getattr(path, name), getattr(expected, name), rtol=1e-9, atol=1e-7
        )
    pool, zone = pool_of(again.app, 1)
    assert (pool, zone) == (recipe.pool, recipe.haz)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"substrate": {"height": 4, "grain": 5}}, "neither parts nor substrates"),
        ({"haz": LINEAR}, "got double-ellipsoid and linear"),
        ({"scan": BUILD["scan"] | {"thickness": 2.5}}, "whole voxels, these by 2.5"),
    ],
)
def test_recipes_that_spparks_cannot_do_are_refused(change, message):
    recipe = AmRecipe.model_validate(BUILD | change)
    with pytest.raises(InputError, match=message):
        from_am_recipe(recipe, seed=4)
    with pytest.raises(InputError, match=r"seeds are 1\.\."):
        from_am_recipe(AmRecipe.model_validate(BUILD), seed=0)


def test_a_recipe_of_isotropic_growth_becomes_runs_to_its_times(tmp_path):
    path = script(
        tmp_path,
        'shape = [12, 10, 1]\nlattice = "sq/8n"\nperiodic = "x"\ntime = [5, 20]\n'
        'spins = 30\ntemperature = 0.5\nseed = 3\nvoxel = "2um"\n',
        "iso.toml",
    )
    asked, edge = from_recipe_file(path, None)
    assert edge == 2.0
    again = read_script(script(tmp_path, script_text(asked, "out.dump")))
    assert (again.app, again.box) == (asked.app, asked.box)
    assert [(r.start, r.stop) for r in again.runs] == [(0, 5), (5, 20)]
    assert again.snapshots == (5, 20)
    assert {(r.seed, r.temperature, r.rejection) for r in again.runs} == {
        (3, 0.5, False)
    }
    assert from_recipe_file(path, 8)[0].runs[0].seed == 8
    path.write_text(path.read_text() + "count = 2\n")
    with pytest.raises(InputError, match="one volume at a time"):
        from_recipe_file(path)
