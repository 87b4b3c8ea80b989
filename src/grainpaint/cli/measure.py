"""Commands about volumes: segment, stats, compare, report, check."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grainpaint.cli.app import HOW, READ, WRITE, GroupedCommand, command, print_table
from grainpaint.cli.grouping import grouped
from grainpaint.cli.options import Force, Output, ReadFlags, option, output_option
from grainpaint.errors import InputError
from grainpaint.units import count_text

if TYPE_CHECKING:
    from grainpaint.formats.slabs import Slabs
    from grainpaint.measure.connected import PieceCount
    from grainpaint.measure.measured import Measured
    from grainpaint.measure.results import (
        Comparison,
        DescriptorComparison,
        TextureComparison,
    )
    from grainpaint.measure.soundness import SeamCheck
    from grainpaint.microstructure import Microstructure

VolumeFile = Annotated[
    Path,
    typer.Argument(help="A volume of any known format, or an EBSD map."),
]
AsIs = Annotated[
    bool, option("--as-is", "Keep an ID in several pieces as one grain.", READ)
]


@command()
def segment(
    field: Annotated[Path, typer.Argument(help="An .npz file with an array 'field'.")],
    output: Output,
    method: Annotated[
        str,
        option("--method", "colors, or dbscan for one number per voxel.", HOW),
    ] = "colors",
    eps: Annotated[
        float | None, option("--eps", "Radius of dbscan, in voxels.  [1.9]", HOW)
    ] = None,
    no_clean: Annotated[
        bool, option("--no-clean", "Leave the noise of dbscan as 0.", HOW)
    ] = False,
    force: Force = False,
) -> None:
    """Turn a field of colors, spins or values into grains."""
    from grainpaint import segment as segment_field
    from grainpaint.formats import check_output, write
    from grainpaint.formats.field import read_field
    from grainpaint.segmentation.segment import check_method

    check_method(method)
    if method == "colors" and (no_clean or eps is not None):
        raise InputError("--eps and --no-clean need --method dbscan")
    check_output(output, force)
    values, spacing, origin = read_field(field)
    try:
        volume = segment_field(
            values, method, eps, not no_clean, spacing=spacing, origin=origin
        )
    except InputError as error:
        raise InputError(f"{field}: {error}") from None
    write(volume, output)
    print(f"{output}: {count_text(volume.n_grains, 'grain')}")


@command()
@grouped
def stats(
    volume: VolumeFile,
    read: ReadFlags,
    output: Annotated[Path | None, output_option("Table: .csv or .parquet.")] = None,
    as_is: AsIs = False,
    force: Force = False,
) -> None:
    """Measure every grain of a volume."""
    from grainpaint.formats.files import refuse_to_replace, replace_with
    from grainpaint.measure.dimensions import described
    from grainpaint.measure.grain_table import phase_rows, table
    from grainpaint.measure.tally import tally
    from grainpaint.measure.volume_measures import volume_measures
    from grainpaint.progress import console

    if output is not None:
        if output.suffix not in (".csv", ".parquet"):
            raise InputError(f"{output}: a table is written as .csv or .parquet")
        refuse_to_replace(output, force)
    grains = _whole_grains(volume, read) or _pieces(read.load(volume), as_is)
    with console("measure", 1):
        counted = tally(grains)
        found = table(grains, counted)
        whole = volume_measures(grains, counted)
    rows = [("grains", f"{len(found):,}")]
    if output is not None:
        if output.suffix == ".csv":
            replace_with(output, lambda aside: found.to_csv(aside, index=False))
        else:
            replace_with(output, lambda aside: found.to_parquet(aside, index=False))
        rows.append(("written", str(output)))
    rows[1:1] = [
        ("touching the border", f"{found['touches_border'].mean():.0%}"),
        *((name, _number(value)) for name, value in whole.items()),
        *((f"mean {n}", _number(found[n].mean())) for n in _MEANS if n in found),
        ("diameters", found.attrs["diameters"]),
        *phase_rows(grains, found),
    ]
    print_table([*_flat_rows(described(grains.shape)), *rows])


def _whole_grains(path: Path, read: ReadFlags) -> "Slabs | None":
    """Return a volume that may be measured without all of it in memory, or None.

    That is one whose grains are known to be connected, as in all that is made piece by
    piece; orientations are averaged at once.
    """
    from grainpaint.formats import open_slabs

    if not path.is_dir() or path.suffix != ".zarr" or read != ReadFlags():
        return None
    slabs, _ = open_slabs(path, read.options())
    fits = slabs.whole and len(slabs.axes) == 3 and slabs.orientations is None
    return slabs if fits and not any(slabs.periodic) else None


def _pieces(grains: "Microstructure", as_is: bool) -> "Microstructure":
    """Return grains that share an ID as several, unless they are taken as they are."""
    from grainpaint.measure.connected import as_pieces

    if as_is:
        return grains
    found, count = as_pieces(grains)
    _say_pieces(count)
    return found


def _flat_rows(described: str | None) -> list[tuple[str, str]]:
    """Return a row that says that a volume is a section or a line, if it is one."""
    return [("measured as", described)] if described else []


def _number(value: float) -> str:
    """Return four digits, or a dash for what is not defined."""
    return "–" if value != value else f"{value:.4g}"


def _say_pieces(count: "PieceCount", name: str = "") -> None:
    """Tell a user of IDs in pieces, in the set of that name."""
    if count.note:
        prefix = f"{name}: " if name else ""
        print(f"{prefix}{count.note}; --as-is keeps IDs", file=sys.stderr)


_MEANS = (
    "diameter_um",
    "b_over_a",
    "c_over_a",
    "sphericity",
    "circularity",
    "neighbors",
    "nearest_um",
)


class _SetsCommand(GroupedCommand):
    """A command whose option --with takes every value up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat --with before each of its values."""
        spread: list[str] = []
        in_with = False
        for word in args:
            if word.startswith("-"):
                in_with = word == "--with"
            elif in_with and spread[-1] != "--with":
                spread.append("--with")
            spread.append(word)
        rest: list[str] = super().parse_args(ctx, spread)
        return rest


Volumes = Annotated[
    list[Path], typer.Argument(help="Volumes, a pattern, a folder or a Zarr set.")
]
With = Annotated[
    list[Path] | None,
    option("--with", "The reference: one or more volumes.", READ),
]


@command(cls=_SetsCommand)
@grouped
def compare(
    volumes: Volumes,
    read: ReadFlags,
    reference: With = None,
    output: Annotated[Path | None, output_option("All figures: .json.")] = None,
    report: Annotated[Path | None, option("--report", "Report: .html.", WRITE)] = None,
    as_is: AsIs = False,
    force: Force = False,
) -> None:
    """Compare two sets of volumes, descriptor by descriptor."""
    import json

    from grainpaint.formats.files import refuse_to_replace, replace_with

    if not reference:
        raise InputError("compare needs a reference: add --with and its volumes")
    if output is not None:
        if output.suffix != ".json":
            raise InputError(f"{output}: the result is written as .json")
        refuse_to_replace(output, force)
    result = _report_sets(volumes, reference, report, read, as_is, force)
    assert result is not None
    if output is not None:
        text = json.dumps(result.to_dict(), indent=1) + "\n"
        replace_with(output, lambda aside: aside.write_text(text))
    heads = ("", "KL", "floor", "ratio", "Wasserstein-1", "KS", "p", "verdict")
    print("{:<24}{:>9}{:>9}{:>7}{:>16}{:>8}{:>9}  {}".format(*heads))
    for name, entry in result.descriptors.items():
        print(_compare_row(name, entry))
        if entry.interior:
            print(_compare_row("  without border grains", entry.interior))
    if result.textures:
        print("{:<24}{:>9}{:>9}{:>7}  {}".format("", "L1", "floor", "ratio", "verdict"))
    for name, texture in result.textures.items():
        print(_texture_row(name, texture))
    for note in result.notes:
        print(note, file=sys.stderr)
    for path in (output, report):
        if path is not None:
            print(f"written  {path}")


def _compare_row(name: str, entry: "DescriptorComparison") -> str:
    if entry.kl is None:
        return f"{name:<24}{entry.verdict}"
    return (
        f"{name:<24}{entry.kl:9.4f}{entry.kl_floor:9.4f}"
        f"{entry.ratio_to_floor:7.1f}{entry.wasserstein:16.4g}"
        f"{entry.ks:8.4f}{entry.p:9.2g}  {entry.verdict}"
    )


def _texture_row(name: str, found: "TextureComparison") -> str:
    label = f"texture of {name}"
    if found.l1 is None:
        return f"{label:<24}{found.verdict}"
    return (
        f"{label:<24}{found.l1:9.4f}{found.l1_floor:9.4f}{found.ratio_to_floor:7.1f}  "
        f"{found.verdict} ({count_text(found.n_cells, 'cell')})"
    )


def _report_sets(
    volumes: list[Path],
    reference: list[Path] | None,
    path: Path | None,
    read: ReadFlags,
    as_is: bool,
    force: bool,
) -> "Comparison | None":
    """Measure one or two sets, compare them, and write the report if wanted."""
    from grainpaint.formats.files import refuse_to_replace
    from grainpaint.measure.comparison import compare as compare_sets
    from grainpaint.progress import console

    if path is not None:
        if path.suffix != ".html":
            raise InputError(f"{path}: a report is written as .html")
        refuse_to_replace(path, force)
    sources = [read.find(s) for s in (volumes, reference) if s]
    names = ("generated", "reference") if sources[1:] else ("",)
    found = [_measure_set(s, name, read, as_is) for s, name in zip(sources, names)]
    sets, shown = [f[0] for f in found], [f[1] for f in found]
    result = compare_sets(sets[0], sets[1], progress=console) if sets[1:] else None
    if path is not None:
        from grainpaint.drawing.report import write_report

        with console("report", 1):
            write_report(path, sets, shown, result)
    return result


def _measure_set(
    paths: list[Path], name: str, read: ReadFlags, as_is: bool
) -> tuple[list["Measured"], "Microstructure"]:
    """Measure the volumes of a set, pieces of an ID apart; also return the first."""
    from grainpaint.measure.connected import PieceCount, as_pieces
    from grainpaint.measure.measured import measure_all
    from grainpaint.progress import console

    total = PieceCount()
    first: list[Microstructure] = []

    def volumes() -> Iterator["Microstructure"]:
        nonlocal total
        for path in paths:
            volume = read.load(path)
            if not as_is:
                volume, count = as_pieces(volume)
                total += count
            if not first:
                first.append(volume)
            yield volume

    measured = measure_all(volumes(), len(paths), console)
    _say_pieces(total, name)
    return measured, first[0]


@command(cls=_SetsCommand)
@grouped
def report(
    volumes: Volumes,
    read: ReadFlags,
    output: Annotated[Path, output_option("Report: .html.")],
    reference: With = None,
    as_is: AsIs = False,
    force: Force = False,
) -> None:
    """Write an HTML report of a set of volumes, alone or beside a reference."""
    _report_sets(volumes, reference, output, read, as_is, force)
    print(output)


@command()
@grouped
def check(
    volume: VolumeFile,
    read: ReadFlags,
) -> None:
    """Check that grains are whole and that no seam shows; exit 1 if not."""
    from grainpaint.measure.dimensions import described
    from grainpaint.measure.soundness import check as check_volume
    from grainpaint.record import window_faces

    loaded = read.load(volume)
    found = check_volume(loaded, window_faces(volume, loaded.shape))
    grains = found.integrity
    rows = [
        *_flat_rows(described(found.shape)),
        ("grains", f"{grains.n_grains:,}"),
        ("missing IDs (no fault)", _some(grains.missing.tolist(), grains.n_missing)),
        (
            "grains in pieces",
            _some([f"{g} ({n} pieces)" for g, n in grains.in_pieces.items()]),
        ),
        ("in pieces at open faces (no fault)", count_text(grains.n_cut, "grain")),
        ("isolated voxels", _some([tuple(v) for v in grains.isolated.tolist()])),
        ("held by corners (no fault)", count_text(grains.n_by_corners, "grain")),
    ]
    if found.seams is not None:
        rows.append(("seams", _seam_line(found.seams)))
    if found.cells is not None:
        ratio, p = found.cells
        rows.append(("trace of 2-voxel cells", f"{ratio:.3f} (1 = none), p = {p:.2g}"))
    for name, why in (
        ("seams", found.untested),
        ("trace of 2-voxel cells", found.cells_untested),
    ):
        if why is not None:
            rows.append((name, f"not tested: {why}"))
    print_table([*rows, ("", "sound" if found.sound else "NOT SOUND")])
    if not found.sound:
        raise typer.Exit(1)


def _seam_line(seams: "SeamCheck") -> str:
    """Return what a user reads of the test for seams."""
    if seams.n_faces == 0:
        return f"none: {seams.where}"
    if seams.n_faces is None:
        how = "every plane, the windows being unknown"
    else:
        how = f"{seams.n_faces} faces of windows"
    word = "a seam" if seams.visible else "none seen"
    return f"{word}: p = {seams.p:.2g} ({seams.where}; {how})"


def _some(items: list[Any], n: int | None = None) -> str:
    """Return the number of items, if not all are listed, and the first ten of them."""
    n = len(items) if n is None else n
    if not items:
        return "none"
    listed = ", ".join(map(str, items[:10]))
    return f"{n:,}: {listed}{', ...' if n > 10 else ''}"
