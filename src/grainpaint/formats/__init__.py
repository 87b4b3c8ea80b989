"""Files of volumes: one module for each format.

The content of a file decides how it is read, its suffix how it is written. To add a
format, add a module to this folder, how its files begin to `content.py`, and its suffix
to `_WRITTEN`. The module has

``read(path, data, options)``
    returns a `RawVolume` and raises `InputError` if the file is damaged. `data` is the
    content, unpacked; a module that reads folders takes ``read(path, options)``.
``write(volume, path)``
    writes a new file; `write` below renames it when it is whole.

It may have one of the two alone, and is imported when a file of its kind is.
"""

import glob
import importlib
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Literal

from grainpaint.arguments import as_angle, as_length, as_path, as_periodic, not_a_volume
from grainpaint.errors import InputError, InputNote
from grainpaint.formats.content import content_of, kind_of, known_kind
from grainpaint.formats.files import refuse_to_replace, replace_with
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.formats.slabs import Slabs, of_volume
from grainpaint.formats.solvers import TARGETS, check_paths, export, target_of
from grainpaint.microstructure import Microstructure

__all__ = [
    "SUFFIXES",
    "ReadOptions",
    "check_output",
    "dropped",
    "find_volumes",
    "load",
    "loaded",
    "open_slabs",
    "read",
    "without_orientations",
    "write",
]

_WRITTEN = {".vti": "vti", ".npz": "npz", ".zarr": "zarr", ".sites": "spparks"}
_MAPS = ("ebsd", "hdf5")  # may hold points instead of grains
SUFFIXES = (".vti", ".npz", ".zarr")  # hold everything that a volume has
_AS_STATED = ReadOptions()
_KNOWN = (
    "VTK images (.vti), .npz and .zarr volumes, .npy arrays, OME-Zarr labels, TIFF "
    "labels, DREAM.3D (.dream3d), Neper (.tesr), SPPARKS' dumps, site and stitch "
    "files, EBSD maps (.ang, .ctf, .h5oina, .csv)"
)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")


def _writer(path: Path) -> ModuleType:
    """Return the module that writes files of a suffix."""
    suffix = path.suffix.lower()
    if suffix not in _WRITTEN:
        others = [s for target in TARGETS.values() for s in target.suffixes]
        raise InputError(
            f"{path}: unknown suffix {path.suffix!r} of a volume; written are "
            f"{', '.join([*_WRITTEN, *others])}"
        )
    return _module(_WRITTEN[suffix])


def read(path: str | Path, options: ReadOptions) -> tuple[Microstructure, list[str]]:
    """Read a volume; its content says how, whatever its name.

    Parameters
    ----------
    path : path
    options : ReadOptions

    Returns
    -------
    volume : Microstructure
    notes : list of str
        What was assumed, renumbered or left unused, a line each.

    Raises
    ------
    InputError
        If the file is missing, damaged or of an unknown kind, or has no such time.
    """
    from grainpaint.formats.settle import settle

    path = as_path(path, "a volume")
    try:
        volume, notes = settle(_read(path, options).told(options))
    except InputError as error:
        text = str(error)
        raise InputError(
            text if text.startswith(str(path)) else f"{path}: {text}"
        ) from None
    return volume, notes


def _read(path: Path, options: ReadOptions) -> RawVolume:
    """Return what a file, or a stack of sections, says."""
    from grainpaint.formats.sections import in_folder, may_be_sections, read_sections

    if options.spacing_z is not None and may_be_sections(path):
        raw: RawVolume = read_sections(path, options)
        return raw if raw.orientations is not None else _noted(raw, options.of_maps)
    if not path.exists() and glob.has_magic(str(path)):
        raise InputError(
            f"{path}: a pattern of several files needs the distance of the sections "
            "(spacing_z)"
        )
    if path.is_dir() and known_kind(path) is None and in_folder(path):
        raise InputError(
            f"{path}: a folder of {len(in_folder(path))} sections, or single maps, "
            "needs the distance of the sections (spacing_z) to be one volume"
        )
    kind = kind_of(path, _KNOWN)
    if options.time is not None and kind != "spparks":
        raise InputError(f"{path}: holds one state, not several times")
    if path.is_dir():
        raw = _module(kind).read(path, options)
    else:
        raw = _module(kind).read(path, content_of(path), options)
    unused = [*options.of_maps, *["spacing_z"] * (options.spacing_z is not None)]
    if kind == "tesr" and raw.orientations is not None and "symmetry" in unused:
        unused.remove("symmetry")  # it need not state it either
    return raw if kind in _MAPS else _noted(raw, unused)


