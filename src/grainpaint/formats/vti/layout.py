"""The text around the materials in a .vti of ours.

`grainpaint.formats.vti.stated.is_own` recognizes it, and DAMASK reads it line by line.
"""

from collections.abc import Mapping, Sequence

__all__ = ["M_PER_UM", "PIECE", "around_materials"]

M_PER_UM = 1e-6
PIECE = 3 << 20  # bytes: base64 of multiples of 3 joins without padding


def around_materials(
    shape: Sequence[int],
    spacing: Sequence[float],
    origin: Sequence[float],
    fields: Mapping[str, Sequence[int | str]],
    limits: tuple[int, int],
    more_fields: str = "",
) -> tuple[str, str]:
    """Return what stands before the base64 of the materials, and behind it.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    spacing, origin : three floats
        m.
    fields : mapping of str to sequence of int or str
        Arrays of integers of the file as a whole, by their names.
    limits : two ints
        Smallest and largest material.
    more_fields : str
        Further arrays of the file as a whole, as they are to stand there.
    """
    extent = " ".join(f"0 {n}" for n in shape)
    stated = "".join(
        f'      <DataArray type="Int64" Name="{name}" NumberOfTuples="{len(values)}" '
        f'format="ascii">\n{" ".join(map(str, values))}\n      </DataArray>\n'
        for name, values in fields.items()
    )
    head = f"""<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
  <ImageData WholeExtent="{extent}" Origin="{" ".join(map(repr, origin))}" \
Spacing="{" ".join(map(repr, spacing))}" Direction="1 0 0 0 1 0 0 0 1">
    <FieldData>
{stated}{more_fields}    </FieldData>
  <Piece Extent="{extent}">
    <PointData>
    </PointData>
    <CellData>
      <DataArray type="Int32" Name="material" format="binary" \
RangeMin="{limits[0]}" RangeMax="{limits[1]}">
"""
    tail = """
      </DataArray>
    </CellData>
  </Piece>
  </ImageData>
</VTKFile>
"""
    return head, tail
