"""Site files of SPPARKS, from which a simulation starts."""

import re
import zlib
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.content import content_of
from grainpaint.formats.plain_text import lines_of
from grainpaint.formats.spparks.rows import (
    parse_rows,
    places_of_coordinates,
    places_of_ids,
    scatter,
    site_ids,
    to_integers,
)
from grainpaint.formats.spparks.snapshot import Snapshot

__all__ = ["parse_sites", "read_site_values", "read_sites", "write_sites"]

_CHECKSUM = re.compile(rb"crc32 ([0-9a-f]{8})")
# What the first line of our files says, so that one phrase that is left tells them.
_OWN = re.compile(
    rb"grainpaint: spins|so app_style needs|; lattice constant 1; |; crc32 "
)
_NO_CHECKSUM = b"crc32 00000000"  # what the checksum is made of in its own place
_SECTION = re.compile(rb"\n[ \t]*(Sites|Neighbors|Values)\b[^\n]*")
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
    return parse_sites(path, lines_of(content_of(path)))


def parse_sites(path: Path, text: bytes) -> Snapshot:
    """Parse the header (lines `value keyword`) and the sections Values and Sites.

    SPPARKS skips the first line. If it says ``boundary p p n``, as ours does, the box
    is periodic along x and y. Places come from the section Sites, if there is one, and
    from the IDs otherwise. Where the header names no values, the spin comes first.
    """
    sections = _sections(path, text)
    body = sections["Values"]
    names, n_sites, box = _header(path, sections[""])
    if not names:
        n_more = len(body[: body.find(b"\n") + 1 or None].split()) - 2
        names = ["id", "site", *[f"value{i + 1}" for i in range(n_more)]]
    spin_column = next((n for n in ("site", "i1") if n in names), None)
    if n_sites < 0 or names[:1] != ["id"] or spin_column is None:
        raise InputError(
            f"{path}: a site file states the number of sites and values 'id site'"
        )
    columns = [0, names.index(spin_column)]
    table = parse_rows(str(path), body, n_sites, len(names), columns)
    ids, spin = (to_integers(str(path), column) for column in table.T)
    spacing, origin = 1.0, tuple(box[:, 0].tolist())
    if "Sites" in sections:
        where = f"{path}: its section Sites"
        sites = parse_rows(where, sections["Sites"], n_sites, 4, [0, 1, 2, 3])
        own, order = np.argsort(sites[:, 0]), np.argsort(ids)
        if not np.array_equal(sites[own, 0], ids[order]):
            raise InputError(f"{where} has other IDs than its section Values")
        spin = spin[order]
        place, spacing, origin = places_of_coordinates(where, [*sites[own, 1:].T], box)
    else:
        place = places_of_ids(str(path), ids, box)
    spin = scatter(str(path), place, spin)
    said = _BOUNDARY.search(text[: text.find(b"\n")])
    periodic = tuple(letter == b"p" for letter in said.groups()) if said else None
    return Snapshot(spin, 0.0, spacing, origin, periodic or (False, False, False))


def _sections(path: Path, text: bytes) -> dict[str, bytes]:
    """Return the header, as "", and the sections; check that nothing is damaged."""
    marks = list(_SECTION.finditer(text))
    names = [mark[1].decode() for mark in marks]
    if "Values" not in names or len(set(names)) < len(names) or b"\0" in text[:4096]:
        raise InputError(
            f"{path}: not a SPPARKS dump, a stitch file, or a site file with one "
            "section Values"
        )
    _check_own(path, text)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    found = {n: text[m.end() : e].strip() for n, m, e in zip(names, marks, ends)}
    return {"": text[: marks[0].start()], **found}


def _check_own(path: Path, text: bytes) -> None:
    """Raise if the file is ours and damaged."""
    first = text[: text.find(b"\n")]
    stated = _CHECKSUM.search(first)
    if stated is None and _OWN.search(first):
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
            elif words[-1:] == ["dimension"]:
                if int(words[0]) not in (1, 2, 3):
                    raise ValueError("no such dimension")
            elif words[-1:] and words[-1] != "neighbors":
                raise InputError(
                    f"{path}: {brief(line)!r} is not a line of a site file"
                )
        if not np.isfinite(box).all() or (box[:, 0] > box[:, 1]).any():
            raise ValueError("a box that is not finite, or ends before it begins")
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
    text = lines_of(content_of(path))
    if not any(mark[1] == b"Values" for mark in _SECTION.finditer(text)):
        return None
    sections = _sections(path, text)
    if "Sites" in sections:
        raise InputError(f"{path}: only its section Values is read, not Sites: cut it")
    names, n_sites, _ = _header(path, sections[""])
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
    n_columns = 1 + len(names)
    every = list(range(n_columns))
    table = parse_rows(str(path), sections["Values"], ids.size, n_columns, every)
    found = to_integers(str(path), table[:, 0])
    order, wanted = np.argsort(found), np.argsort(ids, axis=None)
    if not np.array_equal(found[order], ids.ravel()[wanted]):
        if n_sites < 0:
            raise InputError(f"{path} has site IDs that are not those of the box")
        return None
    rows = np.empty_like(table)
    rows[wanted] = table[order]
    return {name: rows[:, 1 + i] for i, name in enumerate(names)}
