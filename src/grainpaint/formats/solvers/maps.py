"""EBSD maps of a section one voxel thick: .ang (radians) and .ctf (degrees), µm.

Axes X and Y of the map are x and y of a section across z, y and z of one across x, and
z and x of one across y; orientations are turned with the axes. What is outside is not
indexed. The x axis of hexagonal and trigonal crystals is a in .ang and a* in .ctf.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.solvers.crystals import CODES, axis_told
from grainpaint.formats.text import float_words, int_words, joined, table
from grainpaint.orientations import Orientations

__all__ = ["write"]

# A turn by 120 degrees about (1, 1, 1) once or twice: y, z, x and z, x, y as axes.
_TURNS = {2: (1.0, 0.0, 0.0, 0.0), 0: (0.5, -0.5, -0.5, -0.5), 1: (0.5, 0.5, 0.5, 0.5)}
_ALONG_A_STAR = ("3", "32", "6", "622")  # Oxford's x axis is a*, 30 degrees from a
_CTF_COLUMNS = "Phase\tX\tY\tBands\tError\tEuler1\tEuler2\tEuler3\tMAD\tBC\tBS\n"


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write a map.

    Raises
    ------
    InputError
        If the volume is thicker than one voxel.
    """
    thin = [axis for axis in (2, 0, 1) if slabs.shape[axis] == 1]
    if not thin:
        raise InputError(
            f"a map is one voxel thick, the volume {slabs.shape}: choose a section "
            f"(region), such as 0:{slabs.shape[0]},0:{slabs.shape[1]},0:1"
        )
    normal = thin[0]
    first, second = (normal + 1) % 3, (normal + 2) % 3
    section = np.concatenate([slabs.index(layer) for layer in slabs.layers()], axis=2)
    # Across y, what is left is x, z, and z is the first axis of the map already.
    index = np.moveaxis(section, normal, -1)[..., 0]
    index = index if normal == 1 else index.T
    known = slabs.known
    assert known is not None
    known = _turned(known, normal)
    steps = [slabs.spacing[first], slabs.spacing[second]]
    maker = _ang if settings.variant == "ang" else _ctf
    with paths[0].open("wb") as file:
        file.writelines(maker(index, steps, known))
    notes = axis_told(known) if maker is _ctf else []
    if normal == 2:
        return notes
    return [*notes, f"axes X and Y of the map are {'xyz'[first]} and {'xyz'[second]}"]


def _turned(known: Orientations, normal: int) -> Orientations:
    """Return orientations with respect to the axes of the map."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_quat(_TURNS[normal], scalar_first=True)
    own = Rotation.from_quat(known.quaternion, scalar_first=True)
    quaternion = (turn * own).as_quat(scalar_first=True)
    return Orientations(quaternion, known.symmetry, known.phase, known.names)


def _ang(
    index: np.ndarray, steps: Sequence[float], known: Orientations
) -> list[bytes | memoryview]:
    """Return the pieces of an .ang file; points that are not indexed have CI -1."""
    n_rows, n_columns = index.shape
    lines = ["# TEM_PIXperUM          1.000000"]
    lines += [f"# {name}  0.500000" for name in ("x-star", "y-star", "z-star")]
    lines += ["# WorkingDistance       15.000000", "#"]
    for i, (name, symmetry) in enumerate(zip(known.names, known.symmetry), 1):
        lines += [
            f"# Phase {i}",
            f"# MaterialName  \t{name}",
            f"# Formula     \t{name}",
        ]
        lines += ["# Info", f"# Symmetry              {CODES[symmetry].tsl}"]
        lines += [
            "# LatticeConstants      1.000 1.000 1.000  90.000  90.000 "
            f"{CODES[symmetry].gamma:7.3f}",
            "# NumberFamilies        0",
            "# Categories 0 0 0 0 0 ",
            "#",
        ]
    lines += ["# GRID: SqrGrid", f"# XSTEP: {steps[0]:.9g}", f"# YSTEP: {steps[1]:.9g}"]
    lines += [f"# NCOLS_ODD: {n_columns}", f"# NCOLS_EVEN: {n_columns}"]
    lines += [f"# NROWS: {n_rows}", "#", "# OPERATOR: \tgrainpaint", "#"]
    lines += ["# SAMPLEID: \t", "#", "# SCANID: \t", "#", ""]
    euler = np.concatenate([np.full((1, 3), 4 * np.pi), known.euler()])
    inside = np.arange(len(euler)) > 0
    tail = joined(
        [
            np.where(inside, b"  1.0  1.000 ", b"  0.0 -1.000 "),
            int_words(np.append(0, known.phase), 2),
            np.where(inside, b"  1    0.000\n", b"  0  180.000\n"),
        ]
    )
    x = float_words(np.arange(n_columns) * steps[0])
    y = float_words(np.arange(n_rows) * steps[1])
    front = float_words(euler, "%.6f", 9)
    parts: list[np.ndarray | bytes] = [b" ", front.take(index), b"  ", x[None, :]]
    parts += [b"  ", y[:, None], tail.take(index)]
    return ["\n".join(lines).encode(), table(parts)]


def _ctf(
    index: np.ndarray, steps: Sequence[float], known: Orientations
) -> list[bytes | memoryview]:
    """Return the pieces of a .ctf file; points that are not indexed have phase 0."""
    n_rows, n_columns = index.shape
    lines = ["Channel Text File", "Prj\tgrainpaint", "Author\tgrainpaint"]
    lines += ["JobMode\tGrid", f"XCells\t{n_columns}", f"YCells\t{n_rows}"]
    lines += [f"XStep\t{steps[0]:.9g}", f"YStep\t{steps[1]:.9g}"]
    lines += ["AcqE1\t0", "AcqE2\t0", "AcqE3\t0"]
    lines += [
        "Euler angles refer to Sample Coordinate system (CS0)!\tMag\t0\tCoverage\t100\t"
        "Device\t0\tKV\t0\tTiltAngle\t0\tTiltAxis\t0",
        f"Phases\t{len(known.symmetry)}",
    ]
    for name, symmetry in zip(known.names, known.symmetry):
        codes = CODES[symmetry]
        lines.append(
            f"1.000;1.000;1.000\t90.000;90.000;{codes.gamma}.000\t{name}\t{codes.laue}"
            "\t0\t\t\tgrainpaint"
        )
    degrees = np.concatenate([np.zeros((1, 3)), np.rad2deg(known.euler())])
    hexagonal = np.isin(np.array(known.symmetry), _ALONG_A_STAR)[known.phase - 1]
    degrees[1:, 2] = np.where(hexagonal, degrees[1:, 2] + 30.0, degrees[1:, 2]) % 360.0
    inside = np.arange(len(degrees)) > 0
    angles = [float_words(degrees[:, i], "%.5f") for i in range(3)]
    tail = joined(
        [
            np.where(inside, b"\t8\t0\t", b"\t0\t3\t"),
            *(part for words in angles for part in (words, b"\t")),
            b"0.0000\t100\t100\n",
        ]
    )
    phase = int_words(np.append(0, known.phase))
    x = float_words(np.arange(n_columns) * steps[0])
    y = float_words(np.arange(n_rows) * steps[1])
    parts: list[np.ndarray | bytes] = [phase.take(index), b"\t", x[None, :]]
    parts += [b"\t", y[:, None], tail.take(index)]
    head = ("\n".join(lines) + "\n" + _CTF_COLUMNS).encode()
    rows = table(parts)
    return [head, bytes(rows).replace(b" ", b"")]  # columns stand between tabs alone
