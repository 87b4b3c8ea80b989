"""Options that several commands share, alone and in dataclasses."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grainpaint.cli.app import HOW, MAP, READ, WHAT, WRITE, in_options
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.cad import Pose
    from grainpaint.formats import ReadOptions
    from grainpaint.generation.domain import Domain
    from grainpaint.microstructure import Microstructure

__all__ = [
    "BoxFlags",
    "Device",
    "Force",
    "GrainSizeText",
    "Longest",
    "ModelFlags",
    "ModelName",
    "Output",
    "OutputFlags",
    "PartFlags",
    "PlanFlags",
    "PrecisionName",
    "ReadFlags",
    "RunFlags",
    "Seed",
    "Unit",
    "Voxel",
    "Workers",
    "option",
    "output_option",
]


def option(name: str, text: str, panel: str | None = None) -> Any:
    """Return an option with its help, in a group of the help page."""
    return typer.Option(name, help=text, rich_help_panel=panel)


def output_option(text: str) -> Any:
    """Return the option -o with its help, in the group of what is written."""
    return typer.Option("-o", "--output", help=text, rich_help_panel=WRITE)


Output = Annotated[Path, output_option("Volume: .vti, .npz or .zarr.")]
Force = Annotated[bool, option("--force", "Replace what exists.", WRITE)]
ModelName = Annotated[
    str, option("--model", "Name of a shipped model, or a folder.", HOW)
]
Seed = Annotated[int, option("--seed", "The same seed gives the same grains.", HOW)]
Device = Annotated[str, option("--device", "cpu, cuda, cuda:1, ... or mps.", HOW)]
PrecisionName = Annotated[
    str,
    option("--precision", "float32, bfloat16, or auto: whichever is faster here.", HOW),
]
Workers = Annotated[int, option("--workers", "Number of processes, for a .zarr.", HOW)]
Unit = Annotated[
    str | None,
    option("--unit", "Unit of the part's file.  [what it says, or mm]", WHAT),
]
Voxel = Annotated[str | None, option("--voxel", "Edge of a voxel, such as 50um.", WHAT)]
Longest = Annotated[
    int | None,
    option("--longest", "Voxels along the longest side instead.  [128]", WHAT),
]
GrainSizeText = Annotated[
    str | None,
    option(
        "--grain-size",
        "Mean diameter: 40um, a formula of x, y, z in µm, or a field .npz.",
        WHAT,
    ),
]


@dataclass(frozen=True)
class PartFlags:
    """How a part becomes voxels."""

    voxel: Voxel = None
    unit: Unit = None
    longest: Longest = None
    scale: Annotated[
        float, option("--scale", "Factor by which the part is enlarged.", WHAT)
    ] = 1.0
    up: Annotated[
        str,
        option("--up", "Axis of the file that becomes z: z, -z, y, -y, x, -x.", WHAT),
    ] = "z"
    rotate: Annotated[
        list[str] | None,
        option("--rotate", "Rotate the part after that: z:30, or x:90,z:-15.", WHAT),
    ] = None
    repair: Annotated[
        bool,
        option("--repair", "Fill an open surface, and tell how certain that is.", WHAT),
    ] = False

    @property
    def pose(self) -> Pose:
        """How the part is turned and scaled."""
        from grainpaint.cad import Pose, parse_rotations

        turns = [turn for text in self.rotate or [] for turn in parse_rotations(text)]
        return Pose(self.scale, self.up, tuple(turns))

    def edge(self) -> float | None:
        """Return the edge of a voxel, µm, if it was given."""
        from grainpaint.units import parse_length

        if None not in (self.voxel, self.longest):
            raise InputError("--voxel and --longest both set the voxels: give one")
        return None if self.voxel is None else parse_length(self.voxel)

    def check(self, part: Path) -> None:
        """Raise for mistakes that show before libraries are loaded."""
        self.edge()
        if part.is_dir():
            from grainpaint.cad.masks import check_folder as check
        else:
            from grainpaint.formats.files import check_file as check
        check(part)

    def domain(self, part: Path) -> Domain:
        """Return the voxels of a part, after saying what is to be known of it."""
        from grainpaint.generation.domain import part_domain

        domain, notes = part_domain(
            part, self.unit, self.edge(), self.longest, self.pose, self.repair
        )
        for note in notes:
            print(f"{part}: {note}", file=sys.stderr)
        return domain


@dataclass(frozen=True)
class BoxFlags:
    """The size of a box."""

    shape: Annotated[str | None, option("--shape", "Voxels X,Y,Z.", WHAT)] = None
    voxel: Annotated[str | None, option("--voxel", "Edge of a voxel.  [1um]", WHAT)] = (
        None
    )

    def size(self, grain_size: str | None) -> tuple[tuple[int, int, int], float]:
        """Return the voxels, and their edge in µm, which a grain size needs."""
        from grainpaint.units import parse_length, parse_shape

        if self.shape is None:
            raise InputError("--shape is missing: give the voxels of the box, X,Y,Z")
        if self.voxel is None and grain_size is not None:
            raise InputError(
                f"--grain-size {grain_size} needs the edge of a voxel too: add "
                "--voxel, such as --voxel 2um"
            )
        return parse_shape(self.shape), parse_length(self.voxel or "1um")

    def domain(self, grain_size: str | None) -> Domain:
        """Return the box; errors as `size`."""
        from grainpaint.generation.domain import Domain

        return Domain(*self.size(grain_size))


@dataclass(frozen=True)
class ModelFlags:
    """What paints, and on what."""

    model: ModelName = "iso"
    seed: Seed = 0
    precision: PrecisionName = "auto"
    device: Device = "cpu"


@dataclass(frozen=True)
class RunFlags:
    """How many volumes are made, and by how many processes."""

    count: Annotated[
        int,
        option(
            "--count",
            "Number of volumes, with seeds SEED, SEED + 1, ..., in folders seedN.",
            WHAT,
        ),
    ] = 1
    workers: Workers = 1


@dataclass(frozen=True)
class ReadFlags:
    """What the files of volumes mean, where they do not say it."""

    array: Annotated[
        str | None, option("--array", "Name of the array of grain IDs.", READ)
    ] = None
    unit: Annotated[
        str | None,
        option("--unit", "Unit of lengths, if not stated: nm, um, mm, m.", READ),
    ] = None
    void: Annotated[
        str | None,
        option("--void", "ID of the outside; none: every ID is a grain.", READ),
    ] = None
    periodic: Annotated[
        str | None, option("--periodic", "Periodic axes: xyz, xy, ..., none.", READ)
    ] = None
    time: Annotated[
        float | None,
        option("--time", "Time of the snapshot in a dump.  [last]", READ),
    ] = None
    misorientation: Annotated[
        str | None,
        option("--misorientation", "Largest angle within a grain.  [5deg]", MAP),
    ] = None
    min_size: Annotated[
        int | None,
        option(
            "--min-size",
            "Number of points of the smallest grain.  [5]",
            MAP,
        ),
    ] = None
    fill: Annotated[
        bool, option("--fill", "Give unindexed points to the nearest grain.", MAP)
    ] = False
    spacing_z: Annotated[
        str | None,
        option(
            "--spacing-z",
            "Distance between sections, a folder or pattern of files: 0.5um.",
            MAP,
        ),
    ] = None
    symmetry: Annotated[
        str | None,
        option(
            "--symmetry",
            "Crystal symmetry, where a map does not state it: 432, 622, ...",
            MAP,
        ),
    ] = None

    def options(self) -> ReadOptions:
        """Return what is said about a file.

        Raises
        ------
        InputError
            If a value is none that its option takes.
        """
        from grainpaint.formats import ReadOptions
        from grainpaint.units import parse_angle, parse_length, parse_periodic

        void: Any = self.void
        if void is not None and void != "none":
            try:
                void = int(void)
            except ValueError:
                raise InputError(f"--void is an ID, or none; got {void!r}") from None
        periodic = None if self.periodic is None else parse_periodic(self.periodic)
        angle, distance = self.misorientation, self.spacing_z
        return ReadOptions(
            self.time,
            self.array,
            self.unit,
            void,
            periodic,
            None if angle is None else parse_angle(angle),
            self.min_size,
            self.fill,
            None if distance is None else parse_length(distance),
            self.symmetry,
        )

    def find(self, sources: list[Path]) -> list[Path]:
        """Return the volumes that files, patterns and folders stand for.

        With a distance of sections each of them is one volume.
        """
        from grainpaint.formats import find_volumes

        return sources if self.spacing_z is not None else find_volumes(sources)

    def load(self, path: Path) -> Microstructure:
        """Read a volume, after saying what was assumed about it."""
        from grainpaint.formats import read

        volume, notes = read(path, self.options())
        for note in notes:
            print(f"{path}: {in_options(note)}", file=sys.stderr)
        return volume


@dataclass(frozen=True)
class PlanFlags:
    """In which pieces a volume is made; models of all kinds have these."""

    plan: Annotated[
        str | None,
        option(
            "--plan",
            "windows: as many base windows as needed; whole: one; grid, center: "
            "blocks, each fitted to those before it.  [windows; paper's: as on its "
            "card]",
            HOW,
        ),
    ] = None
    overlap: Annotated[
        int | None,
        option("--overlap", "Overlap of the blocks of grid or center.", HOW),
    ] = None


@dataclass(frozen=True)
class OutputFlags:
    """What is written."""

    picture: Annotated[
        bool, option("--picture/--no-picture", "Draw NAME.png beside it.", WRITE)
    ] = True
    force: Force = False
    dry_run: Annotated[
        bool, option("--dry-run", "Only print what would be done.", WRITE)
    ] = False
