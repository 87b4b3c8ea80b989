"""Parts that are voxels already: masks from .npy, .npz, .vti and TIFF stacks."""

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from grainpaint.cad.load import file_bytes, file_state
from grainpaint.cad.packed import unpacked
from grainpaint.cad.voxels import blocks_with_any, no_voxel_inside
from grainpaint.errors import InputError, brief
from grainpaint.formats.arrays import (
    ARCHIVE_ERRORS,
    array_of,
    blows_up,
    names_in,
    read_member,
)
from grainpaint.formats.content import head_of
from grainpaint.formats.plain_text import narrow
from grainpaint.formats.sections import in_folder
from grainpaint.formats.tiff import MARKS as TIFF_MARKS
from grainpaint.formats.tiff import read_stack, read_stacks
from grainpaint.microstructure import Microstructure, VoxelBox, cut

__all__ = ["Mask", "MaskGrid", "check_folder", "is_mask", "load_mask_file"]

_NPY = b"\x93NUMPY"
_NEGATIVE = re.compile(r": if it means outside, say so \(void [-\d]+\)$")


@dataclass(frozen=True, eq=False)
class Mask:
    """The voxels of a file.

    Parameters
    ----------
    inside : numpy.ndarray, bool, shape (nx, ny, nz)
    spacing : float or None
        Edge of a voxel, µm, if the file says.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    notes : tuple of str
        What the user should know, in words.
    sha256 : str
        SHA-256 of the file, hexadecimal.
    """

    inside: np.ndarray
    spacing: float | None
    origin: tuple[float, float, float]
    notes: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, eq=False)
class MaskGrid:
    """Voxels, some of them inside, as `PartGrid` has them.

    Parameters
    ----------
    inside : numpy.ndarray, bool, shape (nx, ny, nz)
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    """

    inside: np.ndarray
    spacing: float
    origin: tuple[float, float, float]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y, z."""
        nx, ny, nz = self.inside.shape
        return nx, ny, nz

    def mask(self, box: VoxelBox) -> np.ndarray:
        """Return which voxels of a box are inside; beyond the grid nothing is."""
        return cut(self.inside, box)

    def mask_of_all(self) -> np.ndarray:
        """Return which voxels are inside, a copy; errors as `PartGrid.mask_of_all`."""
        if not self.inside.any():
            raise no_voxel_inside(self.spacing)
        return self.inside.copy()

    def touched(self, edge: int) -> np.ndarray:
        """Return which blocks of `edge` voxels contain a voxel that is inside."""
        return blocks_with_any(self.inside, edge)


def is_mask(path: Path) -> bool:
    """Return whether a file holds voxels, not a surface; False if there is no file.

    A folder of TIFF slices holds voxels, too.
    """
    if path.is_dir():
        return bool(_slices(path))
    if not path.is_file():
        return False
    head = head_of(path)
    if head.startswith((_NPY, *TIFF_MARKS)) or b"<VTKFile" in head:
        return True
    if head[:4] != b"PK\x03\x04":
        return False
    # Of an archive in a .gz, the name of the first file is all that is at hand.
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return first.endswith(b".npy") or bool(_arrays_in(path))


def check_folder(path: Path) -> None:
    """Raise unless a folder holds the slices of a mask.

    Raises
    ------
    InputError
        If so; it says what is required.
    """
    if not _slices(path):
        file_state(path)


def _slices(folder: Path) -> list[Path]:
    """Return the TIFF files of a folder, in the order of the numbers in their names."""
    return [p for p in in_folder(folder) if ".tif" in p.name.lower()]


def _arrays_in(path: Path) -> list[str]:
    """Return the names of the arrays in a zip archive of numpy's."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [n for n in archive.namelist() if n.endswith(".npy")]
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


def load_mask_file(path: Path) -> Mask:
    """Read the voxels of a file: 0 is outside, all else inside.

    A file is read once per process, until it changes.

    Parameters
    ----------
    path : Path
        .npy [x, y, z]; .npz with an array ``mask``, or one array of three axes; .vti;
        TIFF stack: pages are z, rows y, columns x; a folder of TIFF slices, the lowest
        first.

    Raises
    ------
    InputError
        If the file is missing or damaged, has not three axes, or holds numbers that
        are not a mask.
    """
    files = _slices(path) if path.is_dir() else [path]
    return _load(path, tuple(n for one in files or [path] for n in file_state(one)))


