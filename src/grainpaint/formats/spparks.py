"""Files of SPPARKS: text dumps, site files, stitch files and its own .vti.

They hold a spin for each site. A grain is a piece of equal spin that is connected
through the 26 neighbors. Lengths are in units of the lattice, taken as µm.

Site IDs count x fastest over the lattice, and over one more plane on every axis that
is not periodic; so places come from x, y, z where a file has them, and from IDs only
when these fit one such numbering exactly.
"""

import gzip
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.segmentation.pieces import label_pieces

__all__ = [
    "Snapshot",
    "grains",
    "read",
    "read_sites",
    "read_spins",
    "site_ids",
    "spins_of_vti",
    "times",
    "write",
    "write_sites",
]

_TIMESTEP = b"ITEM: TIMESTEP"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Spins of all sites of a box at one time.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
        Spin of each site.
    time : float
        SPPARKS' time; 0 where the file tells none.
    spacing : float
        Lattice constant.
    origin : three floats
        Place of site (0, 0, 0).
    """

    spin: np.ndarray
    time: float = 0.0
    spacing: float = 1.0
    origin: tuple[float, ...] = (0.0, 0.0, 0.0)


def grains(
    snapshot: Snapshot, periodic: tuple[bool, ...] = (False, False, False)
) -> Microstructure:
    """Return the grains of a snapshot: connected pieces of equal spin.

    Parameters
    ----------
    snapshot : Snapshot
    periodic : three bools
        Whether the box was periodic along x, y, z (the files do not say).

    Raises
    ------
    InputError
        If the spins span more values than int32 has.
    """
    spin = snapshot.spin
    low = int(spin.min())
    if int(spin.max()) - low + 1 > np.iinfo(np.int32).max:
        raise InputError("the spins span more values than a 32-bit integer has")
    # 0 is a spin like others (melted sites), and means outside to label_pieces.
    grain_id = label_pieces(spin - np.int32(low) + np.int32(1), periodic, corners=True)
    return Microstructure(grain_id, (snapshot.spacing,) * 3, snapshot.origin, periodic)


def read(path: Path, time: float | None = None) -> Microstructure:
    """Read the grains of a dump, a site file or a stitch file.

    Parameters
    ----------
    path : Path
        The content decides which kind it is; text may be gzipped.
    time : float, optional
        Which snapshot of a dump or stitch file; the last if not given.

    Raises
    ------
    InputError
        If the file is damaged or holds no such time.
    """
    return grains(read_spins(path, time))


def read_spins(path: Path, time: float | None = None) -> Snapshot:
    """Read the spins of a dump, a site file or a stitch file (see `read`)."""
    if _is_stitch(path):
        return _read_stitch(path, time)
    text = _text(path)
    if not text.startswith(_TIMESTEP):
        if time is not None:
            raise InputError(f"{path}: a site file holds one state, not several times")
        spin, spacing, origin = _parse_sites(path, text)
        return Snapshot(spin, 0.0, spacing, origin)
    starts = _dump_starts(text)
    known = [_dump_time(path, text, start) for start in starts]
    chosen = _choose_time(path, known, time)
    stop = starts[chosen + 1] if chosen + 1 < len(starts) else len(text)
    return _parse_dump(path, text[starts[chosen] : stop], known[chosen])


def times(path: Path) -> list[float]:
    """Return the times of the snapshots in a dump or stitch file.

    Raises
    ------
    InputError
        If the file is neither.
    """
    if _is_stitch(path):
        with closing(_open_stitch(path)) as base:
            return _stitch_times(path, base)
    text = _text(path)
    if not text.startswith(_TIMESTEP):
        raise InputError(f"{path}: neither a SPPARKS dump nor a stitch file")
    return [_dump_time(path, text, start) for start in _dump_starts(text)]


def write(volume: Microstructure, path: Path) -> None:
    """Write a site file, with which SPPARKS goes on from a volume (`read_sites`).

    Parameters
    ----------
    volume : Microstructure
        Without an outside. Grain IDs become spins 1..n; periodic axes tell how
        SPPARKS will number its sites (its command ``boundary``).
    path : Path

    Raises
    ------
    InputError
        If voxels lie outside the part.
    """
    write_sites(path, volume.grain_id, volume.periodic)


def write_sites(path: Path, spin: np.ndarray, periodic: tuple[bool, ...]) -> None:
    """Write spins [x, y, z] as a site file for a box of these periodic axes.

    Raises
    ------
    InputError
        If a spin is below 1.
    """
    low, high = int(spin.min()), int(spin.max())
    if low < 1:
        raise InputError(
            f"{path}: a site file gives every site of the box a spin of at least 1, "
            "and this volume has voxels outside the part: crop it first"
        )
    boundary = " ".join("p" if p else "n" for p in periodic)
    box = "\n".join(f"0 {n} {a}lo {a}hi" for n, a in zip(spin.shape, "xyz"))
    rows = np.stack([site_ids(spin.shape, periodic), spin], -1).astype(np.int64)
    rows = rows.transpose(2, 1, 0, 3).reshape(-1, 2)  # x fastest, as IDs count
    head = (
        f"grainpaint: spins 1..{high}, so app_style needs {high} or more; "
        f"lattice constant 1; boundary {boundary}\n\n"
        f"3 dimension\n{spin.size} sites\nid site values\n{box}\n\nValues\n\n"
    )
    with path.open("w") as file:
        file.write(head)
        for start in range(0, len(rows), 1 << 18):
            piece = rows[start : start + (1 << 18)]
            file.write(("%d %d\n" * len(piece)) % tuple(piece.ravel().tolist()))


def read_sites(path: Path) -> tuple[np.ndarray, float, tuple[float, ...]]:
    """Return spins (int32, [x, y, z]), lattice constant and origin of a site file.

    Raises
    ------
    InputError
        If the file is damaged or of another kind.
    """
    return _parse_sites(path, _text(path))


def site_ids(shape: tuple[int, ...], periodic: tuple[bool, ...]) -> np.ndarray:
    """Return the IDs that SPPARKS gives to the sites of a box.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    periodic : three bools
        On an axis that is not, SPPARKS counts one more plane than it keeps.

    Returns
    -------
    numpy.ndarray, int64, shape (nx, ny, nz)

    Examples
    --------
    >>> site_ids((2, 2, 1), (False, True, True))[:, :, 0].tolist()
    [[1, 4], [2, 5]]
    """
    nx, ny = (n + (not p) for n, p in zip(shape[:2], periodic))
    x, y, z = np.ogrid[tuple(slice(n) for n in shape)]
    ids: np.ndarray = 1 + x + nx * (y + ny * z)
    return ids


def _text(path: Path) -> bytes:
    """Return a file's bytes, unpacked if it is gzipped."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    data = path.read_bytes()
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: damaged or cut off ({error})") from None


