"""The report: one HTML file about a set of volumes, alone or beside a reference."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from grainpaint.drawing import crystal_figures, figures
from grainpaint.drawing.coloring import Coloring, best_coloring, few_colors
from grainpaint.drawing.picture import thinned
from grainpaint.errors import InputError
from grainpaint.formats.files import replace_with
from grainpaint.measure.comparison import compare
from grainpaint.measure.crystals import beside, phases_of
from grainpaint.measure.descriptors import descriptors_of
from grainpaint.measure.dimensions import described
from grainpaint.measure.measured import (
    Measured,
    VolumeSet,
    list_volumes,
    measure_all,
    read_listed,
)
from grainpaint.measure.results import Comparison
from grainpaint.measure.texture_comparison import have_crystals
from grainpaint.microstructure import Microstructure
from grainpaint.orientations.kernel import HALF_WIDTH, texture_index
from grainpaint.progress import Progress, silent

__all__ = ["MEASURES", "report", "write_report"]

_TEMPLATE = Path(__file__).with_name("report.html")
_EDGE_3D = 128  # voxels along an edge of the 3-D view

# Titles and units of `grainpaint.measure.volume_measures`.
MEASURES = {
    "grains_per_mm3": ("Grains per volume", "1/mm³"),
    "mean_volume_um3": ("Mean grain volume", "µm³"),
    "weighted_volume_um3": ("Volume-weighted mean grain volume", "µm³"),
    "boundary_per_um": ("Grain boundary area per volume", "1/µm"),
    "triple_lines_per_um2": ("Triple-line length per volume", "1/µm²"),
    "quadruple_points_per_um3": ("Quadruple points per volume", "1/µm³"),
    "roughness": ("Boundary roughness", ""),
    "grains_per_mm2": ("Grains per area", "1/mm²"),
    "mean_area_um2": ("Mean grain area", "µm²"),
    "weighted_area_um2": ("Area-weighted mean grain area", "µm²"),
    "boundary_length_per_um": ("Grain boundary length per area", "1/µm"),
    "triple_points_per_um2": ("Triple points per area", "1/µm²"),
    "grains_per_mm": ("Grains per length", "1/mm"),
    "mean_length_um": ("Mean grain length", "µm"),
    "weighted_length_um": ("Length-weighted mean grain length", "µm"),
}


def _svg(figure: Figure) -> str:
    """Return a figure as the source of an HTML image."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", dpi=110, metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode()


