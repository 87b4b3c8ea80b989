"""The command inspect: what there is to know of a part before it is painted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import command, print_table
from grainpaint.cli.grouping import grouped
from grainpaint.cli.options import (
    Force,
    ModelName,
    PartFlags,
    PrecisionName,
    output_option,
)
from grainpaint.cli.paint import PART_HELP
from grainpaint.cli.pyramid import duration

if TYPE_CHECKING:
    from grainpaint.cad import Part
    from grainpaint.generation.domain import Domain

Rows = list[tuple[str, str]]

_MOST_BODIES = 8  # that are listed
_LONGEST = (64, 128, 256, 512, 1024)  # voxels along the longest side, in the table


@command()
@grouped
def inspect(
    part: Annotated[Path, typer.Argument(help=PART_HELP)],
    size: PartFlags,
    model: ModelName = "iso",
    precision: PrecisionName = "auto",
    output: Annotated[Path | None, output_option("Draw its voxels: a .png.")] = None,
    force: Force = False,
) -> None:
    """Describe a part: size, bodies, what was mended, thin walls, costs."""
    from grainpaint.cad import is_mask, load_part, unit_of
    from grainpaint.formats.files import refuse_to_replace

    if output is not None:
        refuse_to_replace(output, force)
    size.check(part)
    domain = size.domain(part)
    if is_mask(part):
        rows = _mask_rows(domain)
    elif domain.part is not None and domain.part.repair:
        rows = _open_rows(domain)
    else:
        solid = load_part(part, size.unit, size.pose)
        rows = _part_rows(solid, unit_of(part, size.unit), domain)
    print_table(rows)
    print()
    _print_costs(domain, is_mask(part), model, precision)
    if output is not None:
        _draw(domain, model, precision, output)
        print(output)


def _mask_rows(domain: Domain) -> Rows:
    from grainpaint.cad import load_mask_file
    from grainpaint.units import length_text

    assert domain.part is not None
    inside = load_mask_file(Path(domain.part.path)).inside
    n = int(inside.sum())
    box = [s * domain.spacing for s in domain.shape]
    return [
        ("mask", " x ".join(map(str, domain.shape)) + " voxels"),
        ("voxel edge", length_text(domain.spacing)),
        ("box", " x ".join(map(length_text, box))),
        ("inside", f"{n:,} voxels, {n / inside.size:.1%} of the box"),
        ("volume", _volume(n * domain.spacing**3)),
    ]


def _open_rows(domain: Domain) -> Rows:
    from grainpaint.cad import load_open_part
    from grainpaint.units import length_text

    assert domain.part is not None
    file = domain.part
    part = load_open_part(Path(file.path), file.unit, file.pose)
    assert part is not None
    low, high = part.bounds
    return [
        ("unit", file.unit),
        ("box", " x ".join(map(length_text, (high - low).tolist()))),
        ("triangles", f"{len(part.faces):,}"),
        ("surface", "open: it bounds no volume"),
    ]


def _part_rows(part: Part, unit: str, domain: Domain) -> Rows:
    from grainpaint.cad import bodies_of, overlap_of, thinnest_place, unit_doubt
    from grainpaint.units import length_text, place_text

    low, high = part.bounds
    extent = float((high - low).max())
    bodies = bodies_of(part)
    rows = [
        ("unit", unit),
        ("box", " x ".join(map(length_text, (high - low).tolist()))),
        ("from", place_text(low.tolist(), extent)),
        ("to", place_text(high.tolist(), extent)),
        ("triangles", f"{len(part.faces):,}"),
        ("volume", _whole_volume(part.volume, overlap_of(part))),
        ("surface", f"{sum(b.surface for b in bodies) / 1e6:.6g} mm²"),
        ("bodies", f"{len(bodies):,}"),
    ]
    for i, body in enumerate(bodies[:_MOST_BODIES]):
        measures = " x ".join(map(length_text, body.size))
        where = place_text(body.center, extent)
        rows.append((f"body {i + 1}", f"{_volume(body.volume)}; {measures} at {where}"))
    doubt = unit_doubt(extent, unit)
    if doubt:
        rows.append(("doubt", f"{doubt} (--unit)"))
    rows += [("mended", note) for note in part.notes] or [("mended", "nothing")]
    thin = thinnest_place(part)
    voxel = length_text(domain.spacing)
    if thin is None:
        rows.append(("thin places", f"none; a voxel measures {voxel}"))
    else:
        thickness, place = thin
        found = f"about {length_text(thickness)} at {place_text(place, extent)}"
        share = f"{thickness / domain.spacing:.1f} of the voxels of {voxel}"
        rows.append(("thin places", f"{found}: {share}"))
    return rows


def _whole_volume(volume: float, overlap: float) -> str:
    """Return the volume of a part whose bodies or cavities may overlap, in words."""
    if not overlap:
        return _volume(volume)
    union = f"about {float(f'{(volume - overlap) / 1e9:.3g}'):g} mm³"
    if overlap < 0:
        return f"{union}, where cavities overlap counted once"
    return f"{union}, where bodies overlap counted once; their sum {_volume(volume)}"


def _volume(volume: float) -> str:
    return f"{volume / 1e9:.6g} mm³ ({volume:.6g} µm³)"


def _print_costs(domain: Domain, of_mask: bool, model: str, precision: str) -> None:
    """Print a table: what voxels of several sizes cost."""
    from dataclasses import replace

    from grainpaint.generation.forecast import forecast, timed
    from grainpaint.generation.recipe import make_recipe
    from grainpaint.units import length_text

    sizes = [max(domain.shape)]
    if not of_mask:
        sizes = sorted({*_LONGEST, *sizes})
    if domain.part is not None and domain.part.repair:
        # To find its voxels takes longer than to paint them.
        sizes = [n for n in sizes if n <= max(domain.shape)]
    print(f"{'voxel':>9}  {'longest':>7}  {'voxels':>14}  {'time':>13}  {'memory':>8}")
    timing = timed(make_recipe(domain, model=model, precision=precision))
    for longest in sizes:
        chosen = domain
        if longest != max(domain.shape):
            edge = domain.spacing * max(domain.shape) / longest
            x, y, z = (max(1, round(n * domain.spacing / edge)) for n in domain.shape)
            chosen = replace(domain, shape=(x, y, z), spacing=edge)
        cost = forecast(make_recipe(chosen, model=model, precision=precision), timing)
        x, y, z = chosen.shape
        print(
            f"{length_text(chosen.spacing):>9}  {longest:>7}  {x * y * z:>14,}  "
            f"{duration(cost.core_seconds):>13}  {cost.memory_bytes / 2**30:>4.1f} GiB"
        )
    print("(time on one core of this machine, memory of one process, as .zarr)")


def _draw(domain: Domain, model: str, precision: str, path: Path) -> None:
    """Draw the voxels of a part, a quarter cut away, and slices."""
    import numpy as np

    from grainpaint.drawing.picture import Picture
    from grainpaint.generation.domain import load_mask
    from grainpaint.generation.recipe import make_recipe
    from grainpaint.microstructure import Microstructure

    mask = load_mask(make_recipe(domain, model=model, precision=precision))
    assert mask is not None
    grains = mask.astype(np.int32)
    spacing = (domain.spacing,) * 3
    with Picture() as drawing:
        drawing.draw(Microstructure(grains, spacing, domain.origin), path)
        drawing.wait()