def _choose_time(path: Path, known: list[float], time: float | None) -> int:
    """Return the index of a time (the last one without a wish)."""
    if time is None:
        return len(known) - 1
    nearest = min(range(len(known)), key=lambda i: abs(known[i] - time))
    # SPPARKS writes at the first event or sweep past a time: 60.0001.
    if abs(known[nearest] - time) > 1e-3 * max(1.0, abs(time)):
        raise InputError(
            f"{path}: no snapshot of time {time:g}; it has {_listing(known)}"
        )
    return nearest


def _listing(values: list[float]) -> str:
    if len(values) > 12:
        return f"{_listing(values[:5])}, ..., {_listing(values[-5:])}"
    return ", ".join(f"{v:g}" for v in values) or "none"


# Text dumps.


def _dump_starts(text: bytes) -> list[int]:
    """List where the snapshots of a dump begin."""
    starts, at = [], text.find(_TIMESTEP)
    while at >= 0:
        starts.append(at)
        at = text.find(_TIMESTEP, at + 1)
    return starts


def _dump_time(path: Path, text: bytes, start: int) -> float:
    words = text[start : start + 200].split(b"\n", 2)[1:2]
    try:
        return float(words[0].split()[-1])  # the snapshot's number, then the time
    except (IndexError, ValueError):
        raise InputError(f"{path}: cut off behind ITEM: TIMESTEP") from None


