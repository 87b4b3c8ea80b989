"""What programs pass by mistake is one clear line, and text means what it says."""

import copy
import pickle

import numpy as np
import pytest
from samples import PARTS

import grainpaint
from grainpaint import InputError, Microstructure
from grainpaint.arguments import (
    as_angle,
    as_box,
    as_length,
    as_periodic,
    as_shape,
    as_slices,
    as_three,
)
from grainpaint.formats import check_output
from grainpaint.philox import check_seed
from grainpaint.simulate.iso.recipe import IsoRecipe

ONES = np.ones((4, 4, 4), int)
VOLUME = Microstructure(ONES)
GEAR = PARTS / "gear.stl"


def test_periodic_axes_as_text_are_those_and_no_others():
    for text, axes in {"none": (0, 0, 0), "xz": (1, 0, 1)}.items():
        assert Microstructure(ONES, periodic=text).periodic == axes
        grown = grainpaint.simulate.isotropic("4,4,4", 1, periodic=text)
        assert grown.periodic == axes


def test_lengths_as_text_are_those_of_the_command_line():
    assert grainpaint.simulate.isotropic((4, 4, 4), 1, spacing="2um").spacing[0] == 2
    assert as_length(np.float32(2)) == 2
    assert as_angle("0.5rad", "misorientation") == np.degrees(0.5)


@pytest.mark.parametrize(
    ("take", "wrong"),
    [
        (as_length, [0, -1, float("nan"), 10**400, True, None, (1, 1, 1), "5", "5kg"]),
        (as_shape, [32, (32, 32), (0, 1, 1), (1.5, 1, 1), ("1", "1", "1"), "1,1"]),
        (as_box, [((0, 1), (0, 1)), ((1, 0), (0, 1), (0, 1)), (1, 2, 3), 3, "0:1"]),
        (as_periodic, [True, None, (True, True), "xw", ("x", "y", "z")]),
        (lambda v: as_three(v, "spacing"), ["2um", 2.0, (1, 1), ("1", "1", "1")]),
        (as_slices, [(slice(4),) * 2, (slice(0, 4, 2),) * 3, ((0, 4),) * 3, ..., 3]),
        (as_slices, [(slice(0.0, 4.0),) * 3, slice(4)]),
        (check_seed, ["1", 1.5, None, -1, 2**63]),
    ],
)
def test_what_is_none_is_refused_by_its_own_words(take, wrong):
    for value in wrong:
        with pytest.raises(InputError, match=r"got|\d"):
            take(value)


def grow(**settings):
    return grainpaint.simulate.isotropic((4, 4, 4), 1, **settings)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: grainpaint.measure.table(ONES), r"Microstructure\(array"),
        (lambda: grainpaint.simulate.grow(ONES, [1], temperature="a"), "a number"),
        (lambda: grainpaint.orient(ONES), r"Microstructure\(array"),
        (lambda: grainpaint.measure.check(ONES), r"Microstructure\(array"),
        (lambda: grainpaint.measure.compare(ONES, VOLUME), r"Microstructure\(array"),
        (lambda: grainpaint.measure.compare(3, VOLUME), r"Microstructure\(array"),
        (lambda: grainpaint.measure.report("a.html", [3]), r"Microstructure\(array"),
        (lambda: grainpaint.load("a.npz", misorientation="x"), "number of degrees"),
        (lambda: grainpaint.load("a.npz", unit=3), "unknown unit 3"),
        (lambda: grainpaint.paint(GEAR, unit=3), "unknown unit 3"),
        (lambda: grainpaint.segment(ONES * 0.5, "dbscan", eps="a"), "eps is a number"),
        (lambda: grainpaint.generate((8, 8, 8), model=""), "no model ''"),
        (lambda: grainpaint.generate((8, 8, 8), grain_size=-3), "the grain size is a"),
        (lambda: grainpaint.Volume.of_box((64,) * 3, window="64"), "got '64'"),
        (lambda: grainpaint.simulate.random_spins(4, 5, 0), "a shape is"),
        (lambda: grow(mobility="a.npz"), "an array of factors"),
        (lambda: grow(mobility=VOLUME), "an array of factors"),
        (lambda: grainpaint.measure.report([], "a.html"), "path of the report comes f"),
        (lambda: Microstructure(ONES, orientations=[1]), "Orientations"),
        (lambda: grainpaint.simulate.additive(None), "a TOML file"),
        (lambda: grainpaint.generate((8, 8, 8), voxel=0), "edge of a voxel"),
        (lambda: grainpaint.generate((8, 8, 8), executor=4), "concurrent.futures"),
        (lambda: grainpaint.generate((8, 8, 8), grain_size={}), "a grain size is"),
        (lambda: grainpaint.zoom("a.vti", "0:8,0:8", "1um"), "a box is three"),
        (lambda: grainpaint.paint("."), "a folder, but a file"),
        (lambda: grainpaint.paint(GEAR, longest=40.0), "whole number from 2 on; got 4"),
        (lambda: grainpaint.paint(GEAR, rotate=30), r"such as \[.*got \(30,\)"),
        (
            lambda: grainpaint.paint(GEAR, rotate=("z", 30)),
            r"such as \[\(\"z\", 30\)\]",
        ),
        (lambda: grainpaint.generate((8, 8, 8), symmetry="622"), "need a texture"),
        (lambda: grainpaint.simulate.grow(ONES, 5), "times are numbers.*got 5"),
        (lambda: grainpaint.simulate.thermal(3), "a TOML file"),
        (lambda: grainpaint.simulate.isotropic((4, 4, 4), start=VOLUME), "grain_id"),
        (lambda: grainpaint.Volume((8, 8, 8)), r"Volume\.of_box.*got tuple"),
        (lambda: VOLUME.crop(((0, 2), (0, 2), (0, 2))), "three slices"),
        (lambda: VOLUME.masked([True]), "the mask has shape"),
    ],
)
def test_a_slip_is_one_clear_line(call, told):
    with pytest.raises(InputError, match=told) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [ONES, 3, b"a.vti"])
