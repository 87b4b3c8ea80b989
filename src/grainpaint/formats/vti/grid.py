"""Where the cells or points of an image lie, and its arrays put together from pieces.

VTK's point (i, j, k) lies at Origin + Direction · (Spacing * (i, j, k)), where indices
begin at the low end of WholeExtent. A voxel is a cell, or the cell around a point.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from math import prod

import numpy as np

from grainpaint.formats.vti.arrays import decode
from grainpaint.formats.vti.document import Document

__all__ = ["ImageFrame", "assemble", "drop_empty", "frame_of", "turned"]

_Box = tuple[tuple[int, int], ...]  # first and last-plus-one voxel along i, j, k


@dataclass(frozen=True)
class ImageFrame:
    """The frame of an image.

    Parameters
    ----------
    extent : three pairs of int
        First and last point along i, j, k.
    origin, spacing : three floats
    axis : three ints
        The axis of space along which i, j, k run.
    sign : three ints
        1 or -1: whether they run up or down it.
    """

    extent: _Box
    origin: tuple[float, ...]
    spacing: tuple[float, ...]
    axis: tuple[int, ...]
    sign: tuple[int, ...]


def _numbers(element: ET.Element, name: str, n: int, default: str = "") -> list[float]:
    words = (element.get(name) or default).split()
    if len(words) != n:
        raise ValueError(f"{element.tag} has no {name} of {n} numbers")
    values = [float(word) for word in words]
    if not np.isfinite(values).all():
        raise ValueError(f"{name} is not finite")
    return values


def _extent(element: ET.Element, name: str) -> _Box:
    """Return the first and last point along i, j, k."""
    e = [int(value) for value in _numbers(element, name, 6)]
    box = tuple(zip(e[::2], e[1::2]))
    if any(a > b for a, b in box):
        raise ValueError(f"{name} {element.get(name)!r} is empty")
    return box


def drop_empty(image: ET.Element) -> None:
    """Take pieces without a point out: processes without a share write them."""
    for piece in image.findall("Piece"):
        e = [int(value) for value in _numbers(piece, "Extent", 6)]
        if any(a > b for a, b in zip(e[::2], e[1::2])):
            image.remove(piece)


def frame_of(image: ET.Element) -> ImageFrame:
    """Return the frame that an element ImageData describes.

    Raises
    ------
    ValueError
        If it is incomplete, or its axes do not lie along those of space.
    """
    identity = "1 0 0 0 1 0 0 0 1"
    matrix = np.reshape(_numbers(image, "Direction", 9, identity), (3, 3))
    whole = np.rint(matrix)
    if np.abs(matrix - whole).max() > 1e-6 or not (
        (np.abs(whole).sum(0) == 1).all() and (np.abs(whole).sum(1) == 1).all()
    ):
        raise ValueError(
            f"its Direction {image.get('Direction')!r} turns it by an angle that is no "
            "multiple of 90 degrees: resample it along x, y and z first"
        )
    axis = tuple(int(a) for a in np.abs(whole).argmax(0))
    spacing = _numbers(image, "Spacing", 3, "1 1 1")
    extent = _extent(image, "WholeExtent")
    thick = [s for s in spacing if s > 0]
    # A flat image may state that its one layer has no thickness.
    flat = [s == 0 and a == b for s, (a, b) in zip(spacing, extent)]
    spacing = [thick[0] if f and thick else s for f, s in zip(flat, spacing)]
    if min(spacing) <= 0:
        raise ValueError(f"its Spacing {image.get('Spacing')!r} is not positive")
    return ImageFrame(
        extent,
        tuple(_numbers(image, "Origin", 3, "0 0 0")),
        tuple(spacing),
        axis,
        tuple(int(whole[a, column]) for column, a in enumerate(axis)),
    )


def _voxels(extent: _Box, points: bool) -> _Box:
    """Return the voxels of an extent; a flat one has one layer of cells."""
    return tuple((a, b + 1 if points or a == b else b) for a, b in extent)


def assemble(document: Document, place: str, name: str | None) -> np.ndarray:
    """Return an array [i, j, k], put together from the pieces of the file.

    Parameters
    ----------
    document : Document
    place : str
        CellData or PointData.
    name : str, optional
        Its name.

    Raises
    ------
    ValueError
        If a piece is missing, damaged, or contradicts another.
    """
    image = document.root.find("ImageData")
    assert image is not None
    whole = _voxels(_extent(image, "WholeExtent"), place == "PointData")
    pieces = image.findall("Piece")
    shape = tuple(b - a for a, b in whole)
    result: np.ndarray | None = None
    seen = np.zeros((0, 0, 0), bool)
    for piece in pieces:
        box = _voxels(_extent(piece, "Extent"), place == "PointData")
        if any(a < c or b > d for (a, b), (c, d) in zip(box, whole)):
            raise ValueError(f"a Piece {piece.get('Extent')!r} lies beyond the image")
        found = [e for e in piece.iterfind(f"{place}/*") if e.get("Name") == name]
        if len(found) != 1:
            raise ValueError(
                f"a Piece has {len(found)} arrays {name!r} in its {place}, not one"
            )
        inner = [b - a for a, b in box]
        values = decode(document, found[0], prod(inner))
        values = values.reshape(inner[::-1]).transpose(2, 1, 0)
        if box == whole and len(pieces) == 1:
            return values
        if result is None:
            if _n_voxels(pieces, place == "PointData") < prod(shape):
                break  # before memory is taken for what is not there
            result, seen = np.zeros(shape, values.dtype), np.zeros(shape, bool)
        if values.dtype != result.dtype:
            raise ValueError(f"its pieces hold {name!r} in different types")
        here = tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(box, whole))
        if (seen[here] & (result[here] != values)).any():
            raise ValueError(f"its pieces overlap and differ in {name!r}")
        result[here], seen[here] = values, True
    if result is None or not seen.all():
        raise ValueError("its pieces do not fill the image")
    return result


def _n_voxels(pieces: list[ET.Element], points: bool) -> int:
    """Return how many voxels some pieces have, those they share twice."""
    boxes = [_voxels(_extent(piece, "Extent"), points) for piece in pieces]
    return sum(prod(b - a for a, b in box) for box in boxes)


def turned(
    grid: ImageFrame, values: np.ndarray, points: bool
) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...]]:
    """Turn an array [i, j, k] so that its axes are x, y, z.

    Returns
    -------
    values : numpy.ndarray, shape (nx, ny, nz)
    spacing, origin : three floats
        Edges of a voxel and lower corner of voxel (0, 0, 0).
    """
    spacing, origin = [0.0] * 3, [0.0] * 3
    for i, (a, sign) in enumerate(zip(grid.axis, grid.sign)):
        step, first = grid.spacing[i], grid.extent[i][0]
        n = values.shape[i]
        low = first if sign > 0 else -(first + n)
        if points:  # a voxel reaches half a step to both sides
            low = (first if sign > 0 else -(first + n - 1)) - 0.5
        spacing[a], origin[a] = step, grid.origin[a] + step * low
    flips = tuple(slice(None, None, sign) for sign in grid.sign)
    back = [grid.axis.index(a) for a in range(3)]
    return values[flips].transpose(back), tuple(spacing), tuple(origin)
