import numpy as np
from samples import am_recipe

from grainpaint.simulate.am.plan_path import plan_path


def test_layers_rise_from_the_substrate_to_the_top():
    path = plan_path(am_recipe(), np.ones((24, 20, 18), bool))
    assert np.unique(path.start[:, 2]).tolist() == [11, 15, 17]
    heading = np.degrees(np.arctan2(*path.direction[:, 1::-1].T)) % 180
    for i, z in enumerate((11, 15, 17)):
        np.testing.assert_allclose(heading[path.start[:, 2] == z], 67 * i % 180)
