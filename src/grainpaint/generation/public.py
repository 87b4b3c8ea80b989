"""What Python programs call: paint, generate, zoom, extend."""

import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from grainpaint.arguments import as_box, as_length, as_path, as_periodic, as_shape
from grainpaint.cad import make_pose
from grainpaint.errors import InputError, InputNote
from grainpaint.formats import loaded
from grainpaint.generation.domain import Domain, part_domain, warn_of
from grainpaint.generation.extend import fill_around
from grainpaint.generation.grain_size import AnyGrainSize
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.in_pieces import paint_in_pieces
from grainpaint.generation.recipe import Options, Recipe, make_recipe
from grainpaint.generation.recorded import warn_of_build
from grainpaint.generation.scan_recipe import make_scan_recipe
from grainpaint.generation.volume import Volume
from grainpaint.microstructure import Microstructure
from grainpaint.network.loading import load_model
from grainpaint.orienting.inherited import as_recorded, continued, drawn_note
from grainpaint.orienting.public import orient
from grainpaint.orienting.sources import Source, check_sources
from grainpaint.progress import Progress, silent
from grainpaint.simulate.am.recipe import AmRecipe, GivenRecipe, read_am_recipe
from grainpaint.units import parse_length

__all__ = ["extend", "generate", "paint", "zoom"]

Span = tuple[int, int]


def generate(
    shape: tuple[int, int, int] | str | None = None,
    model: str | Path = "iso",
    seed: int = 0,
    voxel: float | str | None = None,
    grain_size: AnyGrainSize | None = None,
    periodic: tuple[bool, bool, bool] | str = (False, False, False),
    device: str = "cpu",
    progress: Progress = silent,
    precision: str = "auto",
    executor: Executor | None = None,
    store: str | Path | None = None,
    texture: Source | None = None,
    misorientations: Source | None = None,
    symmetry: str = "432",
    scan: GivenRecipe | None = None,
) -> Microstructure:
    """Generate a box of grains.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z, or text, ``"64,64,32"``; by default those of the scan.
    model : str or path
        Name of a shipped model, or the folder of another.
    seed : int
        0..2^63 - 1; the same seed gives the same grains.
    voxel : float or str, optional
        Edge of a voxel, µm or text, ``"2um"``; by default that of the scan, or 1 µm.
    grain_size : float, str, path, callable or numpy.ndarray, optional
        Mean grain diameter: a number of µm; a function of x, y, z (arrays, µm) that
        returns µm; an array [x, y, z] of µm spread over the box; or what the command
        line takes, such as ``"40um"`` or ``"20 + x/100"``. Without it, that of the
        model's data. See `grainpaint.generation.grain_size.read_grain_size`.
    periodic : three bools
        Axes along which grains continue through the faces, also as text, ``"xy"``.
    device : str
        A torch device.
    progress : Progress
        Shows how far the work is, such as ``grainpaint.progress.console``.
    precision : {'auto', 'float32', 'bfloat16'}
        That networks are evaluated in; 'auto' is the faster one on the device.
    executor : concurrent.futures.Executor, optional
        Makes the volume piece by piece, the same grains: docs/cluster.md.
    store : path, optional
        NAME.zarr that holds the pieces, where workers reach it; what was begun there is
        continued. Without it, they are in a temporary folder.
    texture, misorientations, symmetry
        Orientations for the grains, as `grainpaint.orient` takes them, if any.
    scan : path, mapping or AmRecipe, optional
        The build that the model ``"am"`` paints, as in `grainpaint.simulate.additive`.

    Returns
    -------
    Microstructure

    Raises
    ------
    InputError
        If a parameter is out of range, there is no such model, the memory is too small,
        a texture, file or symmetry cannot be used, periodic axes are made in pieces,
        the executor gives up, or its workers lack something.

    Examples
    --------
    Grains that become larger along x:

    >>> size = lambda x, y, z: 10 + x / 20
    >>> volume = generate((32, 16, 16), voxel=2.0, grain_size=size, seed=1)
    >>> volume.spacing, volume.n_grains > 10
    ((2.0, 2.0, 2.0), True)
    """
    _check_texture(texture, misorientations, symmetry)
    build = None if scan is None else read_am_recipe(scan)
    domain = _box(shape, voxel, build)
    options = Options(grain_size=grain_size, periodic=as_periodic(periodic))
    recipe = _recipe(domain, options, build, model, seed, precision, device)
    volume = _made(recipe, device, progress, executor, store)
    return _oriented(volume, texture, misorientations, symmetry, seed)