def _parse_dump(path: Path, text: bytes, time: float) -> Snapshot:
    """Place the rows of one snapshot."""
    where = f"{path}: the snapshot of time {time:g}"
    head = text[:2000].split(b"\n")
    titles = [i for i, line in enumerate(head) if line.startswith(b"ITEM: ATOMS")]
    if not titles:
        raise InputError(f"{where} is cut off: it has no line ITEM: ATOMS")
    title = titles[0]
    items = {head[i].strip(): i for i in range(title) if head[i].startswith(b"ITEM:")}
    try:
        n_rows = int(head[items[b"ITEM: NUMBER OF ATOMS"] + 1])
        at = next(i for name, i in items.items() if name.startswith(b"ITEM: BOX"))
        box = np.array([line.split()[:2] for line in head[at + 1 : at + 4]], float)
    except (KeyError, StopIteration, ValueError):
        raise InputError(
            f"{where} lacks ITEM: NUMBER OF ATOMS or three lines ITEM: BOX BOUNDS"
        ) from None
    names = head[title].decode(errors="replace").split()[2:]
    spin_column = next((n for n in ("type", "site", "i1") if n in names), None)
    if spin_column is None:
        raise InputError(
            f"{where} has the columns {' '.join(names)} and no spin: add site to dump"
        )
    columns = [n for n in (spin_column, "id", "x", "y", "z") if n in names]
    body = text[sum(len(line) + 1 for line in head[: title + 1]) :]
    table = _table(where, body, n_rows, len(names), [names.index(c) for c in columns])
    column = dict(zip(columns, table.T))
    spin = _integers(where, column[spin_column])
    if {"x", "y", "z"} <= set(columns):
        place, spacing, origin = _axes(where, [column[a] for a in "xyz"], box)
    elif "id" in columns:
        spacing, origin = 1.0, tuple(box[:, 0].tolist())
        place = _places_of_ids(where, _integers(where, column["id"]), box)
    else:
        raise InputError(f"{where} has neither x y z nor id: dump id site x y z")
    return Snapshot(_scatter(where, place, spin), time, spacing, origin)


def _table(
    where: str, body: bytes, n_rows: int, n_columns: int, columns: list[int]
) -> np.ndarray:
    """Parse rows of numbers; check how many there are."""
    body = body.rstrip()
    found = body.count(b"\n") + 1 if body else 0
    last = body[body.rfind(b"\n") + 1 :].split()
    if found < n_rows or (found == n_rows and len(last) < n_columns):
        raise InputError(f"{where} is cut off: {found:,} rows of {n_rows:,}")
    if found > n_rows or not found:
        raise InputError(f"{where} has {found:,} rows where it announces {n_rows:,}")
    try:
        table: np.ndarray = np.loadtxt(BytesIO(body), comments=None, ndmin=2)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None
    if table.shape[1] != n_columns:
        raise InputError(
            f"{where} has {table.shape[1]} columns where it names {n_columns}"
        )
    return table[:, columns]


def _integers(where: str, column: np.ndarray) -> np.ndarray:
    """Turn a column into integers (IDs may exceed 32 bits)."""
    whole = column.astype(np.int64)
    if (whole != column).any():
        raise InputError(f"{where} has spins or IDs that are no integers")
    return whole


