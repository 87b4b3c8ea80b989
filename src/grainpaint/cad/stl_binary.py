"""Triangles from the bytes of a binary STL file, whatever its header says."""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "HEAD",
    "TRIANGLE",
    "Layout",
    "binary_layout",
    "binary_triangles",
    "is_binary_stl",
]

HEAD, TRIANGLE = 84, 50  # bytes
_UNKNOWN = (0, 2**32 - 1)  # counts of writers that did not go back to the header


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the triangles of a file are.

    Parameters
    ----------
    starts : numpy.ndarray, int64, shape (m,)
        Byte at which each triangle begins.
    order : str
        Byte order of numbers: "<" or ">".
    notes : tuple of str
        How that differs from what the header says, in words.
    """

    starts: np.ndarray
    order: str = "<"
    notes: tuple[str, ...] = ()


def binary_layout(data: bytes) -> Layout | None:
    """Return where the triangles of a file are, or None if it is not binary STL.

    The length of the file and the plausibility of coordinates decide; the count in the
    header is right in most files, but not in all.
    """
    if len(data) < HEAD:
        return None
    n_bytes = len(data) - HEAD
    n_whole, rest = divmod(n_bytes, TRIANGLE)
    n, swapped = (int.from_bytes(data[80:84], order) for order in ("little", "big"))
    if n_bytes == TRIANGLE * n:
        return Layout(_starts(n))
    if n and n_bytes == TRIANGLE * n - 2:
        return Layout(
            _starts(n), notes=("its last two bytes, an attribute, are missing",)
        )
    if n_bytes == TRIANGLE * swapped:
        return Layout(_starts(swapped), ">", ("its numbers are big-endian: read so",))
    if n in _UNKNOWN:
        layout = Layout(
            _starts(n_whole),
            notes=(f"its header does not count the triangles: {n_whole} read",),
        )
        return layout if _plausible(data, layout) else None
    if n_bytes < TRIANGLE * n:
        layout = Layout(_starts(n_whole), notes=(_miscount(n, n_whole),))
        return layout if rest == 0 and _plausible(data, layout) else None
    return _longer(data, n)


def is_binary_stl(data: bytes) -> bool:
    """Return whether bytes look like a binary STL file, perhaps a truncated one."""
    there = Layout(_starts(max(len(data) - HEAD, 0) // TRIANGLE))
    return binary_layout(data) is not None or _plausible(data, there)


def _longer(data: bytes, n: int) -> Layout:
    """Return the layout of a file longer than the `n` triangles of its header."""
    n_whole, rest = divmod(len(data) - HEAD, TRIANGLE)
    starts, end = _walk(data, n)
    spaced = Layout(starts, notes=("attribute bytes behind triangles: skipped",))
    plain = Layout(
        _starts(n),
        notes=(
            f"bytes behind the last triangle ({len(data) - HEAD - TRIANGLE * n}): "
            "ignored",
        ),
    )
    if end == len(data) or (
        len(starts) == n and not _plausible(data, plain) and _plausible(data, spaced)
    ):
        return spaced
    more = Layout(_starts(n_whole), notes=(_miscount(n, n_whole),))
    beyond = Layout(more.starts[n:])
    return more if rest == 0 and _plausible(data, beyond) else plain


def _starts(n: int) -> np.ndarray:
    return HEAD + TRIANGLE * np.arange(n)


def _miscount(promised: int, found: int) -> str:
    return (
        f"its header promises {promised} triangles, it holds {found}: perhaps truncated"
        if promised > found
        else f"its header promises {promised} triangles, it holds {found}: all read"
    )


def _walk(data: bytes, n: int) -> tuple[np.ndarray, int]:
    """Return where triangles begin if each is followed by its attribute bytes."""
    starts: list[int] = []
    start = HEAD
    while len(starts) < n and start + TRIANGLE <= len(data):
        starts.append(start)
        start += TRIANGLE + int.from_bytes(data[start + 48 : start + 50], "little")
    return np.array(starts, np.int64), start


def _plausible(data: bytes, layout: Layout) -> bool:
    """Return whether coordinates look like those of a part, not like other bytes."""
    corners = np.abs(binary_triangles(data, layout))
    if not corners.size or not np.isfinite(corners).all():
        return False
    sane = (corners == 0) | ((corners > 1e-12) & (corners < 1e12))
    return bool(sane.mean() > 0.999 and corners.max() > 1e-12)


def binary_triangles(data: bytes, layout: Layout) -> np.ndarray:
    """Return the corners of all triangles, float64, shape (m, 3, 3).

    Normals and attributes are skipped.
    """
    m = len(layout.starts)
    if m and layout.starts[-1] + TRIANGLE - 2 == len(data):
        data += b"\0\0"  # no attribute behind the last triangle
    if m and layout.starts[-1] == layout.starts[0] + TRIANGLE * (m - 1):
        record = np.dtype(
            [("n", "V12"), ("corners", layout.order + "f4", (3, 3)), ("a", "V2")]
        )
        corners = np.frombuffer(data, record, m, int(layout.starts[0]))["corners"]
    else:
        places = layout.starts[:, None] + np.arange(12, 48)
        picked = np.frombuffer(data, np.uint8)[places]
        corners = picked.view(layout.order + "f4").reshape(m, 3, 3)
    with np.errstate(invalid="ignore"):  # signaling NaN
        return corners.astype(np.float64)