def _box(
    shape: tuple[int, int, int] | str | None,
    voxel: float | str | None,
    build: AmRecipe | None,
) -> Domain:
    """Return a box, by default that of a build."""
    if shape is None and build is not None:
        shape = build.shape
    if shape is None:
        raise InputError("give the shape of the box: voxels along x, y, z")
    edge = _voxel_of(build) or 1.0 if voxel is None else voxel
    return Domain(as_shape(shape), as_length(edge, "edge of a voxel"))


def _voxel_of(build: AmRecipe | None) -> float | None:
    """Return the edge that the lengths of a build count, µm."""
    return None if build is None else parse_length(build.voxel)


def _recipe(
    domain: Domain,
    options: Options,
    build: AmRecipe | None,
    model: str | Path,
    seed: int,
    precision: str,
    device: str,
) -> Recipe:
    """Return what decides the grains, of a build or without one."""
    if build is None:
        return make_recipe(domain, options, str(model), seed, precision, device)
    if options != Options():
        raise InputError("a scan decides its grains: no grain_size, no periodic axes")
    return make_scan_recipe(domain, build, str(model), seed, precision, device)


def _made(
    recipe: Recipe,
    device: str,
    progress: Progress,
    executor: Executor | None,
    store: str | Path | None,
) -> Microstructure:
    """Make a volume at once, or in pieces if an executor or a store is given."""
    if executor is None and store is None:
        return paint_recipe(recipe, device, progress).volume
    if executor is not None and not hasattr(type(executor), "submit"):
        raise InputError(
            "the executor is one of concurrent.futures, or like them, such as "
            f"ProcessPoolExecutor(2); got {executor!r}"
        )
    place = None if store is None else as_path(store, "a store")
    return paint_in_pieces(recipe, place, device, progress, executor)


def _check_texture(
    texture: Source | None, misorientations: Source | None, symmetry: str
) -> None:
    """Raise, before anything is painted, if orientations cannot be given."""
    if texture is not None:
        check_sources(texture, misorientations, symmetry)
    elif misorientations is not None or symmetry != "432":
        raise InputError("misorientations and symmetry need a texture, as 'uniform'")


def _oriented(
    volume: Microstructure,
    texture: Source | None,
    misorientations: Source | None,
    symmetry: str,
    seed: int,
) -> Microstructure:
    """Give grains orientations, if there is a texture."""
    if texture is None:
        return volume
    return orient(volume, texture, misorientations, symmetry, seed)


def paint(
    part: str | Path,
    voxel: float | str | None = None,
    unit: str | None = None,
    longest: int | None = None,
    model: str | Path = "iso",
    seed: int = 0,
    grain_size: AnyGrainSize | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    precision: str = "auto",
    scale: float = 1.0,
    up: str = "z",
    rotate: Sequence[tuple[str, float]] | str = (),
    repair: bool = False,
    executor: Executor | None = None,
    store: str | Path | None = None,
    texture: Source | None = None,
    misorientations: Source | None = None,
    symmetry: str = "432",
    scan: GivenRecipe | None = None,
) -> Microstructure:
    """Paint grains into a CAD part.

    Parameters
    ----------
    part : path
        Closed bodies: STL, OBJ, PLY, 3MF, GLB, OFF, STEP, also packed by gzip; or a
        mask of voxels: .npy, .npz, .vti, a TIFF stack.
    voxel : float or str, optional
        Edge of a voxel, by default that of the scan; a mask has its own voxels.
    unit : str, optional
        Of the coordinates in the file; without it, what the file says, or mm.
    longest : int, optional
        Voxels along the longest side, instead of `voxel`; 128 if nothing is given.
    model, seed, grain_size, device, progress, precision
        As in `generate`; x, y, z of a grain size are coordinates of the part, µm.
    scale : float
        Factor by which the part is enlarged.
    up : {'z', '-z', 'y', '-y', 'x', '-x'}
        The axis of the file that becomes z.
    rotate : sequence of (axis, degrees)
        Turns after that, such as ``[("z", 30)]`` or ``"z:30"``, about the origin.
    repair : bool
        Fill a surface that is open by its winding number (needs libigl).
    executor, store, texture, misorientations, symmetry, scan
        As in `generate`; the executor's workers need the part's file too.

    Warns
    -----
    InputNote
        Of what was mended in the part, and of features too thin for the voxels.

    Returns
    -------
    Microstructure
        In the part's own coordinates, µm; 0 outside.

    Raises
    ------
    InputError
        If the part cannot be read or voxelized, or as `generate`.

    Examples
    --------
    >>> paint("examples/parts/gear.stl", longest=64).shape
    (63, 64, 25)
    """
    _check_texture(texture, misorientations, symmetry)
    build = None if scan is None else read_am_recipe(scan)
    if voxel is None and longest is None:
        voxel = _voxel_of(build)
    edge = None if voxel is None else as_length(voxel, "edge of a voxel")
    pose = make_pose(scale, up, rotate)
    domain, notes = part_domain(part, unit, edge, longest, pose, repair)
    warn_of(part, notes)
    options = Options(grain_size=grain_size)
    recipe = _recipe(domain, options, build, model, seed, precision, device)
    volume = _made(recipe, device, progress, executor, store)
    return _oriented(volume, texture, misorientations, symmetry, seed)


