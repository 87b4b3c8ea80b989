"""VTK files, read as strictly as other programs do."""

import base64
import re
import struct

import numpy as np
from samples import example_volume

from grainpaint import Microstructure


def strict_vti(path):
    """Read a .vti by the rules of DAMASK's line parser and of OVITO; fail on others."""
    lines = path.read_text().split("\n")
    fields = [lines.index(f"    <{end}FieldData>") for end in ("", "/")]
    lines[fields[0] : fields[1] + 1] = []  # both skip the arrays of the whole file
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
    path = example_volume().save(tmp_path / "a.vti")
    values, spacing = strict_vti(path)
    np.testing.assert_array_equal(values, example_volume().grain_id)
    np.testing.assert_allclose(spacing, (2e-6, 3e-6, 4e-6))  # meters


def test_vti_of_many_megabytes_is_one_base64_stream(tmp_path, rng):
    ids = rng.integers(1, 9, (101, 103, 107)).astype(np.int32)
    values, _ = strict_vti(Microstructure(ids).save(tmp_path / "a.vti"))
    np.testing.assert_array_equal(values, ids)


def test_vti_is_read_by_vtk(tmp_path):
    import pyvista

    grid = pyvista.read(example_volume().save(tmp_path / "a.vti"))
    assert grid.dimensions == (3, 4, 5)
    np.testing.assert_allclose(grid.spacing, (2e-6, 3e-6, 4e-6))
    np.testing.assert_allclose(grid.origin, (1e-6, 0, -5e-6))
    material = np.asarray(grid.cell_data["material"]).reshape((2, 3, 4), order="F")
    np.testing.assert_array_equal(material, example_volume().grain_id)
