"""Raster tessellations of Neper, .tesr, formats 2.0 to 2.2.

References
----------
https://neper.info/doc/fileformat.html
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.points import inverses, quaternions
from grainpaint.formats.ebsd.symmetries import proper_group
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.orientations import Orientations
from grainpaint.units import count_text

__all__ = ["read"]

_WORD = re.compile(rb"\s*(\S+)")
_MARK = re.compile(rb"(?<!\S)\*")
_SECTION = re.compile(rb"(?<!\S)\*\*(\*end|general|cell|data|oridef)(?!\S)")
_BINARY = {"binary8": "u1", "binary16": "u2", "binary32": "i4"}
_DESCRIPTORS = {  # of orientations: numbers in each
    "quaternion": 4,
    "rodrigues": 3,
    **{"euler-bunge": 3, "euler-kocks": 3, "euler-roe": 3},
    "axis-angle": 4,
    "rotmat": 9,
    "q": 4,
    **{"e": 3, "ek": 3, "er": 3},
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
_FARTHEST = 1e15
_LONGEST, _SMALL = 32, 1 << 20  # bytes of data beside: of a voxel, and anyway
_SKEW = 1e-2  # of a matrix that is a rotation but for rounding

_Frame = tuple[list[int], list[float], list[float]]  # shape, edges, origin
_Cells = tuple[np.ndarray, Orientations | None, tuple[str, ...]]  # IDs, them, notes


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
        if n > 64:  # many at once, up to the next mark
            end = self.data.find(b"*", self.at)
            end = len(self.data) if end < 0 else end
            values = _parsed(self.data[self.at : end], what)
            if values.size != n:
                short = "cut off" if values.size < n else "damaged"
                raise InputError(f"{short}: {what} holds {values.size} of {n} numbers")
            self.at = end
        else:
            values = np.array([_number(self.next(), what) for _ in range(n)])
        if not (np.abs(values) <= _FARTHEST).all():
            raise InputError(f"damaged: {what} holds a word that is not a number")
        return values

    def integers(self, n: int, what: str) -> np.ndarray:
        """Return the next n numbers as int64."""
        values = self.numbers(n, what)
        if (values != np.rint(values)).any():
            raise InputError(f"damaged: {what} holds numbers that are not integers")
        found: np.ndarray = values.astype(np.int64)
        return found

    def skip(self) -> None:
        """Go on to the next mark."""
        match = _MARK.search(self.data, self.at)
        self.at = match.start() if match else len(self.data)

    def to_section(self) -> bool:
        """Go on to the next section that is known; return whether there is one."""
        match = _SECTION.search(self.data, self.at)
        self.at = match.start() if match else len(self.data)
        return match is not None


def _number(word: str, what: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise InputError(f"damaged: {what} has a word that is not a number") from None


def _parsed(text: bytes, what: str) -> np.ndarray:
    """Return the numbers in a text."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # of what is not a number
        try:
            return np.fromstring(text, sep=" ")
        except (DeprecationWarning, ValueError):
            raise InputError(
                f"damaged: {what} has a word that is not a number"
            ) from None


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read a raster tessellation, with the orientations of its cells.

    Raises
    ------
    InputError
        If it is damaged, or of another version.
    """
    try:
        words = _Words(data)
        return _read(path, words, options.symmetry)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read(path: Path, words: _Words, told: str | None) -> RawVolume:
    for due in ("***tesr", "**format"):
        if words.next() != due:
            raise InputError(f"damaged: it has no {due}")
    version = words.next()
    if version not in ("2.0", "2.1", "2.2"):
        raise InputError(
            f"of format {brief(version, 50)!r}; formats 2.0 to 2.2 are read"
        )
    form = "" if words.peek().startswith("*") else words.next()
    frame, cells, values = None, None, None
    while (name := words.next()) != "***end":
        held = {"**general": frame, "**cell": cells, "**data": values}
        if held.get(name) is not None:
            raise InputError(f"damaged: it has {name} twice")
        if name == "**general":
            frame = _general(words)
        elif name == "**cell":
            cells = _cells(words, version, told)
        elif name == "**data" and frame is None:
            raise InputError("its **data come before **general, which says how many")
        elif name == "**data":
            assert frame is not None
            values = _data(path, words, form or words.next(), frame[0])
        elif name not in ("**oridata", "**oridef"):
            raise InputError(f"damaged: it has {brief(name, 50)!r} for a section")
        elif not words.to_section():
            break
    return _volume(frame, cells, values)


def _volume(
    frame: _Frame | None, cells: _Cells | None, values: np.ndarray | None
) -> RawVolume:
    """Return the volume that the sections make."""
    if frame is None or values is None:
        lost = "**general" if frame is None else "**data"
        raise InputError(f"damaged: it has no {lost}")
    ids, known, notes = cells or (None, None, ())
    if values.min() < 0:
        raise InputError(f"damaged: it has the cell {values.min()}")
    if ids is not None and values.max() > ids.size:
        raise InputError(f"damaged: it has cell {values.max()} of {ids.size}")
    shape, spacing, origin = frame
    return RawVolume(
        values.reshape(shape, order="F"),
        tuple(spacing),
        tuple(origin),
        assumed_unit="lengths in µm, since Neper has no unit",
        orientations=known,
        notes=notes,
    )


def _general(words: _Words) -> _Frame:
    """Return shape, edges of a voxel and origin."""
    dim = int(words.integers(1, "**general")[0])
    if dim not in (2, 3):
        raise InputError(f"damaged: it states {dim} dimensions")
    shape = words.integers(dim, "**general").tolist() + [1] * (3 - dim)
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
            raise InputError(f"damaged: it has {brief(name, 50)!r} in **general")
    return shape, spacing, origin


def _cells(words: _Words, version: str, told: str | None) -> _Cells:
    """Return IDs of cells, their orientations, and notes.

    A symmetry that the user told counts where the file states none.
    """
    n = int(words.integers(1, "**cell")[0])
    if not 0 <= n <= len(words.data):
        raise InputError(f"damaged: it states {count_text(n, 'cell')}")
    ids, rotation, symmetry = np.arange(1, n + 1), None, ""
    while words.peek() and not words.peek().startswith("**"):
        name = words.next()
        if name == "*id":
            ids = words.integers(n, name)
        elif name == "*ori":
            rotation = _orientations(words, n, version)
        elif name == "*crysym":
            word = words.next()
            symmetry = _SYMMETRIES.get(word) or proper_group(word)[0]
        elif not name.startswith("*"):
            raise InputError(f"damaged: **cell has more numbers than its {n} cells")
        else:  # seeds, volumes, ...: not needed
            words.skip()
    if rotation is None or n == 0:
        return ids, None, ()
    notes: tuple[str, ...] = ()
    if symmetry and told not in (None, symmetry):
        notes = (
            f"its crystals are stated to be {symmetry}, so symmetry {told} is unused",
        )
    if not symmetry and told is None:
        notes = (
            "assumed: cubic crystals (432), since it states no symmetry; give another "
            "one if it has (symmetry)",
        )
    return ids, Orientations(rotation, symmetry or told or "432"), notes


def _orientations(words: _Words, n: int, version: str) -> np.ndarray:
    """Return passive quaternions of the cells."""
    word = words.next()
    name, _, sense = word.partition(":")
    if name not in _DESCRIPTORS or sense not in ("", "passive", "active"):
        raise InputError(
            f"its orientations are {brief(word, 50)!r}; read are "
            f"{', '.join(_DESCRIPTORS)}"
        )
    size = _DESCRIPTORS[name]
    rows = words.numbers(n * size, "*ori").reshape(n, size)
    if size == 3 and name.startswith("e"):
        result = quaternions(np.radians(_bunge(rows, name)))
    elif name in ("rodrigues", "R"):
        result = np.concatenate([np.ones((n, 1)), rows], 1)
    elif name in ("axis-angle", "rtheta"):
        half = np.radians(rows[:, 3:]) / 2
        length = np.linalg.norm(rows[:, :3], axis=1, keepdims=True)
        axis = rows[:, :3] / np.where(length > 0, length, 1)
        result = np.concatenate([np.cos(half), np.sin(half) * axis], 1)
    elif name in ("rotmat", "g"):
        from scipy.spatial.transform import Rotation

        passive = rows.reshape(n, 3, 3).transpose(0, 2, 1)
        square = passive @ passive.transpose(0, 2, 1)
        skewed = (np.abs(square - np.eye(3)) > _SKEW).any(axis=(1, 2))
        if (skewed | (np.linalg.det(passive) < 0)).any():
            raise InputError("damaged: its orientations are not rotations")
        result = Rotation.from_matrix(passive).as_quat(scalar_first=True)
    else:
        result = rows
    length = np.linalg.norm(result, axis=1, keepdims=True)
    if not (length > 1e-6).all() or (size == 4 and not (abs(length - 1) < 1e-3).all()):
        raise InputError("damaged: its orientations are not rotations")
    result = result / length
    # Ours are passive, as without a word. Up to format 2.1 the words meant each other.
    inverse = "active" if version == "2.2" else "passive"
    flipped = sense == inverse
    turned: np.ndarray = inverses(result) if flipped else result
    return turned


def _bunge(angles: np.ndarray, name: str) -> np.ndarray:
    """Return Euler angles of Kocks, Roe or Bunge as those of Bunge, degrees."""
    one, two, three = angles.T
    if name in ("euler-kocks", "ek"):
        return np.stack([one + 90, two, 90 - three], 1)
    if name in ("euler-roe", "er"):
        return np.stack([one + 90, two, three - 90], 1)
    return angles


def _beside(path: Path, name: str, most: int) -> bytes:
    """Return what a file in the same folder, or below it, holds."""
    folder = path.parent.resolve()
    file = (folder / name).resolve() if name.isprintable() else folder.parent
    if not file.is_relative_to(folder):
        raise InputError(
            f"its data are in {brief(name, 50)!r}: only files in its own folder are "
            "read"
        )
    try:
        if file.exists() and not file.is_file():
            raise InputError(f"its data are in {brief(file)}, which is not a file")
        if file.stat().st_size > most:
            raise InputError(f"its data are in {brief(file)}, which holds far more")
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"its data are in {brief(file)}, which cannot be read ({error.strerror})"
        ) from None


def _data(path: Path, words: _Words, form: str, shape: list[int]) -> np.ndarray:
    """Return the cell of each voxel, x fastest."""
    n = int(np.prod(shape, dtype=np.int64))
    data, start = words.data, words.at
    outside = words.peek() == "*file"
    if outside:
        words.next()
        data, start = _beside(path, words.next(), _LONGEST * n + _SMALL), 0
    base, _, order = form.partition("_")
    if form == "ascii":
        found = (_Words(data) if outside else words).integers(n, "**data")
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
        raise InputError(
            f"its data are of the kind {brief(form, 50)!r}; read are ascii, binary8, "
            "binary16, binary32"
        )
    if not words.peek().startswith("**") and words.peek():
        raise InputError("damaged: ***end does not follow its data")
    return found
