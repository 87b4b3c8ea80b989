"""The command mesh: boundaries of grains as triangles, or grains as tetrahedra."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from grainpaint.cli.app import HOW, command, print_table
from grainpaint.cli.grouping import grouped
from grainpaint.cli.measure import VolumeFile
from grainpaint.cli.options import Force, ReadFlags, option, output_option
from grainpaint.units import count_text

if TYPE_CHECKING:
    from grainpaint.cad import Part
    from grainpaint.meshing import Quality, SolidQuality, VolumeCheck
    from grainpaint.microstructure import Microstructure

_WITHOUT = (".ply", ".stl")  # hold no orientations


@command()
@grouped
def mesh(
    volume: VolumeFile,
    output: Annotated[
        Path,
        output_option("Output file; its suffix is the format: .vtu, .ply, .stl, .inp."),
    ],
    read: ReadFlags,
    tetrahedra: Annotated[
        bool,
        option("--tetrahedra", "Fill the grains, in a .vtu or .inp.", HOW),
    ] = False,
    force: Force = False,
) -> None:
    """Mesh the boundaries of grains with triangles, or grains with tetrahedra."""
    from grainpaint.meshing import check_mesh_output

    check_mesh_output(output, force, tetrahedra)
    grains = read.load(volume)
    make = _tetrahedra if tetrahedra else _triangles
    if output.suffix.lower() in _WITHOUT and grains.orientations is not None:
        print(
            f"{output}: such a file does not hold orientations and phases",
            file=sys.stderr,
        )
    print_table([*make(grains, _part(volume), output), ("written", str(output))])


def _triangles(
    grains: Microstructure, part: Part | None, output: Path
) -> list[tuple[str, str]]:
    """Mesh the boundaries of grains; return the rows of the table that ends a run."""
    from grainpaint.meshing import grain_mesh, quality_of, write_mesh
    from grainpaint.progress import console

    made = grain_mesh(grains, part, console)
    with console("check", 1):
        quality = quality_of(made, grains, in_part=part is not None)
    with console("write", 1):
        write_mesh(made, grains, output)
    if not quality.sound:
        print(
            f"{output}: the mesh is not sound: triangles cross, or surfaces are open",
            file=sys.stderr,
        )
    if output.suffix.lower() == ".stl":
        print(f"{output}: STL does not say which grains meet", file=sys.stderr)
    return _rows(quality)


def _tetrahedra(
    grains: Microstructure, part: Part | None, output: Path
) -> list[tuple[str, str]]:
    """Fill the grains; return the rows of the table that ends a run."""
    from grainpaint.meshing import solid_mesh, solid_quality_of, write_mesh
    from grainpaint.progress import console

    made = solid_mesh(grains, part, console)
    with console("check", 1):
        quality = solid_quality_of(made, grains, in_part=part is not None)
    with console("write", 1):
        write_mesh(made, grains, output)
    if not quality.sound:
        print(
            f"{output}: the mesh is not sound: tetrahedra are inside out",
            file=sys.stderr,
        )
    return _solid_rows(quality)


def _part(volume: Path) -> Part | None:
    """Return the part that a volume was painted into, if it is known."""
    from grainpaint.record import find_record, read_record

    record = find_record(volume)
    found = {} if record is None else read_record(record).get("recipe")
    if not isinstance(found, dict) or not found.get("part"):
        return None
    from grainpaint.cad import Part, is_mask
    from grainpaint.errors import InputError
    from grainpaint.generation.domain import load_grid
    from grainpaint.generation.recorded import load_recipe

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
        ("triple lines", count_text(quality.n_line_edges, "edge")),
        ("quadruple points", f"{quality.n_points:,}"),
        ("wrong edges", f"{quality.n_wrong_edges:,}"),
        ("crossing", count_text(quality.n_crossing, "triangle")),
        *_volumes(quality),
        ("smallest angle", f"{quality.smallest_angle:.1f}° in a triangle"),
        ("smallest dihedral", f"{quality.smallest_dihedral:.1f}° between triangles"),
    ]


def _solid_rows(quality: SolidQuality) -> list[tuple[str, str]]:
    """Return the rows of the table that ends a run with tetrahedra."""
    return [
        ("grains", f"{quality.n_grains:,}"),
        ("tetrahedra", f"{quality.n_tetrahedra:,}"),
        ("nodes", f"{quality.n_nodes:,}"),
        ("inside out", f"{quality.n_turned:,}"),
        *_volumes(quality),
        (
            "dihedral angles",
            f"{quality.smallest_dihedral:.1f}° to {quality.largest_dihedral:.1f}°; "
            f"below {quality.low_dihedral:.1f}° in 1% of tetrahedra",
        ),
    ]


def _volumes(quality: VolumeCheck) -> list[tuple[str, str]]:
    return [
        ("whole volume", f"{quality.of_voxels:.2%} of the voxels'"),
        (
            "volumes",
            f"within {quality.volume_error:.2%} (grain {quality.worst_grain}); "
            f"{count_text(quality.n_off, 'grain')} off by over 1%",
        ),
    ]