def _noted(raw: RawVolume, unused: list[str]) -> RawVolume:
    """Return a volume with a note on options that only maps of orientations have."""
    if not unused:
        return raw
    note = (
        "it holds grains, no map of orientations, so settings of maps are unused "
        f"({', '.join(unused)})"
    )
    return replace(raw, notes=(*raw.notes, note))


def load(
    path: str | Path,
    time: float | None = None,
    *,
    array: str | None = None,
    unit: str | None = None,
    void: int | Literal["none"] | None = None,
    periodic: tuple[bool, ...] | str | None = None,
    misorientation: float | str | None = None,
    min_size: int | None = None,
    fill: bool = False,
    spacing_z: float | str | None = None,
    symmetry: str | None = None,
) -> Microstructure:
    """Read a volume; its content says how, whatever its name.

    Parameters
    ----------
    path : path
        A .vti, .npz or .zarr volume, labels of OME-Zarr or TIFF, a volume of DREAM.3D
        or Neper, a dump, site file or stitch file of SPPARKS, or an EBSD map; files may
        be gzipped. With spacing_z, a folder or pattern of maps or TIFF files.
    time : float, optional
        Which snapshot of a SPPARKS dump or stitch file; the last if not given.
    array : str, optional
        Name of the array with the grain IDs. Usual names are found, and so is the only
        array of integers.
    unit : str, optional
        Unit of the lengths (nm, um, mm, cm, m, inch) of a file that does not state it.
    void : int or "none", optional
        The ID that means outside, "none" if every ID is a grain, 0 too; as the program
        that wrote the file means it if not given.
    periodic : three bools, optional
        Whether grains continue through the faces, along x, y, z, or text such as xy; as
        the file says if not given.
    misorientation : float or str, optional
        Of a map of orientations: the largest angle between neighboring points of a
        grain, degrees or text such as ``"5deg"``; 5 if not given.
    min_size : int, optional
        Of a map: points of the smallest grain; smaller ones go to a neighbor. 5 if not
        given.
    fill : bool
        Of a map: whether points without an orientation take the nearest grain; they are
        outside if not.
    spacing_z : float or str, optional
        Distance of the files of a folder or pattern, which are sections: µm, or text
        such as ``"0.5um"``.
    symmetry : str, optional
        Crystal symmetry of a map that does not state it, such as 432.

    Returns
    -------
    Microstructure

    Raises
    ------
    InputError
        If the file is missing, damaged or of an unknown kind, or has no such time.

    Warns
    -----
    InputNote
        If something was assumed or renumbered that the file does not state.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Microstructure(np.ones((4, 4, 2), int)).save(f"{folder}/a.npz")
    ...     load(path)
    <Microstructure 4 x 4 x 2 voxels, 4 x 4 x 2 µm, 1 grain>
    """
    apart = None if spacing_z is None else as_length(spacing_z, "distance of sections")
    angle = None if misorientation is None else as_angle(misorientation, "angle")
    told = (angle, min_size, fill, apart, symmetry)
    axes = None if periodic is None else as_periodic(periodic)
    volume, notes = read(path, ReadOptions(time, array, unit, void, axes, *told))
    for note in notes:
        warnings.warn(f"{path}: {note}", InputNote, stacklevel=2)
    return volume


def loaded(volume: Microstructure | str | Path) -> Microstructure:
    """Return a volume that a program gives itself, or as the path of its file.

    Raises
    ------
    InputError
        If it is neither, or as `load`.
    """
    if isinstance(volume, Microstructure):
        return volume
    if isinstance(volume, str | Path):
        return load(volume)
    raise not_a_volume(volume)


