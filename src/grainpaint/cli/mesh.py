"""The command mesh: the boundaries of grains as triangles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import WRITE, command, print_table
from grainpaint.cli.measure import VolumeFile
from grainpaint.cli.options import Force, ReadFlags, grouped

if TYPE_CHECKING:
    from grainpaint.cad import Part
    from grainpaint.meshing import Quality


@command()
@grouped
def mesh(
    volume: VolumeFile,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="The suffix says how: .vtu, .ply, .stl, .inp.",
            rich_help_panel=WRITE,
        ),
    ],
    read: ReadFlags,
    force: Force = False,
) -> None:
    """Mesh the boundaries of grains with triangles."""
    from grainpaint.meshing import (
        check_mesh_output,
        grain_mesh,
        quality_of,
        write_mesh,
    )
    from grainpaint.progress import console

    check_mesh_output(output, force)
    grains = read.load(volume)
    made = grain_mesh(grains, _part(volume), console)
    with console("check", 1):
        quality = quality_of(made, grains)
    with console("write", 1):
        write_mesh(made, grains, output)
    if not quality.sound:
        print(
            f"{output}: the mesh is not sound: triangles cross, or surfaces are open",
            file=sys.stderr,
        )
    if output.suffix.lower() == ".stl":
        print(f"{output}: STL does not say which grains meet", file=sys.stderr)
    print_table([*_rows(quality), ("written", str(output))])


def _part(volume: Path) -> Part | None:
    """Return the part that a volume was painted into, if it is known."""
    from grainpaint.cad import Part, is_mask
    from grainpaint.errors import InputError
    from grainpaint.generation.domain import load_grid
    from grainpaint.generation.recorded import load_recipe
    from grainpaint.record import find_record, read_record

    record = find_record(volume)
    found = {} if record is None else read_record(record).get("recipe")
    if not isinstance(found, dict) or not found.get("part"):
        return None
    try:
        recipe = load_recipe(volume)
        if recipe.part is None or is_mask(Path(recipe.part.path)):
            return None
        part = getattr(load_grid(recipe), "part", None)
    except InputError as error:
        print(f"{error}; its surface is that of the voxels", file=sys.stderr)
        return None
    return part if isinstance(part, Part) else None


def _rows(quality: Quality) -> list[tuple[str, str]]:
    """Return the rows of the table that ends a run."""
    return [
        ("grains", f"{quality.n_grains:,}"),
        ("triangles", f"{quality.n_triangles:,}"),
        ("nodes", f"{quality.n_nodes:,}"),
        ("faces", f"{quality.n_faces:,} pairs of grains"),
        ("triple lines", f"{quality.n_line_edges:,} edges"),
        ("quadruple points", f"{quality.n_points:,}"),
        ("wrong edges", f"{quality.n_wrong_edges:,}"),
        ("crossing", f"{quality.n_crossing:,} triangles"),
        (
            "volumes",
            f"within {quality.volume_error:.2%} (grain {quality.worst_grain}); "
            f"{quality.n_off:,} grains off by over 1%",
        ),
        ("smallest angle", f"{quality.smallest_angle:.1f}° in a triangle"),
        ("smallest dihedral", f"{quality.smallest_dihedral:.1f}° between triangles"),
    ]
