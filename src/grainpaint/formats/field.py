"""Fields that are not grains yet: colors, spins, or color vectors, as .npz."""

import zipfile
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.arrays import ARCHIVE_ERRORS, names_in, read_member
from grainpaint.formats.content import head_of
from grainpaint.formats.files import check_file

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
    check_file(path)
    if not head_of(path).startswith(b"PK"):
        raise InputError(
            f"{path}: no .npz archive: a field is its array 'field', which "
            "numpy.savez(path, field=values) writes"
        )
    spacing: Triple = (1.0,) * 3
    origin: Triple = (0.0,) * 3
    try:
        with zipfile.ZipFile(path) as archive:
            held = names_in(archive)
            if "field" not in held:
                raise InputError(
                    "the archive holds no array 'field'; it has "
                    f"{brief(', '.join(held)) or 'none'}"
                )
            field = read_member(archive, "field")
            if "spacing" in held:
                spacing = _three(read_member(archive, "spacing"), "spacing")
            if "origin" in held:
                origin = _three(read_member(archive, "origin"), "origin")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except ARCHIVE_ERRORS as error:
        raise InputError(
            f"{path}: damaged, or not an .npz archive ({brief(error)})"
        ) from None
    if min(spacing) <= 0:
        raise InputError(f"{path}: its spacing {spacing} is not positive")
    return field, spacing, origin


def _three(values: np.ndarray, name: str) -> Triple:
    """Return three finite numbers."""
    if values.shape != (3,) or values.dtype.kind not in "iuf":
        raise InputError(f"{name!r} must be three numbers, got {brief(values, 60)}")
    if not np.isfinite(values).all():
        raise InputError(f"{name!r} is not finite: {values}")
    return tuple(values.tolist())


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
