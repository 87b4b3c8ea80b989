"""DAMASK 3: a grid (.vti) and material.yaml, which has an entry for each of its grains.

Entry 0 is the outside if the part does not fill the box; without it grains count from
0, since DAMASK does. The dialect of the grid is that of `formats.vti`.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.vti.layout import M_PER_UM, PIECE, around_materials
from grainpaint.formats.vti.stated import (
    CHECKSUM,
    PERIODIC,
    SHAPE,
    VOID,
    begun_checksum,
)
from grainpaint.orientations import Orientations

__all__ = ["write"]

_LARGEST = 2**31 - 1  # DAMASK counts cells in 32 bits
_WORD = re.compile(r"[A-Za-z_][\w-]*")

# Of DAMASK's examples/config/phase/mechanical/elastic; stand-ins, and said to be.
_ALUMINUM = ("aluminum", "C_11: 106.9e+9, C_12: 60.5e+9, C_44: 28.4e+9")
_TITANIUM = (
    "titanium",
    "C_11: 162.5e+9, C_12: 91.8e+9, C_44: 46.8e+9, C_33: 180.6e+9, C_13: 68.9e+9",
)
_TIN = (
    "tin",
    "C_11: 72.6e+9, C_12: 59.4e+9, C_44: 22.2e+9, C_33: 88.8e+9, C_13: 35.8e+9, "
    "C_66: 24.1e+9",
)
_LATTICES = {  # Pearson symbol and elastic constants by symmetry
    "432": ("cF", _ALUMINUM),
    "23": ("cF", _ALUMINUM),
    "622": ("hP", _TITANIUM),
    "6": ("hP", _TITANIUM),
    "422": ("tI", _TIN),
    "4": ("tI", _TIN),
}
# T. Maiti and P. Eisenlohr, Scripta Materialia 145:37-40, 2018.
_VOID_PHASE = """    lattice: cF
    mechanical:
      output: [F, P]
      elastic: {type: Hooke, C_11: 10.e+9, C_12: 0.0, C_44: 5.e+9}
      plastic: {type: isotropic, dot_gamma_0: 0.001, n: 20., xi_0: 0.3e+6, \
xi_inf: 0.6e+6, a: 2., h_0: 1.e+6, M: 1., h: 1., dilatation: true}
"""


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write the grid, in meters, and material.yaml.

    Raises
    ------
    InputError
        If the grid has fewer than two cells along x or too many for 32 bits, or DAMASK
        has no such crystal symmetry.
    """
    if slabs.shape[0] < 2:
        raise InputError("DAMASK needs at least two cells along x")
    if slabs.n_voxels > _LARGEST:
        raise InputError(
            f"DAMASK counts cells in 32 bits: {slabs.n_voxels:,} are too many; take a "
            "region or a stride"
        )
    known = slabs.known
    assert known is not None
    known = known.used()  # there need be a lattice of these alone
    void = slabs.n_outside > 0
    names = _phase_names(known, void)
    with paths[1].open("w", encoding="utf-8") as file:
        file.writelines(_material(known, names, void))
    _write_grid(slabs, paths[0], void)
    found = [_lattice(symmetry) for symmetry in known.symmetry]
    stand_ins = " and ".join(sorted({metal for _, (metal, _) in found}))
    lattices = " and ".join(sorted({lattice for lattice, _ in found}))
    return [
        f"material.yaml has the lattice {lattices}, the elastic constants of "
        f"{stand_ins} and no plasticity: write those of your material there"
    ]


def _phase_names(known: Orientations, void: bool) -> list[str]:
    """Return the names of the phases, without repeats, that of the outside first."""
    names = ["void"] if void else []
    for name in known.names:
        free = name
        while free in names:
            free += "_"
        names.append(free)
    return [n if _WORD.fullmatch(n) else json.dumps(n) for n in names]


def _lattice(symmetry: str) -> tuple[str, tuple[str, str]]:
    if symmetry not in _LATTICES:
        raise InputError(
            f"DAMASK has no lattice for the crystal symmetry {symmetry}; it has for "
            f"{', '.join(_LATTICES)}"
        )
    return _LATTICES[symmetry]


def _material(known: Orientations, names: list[str], void: bool) -> Iterator[str]:
    """Yield the pieces of material.yaml."""
    yield "homogenization:\n  SX:\n    N_constituents: 1\n"
    yield "    mechanical: {type: pass}\n\nphase:\n"
    if void:
        yield f"  {names[0]}:\n{_VOID_PHASE}"
    own = names[1:] if void else names
    for name, symmetry in zip(own, known.symmetry):
        lattice, (metal, constants) = _lattice(symmetry)
        yield f"  {name}:\n    lattice: {lattice}\n    mechanical:\n"
        yield "      output: [F, P, F_e, O]\n"
        yield f"      # of {metal}; write those of your material, and its plasticity\n"
        yield f"      elastic: {{type: Hooke, {constants}}}\n"
    yield "\nmaterial:\n"
    entry = (
        "  - homogenization: SX\n    constituents:\n      - phase: {}\n"
        "        v: 1.0\n        O: [{!r}, {!r}, {!r}, {!r}]\n"
    )
    if void:
        yield entry.format(names[0], 1.0, 0.0, 0.0, 0.0)
    for phase, quaternion in zip(known.phase.tolist(), known.quaternion.tolist()):
        yield entry.format(own[phase - 1], *quaternion)


def _write_grid(slabs: Slabs, path: Path, void: bool) -> None:
    """Write the image; its checksum is put in at the end."""
    spacing = [s * M_PER_UM for s in slabs.spacing]
    origin = [o * M_PER_UM for o in slabs.origin]
    first = int(not void)  # the grain that is material 0
    fields: dict[str, list[int] | list[str]] = {
        VOID: [0 if void else -1],
        PERIODIC: [int(p) for p in slabs.periodic],
        SHAPE: list(slabs.shape),
        CHECKSUM: ["0" * 10],
    }
    head, tail = around_materials(
        slabs.shape, spacing, origin, fields, (0, slabs.n_grains - first)
    )
    crc = begun_checksum(spacing, origin, slabs.periodic, slabs.shape)
    with path.open("wb") as file:
        file.write(head.encode())
        waiting = np.uint64(4 * slabs.n_voxels).tobytes()
        for row in slabs.rows():
            data = (row - np.int32(first)).tobytes()
            crc = zlib.crc32(data, crc)
            data = waiting + data
            whole = len(data) - len(data) % 3
            for start in range(0, whole, PIECE):
                file.write(base64.b64encode(data[start : min(start + PIECE, whole)]))
            waiting = data[whole:]
        file.write(base64.b64encode(waiting))
        file.write(tail.encode())
        file.seek(head.index("0" * 10, head.index(CHECKSUM)))
        file.write(b"%010d" % crc)
