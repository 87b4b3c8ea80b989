"""Stacks of labels in TIFF: pages along z, rows along y, columns along x."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.units import UNITS

__all__ = ["read"]

_PLAIN = 1 << 28  # bytes that an image may have, however well it is packed
_UM = {
    **UNITS,
    **{"µm": 1.0, "μm": 1.0, "micron": 1.0, "micrometer": 1.0, "å": 1e-4},
}


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read labels; spacing from the metadata of ImageJ or OME, or the resolution.

    Raises
    ------
    InputError
        If it is damaged, or a picture of colors or floats.
    """
    import tifffile

    try:
        with _heard() as said, tifffile.TiffFile(io.BytesIO(data)) as file:
            if len(file.series) != 1:
                raise InputError(
                    f"it holds {len(file.series)} images; save one of them"
                )
            series = file.series[0]
            axes, shape = series.axes, series.shape
            if "S" in axes or ("C" in axes and shape[axes.index("C")] > 1):
                raise InputError(
                    "a picture of colors: save grain IDs, one number a voxel"
                )
            if series.nbytes > _PLAIN + 1000 * len(data):
                raise InputError(f"damaged: it states {shape} voxels, and is too short")
            values = series.asarray()
            spacing, unit = _spacing(file)
            if values.size == 0:
                raise InputError("damaged: its image has no pixel")
            worst = [r.getMessage() for r in said if r.levelno >= logging.ERROR]
            if worst:
                raise InputError(f"damaged or cut off ({worst[0][:100]})")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # whatever a parser trips over is a damaged file
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"{path}: damaged, or not read ({reason})") from None
    try:
        ids = _volume(values, axes)
        return RawVolume(
            integers(ids, "the image"),
            spacing,
            (0.0, 0.0, 0.0),
            unit="um",
            assumed_unit="" if unit else "voxels of 1 µm, since no unit is stated",
            notes=tuple({f"tifffile: {r.getMessage()[:150]}": 0 for r in said}),
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """Collect what tifffile logs, which it would print otherwise."""
    said: list[logging.LogRecord] = []
    logger = logging.getLogger("tifffile")

    def listen(record: logging.LogRecord) -> bool:
        said.append(record)
        return False

    logger.addFilter(listen)
    try:
        yield said
    finally:
        logger.removeFilter(listen)


def _volume(values: np.ndarray, axes: str) -> np.ndarray:
    """Return an image as [x, y, z]."""
    for axis in range(len(axes) - 1, -1, -1):
        if axes[axis] not in "XYZIQ" and values.shape[axis] == 1:
            values = values.take(0, axis)
            axes = axes[:axis] + axes[axis + 1 :]
    stack = axes.translate(str.maketrans("IQT", "ZZZ"))
    if stack == "YX":
        return values.T[:, :, None]
    if stack != "ZYX":
        raise InputError(f"its axes are {axes}, and a stack of pages (ZYX) is required")
    return values.transpose(2, 1, 0)


def _spacing(file: Any) -> tuple[tuple[float, ...], bool]:
    """Return the edges of a voxel, µm, and whether the file states them."""
    if file.is_ome and file.ome_metadata:
        return _of_ome(file.ome_metadata)
    page = file.pages[0]
    resolution = [page.tags.get(f"{axis}Resolution") for axis in "XY"]
    told = file.imagej_metadata or {}
    inches = {2: "inch", 3: "cm"}
    tag = page.tags.get("ResolutionUnit")
    word = str(told.get("unit", "") or "").replace("\\u00B5", "µ").lower()
    unit = _UM.get(word) or _UM.get(inches.get(int(tag.value) if tag else 0, ""), 0.0)
    if told and not word:
        unit = 0.0
    if None in resolution or not unit:
        return (1.0, 1.0, 1.0), False
    edges = [t.value[1] / t.value[0] * unit for t in resolution]
    return (*edges, float(told.get("spacing", edges[0] / unit)) * unit), True


def _of_ome(text: str) -> tuple[tuple[float, ...], bool]:
    """Return the spacing that OME-XML states."""
    from xml.etree import ElementTree

    for element in ElementTree.fromstring(text).iter():
        if element.tag.endswith("Pixels") and "PhysicalSizeX" in element.attrib:
            said = element.attrib
            factor = [
                _UM.get(said.get(f"PhysicalSize{a}Unit", "µm").lower(), 1.0)
                for a in "XYZ"
            ]
            first = said["PhysicalSizeX"]
            edges = [float(said.get(f"PhysicalSize{a}", first)) for a in "XYZ"]
            return tuple(e * f for e, f in zip(edges, factor)), True
    return (1.0, 1.0, 1.0), False
