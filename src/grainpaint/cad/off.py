"""Triangles from OFF files, text in lines or in one line.

A face counts its corners from 0. Colors, normals and textures are left alone.
"""

import re

import numpy as np

from grainpaint.cad.polygons import fan_triangles, flat

__all__ = ["off_triangles"]

_COMMENT = re.compile(rb"#[^\r\n]*")
_NAME = re.compile(rb"\s*((?:ST)?C?N?4?n?OFF)\b", re.I)


def off_triangles(data: bytes) -> np.ndarray:
    """Return the triangles of an OFF file, float64, shape (m, 3, 3).

    Raises
    ------
    ValueError, LookupError, OverflowError
        If it is damaged, or holds something else than it states.
    """
    text = _COMMENT.sub(b"", data)
    name = _NAME.match(text)  # it may be missing
    kind = name[1] if name else b"OFF"
    if b"4" in kind or b"nOFF" in kind:
        raise ValueError("points of four or more dimensions")
    text = text[name.end() :] if name else text
    if text.split(None, 1)[:1] == [b"BINARY"]:
        raise ValueError("binary: save it as text")
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("it has no counts of points and faces")
    counts, *rows = lines
    n_points, n_faces = _counts(counts if len(counts) > 1 else [*counts, *rows[0]])
    if 1 < len(counts) <= 3 and len(rows) == n_points + n_faces:
        corners, polygons = _of_lines(rows[:n_points], rows[n_points:])
    else:
        corners, polygons = _of_words(kind.upper(), text.split(), len(rows))
    if any(len(corner) < 3 for corner in corners):
        raise ValueError("a corner has fewer than three numbers")
    points = np.array(corners).astype(np.float64).reshape(-1, 3)
    return fan_triangles(points, *flat(polygons))


def _counts(words: list[bytes]) -> tuple[int, int]:
    """Return how many points and faces are stated."""
    n_points, n_faces = (int(word) for word in words[:2])
    if min(n_points, n_faces) < 0:
        raise ValueError("it states fewer points or faces than none")
    return n_points, n_faces


def _of_lines(
    points: list[list[bytes]], faces: list[list[bytes]]
) -> tuple[list[list[bytes]], list[list[int]]]:
    """Return points and polygons that stand in lines of their own."""
    for words in faces:
        if not 3 <= int(words[0]) < len(words):
            raise ValueError(f"a face of {int(words[0])} corners has {len(words) - 1}")
    polygons = [[int(i) for i in words[1 : 1 + int(words[0])]] for words in faces]
    return [words[:3] for words in points], polygons


def _of_words(
    kind: bytes, words: list[bytes], n_lines: int
) -> tuple[list[list[bytes]], list[list[int]]]:
    """Return points and polygons that follow each other, whatever the lines.

    Faces have no colors then, for the end of a line is the end of a color.
    """
    n_points, n_faces = _counts(words)
    width = 3 + 3 * (b"N" in kind) + 4 * (b"C" in kind) + 2 * (b"ST" in kind)
    wrong = ValueError(
        f"it states {n_points} points and {n_faces} faces, and has {n_lines} lines"
    )
    for start in (3, 2):  # the count of edges may be missing
        at = start + width * n_points
        if at > len(words):
            continue
        polygons: list[list[int]] = []
        while at < len(words) and len(polygons) < n_faces and words[at].isdigit():
            n = int(words[at])
            if n < 3 or at + 1 + n > len(words):
                break
            polygons.append([int(i) for i in words[at + 1 : at + 1 + n]])
            at += 1 + n
        if len(polygons) == n_faces and at == len(words):
            points = words[start : start + width * n_points]
            rows = [points[i : i + 3] for i in range(0, len(points), width)]
            return rows, polygons
    raise wrong
