"""Where a run writes, and the record of how a volume was made."""

import hashlib
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.formats.content import refuse_part
from grainpaint.formats.files import refuse_to_replace, replace_with
from grainpaint.microstructure import Microstructure

__all__ = [
    "Outputs",
    "check_outputs",
    "digest",
    "find_record",
    "kept_digest",
    "kept_precision",
    "outputs",
    "read_record",
    "volume_of",
    "window_faces",
    "write_record",
]


@dataclass(frozen=True)
class Outputs:
    """Where a run writes.

    Parameters
    ----------
    volume, picture, record : Path
        For ``a.npz``: ``a.png`` and ``a.run.json``, or ``a.npz.png`` and
        ``a.npz.run.json`` if those belong to another file such as ``a.vti``. The record
        of a .zarr volume lies inside it.
    """

    volume: Path
    picture: Path
    record: Path

    def files(self, with_picture: bool = True) -> list[Path]:
        """Return all paths that are written."""
        shown = [self.picture] if with_picture else []
        return [self.volume, *shown, self.record]


def outputs(volume: Path) -> Outputs:
    """Return the places of a volume, its picture and its record."""
    places = _places(volume)
    for place in places:
        if _names(place.record, volume):
            return place
    free = (p for p in places if not p.record.exists() and not p.picture.exists())
    return next(free, places[-1])


def _places(volume: Path) -> list[Outputs]:
    """Return the two sets of places that a run can choose from."""
    inside = volume.suffix == ".zarr"
    return [
        Outputs(
            volume,
            stem.with_name(stem.name + ".png"),
            volume / "run.json" if inside else stem.with_name(stem.name + ".run.json"),
        )
        for stem in (volume.with_suffix(""), volume)
    ]


def _names(record: Path, volume: Path) -> bool:
    """Return whether a record is about a volume."""
    return read_record(record).get("output") == volume.name


def read_record(path: Path) -> dict[str, Any]:
    """Return the contents of a record, empty if there is none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def find_record(path: Path) -> Path | None:
    """Return the record of a volume, or the path itself if it is a record.

    Parameters
    ----------
    path : Path
        A volume, or its record.
    """
    if path.suffix == ".json":
        return path
    return next(
        (p.record for p in _places(path) if _names(p.record, path)),
        None,
    )


def kept_precision(volume: Path) -> str | None:
    """Return the precision that a .zarr volume was begun in, or None."""
    found: Any = read_record(volume / "zarr.json")
    for key in ("attributes", "recipe", "precision"):
        found = found.get(key) if isinstance(found, dict) else None
    return None if found is None else str(found)


def volume_of(path: Path) -> Path:
    """Return the volume that a record is about, or the path itself if it is a volume.

    Raises
    ------
    InputError
        If the record names no volume.
    """
    if path.suffix != ".json":
        return path
    name = read_record(path).get("output")
    if not isinstance(name, str) or not name or Path(name).name != name or "\0" in name:
        raise InputError(f"{path}: not the record of a generated volume")
    return path.parent if path.parent.name == name else path.with_name(name)


def digest(volume: Microstructure) -> str:
    """Return the SHA-256 of the grain IDs (int32, x slowest), hexadecimal."""
    return hashlib.sha256(volume.grain_id.astype("<i4").tobytes()).hexdigest()


def kept_digest(volume: Path) -> str:
    """Return the digest of the grain IDs that were written.

    Raises
    ------
    InputError
        If there is no record beside the volume, or it has no digest.
    """
    record = find_record(volume)
    found = {} if record is None else read_record(record)
    if "sha256" not in found:
        if not volume.exists():
            raise InputError(f"{volume}: no such file")
        refuse_part(volume)
        raise InputError(
            f"{volume}: there is no record of what was written: this needs "
            f"{outputs(volume).record}, which paint and generate write"
        )
    return str(found["sha256"])


def check_outputs(volume: Path, force: bool, with_picture: bool = True) -> Outputs:
    """Return where a run writes, after checking that it may.

    Raises
    ------
    InputError
        If the suffix is unknown, or `force` is false and the volume, or a file that is
        not its own in the places beside it, exists.
    """
    formats.check_output(volume, force)
    places = outputs(volume)
    if not _names(places.record, volume):
        for path in places.files(with_picture):
            refuse_to_replace(path, force)
    return places


def write_record(places: Outputs, recipe: dict[str, Any], told: dict[str, Any]) -> None:
    """Write the record of a volume.

    Parameters
    ----------
    places : Outputs
        See `check_outputs`.
    recipe : dict
        All that decides the voxels, as JSON can hold it.
    told : dict
        What else is worth knowing: the command, the counts, the seconds.
    """
    record = {
        "output": places.volume.name,
        **told,
        "recipe": recipe,
        "versions": {
            "python": platform.python_version(),
            **{p: version(p) for p in ("grainpaint", "torch", "numpy", "numba")},
        },
    }
    text = json.dumps(record, indent=1) + "\n"
    replace_with(places.record, lambda aside: aside.write_text(text))


def window_faces(volume: Path, shape: tuple[int, ...]) -> list[range] | None:
    """Return the layers along x, y, z at which a refinement window begins.

    Parameters
    ----------
    volume : Path
        A volume, which may have a record beside it.
    shape : three ints
        Voxels along x, y, z.

    Returns
    -------
    list of three range, or None
        None if there is no record, or it names no window.
    """
    path = find_record(volume)
    record = {} if path is None else read_record(path)
    if "window" not in record:
        return None
    edges = record["window"]
    edges = edges if isinstance(edges, list) else [edges] * 3
    if len(edges) != 3 or not all(isinstance(n, int) and n > 0 for n in edges):
        raise InputError(f"{path}: damaged: window must be one or three numbers")
    return [range(edge, n, edge) for edge, n in zip(edges, shape)]
