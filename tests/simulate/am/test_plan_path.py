import tomllib

import numpy as np

from grainpaint.simulate.am.plan_path import plan_path
from grainpaint.simulate.am.recipe import AmRecipe

RECIPE = """
shape = [24, 20, 18]
voxel = "5um"
spins = 500
[substrate]
height = 8
grain = 6
[pool]
shape = "double-ellipsoid"
width = 9
depth = 6
front = 4
rear = 9
[haz]
law = "linear"
width = 3
[scan]
speed = 12
hatch = 6
thickness = 4
"""


def recipe(**changes):
    data = tomllib.loads(RECIPE)
    for key, value in changes.items():
        table, _, name = key.rpartition("__")
        (data[table] if table else data)[name] = value
    return AmRecipe.model_validate(data)


def test_layers_rise_from_the_substrate_to_the_top():
    path = plan_path(recipe(), np.ones((24, 20, 18), bool))
    assert np.unique(path.start[:, 2]).tolist() == [11, 15, 17]
    heading = np.degrees(np.arctan2(*path.direction[:, 1::-1].T)) % 180
    for i, z in enumerate((11, 15, 17)):
        np.testing.assert_allclose(heading[path.start[:, 2] == z], 67 * i % 180)
