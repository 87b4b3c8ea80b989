"""Label images of OME-Zarr, written by hand as other programs lay them out."""

import warnings

import numpy as np
import pytest
import zarr
from samples import example_volume

from grainpaint import InputError, load
from grainpaint.errors import InputNote

IDS = np.arange(24, dtype=np.uint16).reshape(2, 3, 4) % 9 + 1  # [z, y, x]


def metadata(axes, steps, version="0.5", unit="micrometer", **more):
    """Return the attributes of an image of one level, called 0."""
    named = [{"name": a, "type": "space" if a in "xyz" else "other"} for a in axes]
    for axis in named:
        if axis["name"] in "xyz" and unit:
            axis["unit"] = unit
    level = {"path": "0", "coordinateTransformations": steps}
    said = {"multiscales": [{"axes": named, "datasets": [level], **more}]}
    return said | {"image-label": {}} | ({} if version == "0.4" else {"version": "0.5"})


def scale(*values):
    return {"type": "scale", "scale": list(values)}


def shift(*values):
    return {"type": "translation", "translation": list(values)}


def write(path, values, said, version="0.5", group=None):
    """Write an image as a group of Zarr version 2 (0.4) or 3 (0.5)."""
    if group is None:
        group = zarr.create_group(path, zarr_format=2 if version == "0.4" else 3)
    group.create_array("0", data=values, chunks=tuple(min(2, n) for n in values.shape))
    group.attrs.update(said if version == "0.4" else {"ome": said})
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_both_versions_are_read(tmp_path, version):
    steps = [scale(3, 2, 1), shift(30, 20, 10)]
    said = metadata("zyx", steps, version)
    volume = load(write(tmp_path / "a.zarr", IDS, said, version))
    np.testing.assert_array_equal(volume.grain_id, IDS.transpose(2, 1, 0))
    assert volume.spacing == (1, 2, 3)
    assert volume.origin == (9.5, 19, 28.5)  # the translation is that of a center


def test_axes_in_any_order_with_single_times_and_channels(tmp_path):
    said = metadata("tcxzy", [scale(1, 1, 1, 3, 2)])
    values = IDS.transpose(2, 0, 1)[None, None]
    volume = load(write(tmp_path / "a.zarr", values, said))
    np.testing.assert_array_equal(volume.grain_id, IDS.transpose(2, 1, 0))
    assert volume.spacing == (1, 2, 3)
    times = np.repeat(values, 2, axis=0)
    with pytest.raises(InputError, match="2 images along the axis t"):
        load(write(tmp_path / "b.zarr", times, said))


def test_a_section_is_one_layer(tmp_path):
    said = metadata("yx", [scale(2, 1)])
    volume = load(write(tmp_path / "a.zarr", IDS[0], said))
    assert volume.shape == (4, 3, 1)
    assert volume.spacing == (1, 2, 1)


def test_transformations_of_level_and_image_follow_each_other(tmp_path):
    outer = {"coordinateTransformations": [scale(2, 2, 2), shift(1, 1, 1)]}
    said = metadata("zyx", [scale(1, 1, 5), shift(0, 0, 10)], **outer)
    volume = load(write(tmp_path / "a.zarr", IDS, said))
    assert volume.spacing == (10, 2, 2)
    assert volume.origin == (21 - 5, 0, 0)


@pytest.mark.parametrize(
    ("unit", "factor"), [("nanometer", 1e-3), ("millimeter", 1e3), ("angstrom", 1e-4)]
)
def test_units_are_obeyed(tmp_path, unit, factor):
    said = metadata("zyx", [scale(4, 4, 4)], unit=unit)
    volume = load(write(tmp_path / "a.zarr", IDS, said))
    np.testing.assert_allclose(volume.spacing, 4 * factor)


def test_unknown_units_are_refused_and_missing_ones_assumed(tmp_path):
    said = metadata("zyx", [scale(4, 4, 4)], unit="parsec")
    with pytest.raises(InputError, match="'parsec'; known are"):
        load(write(tmp_path / "a.zarr", IDS, said))
    said = metadata("zyx", [scale(4, 4, 4)], unit=None)
    path = write(tmp_path / "b.zarr", IDS, said)
    with pytest.warns(InputNote, match="assumed: lengths in µm"):
        load(path)
    assert load(path, unit="nm").spacing == (0.004,) * 3


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_within_an_image_are_found(tmp_path, version):
    said = metadata("zyx", [scale(1, 1, 1)], version)
    path = tmp_path / "a.zarr"
    write(path, IDS.astype(float), {**said, "image-label": None}, version)
    image = zarr.open_group(path, mode="r+")
    attrs = dict(image.attrs)
    (attrs if version == "0.4" else attrs["ome"]).pop("image-label")
    image.attrs.put(attrs)
    labels = image.create_group("labels")
    write(None, IDS, said, version, labels.create_group("cells"))
    named = {"labels": ["cells"]}
    labels.attrs.update(named if version == "0.4" else {"ome": named})
    for where in (path, path / "labels", path / "labels" / "cells"):
        np.testing.assert_array_equal(load(where).grain_id, IDS.transpose(2, 1, 0))
    write(None, IDS[::-1], said, version, labels.create_group("nuclei"))
    named = {"labels": ["cells", "nuclei"]}
    labels.attrs.update(named if version == "0.4" else {"ome": named})
    with pytest.raises(InputError, match=r"\(array\): cells, nuclei"):
        load(path)
    nuclei = load(path, array="nuclei").grain_id
    np.testing.assert_array_equal(nuclei, IDS[::-1].transpose(2, 1, 0))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_labels_stored_as_floats_are_read_if_they_are_integers(tmp_path, dtype):
    said = metadata("zyx", [scale(1, 1, 1)])
    values = IDS.astype(dtype)
    volume = load(write(tmp_path / "a.zarr", values, said))
    np.testing.assert_array_equal(volume.grain_id, IDS.transpose(2, 1, 0))
    values[1, 2, 3] = 4.25  # [z, y, x]
    with pytest.raises(InputError, match=r"not integers.*: 4\.25 at voxel 3, 2, 1$"):
        load(write(tmp_path / "b.zarr", values, said))