@pytest.mark.parametrize(
    "call",
    [
        grainpaint.paint,
        grainpaint.Volume.of_part,
        grainpaint.Volume.of_file,
        grainpaint.simulate.run_script,
        VOLUME.save,
        lambda wrong: grainpaint.generate((8, 8, 8), store=wrong),
        grainpaint.load,
    ],
)
def test_what_is_no_path_is_named_by_its_type(call, wrong):
    with pytest.raises(InputError, match=r"by the path of its file; got \w+$"):
        call(wrong)


def test_a_program_is_not_told_of_an_option_that_it_does_not_have(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "file").touch()
    with pytest.raises(InputError, match="or remove the folder to replace it"):
        grainpaint.generate((8, 8, 8), store=tmp_path / "a.zarr")


def test_a_descriptor_may_be_named_alone():
    grown = [grainpaint.simulate.isotropic((16, 16, 16), 5, seed=s) for s in (1, 2)]
    found = grainpaint.measure.compare(*grown, descriptors="volume")
    assert list(found.descriptors) == ["volume"]


def test_a_volume_on_demand_can_be_copied_and_pickled():
    volume = grainpaint.Volume.of_box((16, 16, 16), seed=2)
    there = pickle.loads(pickle.dumps(volume))
    assert (there[:8, :8, :8].grain_id == volume[:8, :8, :8].grain_id).all()
    assert copy.deepcopy(volume).recipe == volume.recipe


def test_a_volume_is_compared_with_itself_read_from_a_format_that_rounds(tmp_path):
    ids = np.arange(1, 1 + 64).reshape(4, 4, 4).repeat(2, 0)
    volume = Microstructure(ids, (89.99999761581421,) * 3)
    files = [volume.save(tmp_path / f"a.{suffix}") for suffix in ("vti", "npz")]
    assert len({grainpaint.load(file).spacing for file in files}) == 2
    found = grainpaint.measure.compare(*files, descriptors=["volume"])
    assert found.descriptors["volume"].verdict.startswith("no spread")
    assert len(grainpaint.measure.table(files[0])) == 64


def test_a_set_in_the_place_of_a_volume_is_told_with_a_member(tmp_path):
    place = tmp_path / "set.zarr"
    recipe = IsoRecipe(shape=(4, 4, 4), time=1, count=2)
    grainpaint.simulate.simulate_iso(recipe, place)
    with pytest.raises(InputError, match=r"a set of volumes \(2\).*s0000000000"):
        grainpaint.load(place)


def test_a_place_that_cannot_be_written_to_is_told_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file is a file, no folder"):
        check_output(tmp_path / "file" / "a.vti", force=False)
