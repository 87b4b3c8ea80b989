import numpy as np
import pytest
from samples import am_recipe
from scan_paths import EVENTS, LAYERS
from solids import box, saved

from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.build import additive, prepare
from grainpaint.simulate.am.paths import write_path
from grainpaint.simulate.am.paths.place import to_file
from grainpaint.simulate.am.plan_path import mask_area, plan_layers, plan_path
from grainpaint.simulate.am.scan_file import write_scan


def test_layers_rise_from_the_substrate_to_the_top():
    path = plan_path(am_recipe(), np.ones((24, 20, 18), bool))
    assert np.unique(path.start[:, 2]).tolist() == [11, 15, 17]
    heading = np.degrees(np.arctan2(*path.direction[:, 1::-1].T)) % 180
    for i, z in enumerate((11, 15, 17)):
        np.testing.assert_allclose(heading[path.start[:, 2] == z], 67 * i % 180)


def test_layers_that_hold_no_line_are_told():
    thin = np.zeros((40, 40, 18), bool)
    thin[10:15, 10:15] = True
    recipe = am_recipe(scan__contours=2)
    with pytest.raises(InputError, match="no line of the scan lies in the part"):
        plan_path(recipe, thin)
    thin[:, :, :12] = True
    with pytest.warns(InputNote, match="2 layers, the first at height 15, stays powde"):
        path = plan_path(recipe, thin)
    assert set(path.start[:, 2]) == {11}
    assert path.start[:, :2].min() > 0


def test_layers_without_a_part_are_passed_without_the_beam():
    recipe = am_recipe()
    path = plan_layers(recipe, [(0, 11.0)], mask_area(np.zeros((24, 20, 18), bool)))
    assert not path.on.any()


def test_a_path_from_a_file_makes_the_grains_of_its_hatch_lines(tmp_path):
    """Random numbers are those of a track's number: layers count alike in both."""
    recipe = am_recipe()
    path = planned(recipe)
    write_scan(path, tmp_path / "path.csv")
    scan = {"kind": "csv", "file": tmp_path / "path.csv"}
    again = planned(am_recipe(scan=scan))
    np.testing.assert_array_equal(again.number, path.number)
    found = additive(am_recipe(scan=scan), seed=3)
    np.testing.assert_array_equal(found.grain_id, additive(recipe, seed=3).grain_id)


@pytest.mark.parametrize("name", ["path.cli", "path.gcode"])
def test_what_is_written_in_nanometers_melts_the_same_voxels(tmp_path, name):
    recipe = am_recipe(voxel="3.3um")  # centers are no whole nanometers
    path = planned(recipe)
    real = to_file(path, 3.3, (0.0, 0.0, 0.0), 1e-3)
    write_path(real, tmp_path / name)
    scan = {"kind": "file", "file": tmp_path / name, "speed": 12}
    again = planned(am_recipe(voxel="3.3um", scan=scan))
    np.testing.assert_array_equal(again.start[:, 2], path.start[:, 2])


def of_file(tmp_path, text=EVENTS, **scan):
    """Return the recipe of a box of 220 x 60 x 18 voxels of 5 µm with a path."""
    (tmp_path / "path").write_text(text)
    keys = {"kind": "file", "file": tmp_path / "path"} | scan
    return am_recipe(shape=(220, 60, 18), scan=keys)


def planned(recipe, origin=(0.0, 0.0, 0.0)):
    return plan_path(recipe, np.ones(recipe.shape, bool), origin)


def test_a_file_lies_where_its_coordinates_say(tmp_path):
    recipe = of_file(tmp_path, time="100us")
    path = planned(recipe)
    assert path.start[0].tolist() == [-0.5, -0.5, 5.5]  # 6 voxels are 0.03 mm
    assert path.end[0].tolist() == [199.5, -0.5, 5.5]
    np.testing.assert_allclose(path.speed, 10)  # 500 mm/s are 10 voxels in 100 µs
    moved = planned(recipe, (-50.0, 0.0, 10.0))
    np.testing.assert_allclose(moved.start[0], [9.5, -0.5, 3.5])
    shifted = planned(of_file(tmp_path, speed=7, shift=(0.05, 0, -0.01)))
    np.testing.assert_allclose(shifted.start, moved.start)
    assert set(shifted.speed) == {7}


