"""Stacks of labels in TIFF: pages along z, rows along y, columns along x.

Files that OME and Micro-Manager name in their metadata are not opened. What is packed
is unpacked on trial first, since the library unpacks without a limit.
"""

from __future__ import annotations

import io
import logging
import lzma
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.arrays import blows_up
from grainpaint.formats.content import content_of
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.formats.section_names import how_stacked
from grainpaint.formats.tiff_units import edges_of, planes_of
from grainpaint.units import UNITS

__all__ = ["MARKS", "Stack", "read", "read_sections", "read_stack"]

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how they begin; + is over 4 GB
_MOST_PAGES = 50_000
_MOST_SAID = 100  # what the library may log of a file
_ORIENTATION = 274  # the number of this tag
# What a viewer does with the pages by its value: x and y are exchanged; then flipped.
_TURNS = {
    1: (False, ()),
    2: (False, (0,)),
    3: (False, (0, 1)),
    4: (False, (1,)),
    5: (True, ()),
    6: (True, (0,)),
    7: (True, (0, 1)),
    8: (True, (1,)),
}
_PLAIN = 1  # the number of no compression
_DEFLATE, _LZMA = (8, 32_946), 34_925


class _TooMuchSaid(BaseException):
    """Stops the library, which catches what is an Exception and goes on."""


