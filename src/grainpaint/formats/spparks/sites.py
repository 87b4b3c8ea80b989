"""Site files of SPPARKS, from which a simulation starts."""

import re
import zlib
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.content import content_of
from grainpaint.formats.spparks.rows import (
    parse_rows,
    places_of_ids,
    scatter,
    site_ids,
    to_integers,
)
from grainpaint.formats.spparks.snapshot import Snapshot

__all__ = ["parse_sites", "read_site_values", "read_sites", "write_sites"]

_CHECKSUM = re.compile(rb"crc32 ([0-9a-f]{8})")
_OWN = b"grainpaint: spins"  # begins the first line
_NO_CHECKSUM = b"crc32 00000000"  # what the checksum is made of in its own place
_BOUNDARY = re.compile(rb"\bboundary\s+([pn])\s+([pn])\s+([pn])\b")


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
            "in a site file every site of the box has a spin of at least 1, "
            "but this volume has voxels outside the part: crop it first"
        )
    boundary = " ".join("p" if p else "n" for p in periodic)
    box = "\n".join(f"0 {n} {a}lo {a}hi" for n, a in zip(spin.shape, "xyz"))
    rows = np.stack([site_ids(spin.shape, periodic), spin], -1).astype(np.int64)
    rows = rows.transpose(2, 1, 0, 3).reshape(-1, 2)  # x fastest, as IDs count
    head = (
        f"grainpaint: spins 1..{high}, so app_style needs {high} or more; "
        f"lattice constant 1; boundary {boundary}; {_NO_CHECKSUM.decode()}\n\n"
        f"3 dimension\n{spin.size} sites\nid site values\n{box}\n\nValues\n\n"
    )
    with path.open("wb") as file:
        file.write(head.encode())
        found = zlib.crc32(head.encode())
        for start in range(0, len(rows), 1 << 18):
            piece = rows[start : start + (1 << 18)]
            text = (b"%d %d\n" * len(piece)) % tuple(piece.ravel().tolist())
            found = zlib.crc32(text, found)
            file.write(text)
        file.seek(head.index(_NO_CHECKSUM.decode()))
        file.write(b"crc32 %08x" % found)


def read_sites(path: Path) -> Snapshot:
    """Return the spins of a site file.

    Raises
    ------
    InputError
        If the file is damaged or of another kind.
    """
    return parse_sites(path, content_of(path))


def parse_sites(path: Path, text: bytes) -> Snapshot:
    """Parse the header (lines `value keyword`) and the section Values.

    SPPARKS skips the first line. If it says ``boundary p p n``, as ours does, the box
    is periodic along x and y.
    """
    at = _values_at(path, text)
    names, n_sites, box = _header(path, text[:at])
    names = names or ["id", "site"]
    spin_column = next((n for n in ("site", "i1") if n in names), None)
    if n_sites < 0 or names[:1] != ["id"] or spin_column is None:
        raise InputError(
            f"{path}: a site file states the number of sites and values 'id site'"
        )
    body = text[text.find(b"\n", at + 1) + 1 :]
    columns = [0, names.index(spin_column)]
    table = parse_rows(str(path), body.lstrip(), n_sites, len(names), columns)
    place = places_of_ids(str(path), to_integers(str(path), table[:, 0]), box)
    spin = scatter(str(path), place, to_integers(str(path), table[:, 1]))
    said = _BOUNDARY.search(text[: text.find(b"\n")])
    periodic = tuple(letter == b"p" for letter in said.groups()) if said else None
    origin = tuple(box[:, 0].tolist())
    return Snapshot(spin, 0.0, 1.0, origin, periodic or (False, False, False))


def _values_at(path: Path, text: bytes) -> int:
    """Return where the section Values begins; check that nothing is damaged."""
    at = text.find(b"\nValues")
    if at < 0 or b"\nSites" in text[:at] or b"\0" in text[:4096]:
        raise InputError(
            f"{path}: not a SPPARKS dump, a stitch file, or a site file with only the "
            "section Values"
        )
    stated = _CHECKSUM.search(text[: text.find(b"\n")])
    if stated is None and text.startswith(_OWN):
        raise InputError(
            f"{path}: damaged, or changed by hand: its first line lacks the checksum "
            "(with a first line of another program it is read as it is)"
        )
    if stated is not None:
        bare = text[: stated.start()] + _NO_CHECKSUM + text[stated.end() :]
        if zlib.crc32(bare) != int(stated[1], 16):
            raise InputError(
                f"{path}: damaged, or changed by hand: its checksum is another "
                "(with a first line of another program it is read as it is)"
            )
    return at


def _header(path: Path, head: bytes) -> tuple[list[str], int, np.ndarray]:
    """Return the names of the columns, the number of sites (-1 = unknown), the box."""
    box = np.tile([-0.5, 0.5], (3, 1))
    names: list[str] = []
    n_sites = -1
    try:
        for line in head.decode().split("\n")[1:]:
            words = line.split("#")[0].split()
            if words[-1:] == ["sites"]:
                n_sites = int(words[0])
            elif words[-1:] == ["values"]:
                names = words[:-1]
            elif words[-1:] and words[-1] in ("xhi", "yhi", "zhi"):
                box["xyz".index(words[-1][0])] = float(words[0]), float(words[1])
            elif words[-1:] and words[-1] not in ("dimension", "neighbors"):
                raise InputError(f"{path}: {brief(line)!r} is no line of a site file")
        if not np.isfinite(box).all():
            raise ValueError("the box is not finite")
    except InputError:
        raise
    except (ValueError, IndexError):
        raise InputError(f"{path}: damaged header of a site file") from None
    return names, n_sites, box


def read_site_values(
    path: Path, ids: np.ndarray, columns: tuple[str, ...]
) -> dict[str, np.ndarray] | None:
    """Return the values in a site file for the sites of a script.

    Parameters
    ----------
    path : Path
    ids : numpy.ndarray, int64, shape (n,)
        IDs of the sites.
    columns : tuple of str
        Values after the ID if the file does not name them: ``i1``, ``d1``, ...

    Returns
    -------
    dict, optional
        By name (``site`` is ``i1``), in the order of `ids`; None if the file is no site
        file, or is about other sites.

    Raises
    ------
    InputError
        If the file is damaged or names other values than `columns`.
    """
    text = content_of(path)
    if b"\nValues" not in text:
        return None
    at = _values_at(path, text)
    names, n_sites, _ = _header(path, text[:at])
    if n_sites not in (-1, ids.size):
        return None
    if names[:1] == ["id"]:
        names = ["i1" if name == "site" else name for name in names[1:]]
    elif names:
        raise InputError(f"{path}: the values of a site file begin with id")
    names = names or list(columns)
    strange = [name for name in names if name not in columns]
    if strange:
        raise InputError(
            f"{path}: {strange[0]!r} is not a value of a site: {', '.join(columns)}"
        )
    body = text[text.find(b"\n", at + 1) + 1 :].lstrip()
    n_columns = 1 + len(names)
    every = list(range(n_columns))
    table = parse_rows(str(path), body, ids.size, n_columns, every)
    found = to_integers(str(path), table[:, 0])
    order, wanted = np.argsort(found), np.argsort(ids, axis=None)
    if not np.array_equal(found[order], ids.ravel()[wanted]):
        if n_sites < 0:
            raise InputError(f"{path} has site IDs that are not those of the box")
        return None
    rows = np.empty_like(table)
    rows[wanted] = table[order]
    return {name: rows[:, 1 + i] for i, name in enumerate(names)}
