"""Fields that are not grains yet: colors, spins, or color vectors, as .npz."""

import zipfile
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError

__all__ = ["read_field", "read_values", "write_values"]

Triple = tuple[float, ...]  # along x, y, z


def read_field(path: Path) -> tuple[np.ndarray, Triple, Triple]:
    """Return the array `field`, spacing (µm) and origin (µm) of an .npz archive.

    Parameters
    ----------
    path : Path
        Holds `field`; `spacing` and `origin` (three values each) default to 1 and 0.

    Raises
    ------
    InputError
        If the archive is missing or damaged, or holds no `field`.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as file, np.load(file) as archive:
            field = archive["field"]
            spacing = tuple(archive["spacing"]) if "spacing" in archive else (1.0,) * 3
            origin = tuple(archive["origin"]) if "origin" in archive else (0.0,) * 3
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: damaged, or not an .npz archive ({error})") from None
    except KeyError:
        raise InputError(f"{path}: the archive holds no array 'field'") from None
    return field, spacing, origin


def read_values(path: Path) -> tuple[np.ndarray, Triple, Triple]:
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
        If the archive is damaged, or the field is not of floats.
    """
    field, spacing, origin = read_field(path)
    if field.ndim != 3 or field.dtype.kind != "f" or not field.size:
        raise InputError(
            f"{path}: 'field' must be floats [x, y, z], "
            f"got shape {field.shape} of {field.dtype}"
        )
    return field, spacing, origin


def write_values(
    path: Path, values: np.ndarray, spacing: Triple, origin: Triple
) -> None:
    """Write an archive that `read_values` can read."""
    with path.open("wb") as file:
        np.savez_compressed(file, field=values, spacing=spacing, origin=origin)
