"""Archives of other programs: IDs without spacing, origin and periodic."""

import zipfile

import numpy as np
import pytest

from grainpaint import InputError, load
from grainpaint.errors import InputNote

IDS = np.random.default_rng(1).integers(0, 9, (4, 5, 6))


def saved(tmp_path, **arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


@pytest.mark.parametrize("name", ["arr_0", "labels", "grain_id", "FeatureIds"])
def test_the_only_array_is_read_and_what_is_assumed_is_said(tmp_path, name):
    with pytest.warns(InputNote, match=r"voxels of 1 µm in the order \[x, y, z\]"):
        volume = load(saved(tmp_path, **{name: IDS}))
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == (1.0, 1.0, 1.0)


def test_a_unit_scales_the_voxels(tmp_path):
    with pytest.warns(InputNote, match="0 is outside"):
        volume = load(saved(tmp_path, arr_0=IDS), unit="nm")
    assert volume.spacing == (1e-3,) * 3


def test_a_section_is_one_voxel_thick(tmp_path):
    with pytest.warns(InputNote):
        volume = load(saved(tmp_path, labels=IDS[0].astype(np.uint16)))
    np.testing.assert_array_equal(volume.grain_id[:, :, 0], IDS[0])


def test_known_names_and_integers_come_before_others(tmp_path):
    others = {"energy": IDS / 7, "names": np.array(["a", "b"])}
    with pytest.warns(InputNote):
        volume = load(saved(tmp_path, **others, ids=IDS))
    np.testing.assert_array_equal(volume.grain_id, IDS)
    with pytest.warns(InputNote):
        volume = load(saved(tmp_path, first=IDS + 1, labels=IDS))
    np.testing.assert_array_equal(volume.grain_id, IDS)


def test_an_array_is_chosen_by_its_name(tmp_path):
    path = saved(tmp_path, first=IDS, second=IDS[::-1])
    with pytest.raises(InputError, match=r"which array.*first, second"):
        load(path)
    with pytest.warns(InputNote):
        volume = load(path, array="second")
    np.testing.assert_array_equal(volume.grain_id, IDS[::-1])
    with pytest.raises(InputError, match="no array 'third'; it has first, second"):
        load(path, array="third")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.arange(5)}, r"'a' has the shape \(5,\), and 2 or 3 axes are"),
        ({"a": IDS + 0.5}, "not integers"),
        ({"a": np.array(["x"])}, "no array with one number"),
        ({"a": np.array([{}], object)}, "'a' holds Python objects"),
        ({"a": IDS, "spacing": np.ones(3)}, "lacks grain_id and has a, spacing"),
    ],
)
def test_what_is_no_volume_is_refused_in_one_line(tmp_path, arrays, message):
    with pytest.raises(InputError, match=message) as error:
        load(saved(tmp_path, **arrays))
    assert "\n" not in str(error.value)


def test_an_archive_of_anything_else_says_what_it_lacks(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(InputError, match=r"lacks grain_id.*has word/document\.xml"):
        load(tmp_path / "a.npz")
