"""Images that VTK, ParaView, pyvista, DAMASK and DREAM.3D write."""

import itertools
import re
import warnings

import numpy as np
import pytest
import pyvista
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkIOXML import vtkXMLImageDataWriter

from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.formats.vti import read_array

MODES = ("Ascii", "Binary", "AppendedRaw", "AppendedBase64")
COMPRESSORS = ("None", "ZLib", "LZ4", "LZMA")
SPACING, ORIGIN = (1e-6, 2e-6, 3e-6), (1e-6, 0.0, 0.0)


@pytest.fixture
def ids(rng):
    return rng.integers(1, 9, (7, 5, 4))


def image(ids, points=False, dtype=np.int32, low=(0, 0, 0), name="material"):
    """Return a vtkImageData whose extent begins at `low`."""
    made = vtkImageData()
    counts = [n - points for n in ids.shape]
    made.SetExtent(*itertools.chain(*((a, a + n) for a, n in zip(low, counts))))
    made.SetSpacing(SPACING)
    made.SetOrigin(ORIGIN)
    values = numpy_to_vtk(ids.ravel(order="F").astype(dtype), deep=1)
    values.SetName(name)
    (made.GetPointData() if points else made.GetCellData()).AddArray(values)
    return made


def vtk_write(made, path, mode="Binary", compressor="None", big=False, header=64):
    """Write an image with VTK's own writer, in blocks of 64 bytes."""
    writer = vtkXMLImageDataWriter()
    writer.SetInputData(made)
    writer.SetFileName(str(path))
    if mode.startswith("Appended"):
        writer.SetDataModeToAppended()
        writer.SetEncodeAppendedData(mode == "AppendedBase64")
    else:
        getattr(writer, f"SetDataModeTo{mode}")()
    getattr(writer, f"SetCompressorTypeTo{compressor}")()
    writer.SetBlockSize(64)
    getattr(writer, f"SetByteOrderTo{'Big' if big else 'Little'}Endian")()
    getattr(writer, f"SetHeaderTypeToUInt{header}")()
    assert writer.Write()
    return path