def _axes(
    where: str, coordinates: list[np.ndarray], box: np.ndarray
) -> tuple[tuple[np.ndarray, ...], float, tuple[float, ...]]:
    """Turn coordinates into indices; return lattice constant and origin too."""
    lines = [np.unique(c) for c in coordinates]
    steps = np.concatenate([np.diff(line) for line in lines])
    spacing = float(np.median(steps)) if steps.size else 1.0
    if steps.size and abs(steps - spacing).max() > 1e-3 * spacing:
        raise InputError(
            f"{where}: sites are missing, or are not on a square or cubic lattice"
        )
    for name, line, (low, high) in zip("xyz", lines, box):
        if line.size > 1 and line.size * spacing <= high - low - spacing * (1 - 1e-6):
            raise InputError(
                f"{where}: sites are missing: {line.size} planes along {name} in a "
                f"box from {low:g} to {high:g}; dump the whole box"
            )
    place = tuple(
        np.rint((c - line[0]) / spacing).astype(np.int64)
        for c, line in zip(coordinates, lines)
    )
    return place, spacing, tuple(float(line[0]) for line in lines)


def _places_of_ids(
    where: str, ids: np.ndarray, box: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Find the numbering of sites that explains the IDs exactly; return places."""
    shape = tuple(max(1, round(high - low)) for low, high in box)
    if ids.size != np.prod(shape):
        raise InputError(
            f"{where} has {ids.size:,} sites where its box of "
            f"{' x '.join(map(str, shape))} has {np.prod(shape):,}, and no x y z: "
            "dump id site x y z of the whole box"
        )
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    if (ordered[1:] == ordered[:-1]).any():
        raise InputError(f"{where} has a site twice")
    for periodic in product((True, False), repeat=2):
        known = site_ids(shape, (*periodic, True)).transpose(2, 1, 0).ravel()
        if np.array_equal(known, ordered):
            rank = np.empty_like(order)
            rank[order] = np.arange(ids.size)
            z, y, x = np.unravel_index(rank, shape[::-1])
            return x, y, z
    raise InputError(
        f"{where} has site IDs that fit no numbering of its box: sites are missing"
    )


def _scatter(where: str, place: tuple[np.ndarray, ...], spin: np.ndarray) -> np.ndarray:
    """Put each spin at its place; check that every site comes once."""
    shape = tuple(int(axis.max()) + 1 for axis in place)
    at = np.ravel_multi_index(place, shape)
    n_sites = int(np.prod(shape))
    count = np.bincount(at, minlength=n_sites)
    if count.max() > 1:
        x, y, z = np.unravel_index(int(count.argmax()), shape)
        raise InputError(f"{where} has the site at index ({x}, {y}, {z}) twice")
    if at.size < n_sites:
        raise InputError(
            f"{where} misses {n_sites - at.size:,} of the {n_sites:,} sites of its box"
        )
    limits = np.iinfo(np.int32)
    if spin.min() < limits.min or spin.max() > limits.max:
        raise InputError(f"{where} has spins beyond 32 bits")
    box = np.empty(n_sites, np.int32)
    box[at] = spin
    return box.reshape(shape)


# Site files.


def _parse_sites(
    path: Path, text: bytes
) -> tuple[np.ndarray, float, tuple[float, ...]]:
    """Parse a header of `value keyword` lines and its section Values."""
    at = text.find(b"\nValues")
    if at < 0 or b"\nSites" in text[:at] or b"\0" in text[:4096]:
        raise InputError(
            f"{path}: neither a SPPARKS dump, a stitch file, nor a site file with "
            "Values alone"
        )
    box = np.tile([-0.5, 0.5], (3, 1))
    names, n_sites = ["id", "site"], -1
    try:
        for line in text[:at].decode().split("\n")[1:]:
            words = line.split("#")[0].split()
            if words[-1:] == ["sites"]:
                n_sites = int(words[0])
            elif words[-1:] == ["values"]:
                names = words[:-1]
            elif words[-1:] and words[-1] in ("xhi", "yhi", "zhi"):
                box["xyz".index(words[-1][0])] = float(words[0]), float(words[1])
    except (ValueError, UnicodeDecodeError, IndexError):
        raise InputError(f"{path}: damaged header of a site file") from None
    spin_column = next((n for n in ("site", "i1") if n in names), None)
    if n_sites < 0 or names[:1] != ["id"] or spin_column is None:
        raise InputError(
            f"{path}: a site file states the number of sites and values 'id site'"
        )
    body = text[text.find(b"\n", at + 1) + 1 :]
    columns = [0, names.index(spin_column)]
    table = _table(str(path), body.lstrip(), n_sites, len(names), columns)
    place = _places_of_ids(str(path), _integers(str(path), table[:, 0]), box)
    spin = _scatter(str(path), place, _integers(str(path), table[:, 1]))
    return spin, 1.0, tuple(box[:, 0].tolist())


# SPPARKS' own .vti.


def spins_of_vti(image: ET.Element, array: ET.Element) -> Snapshot:
    """Return the spins of an ascii array ``Spin`` of VTK ImageData.

    Raises
    ------
    ValueError
        If the numbers are not one integer for each cell.
    """
    nx, ny, nz = (int(n) for n in image.attrib["WholeExtent"].split()[1::2])
    if array.get("format") != "ascii":
        raise ValueError("'Spin' is not ascii")
    spin = np.array((array.text or "").split(), np.int32)
    if spin.size != nx * ny * nz:
        raise ValueError(f"'Spin' has {spin.size:,} values for {nx * ny * nz:,} cells")
    return Snapshot(spin.reshape(nz, ny, nx).transpose(2, 1, 0))


# Stitch files: SQLite databases of blocks, the later ones over the earlier.


def _is_stitch(path: Path) -> bool:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def _open_stitch(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _stitch_times(path: Path, base: sqlite3.Connection) -> list[float]:
    try:
        rows = base.execute("SELECT time FROM times ORDER BY time").fetchall()
    except sqlite3.Error as error:
        raise InputError(f"{path}: damaged or no stitch file ({error})") from None
    if not rows:
        raise InputError(f"{path}: the stitch file is empty")
    return [float(row[0]) for row in rows]


def _read_stitch(path: Path, time: float | None) -> Snapshot:
    """Lay the blocks of a stitch file over each other up to a time."""
    with closing(_open_stitch(path)) as base:
        known = _stitch_times(path, base)
        chosen = known[_choose_time(path, known, time)]
        try:
            fields = dict(base.execute("SELECT lower(field), field_id FROM fields"))
            field = fields.get("site", fields.get("i1"))
            if field is None:
                raise InputError(
                    f"{path}: no field site or i1, it has {', '.join(fields)}"
                )
            blocks = base.execute(
                "SELECT x_min, y_min, z_min, x_max, y_max, z_max, state FROM blocks "
                "JOIN times USING (timestamp) WHERE field_id = ? AND time <= ? "
                "ORDER BY timestamp",
                (field, chosen),
            ).fetchall()
        except sqlite3.Error as error:
            raise InputError(f"{path}: damaged stitch file ({error})") from None
    if not blocks:
        raise InputError(f"{path}: no spins up to time {chosen:g}")
    corners = np.array([b[:6] for b in blocks], np.int64)
    low, high = corners[:, :3].min(0), corners[:, 3:].max(0)
    spin = np.empty(high - low, np.int32)
    covered = np.zeros(spin.shape, bool)
    for (*corner, state), start, stop in zip(
        blocks, corners[:, :3] - low, corners[:, 3:] - low
    ):
        values = np.frombuffer(state, "<i4")
        if values.size != np.prod(stop - start):
            raise InputError(f"{path}: a block {corner} of {values.size:,} sites")
        box = tuple(slice(a, b) for a, b in zip(start, stop))
        spin[box] = values.reshape(stop - start, order="F")
        covered[box] = True
    if not covered.all():
        raise InputError(
            f"{path}: {np.count_nonzero(~covered):,} sites of the box have no spin at "
            f"time {chosen:g}"
        )
    return Snapshot(spin, chosen, 1.0, tuple(low.astype(float).tolist()))
