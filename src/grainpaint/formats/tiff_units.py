"""What TIFF files say of their voxels: OME, ImageJ, or the resolution of a page."""

from __future__ import annotations

from typing import Any

from grainpaint.errors import InputError, brief
from grainpaint.units import length_text, micrometers

__all__ = ["edges_of", "planes_of"]

_INCH, _CM = 2, 3  # units of resolution


def edges_of(file: Any) -> tuple[tuple[float, float, float] | None, str]:
    """Return the edges of a voxel along x, y, z, and a note.

    Parameters
    ----------
    file : tifffile.TiffFile

    Returns
    -------
    edges : three floats or None
        µm; None if the file does not say.
    note : str
        "" if there is none.

    Raises
    ------
    InputError
        If a unit is unknown.
    """
    image = _ome(file)
    if image is not None:
        return _of_ome(image.attrib), ""
    page = file.pages[0]
    resolution = [page.tags.get(f"{axis}Resolution") for axis in "XY"]
    told = file.imagej_metadata
    tag = page.tags.get("ResolutionUnit")
    said = {_INCH: "inch", _CM: "cm"}.get(int(tag.value) if tag else 0)
    unit = micrometers(said if told is None else told.get("unit"))
    if None in resolution or unit is None:
        return None, ""
    x, y = (t.value[1] / t.value[0] * unit for t in resolution)
    if told is not None:
        return (x, y, float(told.get("spacing", x / unit)) * unit), ""
    return (x, y, x), f"voxels of {length_text(x)}, by the resolution of its pages"


def planes_of(file: Any) -> tuple[int, int] | None:
    """Return the layers and times that OME states, None if it is not of OME.

    Raises
    ------
    InputError
        If it states several images or channels, pages in other files, or in another
        order.
    """
    image = _ome(file)
    if image is None:
        return None
    counts = [int(image.get(f"Size{axis}", 1)) for axis in "ZTC"]
    if counts[2] > 1:
        raise InputError("a picture of colors: save grain IDs, one number a voxel")
    files = {part.get("FileName") for part in image.iter() if _is(part, "UUID")}
    if len(files) > 1:
        raise InputError("it keeps pages in other files: save them in one")
    for part in image.iter():
        if _is(part, "TiffData") and "IFD" in part.attrib:
            at = [int(part.get(f"First{axis}", 0)) for axis in "ZT"]
            if int(part.attrib["IFD"]) not in (max(at), at[0] + counts[0] * at[1]):
                raise InputError("its pages are in another order than its layers")
    return counts[0], counts[1]


def _ome(file: Any) -> Any:
    """Return the pixels of the only image of a file of OME, None if it is none."""
    from xml.etree import ElementTree

    text = str(file.pages[0].description or "").strip()
    if not text.endswith("OME>") or "<" not in text:
        return None
    if "<!DOCTYPE" in text:
        raise InputError("damaged: its metadata have a document type")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, RecursionError) as error:
        raise InputError(
            f"damaged: its metadata are not XML ({brief(error, 50)})"
        ) from None
    images = [part for part in root.iter() if _is(part, "Pixels")]
    if len(images) != 1:
        raise InputError(f"it states {len(images)} images; save one of them")
    return images[0]


def _is(part: Any, name: str) -> bool:
    return str(part.tag).rpartition("}")[2] == name


def _of_ome(said: Any) -> tuple[float, float, float] | None:
    """Return the edges that OME states."""
    if "PhysicalSizeX" not in said:
        return None
    edges = []
    for axis in "XYZ":
        like = axis if f"PhysicalSize{axis}" in said else "X"
        unit = micrometers(said.get(f"PhysicalSize{like}Unit", "µm"))
        if unit is None:
            return None
        edges.append(float(said[f"PhysicalSize{like}"]) * unit)
    x, y, z = edges
    return x, y, z