def quietly(path, **options):
    """Read a file whatever it leaves open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputNote)
        return load(path, **options)


@pytest.mark.parametrize("points", [False, True])
@pytest.mark.parametrize("compressor", COMPRESSORS)
@pytest.mark.parametrize("mode", MODES)
def test_whatever_vtk_writes_is_read(tmp_path, ids, mode, compressor, points):
    types = (np.int32, np.uint8, np.int64, np.uint16, np.float32, np.float64)
    for dtype, big, header in zip(types, [0, 1, 0, 1, 1, 0], [32, 64, 64, 32, 64, 32]):
        made = image(ids, points, dtype, (4, -3, 2))
        vtk_write(made, tmp_path / "a.vti", mode, compressor, bool(big), header)
        volume = quietly(tmp_path / "a.vti")
        np.testing.assert_array_equal(volume.grain_id, ids)
        assert volume.spacing == (1, 2, 3)
        # The corner of the first voxel: its center is the point itself.
        half = np.multiply(volume.spacing, 0.5) if points else 0
        first = np.array([1, 0, 0]) + np.multiply([4, -3, 2], volume.spacing) - half
        np.testing.assert_allclose(volume.origin, first)


@pytest.mark.parametrize("points", [False, True])
@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
def test_directions_put_every_voxel_where_vtk_has_it(tmp_path, ids, axes, points):
    for signs in itertools.product((1, -1), repeat=3):
        matrix = np.zeros((3, 3))
        matrix[axes, range(3)] = signs
        made = image(ids, points, low=(2, 3, -1))
        made.SetDirectionMatrix(matrix.ravel())
        vtk_write(made, tmp_path / "a.vti")
        volume = quietly(tmp_path / "a.vti")
        grid = pyvista.wrap(made)
        places = grid.points if points else grid.cell_centers().points
        at = (places * 1e6 - volume.origin) / volume.spacing - 0.5
        found = volume.grain_id[tuple(np.rint(at).astype(int).T)]
        np.testing.assert_allclose(at, np.rint(at), atol=1e-4)
        np.testing.assert_array_equal(found, ids.ravel(order="F"))


def test_an_oblique_direction_is_refused(tmp_path, ids):
    made = image(ids)
    c, s = np.cos(0.3), np.sin(0.3)
    made.SetDirectionMatrix([c, -s, 0, s, c, 0, 0, 0, 1])
    with pytest.raises(InputError, match="no multiple of 90 degrees"):
        load(vtk_write(made, tmp_path / "a.vti"))


@pytest.mark.parametrize("points", [False, True])
def test_pieces_are_put_together(tmp_path, ids, points):
    parts = []
    for low, high in ((0, 3), (3, 7)):  # points of the face belong to both
        part = image(ids[low : high + (points and high < 7)], points, low=(low, 0, 0))
        text = vtk_write(part, tmp_path / "part.vti").read_text()
        parts.append(text[text.index("  <Piece") : text.index("  </ImageData")])
    text = vtk_write(image(ids, points), tmp_path / "a.vti").read_text()
    head, tail = text[: text.index("  <Piece")], text[text.index("  </ImageData") :]
    (tmp_path / "a.vti").write_text(head + "".join(parts) + tail)
    np.testing.assert_array_equal(quietly(tmp_path / "a.vti").grain_id, ids)
    grid = pyvista.read(tmp_path / "a.vti")  # VTK agrees that this is such a file
    values = (grid.point_data if points else grid.cell_data)["material"]
    np.testing.assert_array_equal(values, ids.ravel(order="F"))
    (tmp_path / "a.vti").write_text(head + parts[1] + tail)
    with pytest.raises(InputError, match="do not fill"):
        load(tmp_path / "a.vti")


def example():
    ids = np.arange(24).reshape(2, 3, 4) % 7
    return Microstructure(ids, (0.5, 2, 3.25), (1, -2, 0.1), (True, False, True))


@pytest.mark.parametrize("compressor", COMPRESSORS)
@pytest.mark.parametrize("mode", MODES)
def test_our_file_saved_again_comes_back_equal(tmp_path, mode, compressor):
    volume = example()
    grid = pyvista.read(volume.save(tmp_path / "a.vti"))
    back = load(vtk_write(grid, tmp_path / "b.vti", mode, compressor))  # and no note
    np.testing.assert_array_equal(back.grain_id, volume.grain_id)
    assert back.spacing == volume.spacing
    assert back.origin == volume.origin
    assert back.periodic == volume.periodic


def test_what_was_cut_or_changed_elsewhere_is_said(tmp_path):
    grid = pyvista.read(example().save(tmp_path / "a.vti"))
    grid.extract_subset((0, 1, 0, 3, 0, 4)).save(tmp_path / "b.vti")
    with pytest.warns(InputNote, match="the axes cut are no longer periodic"):
        assert load(tmp_path / "b.vti").periodic == (False, False, True)
    grid.cell_data["material"][5] = 3
    grid.save(tmp_path / "c.vti")
    with pytest.warns(InputNote, match="changed it since"):
        assert load(tmp_path / "c.vti").periodic == (True, False, True)


def test_our_lengths_and_periodic_axes_hold_for_every_array_of_our_file(tmp_path):
    volume = example()
    grid = pyvista.read(volume.save(tmp_path / "a.vti"))
    grid.cell_data["mine"] = grid.cell_data["material"] + 5
    grid.save(tmp_path / "b.vti")
    grid.rename_array("material", "yours")
    grid.save(tmp_path / "c.vti")
    for name, more in (("b.vti", 5), ("c.vti", 5), ("c.vti", 0)):
        back = quietly(tmp_path / name, array="mine" if more else "yours")
        np.testing.assert_array_equal(back.grain_id, volume.grain_id + more)
        assert back.spacing == volume.spacing
        assert back.periodic == volume.periodic
    grid.extract_subset((0, 1, 0, 3, 0, 4)).save(tmp_path / "d.vti")
    with pytest.warns(InputNote, match="the axes cut are no longer periodic"):
        assert load(tmp_path / "d.vti", array="mine").periodic == (False, False, True)


@pytest.mark.parametrize(
    ("name", "unit", "note"),
    [
        ("material", 1e6, "m, as in DAMASK"),
        ("FeatureIds", 1, "µm, as in DREAM.3D"),
        ("Feature Ids", 1, "µm, as in DREAM.3D"),
        ("MaterialId", 1, "lengths in µm"),
        ("mine", 1, "lengths in µm, .*does not say"),
    ],
)
def test_units_go_by_name_and_are_said(tmp_path, ids, name, unit, note):
    path = vtk_write(image(ids, name=name), tmp_path / "a.vti")
    with pytest.warns(InputNote, match=note):
        volume = load(path)
    np.testing.assert_allclose(volume.spacing, np.multiply(SPACING, unit))
    np.testing.assert_allclose(load(path, unit="mm").spacing, (1e-3, 2e-3, 3e-3))


def test_materials_of_damask_count_from_0(tmp_path, ids):
    path = vtk_write(image(ids - 1, dtype=np.int64), tmp_path / "a.vti")
    with pytest.warns(InputNote) as notes:
        volume = load(path)
    said = " ".join(str(note.message) for note in notes)
    assert "material 0 is a grain, as in DAMASK" in said
    assert "plus 1" in said
    np.testing.assert_array_equal(volume.grain_id, ids)
    np.testing.assert_array_equal(quietly(path, void=0).grain_id, ids - 1)
    holes = quietly(path, void=3).grain_id
    np.testing.assert_array_equal(holes, np.where(ids == 4, 0, ids))


def test_files_of_earlier_versions_mean_0_as_the_outside(tmp_path):
    path = example().save(tmp_path / "a.vti")
    text = path.read_text()
    earlier = re.sub(r" *<FieldData>.*</FieldData>\n", "", text, flags=re.S)
    path.write_text(earlier)
    np.testing.assert_array_equal(load(path).grain_id, example().grain_id)  # no note
    pyvista.read(path).save(tmp_path / "b.vti")
    with pytest.warns(InputNote, match="material 0 is outside"):
        back = load(tmp_path / "b.vti")
    np.testing.assert_array_equal(back.grain_id, example().grain_id)


def test_the_array_is_chosen_by_name_or_asked_for(tmp_path, ids):
    grid = pyvista.wrap(image(ids, name="first"))
    grid.cell_data["second"] = ids.ravel(order="F")[::-1]
    grid.cell_data["temperature"] = np.ones(ids.size)
    grid.save(tmp_path / "a.vti")
    with pytest.raises(InputError, match=r"\(array\): first, second, temperature"):
        load(tmp_path / "a.vti")
    with pytest.raises(InputError, match="no array 'third'; it has first, second"):
        load(tmp_path / "a.vti", array="third")
    second = quietly(tmp_path / "a.vti", array="second").grain_id
    np.testing.assert_array_equal(second.ravel(order="F"), ids.ravel(order="F")[::-1])
    grid.cell_data["FeatureIds"] = ids.ravel(order="F") % 3
    grid.save(tmp_path / "a.vti")
    np.testing.assert_array_equal(quietly(tmp_path / "a.vti").grain_id, ids % 3)
    values, spacing, _ = read_array(tmp_path / "a.vti", "temperature")
    assert values.dtype == float
    assert values.shape == ids.shape
    assert spacing == SPACING


def test_ids_that_are_none_are_refused(tmp_path, ids):
    fractions = vtk_write(image(ids + 0.5, dtype=float), tmp_path / "a.vti")
    with pytest.raises(InputError, match="not integers"):
        load(fractions)
    negative = vtk_write(image(ids - 2, name="labels"), tmp_path / "b.vti")
    with pytest.raises(InputError, match=r"grain ID -1.*say so \(void -1\)"):
        load(negative)
    np.testing.assert_array_equal(quietly(negative, void=-1).grain_id, ids - 1)


def test_ids_beyond_32_bits_are_renumbered_with_a_note(tmp_path, ids):
    far = ids.astype(np.int64) * 5_000_000_000
    path = vtk_write(image(far, dtype=np.int64, name="grain_id"), tmp_path / "a.vti")
    with pytest.warns(InputNote, match=r"beyond 32 bits: grains are numbered 1\.\.8"):
        np.testing.assert_array_equal(load(path).grain_id, ids)


@pytest.mark.parametrize("compressor", COMPRESSORS)
@pytest.mark.parametrize("mode", MODES)
def test_cut_off_files_are_refused(tmp_path, ids, mode, compressor):
    path = vtk_write(image(ids), tmp_path / "a.vti", mode, compressor)
    data = path.read_bytes()
    end = data.rfind(b"</AppendedData" if "Appended" in mode else b"</DataArray")
    for cut in (1, 40, 200):  # the tags after the data are whole
        path.write_bytes(data[: end - 15 - cut] + data[end - 9 :])
        with pytest.raises(InputError, match="damaged"):
            load(path)
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError, match=r"a\.vti"):
            load(path)


def test_every_change_of_a_digit_of_our_own_file_is_noticed(tmp_path):
    path = example().save(tmp_path / "a.vti")
    data = path.read_bytes()
    start = data.index(b'Origin="')
    for at in range(start, len(data)):
        if data[at : at + 1] in b"0123456789ABCDE" and data[at : at + 1]:
            other = b"7" if data[at : at + 1] != b"7" else b"8"
            path.write_bytes(data[:at] + other + data[at + 1 :])
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", InputNote)
                    back = load(path)
            except (InputError, InputNote):
                continue
            same = (back.grain_id == example().grain_id).all()
            assert same, data[at - 20 : at + 20]
            assert (back.spacing, back.origin) == (example().spacing, example().origin)
            assert back.periodic == example().periodic


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("RectilinearGrid", "may differ in size"),
        ("StructuredGrid", "skewed"),
        ("PolyData", "a surface"),
        ("UnstructuredGrid", "a mesh"),
    ],
)
def test_other_files_of_vtk_are_refused_by_their_kind(tmp_path, kind, message):
    path = tmp_path / "a.vti"
    path.write_text(f'<VTKFile type="{kind}"><{kind}></{kind}></VTKFile>')
    with pytest.raises(InputError, match=f"{kind}.*{message}"):
        load(path)


def test_entities_are_not_expanded(tmp_path):
    path = tmp_path / "a.vti"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
        '<VTKFile type="ImageData"><ImageData>&a;</ImageData></VTKFile>'
    )
    with pytest.raises(InputError, match="entities"):
        load(path)


def test_a_flat_image_is_one_layer(tmp_path):
    grid = pyvista.ImageData(dimensions=(4, 3, 1), spacing=(2, 2, 0))
    grid.cell_data["labels"] = np.arange(1, 7)
    grid.save(tmp_path / "a.vti")
    volume = quietly(tmp_path / "a.vti")
    assert volume.shape == (3, 2, 1)
    assert volume.spacing == (2, 2, 2)
    assert volume.grain_id[:, :, 0].T.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_pieces_without_a_point_and_words_that_are_no_numbers(tmp_path):
    path = tmp_path / "a.vti"
    data = (
        '<DataArray Name="ids" type="Int32" format="ascii" RangeMax="9">{}</DataArray>'
    )
    piece = '<Piece Extent="{}"><CellData>{}</CellData></Piece>'
    empty = piece.format("0 -1 0 -1 0 -1", data.format(""))
    whole = piece.format("0 2 0 1 0 1", data.format("4 5"))
    frame = '<VTKFile type="ImageData"><ImageData WholeExtent="0 2 0 1 0 1">{}'
    text = frame.format(empty + whole + empty) + "</ImageData></VTKFile>"
    path.write_text(text)
    assert quietly(path).grain_id.ravel().tolist() == [4, 5]
    for words, message in (
        ("4 5.0", "holds '5.0', which is not a whole number"),
        ("<!-- ids -->4 5", "a comment or CDATA stands in it"),
    ):
        path.write_text(text.replace("4 5", words))
        with pytest.raises(InputError, match=message):
            load(path)


@pytest.mark.parametrize("mode", ["Ascii", "Binary", "AppendedBase64"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le", "utf-32"])
def test_images_in_utf_16_are_read(tmp_path, ids, mode, codec):
    path = vtk_write(image(ids), tmp_path / "a.vti", mode)
    plain = quietly(path)
    text = path.read_text().removeprefix('<?xml version="1.0"?>').lstrip()
    mark = "\ufeff" if codec == "utf-16-be" else ""  # utf-16-le: without one
    text = f"{mark}<?xml version='1.0' encoding = '{codec[:6]}' ?>\n{text}"
    path.write_bytes(text.encode(codec))
    np.testing.assert_array_equal(quietly(path).grain_id, plain.grain_id)
    assert quietly(path).spacing == plain.spacing
