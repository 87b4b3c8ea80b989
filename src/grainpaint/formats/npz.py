"""NumPy archives: the exact content of a `Microstructure`."""

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations

__all__ = ["read", "write"]

_NEEDED = ("spacing", "origin", "periodic")


def write(volume: Microstructure, path: Path) -> None:
    """Write grain_id (int32), spacing, origin (float64, µm) and periodic (bool).

    A volume with orientations has quaternion (float64, shape (n, 4); row i is grain
    i + 1) and symmetry as well; symmetry is an array, and phase and phase_name are
    there too, if there are several phases.
    """
    more: dict[str, Any] = {}
    if volume.orientations is not None:
        known = volume.orientations
        more = {
            "quaternion": known.quaternion,
            "symmetry": np.array(known.symmetry[0]),
            "phase_name": np.array(known.names),
        }
        if len(known.symmetry) > 1:
            more |= {"symmetry": np.array(known.symmetry), "phase": known.phase}
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            grain_id=volume.grain_id,
            spacing=np.array(volume.spacing, np.float64),
            origin=np.array(volume.origin, np.float64),
            periodic=np.array(volume.periodic, bool),
            **more,
        )


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read what `write` wrote, or another array in the place of grain_id.

    Raises
    ------
    InputError
        If the file is not such an archive, or lacks an array.
    """
    name = options.array or "grain_id"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            held = [n.removesuffix(".npy") for n in archive.namelist()]
            missing = [n for n in (name, *_NEEDED) if n not in held]
            if missing:
                raise InputError(
                    f"{path}: an .npz volume holds {name}, {', '.join(_NEEDED)}; this "
                    f"one lacks {', '.join(missing)} and has {', '.join(held)}"
                )
            ids = _member(archive, name)
            spacing, origin, periodic = (_member(archive, n) for n in _NEEDED)
            known = _orientations(archive, held) if "quaternion" in held else None
        return RawVolume(
            integers(ids, repr(name)),
            tuple(map(float, spacing)),
            tuple(map(float, origin)),
            tuple(map(bool, periodic)),
            orientations=known,
        )
    except InputError as error:
        text = str(error)
        raise InputError(
            text if text.startswith(str(path)) else f"{path}: {text}"
        ) from None
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,  # a way of packing that Python does not know
        RuntimeError,  # a password
        OverflowError,
        MemoryError,  # of a size that is not true
    ) as error:
        reason = str(error)[:100]  # zipfile quotes all that it finds
        raise InputError(f"{path}: damaged, or no .npz archive ({reason})") from None


def _orientations(archive: zipfile.ZipFile, held: list[str]) -> Orientations:
    """Return the orientations; their symmetry must stand beside them."""
    if "symmetry" not in held:
        raise InputError("has quaternion but no symmetry (such as 432) beside it")
    symmetry = np.atleast_1d(_member(archive, "symmetry"))
    names = _member(archive, "phase_name") if "phase_name" in held else ()
    more = {"phase": _member(archive, "phase")} if "phase" in held else {}
    return Orientations(
        _member(archive, "quaternion"),
        tuple(map(str, symmetry)),
        names=tuple(map(str, np.atleast_1d(names))),
        **more,
    )


def _member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Return an array; its header must agree with the size of its member."""
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise ValueError(f"'{name}' is of a later version of the format")
        if dtype.hasobject:
            raise ValueError(f"'{name}' holds Python objects")
        n_bytes = dtype.itemsize
        for n in shape:
            n_bytes *= n
        if n_bytes != info.file_size - file.tell():
            raise ValueError(f"'{name}' has not the size that it states")
        values = np.empty(n_bytes, np.uint8)
        view, at = values.data, 0
        while at < n_bytes:
            part = file.read(min(1 << 24, n_bytes - at))
            if not part:
                raise EOFError(f"'{name}' ends too early")
            view[at : at + len(part)] = part
            at += len(part)
        file.read(1)  # the end, where the checksum is compared
    array = values.view(dtype)
    return array.reshape(shape, order="F" if fortran else "C")
