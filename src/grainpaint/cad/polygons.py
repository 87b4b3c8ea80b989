"""Triangles from OBJ and OFF files: text with corners and polygons.

OBJ counts corners from 1, or backward from the latest one before the line; OFF counts
from 0. Colors, normals, curves and what a file refers to are left alone.
"""

import re

import numpy as np

from grainpaint.cad.mesh_counts import off_lines

__all__ = ["obj_triangles", "off_triangles"]

_CONTINUED = re.compile(rb"\\[ \t]*\r?\n")


def obj_triangles(data: bytes) -> np.ndarray:
    """Return the triangles of an OBJ file, float64, shape (m, 3, 3).

    Raises
    ------
    ValueError, OverflowError
        If a line is damaged, or names a corner that is not there.
    """
    corners: list[list[bytes]] = []
    polygons: list[list[int]] = []
    for line in _CONTINUED.sub(b" ", data).splitlines():
        words = line.partition(b"#")[0].split()
        if not words:
            continue
        if words[0] == b"v":
            corners.append(words[1:4])
        elif words[0] == b"f":
            polygon = [int(word.partition(b"/")[0]) for word in words[1:]]
            n = len(corners)
            polygons.append([i + n if i < 0 else i - 1 for i in polygon])
    return _triangles(corners, polygons)


def off_triangles(data: bytes) -> np.ndarray:
    """Return the triangles of an OFF file that `check_counts` finds whole.

    Raises
    ------
    ValueError, OverflowError
        If a line is damaged, or names a corner that is not there.
    """
    counts, *lines = off_lines(data)
    n_points = int(counts.split()[0])
    faces = [line.split() for line in lines[n_points:]]
    return _triangles(
        [line.split()[:3] for line in lines[:n_points]],
        [[int(i) for i in words[1 : 1 + int(words[0])]] for words in faces],
    )


def _triangles(corners: list[list[bytes]], polygons: list[list[int]]) -> np.ndarray:
    """Return fans of triangles; one that overlaps itself still bounds its polygon."""
    if not polygons:
        return np.empty((0, 3, 3))
    if any(len(corner) < 3 for corner in corners):
        raise ValueError("a corner has fewer than three numbers")
    points = np.array(corners).astype(np.float64).reshape(-1, 3)
    count = np.array([len(polygon) for polygon in polygons])
    if count.min() < 3:
        raise ValueError("a face has fewer than three corners")
    index = np.array([i for polygon in polygons for i in polygon], np.int64)
    if index.min() < 0 or index.max() >= len(points):
        raise ValueError("a face has a corner that is not there")
    first = np.repeat(np.cumsum(count) - count, count - 2)
    place = np.arange(len(first)) - np.repeat(
        np.cumsum(count - 2) - (count - 2), count - 2
    )
    fan = np.column_stack([first, first + place + 1, first + place + 2])
    triangles: np.ndarray = points[index[fan]]
    return triangles
