"""HDF5 files: which program wrote one decides how it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.hdf5_file import opened
from grainpaint.formats.raw import RawVolume, ReadOptions

__all__ = ["read"]


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read a volume of DREAM.3D or VTK, or a map of Oxford Instruments.

    Raises
    ------
    InputError
        If it is damaged, or of another program.
    """
    from grainpaint.formats import dream3d, vtkhdf
    from grainpaint.formats.ebsd.grains import to_grains
    from grainpaint.formats.ebsd.h5oina import read_points

    try:
        with opened(data) as file:
            if "DataStructure" in file or "DataContainers" in file:
                return dream3d.read_volume(file, options)
            if "VoxelDataContainer" in file:
                stated = np.bytes_(file.attrs.get("FileVersion", b"4")).decode(
                    "latin-1"
                )
                raise InputError(
                    f"a file of DREAM.3D of the version {brief(stated, 20)}, which is "
                    "too old: open it in DREAM.3D 6 and save it again"
                )
            if "VTKHDF" in file:
                return vtkhdf.read_volume(file["VTKHDF"], options)
            if "Format Version" in file or any(
                hasattr(group, "keys") and "EBSD" in group for group in file.values()
            ):
                return to_grains(read_points(file, options.array), options)
            raise InputError(
                "an HDF5 file, but none of DREAM.3D (.dream3d), VTK (.vtkhdf) or "
                f"Oxford (.h5oina); it has {', '.join(list(file)[:5]) or 'nothing'}: "
                "save its array of grain IDs as [x, y, z] in an .npy file"
            )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
