"""Folders and patterns of TIFF files as one volume; those of maps are in ebsd."""

import numpy as np
import pytest
import tifffile

from grainpaint import InputError, load
from grainpaint.formats.section_names import how_stacked

IDS = np.arange(60, dtype=np.uint16).reshape(2, 3, 10)  # [x, y, z]

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")


@pytest.fixture
def folder(tmp_path):
    """Pages whose names sort otherwise than their numbers, beside other files."""
    folder = tmp_path / "slices"
    folder.mkdir()
    for k in range(10):
        tifffile.imwrite(folder / f"s{k + 1}.tif", IDS[:, :, k].T)
    (folder / "notes.txt").write_text("cut at 30 kV")
    (folder / "._s1.tif").write_bytes(b"of a Mac")
    return folder


def test_pages_are_stacked_in_the_order_of_their_numbers(folder):
    volume = load(folder, spacing_z=3, unit="nm")
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == pytest.approx((0.001, 0.001, 3))
    with pytest.warns(match="10 sections, z upward from s1.tif to s10.tif"):
        again = load(folder / "s*.tif", spacing_z=3)
    np.testing.assert_array_equal(again.grain_id, IDS)
    assert again.spacing == (1, 1, 3)
    with pytest.warns(match="10 sections"):
        assert load(folder / "s*.tif", spacing_z="3um").spacing == (1, 1, 3)
    with pytest.raises(InputError, match="distance of sections is a number of µm"):
        load(folder / "s*.tif", spacing_z=-3)


def test_a_section_that_seems_to_be_missing_is_told(folder):
    (folder / "s7.tif").unlink()
    with pytest.warns(match="9 sections.*; s8.tif follows s6.tif, as if some between"):
        load(folder, spacing_z=3)
    assert how_stacked([folder / f"a{k}0-2.tif" for k in (1, 2, 3)]).endswith(
        "a30-2.tif"
    )
    for names in (["a1", "a2", "b9"], ["a1", "a2", "a9b3"], ["a1-5", "a2-5", "a9-6"]):
        said = how_stacked([folder / name for name in names])
        assert said == f"3 sections, z upward from {names[0]} to {names[2]}"


def test_a_stack_in_one_file_takes_the_distance_of_its_layers(tmp_path):
    said = {"resolution": (20_000, 20_000), "resolutionunit": 3}  # in a cm
    tifffile.imwrite(tmp_path / "a.tif", IDS.T, photometric="minisblack", **said)
    with pytest.warns(match="settings of maps are unused .misorientation"):
        load(tmp_path / "a.tif", spacing_z=2, misorientation=3)
    assert load(tmp_path / "a.tif").spacing == pytest.approx((0.5, 0.5, 0.5))
    assert load(tmp_path / "a.tif", spacing_z=2).spacing == pytest.approx((0.5, 0.5, 2))


def test_pages_that_differ_and_folders_of_several_kinds_are_refused(folder):
    tifffile.imwrite(folder / "s11.tif", IDS[:, :2, 0].T)
    with pytest.raises(InputError, match=r"s11.tif: .*2 x 2 pixels .* s1.tif 2 x 3"):
        load(folder, spacing_z=1)
    tifffile.imwrite(folder / "s11.tif", IDS[:, :, :2].T, photometric="minisblack")
    with pytest.raises(InputError, match="2 x 3 pixels in 2 pages"):
        load(folder, spacing_z=1)
    (folder / "s11.tif").unlink()
    (folder / "map.csv").write_text("x,y,phi1,PHI,phi2\n0,0,1,2,3\n")
    with pytest.raises(InputError, match="maps and TIFF files: give a pattern"):
        load(folder, spacing_z=1)


def test_a_folder_of_pages_asks_for_their_distance(folder, run):
    code, _, said = run("convert", folder, "-o", folder / "a.npz")
    assert code == 2
    assert "a folder of 10 sections" in said
    assert "the distance of the sections (--spacing-z)" in said
    code, out, _ = run("stats", folder, "--spacing-z", "2um")
    assert code == 0
    assert "touching the border" in out
