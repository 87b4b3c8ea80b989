import base64
import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from grainpaint import InputError, Microstructure, load
from grainpaint.formats import SUFFIXES, check_output, write
from grainpaint.formats.field import read_field, read_values
from grainpaint.formats.files import replace_with

lengths = st.floats(1e-3, 1e5)
microstructures = st.builds(
    Microstructure,
    arrays(
        np.int32,
        array_shapes(min_dims=3, max_dims=3, max_side=6),
        elements=st.integers(0, 2**31 - 1),
    ),
    st.tuples(lengths, lengths, lengths),
    st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    st.tuples(*[st.booleans()] * 3),
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(volume=microstructures)
@settings(max_examples=20)
def test_what_is_written_is_read(tmp_path_factory, suffix, volume):
    path = tmp_path_factory.mktemp("io") / f"volume{suffix}"
    assert volume.save(path) == path
    back = load(path)
    np.testing.assert_array_equal(back.grain_id, volume.grain_id)
    np.testing.assert_allclose(back.spacing, volume.spacing, rtol=1e-9)
    np.testing.assert_allclose(back.origin, volume.origin, rtol=1e-9, atol=1e-6)
    if suffix != ".vti":  # VTK knows no periodicity
        assert back.periodic == volume.periodic


def example():
    ids = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    return Microstructure(ids, (2.0, 3.0, 4.0), (1.0, 0.0, -5.0))


def strict_vti(path):
    """Read a .vti by the rules of DAMASK's line parser and of OVITO; fail on others."""
    lines = path.read_text().split("\n")
    tags = {}
    for number, line in enumerate(lines):
        for tag in ("VTKFile", "ImageData", "Piece", "CellData", "DataArray"):
            if line.lstrip().startswith(f"<{tag}"):
                assert tag not in tags, "one of each"
                assert line.rstrip().endswith(">"), "each tag on one line"
                attributes = dict(re.findall(r'(\w+)="([^"]*)"', line))
                tags[tag] = (number, attributes)
    file, image = tags["VTKFile"][1], tags["ImageData"][1]
    assert file["type"] == "ImageData"
    assert file["byte_order"] == "LittleEndian"
    assert file["header_type"] == "UInt64"
    assert "compressor" not in file
    assert image["Direction"] == "1 0 0 0 1 0 0 0 1"
    extent = [int(n) for n in image["WholeExtent"].split()]
    assert extent[::2] == [0, 0, 0]
    assert tags["Piece"][1]["Extent"] == image["WholeExtent"]
    number, array = tags["DataArray"]
    assert (array["type"], array["Name"]) == ("Int32", "material")
    assert array["format"] == "binary"
    data = base64.b64decode(lines[number + 1].strip(), validate=True)
    assert lines[number + 2].strip() == "</DataArray>"
    (n_bytes,) = struct.unpack("<Q", data[:8])
    assert n_bytes == len(data) - 8 == 4 * np.prod(extent[1::2])
    values = np.frombuffer(data[8:], "<i4").reshape(extent[1::2], order="F")
    assert values.min() >= 0
    assert (values.min(), values.max()) == (
        int(array["RangeMin"]),
        int(array["RangeMax"]),
    )
    return values, [float(s) for s in image["Spacing"].split()]


def test_vti_obeys_the_strictest_readers(tmp_path):
    path = example().save(tmp_path / "a.vti")
    values, spacing = strict_vti(path)
    np.testing.assert_array_equal(values, example().grain_id)
    np.testing.assert_allclose(spacing, (2e-6, 3e-6, 4e-6))  # metres


def test_vti_of_many_megabytes_is_one_base64_stream(tmp_path, rng):
    ids = rng.integers(1, 9, (101, 103, 107)).astype(np.int32)
    values, _ = strict_vti(Microstructure(ids).save(tmp_path / "a.vti"))
    np.testing.assert_array_equal(values, ids)


def test_vti_is_read_by_vtk(tmp_path):
    import pyvista

    grid = pyvista.read(example().save(tmp_path / "a.vti"))
    assert grid.dimensions == (3, 4, 5)
    np.testing.assert_allclose(grid.spacing, (2e-6, 3e-6, 4e-6))
    np.testing.assert_allclose(grid.origin, (1e-6, 0, -5e-6))
    material = np.asarray(grid.cell_data["material"]).reshape((2, 3, 4), order="F")
    np.testing.assert_array_equal(material, example().grain_id)


def test_npz_holds_the_arrays_of_the_contract(tmp_path):
    with np.load(example().save(tmp_path / "a.npz")) as archive:
        assert sorted(archive) == ["grain_id", "origin", "periodic", "spacing"]
        assert archive["grain_id"].dtype == np.int32
        assert archive["spacing"].dtype == archive["origin"].dtype == np.float64
        assert archive["periodic"].dtype == bool


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files_are_refused(tmp_path, suffix):
    path = example().save(tmp_path / f"a{suffix}")
    if path.is_dir():
        (path / "zarr.json").write_text("{")
    else:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=f"a{suffix}"):
        load(path)


def test_unknown_and_missing_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"'\.stp'.*\.vti, \.npz, \.zarr"):
        load(tmp_path / "a.stp")
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "a.npz")
    with pytest.raises(InputError, match="unknown suffix"):
        write(example(), tmp_path / "a.txt")
    (tmp_path / "b.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="use force"):
        check_output(tmp_path / "b.npz", force=False)


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = example().save(tmp_path / "a.npz")
    before = path.read_bytes()

    def fail(aside):
        aside.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_with(path, fail)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_field_comes_with_its_spacing_and_origin(tmp_path, rng):
    color = rng.integers(0, 12, (4, 5, 6))
    np.savez(tmp_path / "c.npz", field=color, spacing=[2, 2, 2])
    back, spacing, origin = read_field(tmp_path / "c.npz")
    np.testing.assert_array_equal(back, color)
    assert tuple(spacing) == (2, 2, 2)
    assert tuple(origin) == (0, 0, 0)
    np.savez(tmp_path / "bad.npz", spins=color)
    with pytest.raises(InputError, match="no array 'field'"):
        read_field(tmp_path / "bad.npz")
    np.savez(tmp_path / "ints.npz", field=color)
    with pytest.raises(InputError, match="must be floats"):
        read_values(tmp_path / "ints.npz")