def _solid_page(volume: Microstructure, colored: Coloring) -> str:
    """Return a complete page with the volume in 3-D, the nearest octant cut away."""
    import k3d

    volume = thinned(volume, _EDGE_3D)
    number, colors = few_colors(colored)
    shown = number[volume.grain_id]
    nx, ny, nz = (max(1, n // 2) for n in shown.shape)
    if min(shown.shape) > 1:
        shown[nx:, :ny, nz:] = 0
    size = np.multiply(volume.shape, volume.spacing)
    size = (
        size / size.max()
    )  # the view keeps only 3 digits of very small or large sizes
    plot = k3d.plot(
        grid_visible=False,
        menu_visibility=False,
        axes_helper=0.8,
        background_color=0xFFFFFF,
        lighting=0.8,
        camera_auto_fit=False,
    )
    plot += k3d.voxels(
        np.ascontiguousarray(shown.transpose(2, 1, 0)),  # k3d takes z, y, x
        color_map=[int(r << 16 | g << 8 | b) for r, g, b in colors.astype(int)],
        outlines=False,
        bounds=[0, size[0], 0, size[1], 0, size[2]],
        compression_level=9,
    )
    center = size / 2
    eye = center + np.array([1.0, -1.35, 0.95]) * 0.95
    plot.camera = [*eye.tolist(), *center.tolist(), 0, 0, 1]
    page: str = plot.get_snapshot()
    return page


def _compact(value: float | None, digits: int = 4) -> str:
    """Return a number with some significant digits, or a dash."""
    if value is None or not np.isfinite(value):
        return "–"
    return f"{value:.{digits}g}"


def _single_measures(members: Sequence[Measured]) -> dict[str, Any]:
    """Return the mean and standard deviation over volumes of each measure."""
    result = {}
    for name in members[0].measures:
        values = np.array([one.measures[name] for one in members])
        sd = float(values.std(ddof=1)) if values.size > 1 else None
        result[name] = {"generated": float(values.mean()), "generated_sd": sd}
    return result


def _texture(sets: crystal_figures.Sets) -> dict[str, Any]:
    """Return what the template shows of one phase."""
    poles = crystal_figures.pole_figures(sets)
    kind = f"{sets[0][1].name} ({sets[0][1].symmetry})"
    return {
        "title": kind if len(sets) > 1 else f"{kind}, {sets[0][0]}",
        "symmetry": sets[0][1].symmetry,
        "poles": poles and _svg(poles),
        "angles": _svg(crystal_figures.disorientations(sets)),
        "index": [
            (label, texture_index(one.quaternion, one.size, one.symmetry))
            for label, one in sets
        ],
    }


def _textures(sets: Sequence[Sequence[Measured]]) -> list[dict[str, Any]]:
    """Return what the template shows of each phase of the sets."""
    phases = [phases_of([one.crystals for one in members]) for members in sets]
    phases[1:] = [beside(phases[0], other) for other in phases[1:]]
    named = list(zip(("generated", "reference"), phases))
    return [_texture(group) for group in crystal_figures.side_by_side(named)]


def report(
    path: str | Path,
    volumes: VolumeSet,
    reference: VolumeSet | None = None,
    title: str = "Grain statistics",
    seed: int = 0,
    progress: Progress = silent,
) -> Path:
    """Write an HTML report of a set of volumes, compared with a reference if given.

    Parameters
    ----------
    path : path
        An .html file; an existing one is replaced.
    volumes, reference : Microstructure, path, or iterable of them
        The generated and the reference set. A path may be a pattern, a folder or a Zarr
        set (see `grainpaint.formats.find_volumes`). The first volume of each is shown.
    title : str
        Heading of the page.
    seed : int
        Seed of the intervals and floors of the comparison.
    progress : Progress

    Returns
    -------
    Path
        The file written: it needs no other file and no network.

    Raises
    ------
    InputError
        If a set is empty, a volume has no grain or cannot be read, or the sets cannot
        be compared (see `grainpaint.measure.compare`).

    Examples
    --------
    >>> import grainpaint, tempfile
    >>> volume = grainpaint.simulate.isotropic((16, 16, 16), time=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     grainpaint.measure.report(f"{folder}/grains.html", volume).name
    'grains.html'
    """
    if not isinstance(path, str | Path):
        raise InputError(
            "the path of the report comes first, such as report('grains.html', "
            f"volumes); got {type(path).__name__}"
        )
    listed = [list_volumes(s) for s in (volumes, reference) if s is not None]
    if not all(listed):
        raise InputError("a set of the report has no volume")
    measured = [
        measure_all(read_listed(members), len(members), progress) for members in listed
    ]
    shown = [next(read_listed(members)) for members in listed]
    found = None
    if reference is not None:
        found = compare(measured[0], measured[1], seed=seed, progress=progress)
    write_report(Path(path), measured, shown, found, title)
    return Path(path)


def write_report(
    path: Path,
    sets: Sequence[Sequence[Measured]],
    shown: Sequence[Microstructure],
    result: Comparison | None = None,
    title: str = "Grain statistics",
) -> None:
    """Write a report of sets that have been measured and compared already.

    Parameters
    ----------
    path : Path
        An .html file; an existing one is replaced.
    sets : sequence of one or two sequences of Measured
        The generated set, and the reference if there is one.
    shown : sequence of as many Microstructure
        The volume of each set whose slices and 3-D view are shown.
    result : Comparison, optional
        Needed with a reference.
    title : str
        Heading of the page.
    """
    import jinja2

    generated, reference = sets[0], sets[1] if sets[1:] else None
    oriented, _ = have_crystals(generated, reference or generated)
    descriptors = descriptors_of(generated[0].shape, oriented)
    names = [
        n
        for n, d in descriptors.items()
        if len(d.columns) != 2 and not d.of_boundaries  # they have figures of their own
    ]
    first = [names[0], "nearest"]
    is_solid = len(generated[0].axes) == 3
    shown = [volume.compact()[0] for volume in shown]
    colorings = [best_coloring(volume) for volume in shown]
    views = [
        (name, _solid_page(volume, colored))
        for name, volume, colored in zip(("Generated", "Reference"), shown, colorings)
        if is_solid
    ]

    def densities(names: list[str]) -> list[tuple[str, str]]:
        return [
            (descriptors[n].title, _svg(figures.density(generated, reference, n)))
            for n in names
        ]

    page = (
        jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        .from_string(_TEMPLATE.read_text(encoding="utf-8"))
        .render(
            title=title,
            result=result,
            flat=described(generated[0].shape),
            descriptors=descriptors,
            interior=result is not None
            and any(entry.interior for entry in result.descriptors.values()),
            measures=MEASURES,
            measured=result.measures if result else _single_measures(generated),
            n_volumes=len(generated),
            n_grains=sum(len(one.table) for one in generated),
            compact=_compact,
            densities=densities(first),
            more_densities=densities([n for n in names if n not in first]),
            plane=_svg(figures.aspect_ratio_plane(generated, reference))
            if is_solid
            else None,
            correlation=_svg(figures.correlation(generated, reference)),
            slices=_svg(figures.slices(shown)),
            colors=list(dict.fromkeys(colored.meaning for colored in colorings)),
            views=views,
            textures=_textures(sets),
            half_width=f"{np.degrees(HALF_WIDTH):g}",
        )
    )
    replace_with(path, lambda aside: aside.write_text(page, encoding="utf-8"))
