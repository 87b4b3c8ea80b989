"""Masks as parts: every format gives the same voxels, on the same axes."""

import gzip
import zipfile

import numpy as np
import pytest
import tifffile

from grainpaint import InputError, Microstructure
from grainpaint.cad import MaskGrid, is_mask, load_mask_file, load_part


@pytest.fixture
def inside(rng):
    return rng.random((9, 7, 5)) < 0.4


def written(folder, inside, kind):
    path = folder / f"mask.{kind}"
    if kind == "npy":
        np.save(path, inside)
    elif kind == "npy.gz":
        np.save(folder / "mask.npy", inside)
        path.write_bytes(gzip.compress((folder / "mask.npy").read_bytes()))
    elif kind == "npz":
        np.savez_compressed(path, mask=inside, other=np.zeros((2, 2, 2)))
    elif kind == "vti":
        volume = Microstructure(inside.astype(np.int32), (2.0,) * 3, (1.0, 2.0, 3.0))
        volume.save(path)
    else:
        pages = inside.transpose(2, 1, 0).astype(np.uint8) * 255
        tifffile.imwrite(path, pages, photometric="minisblack")
    return path


@pytest.mark.parametrize("kind", ["npy", "npy.gz", "npz", "vti", "tif"])
def test_every_format_gives_the_same_voxels(tmp_path, inside, kind):
    path = written(tmp_path, inside, kind)
    assert is_mask(path)
    mask = load_mask_file(path)
    np.testing.assert_array_equal(mask.inside, inside)
    assert mask.spacing == (2.0 if kind == "vti" else None)
    assert mask.origin == ((1.0, 2.0, 3.0) if kind == "vti" else (0.0, 0.0, 0.0))
    assert mask.notes == ()


def test_a_grid_of_a_mask_answers_as_one_of_a_part(inside):
    grid = MaskGrid(inside, 1.0, (0.0, 0.0, 0.0))
    padded = np.pad(inside, ((3, 2), (0, 4), (5, 5)))
    np.testing.assert_array_equal(grid.mask([(-3, 11), (0, 11), (-5, 10)]), padded)
    for edge in (2, 4, 16):
        touched = grid.touched(edge)
        for block in np.ndindex(touched.shape):
            here = tuple(slice(edge * i, edge * (i + 1)) for i in block)
            assert touched[block] == inside[here].any()
    with pytest.raises(InputError, match="no voxel"):
        MaskGrid(np.zeros((2, 2, 2), bool), 1.0, (0.0,) * 3).mask_of_all()


def test_gray_values_are_said_and_fractions_refused(tmp_path):
    path = tmp_path / "gray.npy"
    np.save(path, np.arange(27).reshape(3, 3, 3))
    assert "more than two values" in load_mask_file(path).notes[0]
    np.save(path, np.arange(27).reshape(3, 3, 3) / 27)
    with pytest.raises(InputError, match="threshold"):
        load_mask_file(path)


@pytest.mark.parametrize(("outside", "within"), [(1, 2), (-1, 1), (2, 1), (-1.0, 1)])
def test_a_mask_without_0_leaves_open_what_is_outside(
    tmp_path, inside, outside, within
):
    path = tmp_path / "mask.npy"
    np.save(path, np.where(inside, within, outside))
    with pytest.raises(InputError, match=r"neither of them 0: write 0 where it is"):
        load_mask_file(path)
    np.save(path, np.ones(inside.shape))
    assert load_mask_file(path).notes == ("no voxel is 0: the whole box is inside",)


def test_of_several_arrays_of_vtk_that_called_mask_is_read(tmp_path, inside):
    import pyvista

    path = tmp_path / "a.vti"
    image = pyvista.ImageData(dimensions=np.array(inside.shape) + 1)
    image.cell_data["hits"] = np.ones(inside.size, np.int32)
    for name in ("Mask", "other"):
        image.cell_data[name] = inside.astype(np.uint8).ravel(order="F")
        image.save(path)
        if name == "Mask":
            np.testing.assert_array_equal(load_mask_file(path).inside, inside)
            del image.cell_data[name]
    with pytest.raises(InputError, match="Call it mask, or save it alone: hits, other"):
        load_mask_file(path)
    del image.cell_data["hits"]
    image.cell_data["other"] = np.where(inside, 1, -1).ravel(order="F")
    image.save(path)
    with pytest.raises(InputError, match=r"not negative: write 0 where it is outside$"):
        load_mask_file(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.zeros((3, 3, 3)), "all voxels are 0"), (np.ones((3, 3)), "three axes"),
     (np.full((2, 2, 2), np.nan), "not finite"), (np.full((2, 2, 2), "a"), "numbers"),
     (np.full((2, 2, 2), None), "Python objects")],
)  # fmt: skip
def test_what_is_no_mask_is_refused(tmp_path, values, message):
    path = tmp_path / "mask.npy"
    np.save(path, values)
    with pytest.raises(InputError, match=message):
        load_mask_file(path)


