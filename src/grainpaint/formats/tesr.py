"""Raster tessellations of Neper, .tesr, formats 2.0 to 2.2.

References
----------
https://neper.info/doc/fileformat.html
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.ebsd.points import quaternions
from grainpaint.formats.ebsd.symmetries import proper_group
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.orientations import Orientations
from grainpaint.units import count_text

__all__ = ["read"]

_WORD = re.compile(rb"\s*(\S+)")
_BINARY = {"binary8": "u1", "binary16": "u2", "binary32": "i4"}
_DESCRIPTORS = {  # of orientations: numbers in each
    "quaternion": 4,
    "rodrigues": 3,
    "euler-bunge": 3,
    "axis-angle": 4,
    "rotmat": 9,
    "q": 4,
    "e": 3,
    "R": 3,
    "rtheta": 4,
    "g": 9,
}
_SYMMETRIES = {
    **{"cubic": "432", "hexagonal": "622", "tetragonal": "422", "trigonal": "32"},
    # Neper's twofold axis is z, and not b as in maps.
    **{"orthorhombic": "222", "triclinic": "1", "2/m": "2"},
}
_LARGEST = 1 << 40


class _Words:
    """The words of a file, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def peek(self) -> str:
        """Return the next word, "" at the end."""
        match = _WORD.match(self.data, self.at)
        return match[1].decode("latin-1") if match else ""

    def next(self) -> str:
        """Return the next word and go on."""
        match = _WORD.match(self.data, self.at)
        if match is None:
            raise InputError("cut off: it does not end with ***end")
        self.at = match.end()
        return match[1].decode("latin-1")

    def numbers(self, n: int, what: str) -> np.ndarray:
        """Return the next n numbers."""
        end = self.data.find(b"*", self.at)
        if n > 64:  # many at once
            text = self.data[self.at : end if end >= 0 else len(self.data)]
            words = text.split(None, n)
            if len(words) < n:
                raise InputError(f"cut off: {what} holds {len(words)} of {n} numbers")
            rest = len(words[n]) if len(words) > n else 0
            self.at += len(text) - rest
            words = words[:n]
        else:
            words = [self.next().encode("latin-1") for _ in range(n)]
        try:
            values = np.array(words, dtype="S32").astype(np.float64)
        except ValueError:
            raise InputError(f"damaged: {what} has a word that is no number") from None
        if not np.isfinite(values).all():
            raise InputError(f"damaged: {what} holds a word that is no number")
        return values


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read a raster tessellation, with the orientations of its cells.

    Raises
    ------
    InputError
        If it is damaged, or of another version.
    """
    try:
        return _read(path, _Words(data.removeprefix(b"\xef\xbb\xbf")))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read(path: Path, words: _Words) -> RawVolume:
    for due in ("***tesr", "**format"):
        if words.next() != due:
            raise InputError(f"damaged: it has no {due}")
    version = words.next()
    if version not in ("2.0", "2.1", "2.2"):
        raise InputError(f"of format {version!r}; formats 2.0 to 2.2 are read")
    form = "" if words.peek().startswith("*") else words.next()
    if words.next() != "**general":
        raise InputError("damaged: it has no **general")
    dim = int(words.numbers(1, "**general")[0])
    if dim not in (2, 3):
        raise InputError(f"damaged: it states {dim} dimensions")
    shape = [int(n) for n in words.numbers(dim, "**general")] + [1] * (3 - dim)
    if min(shape) < 1 or np.prod(shape, dtype=float) > _LARGEST:
        raise InputError(f"damaged: it states {shape} voxels")
    spacing = [float(s) for s in words.numbers(dim, "**general")]
    spacing += [spacing[0]] * (3 - dim)
    origin = [0.0] * 3
    while words.peek() and not words.peek().startswith("**"):
        name = words.next()
        if name == "*origin":
            origin[:dim] = words.numbers(dim, name)
        elif name == "*hasvoid":
            words.next()
        else:
            raise InputError(f"damaged: it has {name!r} in **general")
    ids, known = None, None
    if words.peek() == "**cell":
        words.next()
        ids, known = _cells(words, version)
    if words.next() != "**data":
        raise InputError("damaged: it has no **data")
    form = form or words.next()
    values = _data(path, words, form, shape)
    if values.min() < 0:
        raise InputError(f"damaged: it has the cell {values.min()}")
    if ids is None:
        known = None
    elif values.max() > ids.size:
        raise InputError(f"damaged: it has cell {values.max()} of {ids.size}")
    return RawVolume(
        values.reshape(shape, order="F"),
        tuple(spacing),
        tuple(origin),
        assumed_unit="lengths in µm, since Neper has no unit",
        orientations=known,
    )


def _cells(words: _Words, version: str) -> tuple[np.ndarray, Orientations | None]:
    """Return IDs of cells, and their orientations."""
    n = int(words.numbers(1, "**cell")[0])
    if not 0 <= n <= len(words.data):
        raise InputError(f"damaged: it states {count_text(n, 'cell')}")
    ids, rotation, symmetry = np.arange(1, n + 1), None, "432"
    while words.peek() and not words.peek().startswith("**"):
        name = words.next()
        if name == "*id":
            ids = words.numbers(n, name).astype(np.int64)
        elif name == "*ori":
            rotation = _orientations(words, n, version)
        elif name == "*crysym":
            word = words.next()
            symmetry = _SYMMETRIES.get(word) or proper_group(word)[0]
        else:  # seeds, volumes, ...: not needed
            while words.peek() and not words.peek().startswith("*"):
                words.next()
    if rotation is None or n == 0:
        return ids, None
    return ids, Orientations(rotation, symmetry)


def _orientations(words: _Words, n: int, version: str) -> np.ndarray:
    """Return passive quaternions of the cells."""
    word = words.next()
    name, _, sense = word.partition(":")
    if name not in _DESCRIPTORS or sense not in ("", "passive", "active"):
        raise InputError(
            f"its orientations are {word!r}; read are {', '.join(_DESCRIPTORS)}"
        )
    size = _DESCRIPTORS[name]
    rows = words.numbers(n * size, "*ori").reshape(n, size)
    if name in ("euler-bunge", "e"):
        result = quaternions(np.radians(rows))
    elif name in ("rodrigues", "R"):
        result = np.concatenate([np.ones((n, 1)), rows], 1)
    elif name in ("axis-angle", "rtheta"):
        half = np.radians(rows[:, 3:]) / 2
        axis = rows[:, :3] / np.linalg.norm(rows[:, :3], axis=1, keepdims=True)
        result = np.concatenate([np.cos(half), np.sin(half) * axis], 1)
    elif name in ("rotmat", "g"):
        from scipy.spatial.transform import Rotation

        passive = rows.reshape(n, 3, 3).transpose(0, 2, 1)
        result = Rotation.from_matrix(passive).as_quat(scalar_first=True)
    else:
        result = rows
    length = np.linalg.norm(result, axis=1, keepdims=True)
    if not (length > 1e-6).all() or (size == 4 and not (abs(length - 1) < 1e-3).all()):
        raise InputError("damaged: its orientations are no rotations")
    result = result / length
    # An active rotation turns the axes of the sample onto those of the crystal, as our
    # quaternions do. Up to format 2.1 the two words meant each other.
    flipped = bool(sense) and (sense == "passive") != (version != "2.2")
    turned: np.ndarray = result * (1, -1, -1, -1) if flipped else result
    return turned


def _data(path: Path, words: _Words, form: str, shape: list[int]) -> np.ndarray:
    """Return the cell of each voxel, x fastest."""
    n = int(np.prod(shape, dtype=np.int64))
    data, start = words.data, words.at
    outside = words.peek() == "*file"
    if outside:
        words.next()
        beside = path.parent / words.next()
        try:
            data, start = beside.read_bytes(), 0
        except OSError as error:
            raise InputError(
                f"its data are in {beside}, which cannot be read ({error.strerror})"
            ) from None
    base, _, order = form.partition("_")
    if form == "ascii":
        values = (_Words(data) if outside else words).numbers(n, "**data")
        found: np.ndarray = values.astype(np.int64)
    elif base in _BINARY and order in ("", "big", "little"):
        dtype = np.dtype(_BINARY[base]).newbyteorder(">" if order == "big" else "<")
        if not outside:  # right after the end of the line
            start += 2 if data[start : start + 2] == b"\r\n" else 1
        size = n * dtype.itemsize
        if len(data) - start < size:
            raise InputError(
                f"cut off: {size:,} bytes of voxels are due, and it has "
                f"{len(data) - start:,}"
            )
        if outside and len(data) != size:
            raise InputError(
                f"damaged: {size:,} bytes of voxels are due, {len(data):,} there"
            )
        found = np.frombuffer(data, dtype, n, start).astype(np.int64)
        if not outside:
            words.at = start + size
    else:
        raise InputError(f"damaged: data of the kind {form!r}")
    if words.peek() == "**oridata":
        return found
    if words.next() != "***end":
        raise InputError("damaged: ***end does not follow its data")
    return found
