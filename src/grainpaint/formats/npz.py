"""NumPy archives: the exact content of a `Microstructure`."""

import zipfile
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

__all__ = ["read", "write"]


def write(volume: Microstructure, path: Path) -> None:
    """Write grain_id (int32), spacing, origin (float64, µm) and periodic (bool)."""
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            grain_id=volume.grain_id,
            spacing=np.array(volume.spacing, np.float64),
            origin=np.array(volume.origin, np.float64),
            periodic=np.array(volume.periodic, bool),
        )


def read(path: Path) -> Microstructure:
    """Read what `write` wrote.

    Raises
    ------
    InputError
        If the file is not such an archive, or lacks an array.
    """
    try:
        with path.open("rb") as file, np.load(file) as archive:
            return Microstructure(
                archive["grain_id"],
                tuple(archive["spacing"]),
                tuple(archive["origin"]),
                tuple(archive["periodic"]),
            )
    except (zipfile.BadZipFile, EOFError, OSError, AttributeError) as error:
        raise InputError(f"{path}: damaged, or not an .npz archive ({error})") from None
    except KeyError as error:
        raise InputError(
            f"{path}: an .npz volume holds grain_id, spacing, origin and periodic; "
            f"{error.args[0]}"
        ) from None