def zoom(
    volume: Volume | str | Path,
    box: tuple[Span, Span, Span] | str,
    voxel: float | str,
    device: str = "cpu",
    precision: str = "auto",
) -> Microstructure:
    """Generate a box of a volume again in smaller voxels: the same grains, finer.

    Parameters
    ----------
    volume : Volume or path
        A `Volume`, or a file that `paint` or `generate` wrote, or its record.
    box : three pairs of int
        First and last-plus-one voxel along x, y, z, in voxels of the volume; also as
        text, ``"0:64,0:64,0:32"``.
    voxel : float or str
        Edge of a voxel of the result, µm or text such as ``"0.5um"``: that of the
        volume, halved once or more.
    device, precision : str
        As in `Volume.of_file`; a `Volume` keeps its own.

    Returns
    -------
    Microstructure
        If the file was given orientations, with those.

    Raises
    ------
    InputError
        If there is no record of it, the box lies outside it, or as `Volume.zoom`.

    Examples
    --------
    >>> volume = Volume.of_box((32, 32, 32), voxel=2.0, grain_size=20.0)
    >>> zoom(volume, ((0, 16), (0, 16), (0, 8)), voxel=1.0).shape
    (32, 32, 16)
    """
    spans = as_box(box)
    if isinstance(volume, Microstructure):
        raise InputError("a volume to zoom into is a Volume, or the path of its file")
    whole = volume
    if not isinstance(whole, Volume):
        whole = Volume.of_file(whole, device, precision)
    for axis, (a, b) in enumerate(spans):  # told in the voxels that were given
        whole.span(slice(a, b), axis)
    fine = whole.zoom(voxel)
    times = fine.recipe.levels - whole.recipe.levels
    x, y, z = (slice(a << times, b << times) for a, b in spans)
    piece = fine[x, y, z]
    if not isinstance(volume, Volume):
        first = (x.start, y.start, z.start)
        piece, n_drawn = as_recorded(piece, Path(volume), first, times)
        _note_drawn(n_drawn, "outside the volume")
    return piece


def _note_drawn(n_drawn: int, which: str) -> None:
    """Warn of grains that have the orientation of another one."""
    if n_drawn:
        warnings.warn(InputNote(drawn_note(n_drawn, which)), stacklevel=3)


def extend(
    known: Microstructure | str | Path,
    box: tuple[Span, Span, Span] | str | None = None,
    model: str | Path = "iso",
    seed: int = 0,
    grain_size: AnyGrainSize | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    precision: str = "auto",
) -> Microstructure:
    """Continue known grains: extend a volume, fill holes, continue a section.

    Parameters
    ----------
    known : Microstructure or path
        Voxels with a grain are kept as they are; those with grain 0 are filled.
    box : three pairs of int, optional
        First and last-plus-one voxel along x, y, z, counted in the known volume; it may
        reach beyond it on any side; also as text, ``"0:64,0:64,-32:64"``. Without it,
        the known volume itself.
    model, seed, device, progress, precision
        As in `generate`.
    grain_size : float, str, path, callable or numpy.ndarray, optional
        Mean grain diameter of what is filled, as in `generate`; without it, that of the
        known grains.

    Returns
    -------
    Microstructure
        The box. Known grains keep their IDs, new ones follow; a known grain that
        continues into what was filled is one grain. If the known grains have
        orientations, new ones have those of known ones, drawn by volume.

    Warns
    -----
    InputNote
        Of grains whose orientations were drawn, and if the known ones are a build.

    Raises
    ------
    InputError
        If the box holds no known voxel, voxels are not cubes, the grain size is out of
        range, or there are more than 65,535 known grains.

    Examples
    --------
    >>> known = generate((16, 16, 16), seed=1)
    >>> longer = extend(known, ((0, 24), (0, 16), (0, 16)))
    >>> bool((longer.grain_id[:16] == known.grain_id).all())
    True
    """
    warn_of_build(known)
    known = loaded(known)
    wanted = None if box is None else as_box(box)
    painter = load_model(str(model), device, precision)
    volume = fill_around(known, painter, wanted, seed, grain_size, progress)
    if known.orientations is not None:
        volume, n_drawn = continued(volume, known, seed)
        _note_drawn(n_drawn, "filled in")
    return volume