def test_damaged_files_are_refused(tmp_path, inside, capfd):
    for kind in ("npy", "npz", "tif"):
        path = written(tmp_path, inside, kind)
        path.write_bytes(path.read_bytes()[: 300 if kind == "npz" else 150])
        if is_mask(path):
            with pytest.raises(InputError):
                load_mask_file(path)
    assert capfd.readouterr().err == ""
    np.savez(tmp_path / "two.npz", a=inside, b=inside)
    with pytest.raises(InputError, match="only array of three axes"):
        load_mask_file(tmp_path / "two.npz")
    np.savez(tmp_path / "flat.npz", mask=inside, spacing=(1.0, 1.0, 2.0))
    with pytest.raises(InputError, match="cubes"):
        load_mask_file(tmp_path / "flat.npz")


def test_a_mask_of_vtk_says_what_was_assumed(tmp_path, inside):
    import pyvista

    image = pyvista.ImageData(dimensions=np.array(inside.shape) + 1, spacing=(2,) * 3)
    image.cell_data["mask"] = inside.astype(np.uint8).ravel(order="F")
    image.save(tmp_path / "mask.vti")
    mask = load_mask_file(tmp_path / "mask.vti")
    np.testing.assert_array_equal(mask.inside, inside)
    assert mask.spacing == 2.0
    assert "µm" in mask.notes[0]
    assert "voxel edge" in mask.notes[0]


@pytest.mark.parametrize(
    "options",
    [
        {
            "imagej": True,
            "resolution": (0.5, 0.5),
            "metadata": {"axes": "ZYX", "unit": "um", "spacing": 2.0},
        },
        {"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeX": 2.0}},
        {
            "ome": True,
            "metadata": {
                **{f"PhysicalSize{axis}": 2000.0 for axis in "XYZ"},
                **{f"PhysicalSize{axis}Unit": "nm" for axis in "XYZ"},
                "axes": "ZYX",
            },
        },
        {"resolution": (5000, 5000), "resolutionunit": "CENTIMETER"},
    ],
    ids=["imagej", "ome", "ome in nm", "resolution"],
)
def test_voxels_of_a_tiff_are_as_large_as_it_says(tmp_path, inside, options):
    pages = inside.transpose(2, 1, 0).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pages, **options)
    mask = load_mask_file(tmp_path / "a.tif")
    np.testing.assert_array_equal(mask.inside, inside)
    assert mask.spacing == pytest.approx(2.0)
    assert mask.notes == (
        ("voxels of 2 µm, by the resolution of its pages",)
        if "resolutionunit" in options
        else ()
    )


def test_images_in_utf_16_are_masks(tmp_path, inside):
    path = written(tmp_path, inside, "vti")
    path.write_bytes(path.read_bytes().decode().encode("utf-16"))
    assert is_mask(path)
    mask = load_mask_file(path)
    assert (mask.inside == inside).all()
    assert mask.notes == ()


def test_a_folder_of_slices_is_the_stack_of_them(tmp_path, inside):
    folder = tmp_path / "slices"
    folder.mkdir()
    for z in range(inside.shape[2]):  # slice 10 comes after slice 9
        tifffile.imwrite(folder / f"s{z + 8}.tif", inside[:, :, z].T.astype(np.uint8))
    assert is_mask(folder)
    mask = load_mask_file(folder)
    np.testing.assert_array_equal(mask.inside, inside)
    assert mask.spacing is None
    assert mask.notes == ("5 sections, z upward from s8.tif to s12.tif",)
    tifffile.imwrite(folder / "s9.tif", np.ones((7, 9), np.uint8))
    assert load_mask_file(folder).sha256 != mask.sha256
    tifffile.imwrite(folder / "s9.tif", np.ones((7, 8), np.uint8))
    with pytest.raises(InputError, match="single pages of one size"):
        load_mask_file(folder)


def test_a_zarr_folder_is_refused_with_what_would_do(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text("{}")
    with pytest.raises(InputError, match=r"a Zarr folder.* convert .* -o mask\.vti"):
        load_part(tmp_path / "a.zarr")
    assert not is_mask(tmp_path)
    with pytest.raises(InputError, match="a folder, but a file is needed"):
        load_part(tmp_path)


@pytest.mark.parametrize("kind", ["npy", "npz", "vti", "tif"])
def test_the_content_of_a_packed_mask_counts_not_its_name(tmp_path, inside, kind):
    data = written(tmp_path, inside, kind).read_bytes()
    path = tmp_path / "scan.gz"
    path.write_bytes(gzip.compress(data))
    assert is_mask(path)
    np.testing.assert_array_equal(load_mask_file(path).inside, inside)
    (tmp_path / "part.vti.gz").write_bytes(gzip.compress(b"solid a\nendsolid\n"))
    assert not is_mask(tmp_path / "part.vti.gz")


def test_a_volume_that_is_no_mask_is_refused_with_what_would_do(tmp_path):
    path = Microstructure(np.ones((3, 3, 3), np.int32)).save(tmp_path / "a.sites")
    with pytest.raises(InputError, match=r"holds grains.* convert .* -o mask\.vti"):
        load_part(path)
    with zipfile.ZipFile(tmp_path / "a.stl", "w") as archive:
        archive.writestr("a.stl", b"solid a\nendsolid\n")
    with pytest.raises(InputError, match=r"an archive .*: unpack it"):
        load_part(tmp_path / "a.stl")
