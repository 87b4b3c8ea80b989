"""Stacks of labels in TIFF, of ImageJ, OME and others."""

import io
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from grainpaint import InputError, load
from grainpaint.errors import InputNote

IDS = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)  # [x, y, z]
PAGES = IDS.transpose(2, 1, 0)


def loaded(tmp_path, pages=PAGES, **options):
    tifffile.imwrite(tmp_path / "a.tif", pages, **options)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", InputNote)
        volume = load(tmp_path / "a.tif")
    return volume, "\n".join(str(note.message) for note in said)


def test_the_spacing_that_imagej_states_is_obeyed(tmp_path):
    volume, said = loaded(
        tmp_path,
        imagej=True,
        resolution=(2, 4),
        metadata={"axes": "ZYX", "unit": "um", "spacing": 3.0},
    )
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == pytest.approx((0.5, 0.25, 3.0))
    assert said == ""


@pytest.mark.parametrize("apart", [0.0, -0.5])
def test_layers_that_are_stated_no_distance_apart_need_one(tmp_path, apart):
    said = {"axes": "ZYX", "unit": "um", "spacing": apart}
    with pytest.raises(InputError, match=r"far apart they are \(spacing_z\)"):
        loaded(tmp_path, imagej=True, resolution=(2, 2), metadata=said)
    volume = load(tmp_path / "a.tif", spacing_z="3um")
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == (0.5, 0.5, 3.0)


def test_the_spacing_that_ome_states_is_obeyed(tmp_path):
    metadata = {"axes": "ZYX", "PhysicalSizeX": 500.0, "PhysicalSizeXUnit": "nm"}
    metadata |= {"PhysicalSizeY": 0.25, "PhysicalSizeZ": 3.0}
    volume, said = loaded(tmp_path, ome=True, metadata=metadata)
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == pytest.approx((0.5, 0.25, 3.0))
    assert said == ""


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"bigtiff": True}])
def test_pages_without_a_unit_have_voxels_of_1_um_and_a_note(tmp_path, options):
    volume, said = loaded(tmp_path, photometric="minisblack", **options)
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert "voxels of 1 µm, since no unit is stated" in said


def test_a_single_page_is_a_section(tmp_path):
    volume, _ = loaded(tmp_path, PAGES[0])
    np.testing.assert_array_equal(volume.grain_id, IDS[:, :, :1])


def test_pictures_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="picture of colors"):
        loaded(tmp_path, np.zeros((5, 6, 3), "u1"), photometric="rgb")
    with pytest.raises(InputError, match=r"4 pages are channels.*'axes': 'ZYX'"):
        loaded(tmp_path, imagej=True)
    planes = {"photometric": "rgb", "planarconfig": "separate"}
    with pytest.raises(InputError, match="3 layers are the colors of one picture"):
        loaded(tmp_path, np.zeros((3, 5, 6), "u1"), **planes)
    with pytest.raises(InputError, match="not integers"):
        loaded(tmp_path, np.full((3, 4, 5), 0.5, "f4"), photometric="minisblack")
    memory = io.BytesIO()
    tifffile.imwrite(memory, PAGES, photometric="minisblack")
    for n in (9, 100, 300):
        (tmp_path / "b.tif").write_bytes(memory.getvalue()[:n])
        with pytest.raises(InputError, match=r"b\.tif") as caught:
            load(tmp_path / "b.tif")
        assert "\n" not in str(caught.value)


def test_pages_written_one_by_one_are_one_stack(tmp_path):
    stack = np.random.default_rng(0).integers(1, 50, (5, 6, 7)).astype(np.uint16)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in stack:
            file.write(page)
    with pytest.warns(InputNote):
        volume = load(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.grain_id, stack.transpose(2, 1, 0))


def test_pages_of_several_sizes_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for n in (6, 7):
            file.write(np.ones((n, n), np.uint16))
    with pytest.raises(InputError, match="it holds 2 images; save one"):
        load(tmp_path / "a.tif")


@pytest.mark.parametrize("turn", range(2, 9))
def test_pages_are_turned_as_viewers_do(tmp_path, turn):
    """As Pillow turns pictures, with pages whose voxels are not cubes."""
    path = tmp_path / "turned.tif"
    page = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    tifffile.imwrite(
        path,
        page,
        extratags=[(274, "H", 1, turn, True)],
        resolution=(1e4, 5e3),
        resolutionunit="CENTIMETER",
    )
    with pytest.warns(InputNote) as notes:
        found = load(path)
    assert f"turned as viewers do (Orientation {turn})" in str(notes[-1].message)
    picture = Image.fromarray(page)
    picture.getexif()[274] = turn
    shown = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(found.grain_id[:, :, 0], shown.T)
    assert found.spacing[:2] == ((1.0, 2.0) if turn < 5 else (2.0, 1.0))


def test_an_orientation_that_there_is_not_is_damage(tmp_path):
    path = tmp_path / "turned.tif"
    tag = [(274, "H", 1, 9, True)]
    tifffile.imwrite(path, np.ones((5, 5), np.uint8), extratags=tag)
    with pytest.raises(InputError, match="its Orientation is 9, not 1 to 8"):
        load(path)