@dataclass(frozen=True, eq=False)
class Stack:
    """The image of a file.

    Parameters
    ----------
    values : numpy.ndarray, shape (nx, ny, nz)
    spacing : three floats or None
        Edges of a voxel, µm, if the file says.
    notes : tuple of str
    """

    values: np.ndarray
    spacing: tuple[float, float, float] | None
    notes: tuple[str, ...]


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read labels; spacing from the metadata of ImageJ or OME, or the resolution.

    Raises
    ------
    InputError
        If it is damaged, or a picture of colors or floats.
    """
    stack = read_stack(path, data)
    if stack.spacing is not None and not stack.spacing[2] > 0:
        raise InputError(
            f"{path}: it states {stack.spacing[2]:g} µm from layer to layer: say how "
            "far apart they are (spacing_z)"
        )
    return _labels(path, stack)


def read_sections(paths: list[Path], options: ReadOptions) -> RawVolume:
    """Read files as the layers of a volume of labels.

    Parameters
    ----------
    paths : list of Path
        Files of one page each, from below; or a single one with all layers.
    options : ReadOptions
        spacing_z, µm, is the distance of layers.

    Raises
    ------
    InputError
        As `read` and `read_stacks`.
    """
    assert options.spacing_z is not None
    whole = read_stacks(paths)
    x, y, _ = whole.spacing or (1.0, 1.0, 1.0)
    labels = _labels(paths[0], whole)
    # A unit that a user states for pixels without one does not count for the distance.
    unit = UNITS[options.unit or "um"] if whole.spacing is None else 1.0
    return replace(labels, spacing=(x, y, options.spacing_z / unit))


def read_stacks(
    paths: Sequence[Path], contents: Iterable[bytes] | None = None
) -> Stack:
    """Read files of one page each as the layers of one stack, from below.

    Parameters
    ----------
    paths : sequence of Path
        A single file may hold all layers.
    contents : iterable of bytes, optional
        Of the files, unpacked, if they have been read already.

    Raises
    ------
    InputError
        As `read_stack`; if they differ in size or pixels, or hold several pages each.
    """
    contents = map(content_of, paths) if contents is None else contents
    first, *others = (read_stack(*pair) for pair in zip(paths, contents))
    for path, other in zip(paths[1:], others):
        has, wanted = other.values.shape, (*first.values.shape[:2], 1)
        if has != wanted or other.spacing != first.spacing:
            raise InputError(
                f"{path}: sections of a volume are single pages of one size, but it "
                f"has {_told(other)} and {paths[0].name} {_told(first)}"
            )
    notes = dict.fromkeys(note for one in (first, *others) for note in one.notes)
    if others:
        notes = {how_stacked(paths): None, **notes}
    values = np.concatenate([one.values for one in (first, *others)], axis=2)
    return Stack(values, first.spacing, tuple(notes))


def _told(stack: Stack) -> str:
    """Return the size of a stack and its pixels, in words."""
    nx, ny, nz = stack.values.shape
    edges = "" if stack.spacing is None else f" of {stack.spacing[0]:g} µm"
    return f"{nx} x {ny} pixels{edges} in {nz} page{'s' * (nz > 1)}"


def _labels(path: Path, stack: Stack) -> RawVolume:
    """Return the labels of a stack."""
    try:
        ids = integers(stack.values, "the image")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return RawVolume(
        ids,
        stack.spacing or (1.0, 1.0, 1.0),
        (0.0, 0.0, 0.0),
        assumed_unit="" if stack.spacing else "voxels of 1 µm, since no unit is stated",
        notes=stack.notes,
    )


def read_stack(path: Path, data: bytes) -> Stack:
    """Read the only image of a file.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes
        Its content, unpacked.

    Raises
    ------
    InputError
        If it is damaged, holds several images or colors, keeps pages in other files,
        or names a unit that is none.
    """
    import tifffile

    try:
        with (
            _heard() as said,
            tifffile.TiffFile(
                io.BytesIO(data), is_ome=False, is_mmstack=False, is_ndtiff=False
            ) as file,
        ):
            images, axes, planes = _layers(file)
            for image in images:
                _check_size(image, data)
            layers = [image.asarray() for image in images]
            values = layers[0] if len(layers) == 1 else np.stack(layers)
            if values.size == 0:
                raise InputError("damaged: its image has no pixel")
            worst = [r.getMessage() for r in said if r.levelno >= logging.ERROR]
            if worst:
                raise InputError(f"damaged or cut off ({brief(worst[0], 100)})")
            stack = _volume(values, axes, planes)
            spacing, note = edges_of(file)
            if planes is None and "T" in axes and values.shape[axes.index("T")] > 1:
                note = "; ".join(filter(None, ("times (T) are taken for layers", note)))
            heard = {f"tifffile: {brief(r.getMessage(), 150)}": 0 for r in said}
            first: Any = file.pages[0]
            turn = first.tags.valueof(_ORIENTATION, 1)
            found = Stack(stack, spacing, (*heard, *([note] if note else [])))
            return _turned(found, turn)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except _TooMuchSaid:  # it would go on for minutes
        raise InputError(f"{path}: damaged in very many places") from None
    except Exception as error:  # whatever a parser trips over is a damaged file
        raise InputError(
            f"{path}: damaged, or not read ({brief(error, 100)})"
        ) from None


def _turned(stack: Stack, turn: int) -> Stack:
    """Return a stack as viewers show it, by the Orientation of its pages."""
    if turn not in _TURNS:
        raise InputError(f"damaged: its Orientation is {turn}, not 1 to 8")
    exchanged, flipped = _TURNS[turn]
    if turn == 1:
        return stack
    values, spacing = stack.values, stack.spacing
    if exchanged:
        values = values.swapaxes(0, 1)
        spacing = spacing and (spacing[1], spacing[0], spacing[2])
    note = f"its pages were turned as viewers do (Orientation {turn})"
    return Stack(np.flip(values, flipped), spacing, (*stack.notes, note))


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """Collect what tifffile logs, which it would print otherwise."""
    said: list[logging.LogRecord] = []
    logger = logging.getLogger("tifffile")

    def listen(record: logging.LogRecord) -> bool:
        said.append(record)
        if len(said) > _MOST_SAID:
            raise _TooMuchSaid
        return False

    logger.addFilter(listen)
    try:
        yield said
    finally:
        logger.removeFilter(listen)


def _layers(file: Any) -> tuple[list[Any], str, tuple[int, int] | None]:
    """Return the image of a file, its axes, and layers and times if OME states them.

    Images of one page each, all of one size and type, are the layers of one stack.
    """
    if len(file.pages) > _MOST_PAGES:
        raise InputError(f"it has over {_MOST_PAGES:,} pages")
    planes, images = planes_of(file), list(file.series)
    kinds = {(one.axes, one.shape, one.dtype) for one in images}
    if len(kinds) != 1 or (len(images) > 1 and images[0].axes != "YX"):
        raise InputError(f"it holds {len(images)} images; save one of them")
    axes, shape = images[0].axes, images[0].shape
    if axes == "SYX":
        raise InputError(
            f"its {shape[0]} layers are the colors of one picture: save a stack of "
            "layers as gray (in tifffile: photometric='minisblack')"
        )
    if "C" in axes and "S" not in axes and shape[axes.index("C")] > 1:
        raise InputError(
            f"its {shape[axes.index('C')]} pages are channels of an image: save one of "
            "them, or layers as such (in tifffile: metadata={'axes': 'ZYX'})"
        )
    if "S" in axes:
        raise InputError("a picture of colors: save grain IDs, one number a voxel")
    if planes is not None and len(file.pages) != planes[0] * planes[1]:
        raise InputError(
            f"damaged or cut off: it states {planes[0] * planes[1]} pages, and has "
            f"{len(file.pages)}"
        )
    return images, axes if len(images) == 1 else f"I{axes}", planes


def _check_size(series: Any, data: bytes) -> None:
    """Raise if an image, or a part of it when unpacked, is larger than it may be."""
    page = series.keyframe
    part = int(np.prod(page.chunks, dtype=np.int64)) * page.dtype.itemsize
    if blows_up(max(series.nbytes, part), len(data)):
        raise InputError(f"damaged: it states {series.shape} voxels, and is too short")
    for number, one in enumerate(series.pages):
        if one is None:
            continue
        n_parts = int(np.prod(one.chunked, dtype=np.int64))
        if page.compression != _PLAIN and len(one.dataoffsets) < n_parts:
            raise InputError(f"damaged or cut off: page {number + 1} lacks voxels")
        for start, size in zip(one.dataoffsets, one.databytecounts):
            if not size or start + size > len(data):
                raise InputError(f"damaged or cut off: page {number + 1} lacks voxels")
            packed = data[start : start + size]
            if page.compression != _PLAIN and _bursts(packed, page.compression, part):
                raise InputError(f"damaged: page {number + 1} unpacks beyond its size")


def _bursts(packed: bytes, compression: int, most: int) -> bool:
    """Return whether bytes unpack to more than they may."""
    try:
        if compression in _DEFLATE:
            stream = zlib.decompressobj()
            return len(stream.decompress(packed, most + 1)) > most
        if compression == _LZMA:
            return len(lzma.LZMADecompressor().decompress(packed, most + 1)) > most
    except (zlib.error, lzma.LZMAError):
        pass  # damaged, which the library says
    return False


def _volume(
    values: np.ndarray, axes: str, planes: tuple[int, int] | None
) -> np.ndarray:
    """Return an image as [x, y, z]; pages and times are layers."""
    for axis in range(len(axes) - 1, -1, -1):
        if axes[axis] not in "XYZIQ" and values.shape[axis] == 1:
            values = values.take(0, axis)
            axes = axes[:axis] + axes[axis + 1 :]
    stack = axes.translate(str.maketrans("IQT", "ZZZ"))
    if planes is not None and min(planes) > 1:
        stack = "TZYX"
    if stack == "YX":
        return values.T[:, :, None]
    if stack != "ZYX":
        raise InputError(
            f"its axes are {brief(stack, 50)}, and a stack of pages (ZYX) is required"
        )
    return values.transpose(2, 1, 0)