def test_a_path_lies_in_the_frame_of_its_part(tmp_path):
    saved(box((1, 0.3, 0.09), (10.5, -19.85, 3.045)), tmp_path / "part.stl")
    text = LAYERS.replace("$$LAYER/3", "$$LAYER/303")
    (tmp_path / "path").write_text(text)
    scan = {"kind": "file", "file": tmp_path / "path", "speed": 9}
    scan["shift"] = (10, -20, 0)
    recipe = am_recipe(
        shape=None, part=tmp_path / "part.stl", scan=scan, substrate=None
    )
    job = prepare(recipe)
    place = (job.path.start + 0.5) * job.edge + job.origin
    np.testing.assert_allclose(place[0], [10_000, -20_000, 3030])


def test_without_the_corner_of_the_box_there_is_no_place(tmp_path):
    recipe = of_file(tmp_path, speed=9)
    with pytest.raises(InputError, match="corner of the box is unknown"):
        plan_path(recipe, np.ones(recipe.shape, bool))


@pytest.mark.parametrize(
    ("scan", "text", "message"),
    [
        ({"time": "1ms"}, LAYERS, "has no speeds: give `speed`"),
        ({"speed": 9, "shift": (9, 0, 0)}, EVENTS, "no track reaches"),
        ({"speed": 9, "unit": "m"}, EVENTS, "tracks lie 2e.04 voxels .100 mm. apart"),
        ({"speed": 9}, EVENTS.replace("1, 0.2, 0.03", "1, 0.2, 0.04"), "climbs"),
    ],
)
def test_what_does_not_fit_is_one_line_with_the_file(tmp_path, scan, text, message):
    with pytest.raises(InputError, match=message) as error:
        planned(of_file(tmp_path, text, **scan))
    assert str(error.value).startswith(str(tmp_path / "path"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(0, 0.02, 0.05, 0.12, 0.02, 0.05), (0.12, 0.05, 0.05, 0, 0.05, 0.05)],
         "0.03 voxels .* apart, .* numbers of this file count voxels"),
        ([(900, 4, 9, 923, 4, 9)], "no track reaches the box .* mm$"),
        ([(0, 4, 90, 23, 4, 90)], "no track reaches"),
    ],
)  # fmt: skip
def test_a_path_in_voxels_that_does_not_fit_is_refused(tmp_path, rows, message):
    file = tmp_path / "path.csv"
    with pytest.raises(InputError, match=message) as error:
        planned(of_rows(file, rows))
    assert str(error.value).startswith(str(file))


def test_a_path_in_voxels_that_fits_is_planned_as_it_is(tmp_path):
    rows = [(0, 4, 9, 23, 4, 9), (23, 10, 9, 0, 10, 9)]
    path = planned(of_rows(tmp_path / "path.csv", rows))
    np.testing.assert_array_equal(np.hstack([path.start, path.end]), rows)
    assert path.speed.tolist() == [12, 12]


def of_rows(file, rows):
    """Return the recipe of a build along the tracks of a file, at 12 voxels a time."""
    file.write_text("".join(",".join(map(str, (*r, 12, 1))) + "\n" for r in rows))
    return am_recipe(scan={"kind": "csv", "file": file})


def test_a_path_whose_beam_is_never_on_is_refused(tmp_path):
    file = tmp_path / "path.csv"
    file.write_text("0,4,9,23,4,9,12,0\n")
    with pytest.raises(InputError, match="the beam is never on"):
        planned(am_recipe(scan={"kind": "csv", "file": file}))


def test_lines_that_the_pool_does_not_join_are_noted():
    with pytest.warns(InputNote, match="5.5.* thick, .* pool is only 4 voxels deep"):
        planned(am_recipe(scan__thickness=5.5, pool__depth=4))
