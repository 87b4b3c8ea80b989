"""VTKHDF and TIFF, read by vtk and tifffile."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from oriented import oriented, without, x_fastest

from grainpaint import Microstructure, load
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export


def test_vtk_reads_vtkhdf(tmp_path, monkeypatch):
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOHDF import vtkHDFReader

    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 20)
    volume = oriented(void=True, gaps=True)
    assert export(of_volume(volume), tmp_path / "a.vtkhdf", "vtkhdf") == []
    reader = vtkHDFReader()
    reader.SetFileName(str(tmp_path / "a.vtkhdf"))
    reader.Update()
    image = reader.GetOutput()
    assert image.GetDimensions() == (6, 5, 4)
    assert image.GetSpacing() == volume.spacing
    assert image.GetOrigin() == volume.origin
    ids = vtk_to_numpy(image.GetCellData().GetArray("grain_id"))
    np.testing.assert_array_equal(ids, x_fastest(volume.grain_id))
    fields = image.GetFieldData()
    known = volume.orientations.rows(volume.ids())
    found = vtk_to_numpy(fields.GetArray("quaternion"))
    np.testing.assert_array_equal(found, known.quaternion)
    found = vtk_to_numpy(fields.GetArray("orientation_id"))
    np.testing.assert_array_equal(found, volume.ids())
    assert load(tmp_path / "a.vtkhdf").periodic == volume.periodic


@pytest.mark.parametrize(
    "target", ["dream3d", "dream3d7", "neper", "abaqus", "moose", "prisms", "fepx"]
)
def test_files_that_do_not_hold_periodic_axes_say_so(tmp_path, target):
    volume = oriented()
    assert any(volume.periodic)
    notes = export(of_volume(volume), tmp_path / "a", target)
    assert [n for n in notes if "does not hold periodic axes" in n]
    opened = replace(volume, periodic=(False,) * 3)
    notes = export(of_volume(opened), tmp_path / "b", target)
    assert not [n for n in notes if "periodic" in n]


@pytest.mark.parametrize(
    ("largest", "kind"), [(255, "uint8"), (256, "uint16"), (70_000, "uint32")]
)
def test_tiff_holds_ids_in_the_bits_that_they_take(
    tmp_path, monkeypatch, largest, kind
):
    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 20)
    ids = oriented(void=True).grain_id.copy()
    ids[-1, -1, 0] = largest
    volume = Microstructure(ids, (2.0, 3.0, 4.0))
    assert export(of_volume(volume), tmp_path / "a.tiff", "tiff") == []
    with tifffile.TiffFile(tmp_path / "a.tiff") as file:
        assert file.is_imagej
        assert len(file.pages) == 3
        values = file.asarray()
        said = file.imagej_metadata
        page = file.pages[0]
        x, y = (page.tags[name].value for name in ("XResolution", "YResolution"))
    assert values.dtype == kind
    np.testing.assert_array_equal(values, ids.transpose(2, 1, 0))
    assert (said["unit"], said["spacing"], said["slices"]) == ("um", 4, 3)
    assert (x[1] / x[0], y[1] / y[0]) == pytest.approx((2, 3))


def test_what_a_tiff_does_not_hold_is_said(tmp_path):
    notes = export(of_volume(oriented()), tmp_path / "a.tif", "tiff")
    assert notes == [
        "a TIFF stack does not hold the orientations and the phases and the origin and "
        "periodic axes"
    ]
    bare = Microstructure(np.ones((1, 2, 1), int))
    assert export(of_volume(bare), tmp_path / "b.tif", "tiff") == []
    assert without(oriented()).orientations is None


def test_periodic_axes_are_not_lost_in_silence_or_said_to_be_where_they_are_kept(
    tmp_path,
):
    volume = oriented(shape=(5, 4, 1))
    slabs = of_volume(replace(volume, periodic=(True, True, False)))
    for target in ("ang", "ctf"):
        notes = export(slabs, tmp_path / target, target)
        assert [n for n in notes if "does not hold periodic axes" in n]
    for target, equations in (("abaqus", True), ("evpfft", False), ("damask", False)):
        path = tmp_path / "a.vti"
        notes = export(of_volume(oriented()), path, target, equations)
        assert not [n for n in notes if "does not hold periodic axes" in n]
