"""Small HDF5 files of Oxford Instruments and of DREAM.3D, made by their layout."""

import io

import h5py
import numpy as np
from ebsd_maps import STEP, angles_of
from scipy.spatial.transform import Rotation

IDS = np.kron([[[1, 2], [3, 3]]], np.ones((3, 2, 2), int))  # [x, y, z]
ANGLES = np.radians([[0.0, 0, 0], [10, 20, 30], [100, 50, 60], [200, 70, 5]])
Q = Rotation.from_euler("ZXZ", ANGLES[1:]).as_quat(canonical=True, scalar_first=True)


def arrays(cells, features):
    """Return the arrays of cells, features and phases."""
    held = {
        "FeatureIds": IDS.transpose(2, 1, 0)[..., None].astype("i4"),
        "Phases": np.ones((*IDS.shape[::-1], 1), "i4"),
        "EulerAngles": ANGLES[IDS.transpose(2, 1, 0)].astype("f4"),
    }
    by_feature = {
        "AvgEulerAngles": ANGLES.astype("f4"),
        # Of Rowenhorst (2015) with P = 1: (-x, -y, -z, w).
        "AvgQuats": np.roll([[1, 0, 0, 0], *(Q * (1, -1, -1, -1))], -1, 1).astype("f4"),
        "Phases": np.array([0, 1, 1, 1], "i4"),
    }
    return (
        {k: v for k, v in held.items() if k in cells},
        {k: v for k, v in by_feature.items() if k in (*features, "Phases")},
        {"CrystalStructures": np.array([[999], [0]], "u4")},
    )


def dream3d(path, version, cells, features=()):
    """Write a file of a version."""
    groups = dict(
        zip(
            ("CellData", "CellFeatureData", "CellEnsembleData"), arrays(cells, features)
        )
    )
    with h5py.File(path, "w") as file:
        file.attrs["FileVersion"] = np.bytes_(version)
        if version == "8.0":
            image = file.create_group("DataStructure/Image")
            image.attrs["_DIMENSIONS"] = np.array(IDS.shape, "u8")
            image.attrs["_SPACING"] = np.array([0.1, 0.2, 0.3], "f4")
            image.attrs["_ORIGIN"] = np.array([1, 2, 3], "f4")
        else:
            image = file.create_group("DataContainers/Image")
            image["_SIMPL_GEOMETRY/DIMENSIONS"] = np.array(IDS.shape, "i8")
            image["_SIMPL_GEOMETRY/SPACING"] = np.array([0.1, 0.2, 0.3], "f4")
            image["_SIMPL_GEOMETRY/ORIGIN"] = np.array([1, 2, 3], "f4")
        for folder, values in groups.items():
            for name, value in values.items():
                image[f"{folder}/{name}"] = value
    return path


def h5oina(angles=None, laue=11, phase=None, **lost):
    """Return a file of one map; angles in degrees [y, x, 3]."""
    angles = angles_of() if angles is None else angles
    rows, columns = angles.shape[:2]
    y, x = np.indices((rows, columns)).reshape(2, -1) * np.float32(STEP)
    data = {"Euler": np.radians(angles).reshape(-1, 3).astype("f4"), "X": x, "Y": y}
    data["Phase"] = np.ones((x.size, 1), "u1") if phase is None else phase
    header = {"X Cells": [columns], "Y Cells": [rows]}
    header |= {"X Step": [np.float32(STEP)], "Y Step": [np.float32(STEP)]}
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file["Format Version"] = "5.0"
        for part, values in (("Data", data), ("Header", header)):
            for name, value in values.items():
                if name not in lost.values():
                    file[f"1/EBSD/{part}/{name}"] = value
        one = file.create_group("1/EBSD/Header/Phases/1")
        one["Phase Name"], one["Laue Group"] = "Zircaloy", np.array([laue], "i4")
    return memory.getvalue()