def open_slabs(
    path: str | Path, options: ReadOptions = _AS_STATED
) -> tuple[Slabs, list[str]]:
    """Open a volume so that it is read slab by slab, if its format allows.

    Parameters
    ----------
    path : path
        A .zarr volume is read as it is needed; files of other kinds are read at once.
    options : ReadOptions

    Returns
    -------
    slabs : Slabs
    notes : list of str
        See `read`.

    Raises
    ------
    InputError
        See `read`.
    """
    path = Path(path)
    if options == _AS_STATED and path.is_dir() and known_kind(path) == "zarr":
        from grainpaint.formats.zarr import lazily

        slabs = lazily(path)
        if slabs is not None:
            return slabs, []
    volume, notes = read(path, options)
    return of_volume(volume), notes


def find_volumes(sources: Iterable[str | Path]) -> list[Path]:
    """List the volumes that some files, patterns, folders and Zarr sets stand for.

    Parameters
    ----------
    sources : iterable of path
        A volume; a pattern such as "runs/*.vti"; a folder of volumes; or a Zarr group
        whose members are volumes. Members come in the order of their names.

    Returns
    -------
    list of Path
        Each is good for `load`.

    Raises
    ------
    InputError
        If a source does not exist or holds no volume.
    """
    found: list[Path] = []
    for one in sources:
        path = as_path(one, "a volume")
        source = str(one)
        if path.exists():
            members = _members(path)
        else:
            members = sorted(map(Path, glob.glob(source)))
            if not glob.has_magic(source):
                raise InputError(f"{source}: no such file")
        if not members:
            raise InputError(f"{source}: no volume there; known are {_KNOWN}")
        found += members
    return found


def _members(path: Path) -> list[Path]:
    """Return a volume itself, or the volumes in a folder or Zarr set."""
    if not path.is_dir() or (path / "grain_id").is_dir():
        return [path]
    members = sorted(p for p in path.iterdir() if (p / "grain_id").is_dir())
    if members or known_kind(path):
        return members or [path]
    return sorted(p for p in path.iterdir() if known_kind(p))


def write(volume: Microstructure, path: str | Path) -> Path:
    """Write a volume; the suffix says how. An existing file is replaced as a whole.

    Parameters
    ----------
    volume : Microstructure
    path : path
        Ends in .vti, .npz, .zarr or .sites, or in a suffix of `solvers.TARGETS`; its
        folder is made if need be.

    Raises
    ------
    InputError
        If the suffix is unknown, or the volume lacks what its files need.

    Warns
    -----
    InputNote
        If a file for a simulator holds something that a user has to know.
    """
    path = as_path(path, "a volume")
    target = target_of(path)
    if target is not None:
        for note in export(of_volume(volume), path, target):
            warnings.warn(f"{path}: {note}", InputNote, stacklevel=3)
        return path
    module = _writer(path)
    replace_with(path, lambda aside: module.write(volume, aside))
    return path


def dropped(volume: Microstructure, path: Path) -> str:
    """Return what a file of this suffix does not hold of a volume, "" if nothing."""
    if path.suffix.lower() != ".sites":
        return ""
    lost = []
    if any(s != 1.0 for s in volume.spacing):
        lost.append("the size of a voxel (its lattice constant is 1)")
    if any(volume.origin):
        lost.append("the origin")
    ids = volume.ids()
    if ids.size and ids[-1] != ids.size:
        lost.append(f"the IDs (its spins are 1..{ids.size} in their order)")
    if volume.orientations is not None:
        lost.append("orientations")
        if volume.orientations.rows(ids).several:
            lost.append("phases")
    said = " and ".join(filter(None, (", ".join(lost[:-1]), *lost[-1:])))
    return f"{path}: a site file does not hold {said}" if lost else ""


def without_orientations(path: Path) -> bool:
    """Return whether files of this suffix cannot hold orientations."""
    return path.suffix.lower() in (".sites", ".tif", ".tiff")


def check_output(path: Path, force: bool) -> None:
    """Raise unless a volume may be written to `path`.

    Raises
    ------
    InputError
        If the suffix is unknown, or something exists there and `force` is false, or
        its folder cannot be written to.
    """
    target = target_of(path)
    if target is not None:
        check_paths(path, target, force)
        return
    _writer(path)
    refuse_to_replace(path, force)
