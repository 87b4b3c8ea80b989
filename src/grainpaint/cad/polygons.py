"""Polygons and strips as triangles, and OBJ files, whose text is of polygons.

OBJ counts corners from 1, or backward from the latest one before the line. Colors,
normals, curves and what a file refers to are left alone.
"""

import re

import numpy as np

__all__ = ["fan_triangles", "flat", "obj_triangles", "strip_corners"]

_CONTINUED = re.compile(rb"\\[ \t]*\r?\n")


def obj_triangles(data: bytes) -> np.ndarray:
    """Return the triangles of an OBJ file, float64, shape (m, 3, 3).

    Raises
    ------
    ValueError, OverflowError
        If a line is damaged, or names a corner that is not there, or the file has
        surfaces of other kinds.
    """
    corners: list[list[bytes]] = []
    polygons: list[list[int]] = []
    for line in _CONTINUED.sub(b" ", data).splitlines():
        words = line.partition(b"#")[0].split()
        if not words:
            continue
        if words[0] == b"v":
            corners.append(words[1:4])
        elif words[0] in (b"f", b"fo"):  # as faces were called before 1996
            polygon = [_index(word.partition(b"/")[0]) for word in words[1:]]
            n = len(corners)
            polygons.append([i + n if i < 0 else i - 1 for i in polygon])
        elif words[0] == b"surf":
            raise ValueError("it has free-form surfaces (surf): export polygons")
        elif words[0] == b"call":
            raise ValueError("some of it is in other files (call): export one file")
    if polygons and any(len(corner) < 3 for corner in corners):
        raise ValueError("a corner has fewer than three numbers")
    try:
        points = np.array(corners if polygons else []).astype(np.float64)
    except ValueError:
        raise ValueError(_no_number(corners)) from None
    return fan_triangles(points.reshape(-1, 3), *flat(polygons))


def _index(word: bytes) -> int:
    """Return the number of a corner."""
    try:
        return int(word)
    except ValueError:
        name = word.decode("utf-8", "replace")
        raise ValueError(f"a face has the corner {name!r}, no integer") from None


def _no_number(corners: list[list[bytes]]) -> str:
    """Return what to say of the first word of corners that is not a number."""
    for word in (word for corner in corners for word in corner):
        try:
            float(word)
        except ValueError:
            break
    name = word.decode("utf-8", "replace")
    hint = ": decimals are written with a point" if b"," in word else ""
    return f"{name!r} is not a number{hint}"


def flat(polygons: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return how many corners polygons have, and these one after the other, int64."""
    count = np.array([len(polygon) for polygon in polygons], np.int64)
    return count, np.array([i for polygon in polygons for i in polygon], np.int64)


def fan_triangles(
    points: np.ndarray, count: np.ndarray, index: np.ndarray
) -> np.ndarray:
    """Return fans of triangles; one that overlaps itself still bounds its polygon.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
    count : numpy.ndarray, int64, shape (m,)
        Corners of each polygon.
    index : numpy.ndarray, int64, shape (sum of count,)
        The corners, polygon by polygon.

    Returns
    -------
    numpy.ndarray, float64, shape (k, 3, 3)

    Raises
    ------
    ValueError
        If a polygon has fewer than three corners, or one that is not there.
    """
    if not len(count):
        return np.empty((0, 3, 3))
    if count.min() < 3:
        raise ValueError("a face has fewer than three corners")
    if index.min() < 0 or index.max() >= len(points):
        raise ValueError("a face has a corner that is not there")
    first = np.repeat(np.cumsum(count) - count, count - 2)
    place = np.arange(len(first)) - np.repeat(
        np.cumsum(count - 2) - (count - 2), count - 2
    )
    fan = np.column_stack([first, first + place + 1, first + place + 2])
    triangles: np.ndarray = points[index[fan]]
    return triangles


def strip_corners(index: np.ndarray) -> np.ndarray:
    """Return the corners of the triangles of a strip, every other turned, shape (m, 3).

    Triangles with a corner twice, which join strips, are left out.
    """
    n = max(len(index) - 2, 0)
    corners = np.column_stack([index[:n], index[1 : n + 1], index[2 : n + 2]])
    corners[1::2, :2] = corners[1::2, 1::-1]
    twice = (corners == np.roll(corners, 1, 1)).any(1)
    kept: np.ndarray = corners[~twice]
    return kept