def test_what_is_no_label_image_is_refused_with_the_reason(tmp_path):
    said = metadata("zyx", [scale(1, 1, 1)])
    with pytest.raises(InputError, match="complex128, not integers"):
        load(write(tmp_path / "a.zarr", IDS * 1j, said))
    with pytest.raises(InputError, match="a plate of many images"):
        load(write(tmp_path / "b.zarr", IDS, {"plate": {}}))
    with pytest.raises(InputError, match="a Zarr array in a group: give the group"):
        load(tmp_path / "a.zarr" / "0")
    zarr.create_group(tmp_path / "c.zarr")
    with pytest.raises(InputError, match="without the metadata of OME-Zarr"):
        load(tmp_path / "c.zarr")
    odd = metadata("zyx", [{"type": "affine", "affine": []}])
    with pytest.raises(InputError, match="'affine' is not understood"):
        load(write(tmp_path / "d.zarr", IDS, odd))


def test_a_damaged_chunk_is_refused(tmp_path):
    path = write(tmp_path / "a.zarr", IDS, metadata("zyx", [scale(1, 1, 1)]))
    chunk = path / "0" / "c" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-3])
    with pytest.raises(InputError, match=r"a\.zarr: damaged"):
        load(path)


def test_what_other_programs_keep_of_our_volumes_is_read_back(tmp_path):
    path = example_volume().save(tmp_path / "a.zarr")
    group = zarr.open_group(path, mode="r+")
    attrs = {"ome": dict(group.attrs)["ome"]}  # what another program keeps
    group.attrs.put(attrs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputNote)
        back = load(path)
    np.testing.assert_array_equal(back.grain_id, example_volume().grain_id)
    assert back.spacing == example_volume().spacing
    np.testing.assert_allclose(back.origin, example_volume().origin)


def test_an_image_without_a_scale_says_that_one_is_assumed(tmp_path):
    path = write(tmp_path / "a.zarr", IDS, metadata("zyx", []))
    with pytest.warns(InputNote, match="edge 1, since it states no scale"):
        assert load(path).spacing == (1, 1, 1)


def test_the_finest_level_is_read_wherever_it_is_listed(tmp_path):
    said = metadata("zyx", [scale(2, 2, 2)])
    fine = {"path": "fine", "coordinateTransformations": [scale(1, 1, 1)]}
    said["multiscales"][0]["datasets"].append(fine)
    path = write(tmp_path / "a.zarr", IDS[::2, ::2, ::2], said)
    zarr.open_group(path, mode="r+").create_array("fine", data=IDS)
    volume = load(path)
    np.testing.assert_array_equal(volume.grain_id, IDS.transpose(2, 1, 0))
    assert volume.spacing == (1, 1, 1)


def test_versions_that_name_no_axes_are_refused_by_that(tmp_path):
    said = metadata("zyx", [], "0.4")
    del said["multiscales"][0]["axes"]
    path = write(tmp_path / "a.zarr", IDS, said, "0.4")
    with pytest.raises(InputError, match=r"names no axes.* before 0\.3"):
        load(path)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_chunks_without_a_file_are_told(tmp_path, version):
    """They are void to Zarr, whether a writer left them out or a copy was cut off."""
    said = metadata("zyx", [scale(1, 1, 1)], version)
    path = write(tmp_path / "a.zarr", IDS, said, version)
    chunks = sorted(p for p in (path / "0").rglob("*") if p.is_file())
    chunks = [p for p in chunks if p.name not in ("zarr.json", ".zarray", ".zattrs")]
    chunks[0].unlink()
    with pytest.warns(InputNote, match="1 of its 4 chunks have no file .* read as 0"):
        volume = load(path)
    assert not volume.grain_id[:2, :2, :2].any()
    for chunk in chunks[1:]:
        chunk.unlink()
    with pytest.warns(InputNote, match="all its chunks have no file"):
        load(path)
    with pytest.warns(InputNote, match="all its chunks have no file"):
        load(_bare(tmp_path), unit="um", void=0)


def _bare(tmp_path):
    """Return an array without a group around it, of zeros that are not written."""
    path = tmp_path / "bare" / "b.zarr"
    array = zarr.create_array(path, shape=(4, 4, 4), chunks=(2, 2, 2), dtype="i4")
    array[:] = 0
    return path