@lru_cache(2)
def _load(path: Path, state: tuple[int, ...]) -> Mask:
    files = _slices(path) if path.is_dir() else [path]
    raws = [file_bytes(one) for one in files]
    sha256 = hashlib.sha256(b"".join(raws)).hexdigest()
    data = narrow(unpacked(path, raws[0]))
    spacing: float | None = None
    origin = (0.0, 0.0, 0.0)
    notes: list[str] = []
    if path.is_dir():
        stack = read_stacks(files, map(unpacked, files, raws))
        values, notes = stack.values, [*stack.notes]
        if stack.spacing is not None:  # how far apart they are, they do not say
            x, y, _ = stack.spacing
            spacing = _edge(path, np.array([x, y, x]))
            notes.append("the slices are taken to be as far apart as pixels are wide")
    elif data.startswith(TIFF_MARKS):
        stack = read_stack(path, data)
        values, notes = stack.values, [*stack.notes]
        spacing = (
            None if stack.spacing is None else _edge(path, np.array(stack.spacing))
        )
    elif data.startswith(_NPY):
        values = _npy(path, data)
    elif data[:4] == b"PK\x03\x04":
        values, spacing, origin = _npz(path, data)
    else:
        values, spacing, origin, notes = _vti(path)
    if values.ndim != 3 or 0 in values.shape:
        raise InputError(
            f"{path}: a mask has three axes, this one has the shape {values.shape}"
        )
    if values.dtype.kind not in "buif":
        raise InputError(f"{path}: a mask is of numbers, not of {values.dtype}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(f"{path}: the mask has values that are not finite")
    of_grains = data.lstrip()[:1] == b"<"
    inside, more = _inside(path, values, of_grains)
    return Mask(inside, spacing, origin, (*notes, *more), sha256)


def _inside(
    path: Path, values: np.ndarray, of_grains: bool
) -> tuple[np.ndarray, list[str]]:
    """Return which voxels are not 0, and notes.

    Values that leave it open what is outside are refused: negative ones, and two of
    which neither is 0, as programs write that count classes from 1.

    Parameters
    ----------
    path : Path
        For messages.
    values : numpy.ndarray, shape (nx, ny, nz)
        Finite.
    of_grains : bool
        Whether they are IDs of grains, which may have any values.
    """
    inside = np.ascontiguousarray(values != 0)
    if not inside.any():
        raise InputError(f"{path}: all voxels are 0: nothing is inside")
    low, high = values.min(), values.max()
    two = bool(((values == low) | (values == high)).all())
    if low < 0 or (two and 0 < low < high and not of_grains):
        told = f"{low:g} and {high:g}, neither of them 0" if two else f"{low:g}"
        raise InputError(
            f"{path}: a mask is 0 outside, and this one holds {told}: write 0 where it "
            "is outside"
        )
    notes = []
    if not of_grains and (values[inside] != high).any():
        if values.dtype.kind == "f":
            raise InputError(
                f"{path}: a mask has two values, 0 outside and one inside; this one "
                "has more: apply a threshold first"
            )
        notes.append("more than two values: every voxel that is not 0 counts as inside")
    if inside.all():
        notes.append("no voxel is 0: the whole box is inside")
    return inside, notes


def _npy(path: Path, data: bytes) -> np.ndarray:
    """Return an array of numpy's format; objects are refused, nothing is executed."""
    try:
        return array_of(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except ARCHIVE_ERRORS as error:
        raise InputError(f"{path}: damaged .npy ({brief(error)})") from None


def _npz(
    path: Path, data: bytes
) -> tuple[np.ndarray, float | None, tuple[float, float, float]]:
    """Return the mask of an archive, and its spacing and origin if they are there."""
    arrays: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = names_in(archive)
            if blows_up(sum(i.file_size for i in archive.infolist()), len(data)):
                raise InputError(
                    "its arrays unpack to far more than they are stored in"
                )
            for name in names:
                arrays[name] = read_member(archive, name)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except ARCHIVE_ERRORS as error:
        raise InputError(f"{path}: damaged .npz ({brief(error)})") from None
    volumes = [name for name, values in arrays.items() if values.ndim == 3]
    if "mask" in arrays:
        volumes = ["mask"]
    if len(volumes) != 1:
        raise InputError(
            f"{path}: a mask is an array named mask, or the only array of three axes; "
            f"here are {brief(', '.join(arrays) or 'none')}"
        )
    spacing = arrays.get("spacing")
    origin = arrays.get("origin")
    return (
        arrays[volumes[0]],
        None if spacing is None else _edge(path, spacing),
        (0.0, 0.0, 0.0) if origin is None else _three(path, origin),
    )


def _vti(
    path: Path,
) -> tuple[np.ndarray, float, tuple[float, float, float], list[str]]:
    """Return the IDs of a volume, of which 0 is outside, and what was assumed."""
    from grainpaint.formats import ReadOptions, read

    try:
        volume, notes = read(path, ReadOptions(void=0))
    except InputError as error:
        volume, notes = _called_mask(path, str(error))
    notes = [n.replace("say so (unit)", "give the voxel edge") for n in notes]
    spacing = _edge(path, np.array(volume.spacing))
    return volume.grain_id, spacing, _three(path, np.array(volume.origin)), notes


def _called_mask(path: Path, why: str) -> tuple[Microstructure, list[str]]:
    """Return the array called mask of an image in which it is unclear which is meant.

    Parameters
    ----------
    path : Path
    why : str
        What reading it without a name has raised.
    """
    from grainpaint.formats import ReadOptions, read

    names = why.partition(" Name one (array): ")[2]
    if not names:
        raise InputError(_NEGATIVE.sub(": write 0 where it is outside", why)) from None
    name = next((n for n in names.split(", ") if n.lower() == "mask"), None)
    if name is None:
        raise InputError(
            f"{path}: which of its arrays is the mask? Call it mask, or save it alone: "
            f"{names}"
        ) from None
    return read(path, ReadOptions(void=0, array=name))


def _edge(path: Path, spacing: np.ndarray) -> float:
    """Return the edge of voxels that are cubes."""
    if spacing.size not in (1, 3) or spacing.dtype.kind not in "iuf":
        raise InputError(f"{path}: a spacing is one number or three: {brief(spacing)}")
    x, y, z = (float(s) for s in np.broadcast_to(spacing.ravel(), 3))
    if not (0 < x < np.inf and np.allclose([y, z], x, rtol=1e-6)):
        raise InputError(
            f"{path}: voxels must be cubes, these are {x:g} x {y:g} x {z:g} µm: "
            "resample the mask"
        )
    return x


def _three(path: Path, origin: np.ndarray) -> tuple[float, float, float]:
    """Return three finite numbers."""
    good = origin.size == 3 and origin.dtype.kind in "iuf"
    if not good or not np.isfinite(origin).all():
        raise InputError(f"{path}: an origin is three numbers: {brief(origin)}")
    x, y, z = (float(o) for o in origin.ravel())
    return x, y, z
