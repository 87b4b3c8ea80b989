"""Textures of two sets, beside their floors."""

import numpy as np
import pytest
from oriented import oriented, without
from scipy.spatial.transform import Rotation
from volumes import voronoi

from grainpaint import Microstructure
from grainpaint.measure.comparison import compare
from grainpaint.measure.measured import measure
from grainpaint.measure.texture_comparison import compare_textures, have_crystals
from grainpaint.orientations import Orientations


@pytest.fixture(scope="module")
def boxes():
    return [voronoi(24, 200, seed=s) for s in range(2)]


def textured(ids, seed, spread=None, symmetry="432"):
    """Return a measured volume with a uniform texture, or one ideal orientation."""
    n = int(ids.max())
    rng = np.random.default_rng(seed)
    if spread is None:
        turn = Rotation.from_quat(rng.normal(size=(n, 4)))
    else:
        turn = Rotation.from_rotvec(np.radians(spread) * rng.normal(size=(n, 3)))
    q = turn.as_quat(canonical=True, scalar_first=True)
    return measure(Microstructure(ids, orientations=Orientations(q, symmetry)))


@pytest.mark.parametrize("spread", [None, 12])
def test_sets_of_one_texture_lie_at_their_floor(boxes, spread):
    """A floor of resamples that hit the same cells would be a fifth too low."""
    ratios = [
        compare_textures(
            [textured(boxes[0], s, spread)], [textured(boxes[1], 99 + s, spread)], 0
        )["phase1"].ratio_to_floor
        for s in range(12)
    ]
    assert np.mean(ratios) == pytest.approx(1, abs=0.12)


def test_other_textures_are_different(boxes):
    found = compare_textures([textured(boxes[0], 1, 8)], [textured(boxes[1], 2)], 0)[
        "phase1"
    ]
    assert found.verdict == "different"
    assert found.l1_interval[0] < found.l1 < found.l1_interval[1]
    assert found.l1_floor < found.l1_floor_largest < found.l1
    assert found.n_generated == found.n_reference == 200


def test_a_set_has_no_distance_to_itself(boxes):
    one = textured(boxes[0], 3)
    found = compare_textures([one], [one], 0)["phase1"]
    assert found.l1 == 0
    assert found.verdict == "as the reference"
    turn = Rotation.from_euler("z", 33, degrees=True).as_quat(scalar_first=True)
    alike = Orientations(np.tile(turn, (200, 1)))
    crystal = measure(Microstructure(boxes[0], orientations=alike))
    found = compare_textures([crystal], [crystal], 0)["phase1"]
    assert found.l1 is None
    assert found.verdict.startswith("no floor")


def test_compare_adds_descriptors_and_textures_for_orientations_only(boxes, few_draws):
    one, other = textured(boxes[0], 1), textured(boxes[1], 2)
    names = ["disorientation", "kernel_average"]
    found = compare([one], [other], names)
    assert found.descriptors["disorientation"].n_generated == len(one.crystals.angle)
    assert found.descriptors["kernel_average"].interior is not None
    assert found.descriptors["disorientation"].interior is None
    told = found.to_dict()
    l1 = compare_textures([one], [other], 0)["phase1"].l1
    assert told["textures"]["phase1"]["l1"] == pytest.approx(l1)
    assert told["disorientation"]["unit"] == "°"
    sharp = compare([textured(boxes[0], 1, 5)], [other], names)
    for name in names:
        assert sharp.descriptors[name].verdict == "different"


def test_what_is_not_compared_is_told_in_one_line(boxes, few_draws):
    one = textured(boxes[0], 1)
    plain = measure(Microstructure(boxes[1]))
    found = compare([one], [plain], ["neighbors"])
    assert found.textures == {}
    assert "textures" not in found.to_dict()
    told = [n for n in found.notes if "rientations" in n]
    assert told == ["Orientations are not compared: only the generated set has them."]
    assert have_crystals([plain], [plain]) == (False, [])
    (note,) = have_crystals([one, plain], [one])[1]
    assert note.endswith("some volumes of the generated set have none.")
    (note,) = have_crystals([one], [textured(boxes[0], 1, symmetry="622")])[1]
    assert "432 in the generated set and 622 in the reference set" in note


def test_few_grains_have_no_distance():
    volume = oriented()
    found = compare_textures([measure(volume)], [measure(volume)], 0)
    assert list(found) == ["Al", "Ti alpha"]
    assert found["Al"].l1 is None
    assert "too few grains (4; 20" in found["Al"].verdict
    assert measure(without(volume)).crystals is None
