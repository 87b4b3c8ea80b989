"""Dumps of styles ``text``, ``sites`` and ``vtk``."""

import struct
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.output.files import write_snapshot
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.output.rows import text_rows
from grainpaint.simulate.spparks.requests import DumpWrite

__all__ = ["write_sites", "write_text", "write_vtk"]


def _columns(frame: Frame, write: DumpWrite) -> list[np.ndarray]:
    """Return the columns of a dump, only the rows that it wants, sorted."""
    dump = write.dump
    columns = [frame.column(name) for name in dump.columns]
    chosen = frame.rows(dump)
    if chosen is not None:
        columns = [column[chosen] for column in columns]
    if dump.sort:
        if abs(dump.sort) > len(columns):
            raise InputError(
                f"dump {dump.name}: no column {abs(dump.sort)} to sort by, it has "
                f"{len(columns)}"
            )
        key = columns[abs(dump.sort) - 1]
        order = np.argsort(key if dump.sort > 0 else -key, kind="stable")
        columns = [column[order] for column in columns]
    return columns


def write_text(frame: Frame, write: DumpWrite, folder: Path) -> None:
    """Write a snapshot as text, or as numbers if the name ends in .bin."""
    columns = _columns(frame, write)
    if write.dump.file.endswith(".bin"):
        write_snapshot(folder, write, _binary(frame, write, columns))
        return
    low, high = frame.box.corners
    names = ("type" if name == "site" else name for name in write.dump.columns)
    head = (
        f"ITEM: TIMESTEP\n{write.number} {frame.time:10g}\n"
        f"ITEM: NUMBER OF ATOMS\n{len(columns[0])}\nITEM: BOX BOUNDS\n"
        + "".join(f"{a:g} {b:g}\n" for a, b in zip(low, high))
        + f"ITEM: ATOMS {' '.join(names)}\n"
    )
    write_snapshot(folder, write, chain([head.encode()], text_rows(columns)))


def _binary(
    frame: Frame, write: DumpWrite, columns: list[np.ndarray]
) -> Iterator[bytes]:
    """Yield a snapshot as SPPARKS' binary dumps have it."""
    low, high = frame.box.corners
    box = [edge for pair in zip(low, high) for edge in pair]
    n_rows, n = len(columns[0]), len(columns)
    yield struct.pack("=idq6d", write.number, frame.time, n_rows, *box)
    yield struct.pack("=iii", n, 1, n_rows * n)  # columns, processes, numbers
    yield np.stack(columns, axis=1).astype("<f8").tobytes()


def write_sites(frame: Frame, write: DumpWrite, folder: Path) -> None:
    """Write a snapshot as a site file, from which ``read_sites`` continues."""
    dump = write.dump
    columns = _columns(frame, write)
    if len(columns[0]) != len(frame.order):
        raise InputError(f"dump {dump.name}: a site file must hold all sites")
    low, high = frame.box.corners
    ends = zip(low, high, "xyz")
    head = (
        f"Site file written by dump sites {dump.name} command at time: "
        f"{write.number} {frame.time:g}\n\n{frame.box.dimension} dimension\n"
        f"{len(columns[0])} sites\n{' '.join(dump.columns)} values\n"
        + "".join(f"{a:g} {b:g} {axis}lo {axis}hi\n" for a, b, axis in ends)
        + "\nValues\n\n"
    )
    write_snapshot(folder, write, chain([head.encode()], text_rows(columns)))


def write_vtk(frame: Frame, write: DumpWrite, folder: Path) -> None:
    """Write a snapshot as VTK ImageData in SPPARKS' dialect: ASCII, array ``Spin``."""
    dump = write.dump
    (values,) = _columns(frame, write)
    if len(values) != frame.sites.spin.size:
        raise InputError(f"dump {dump.name}: a .vti must hold all sites of a box")
    app_low, app_high = 0, getattr(frame.app, "n_spins", int(values.max()))
    nx, ny, nz, first, last = dump.extent or (*frame.box.shape, app_low, app_high)
    if (nx, ny, nz) != frame.box.shape:  # of a dump before create_sites
        raise InputError(
            f"dump {dump.name}: vtk has {nx} x {ny} x {nz} cells, the sites are "
            f"{frame.box.shape}"
        )
    extent = f"0 {nx} 0 {ny} 0 {nz}"
    head = (
        '<?xml version="1.0"?>\n'
        '<VTKFile type="ImageData" version="0.1" byte_order="LittleEndian">\n'
        f'<ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="1 1 1">\n'
        f'<Piece Extent="{extent}">\n<PointData>\n</PointData>\n'
        '<CellData Scalars="Spin">\n<DataArray type="Int32" Name="Spin" '
        f'format="ascii" RangeMin="{first}" RangeMax="{last}">\n'
    )
    tail = "\n</DataArray>\n</CellData>\n</Piece>\n</ImageData>\n</VTKFile>\n"
    pieces = chain([head.encode()], text_rows([values], b""), [tail.encode()])
    write_snapshot(folder, write, pieces)
