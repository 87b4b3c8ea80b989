"""Fields that are not grains yet: colors, spins, or color vectors, as .npz."""

import zipfile
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.palette import palette

__all__ = ["read_field", "read_values", "write_values"]

Place = tuple[float, ...]

_WANTED = "'field' must be integers [x, y, z] or float vectors [x, y, z, 2..8]"


def _read(path: Path) -> tuple[np.ndarray, Place, Place]:
    """Return the array `field`, spacing and origin of an archive."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as file, np.load(file) as archive:
            field = archive["field"]
            spacing = tuple(archive["spacing"]) if "spacing" in archive else (1.0,) * 3
            origin = tuple(archive["origin"]) if "origin" in archive else (0.0,) * 3
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: damaged or no .npz archive ({error})") from None
    except KeyError:
        raise InputError(f"{path}: the archive holds no array 'field'") from None
    return field, spacing, origin


def read_field(
    path: Path,
) -> tuple[np.ndarray, Place, Place]:
    """Return colors, spacing (µm) and origin (µm) of an .npz archive.

    Parameters
    ----------
    path : Path
        Holds `field`: integers [x, y, z] (colors or spins, 0 = outside), or float
        vectors [x, y, z, d], of which each voxel gets the nearest color of the
        palette. `spacing` and `origin` (three values each) default to 1 and 0.

    Returns
    -------
    color : numpy.ndarray, integer, shape (nx, ny, nz)
    spacing, origin : three floats

    Raises
    ------
    InputError
        If the archive is damaged, or the field of another kind.
    """
    field, spacing, origin = _read(path)
    if field.ndim == 3 and field.dtype.kind in "iu" and field.size:
        if abs(field.astype(float)).max() >= 2**31:
            raise InputError(f"{path}: the values of 'field' must lie within int32")
        return field, spacing, origin
    if field.ndim == 4 and field.dtype.kind == "f" and 2 <= field.shape[3] <= 8:
        if not np.isfinite(field).all():
            raise InputError(f"{path}: the field holds values that are not finite")
        colors = palette(field.shape[3])
        nearest = [(row @ colors.T).argmax(-1) for row in field]
        return np.stack(nearest).astype(np.int32) + 1, spacing, origin
    hint = "; --method dbscan takes one float a voxel" if field.ndim == 3 else ""
    raise InputError(
        f"{path}: {_WANTED}, got shape {field.shape} of {field.dtype}{hint}"
    )


def read_values(path: Path) -> tuple[np.ndarray, Place, Place]:
    """Return values, spacing (µm) and origin (µm) of an .npz archive.

    Parameters
    ----------
    path : Path
        Holds `field`: floats [x, y, z]. `spacing` and `origin` (three values each)
        default to 1 and 0.

    Returns
    -------
    values : numpy.ndarray, float, shape (nx, ny, nz)
    spacing, origin : three floats

    Raises
    ------
    InputError
        If the archive is damaged, or the field of another kind.
    """
    field, spacing, origin = _read(path)
    if field.ndim != 3 or field.dtype.kind != "f" or not field.size:
        raise InputError(
            f"{path}: for DBSCAN 'field' must be floats [x, y, z], "
            f"got shape {field.shape} of {field.dtype}"
        )
    return field, spacing, origin


def write_values(path: Path, values: np.ndarray, spacing: Place, origin: Place) -> None:
    """Write what `read_values` reads."""
    with path.open("wb") as file:
        np.savez_compressed(file, field=values, spacing=spacing, origin=origin)
