"""What is filled: masks and turned parts, the same when a recipe is read again."""

import json

import numpy as np
import pytest
from samples import GEAR
from solids import box, saved

import grainpaint
from grainpaint import InputError
from grainpaint.cad import Pose
from grainpaint.generation.domain import Domain, PartFile, load_grid, part_domain
from grainpaint.generation.recipe import Options, Recipe, make_recipe


@pytest.fixture
def inside():
    """A ball with a hole."""
    x, y, z = np.indices((40, 36, 34)) - 17.0
    return (x**2 + y**2 + z**2 < 250) & (x**2 + y**2 > 9)


def reread(recipe):
    return Recipe.model_validate(json.loads(recipe.model_dump_json()))


def test_records_of_parts_in_their_usual_pose_are_what_they_were():
    old = {"path": "gear.stl", "unit": "mm", "sha256": "0" * 64}
    assert PartFile.model_validate(old).model_dump() == old
    turned = PartFile(**old, up="y", rotate=(("z", 30.0),))
    dumped = json.loads(turned.model_dump_json())
    assert dumped == {**old, "up": "y", "rotate": [["z", 30.0]]}
    assert PartFile.model_validate(dumped) == turned


def test_a_recipe_read_again_turns_the_part_the_same_way(tiny_model):
    pose = Pose(2.0, "-y", (("z", 30.0), ("x", 10.0)))
    domain, _ = part_domain(GEAR, longest=40, pose=pose)
    recipe = make_recipe(domain, Options(), str(tiny_model))
    mask = load_grid(reread(recipe)).mask_of_all()
    np.testing.assert_array_equal(mask, load_grid(recipe).mask_of_all())
    assert mask.shape == domain.shape
    assert domain.shape != part_domain(GEAR, longest=40)[0].shape


def test_a_mask_is_painted_voxel_by_voxel(inside, tiny_model, tmp_path, run):
    path, out = tmp_path / "mask.npy", tmp_path / "out.zarr"
    np.save(path, inside)
    volume = grainpaint.paint(path, voxel=5.0, model=str(tiny_model))
    np.testing.assert_array_equal(volume.grain_id > 0, inside)
    assert volume.spacing == (5.0, 5.0, 5.0)
    words = ("paint", path, "--voxel", "5um", "--model", tiny_model, "-o")
    assert run(*words, out)[0] == 0
    np.testing.assert_array_equal(grainpaint.load(out).grain_id > 0, inside)
    assert "is finished" in run(*words, out)[1]
    np.save(path, ~inside)
    code, _, error = run(
        "region", out, "--box", "0:9,0:9,0:9", "-o", tmp_path / "r.npz"
    )
    assert code == 2
    assert "has changed" in error


def test_what_a_mask_cannot_have_is_refused(inside, tmp_path):
    path = tmp_path / "mask.npy"
    np.save(path, inside)
    with pytest.raises(InputError, match="how large its voxels are"):
        part_domain(path)
    for wrong in ({"longest": 9}, {"voxel": 1.0, "unit": "mm"}, {"pose": Pose(2.0)}):
        with pytest.raises(InputError, match="brings its own voxels"):
            part_domain(path, **wrong)
    np.savez(tmp_path / "mask.npz", mask=inside, spacing=2.0, origin=(1.0, 2.0, 4.0))
    domain, notes = part_domain(tmp_path / "mask.npz")
    assert (domain.spacing, domain.origin, notes) == (2.0, (1.0, 2.0, 4.0), [])
    domain, (note,) = part_domain(tmp_path / "mask.npz", voxel=4.0)
    assert (domain.spacing, domain.origin) == (4.0, (2.0, 4.0, 8.0))
    assert "the file says voxels of 2 µm" in note


def test_sizes_that_can_never_be_made_are_refused_at_once(tmp_path):
    path = saved(box((10, 10, 10)), tmp_path / "a.stl")
    for voxel in (1e-6, 1e-3, 0.5):
        with pytest.raises(InputError, match=r"are too many.* use larger voxels"):
            part_domain(path, voxel=voxel)
    with pytest.raises(InputError, match="are too many"):
        Domain((100_000, 100_000, 1_000))
    assert Domain((10_000, 10_000, 10_000)).spacing == 1.0
