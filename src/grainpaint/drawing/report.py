"""One HTML file that shows a set of volumes, alone or beside a reference."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from grainpaint.drawing import figures
from grainpaint.drawing.picture import thinned
from grainpaint.drawing.plot import grain_colors
from grainpaint.formats.files import replace_with
from grainpaint.measure.descriptors import DESCRIPTORS, Measured
from grainpaint.microstructure import Microstructure

__all__ = ["write_report"]

_TEMPLATE = Path(__file__).with_name("report.html")
_EDGE_3D = 128  # voxels along an edge of the view that turns
_N_COLORS = 255

MEASURES = {
    "grains_per_mm3": ("Grains per volume", "1/mm³"),
    "mean_volume_um3": ("Mean grain volume", "µm³"),
    "weighted_volume_um3": ("Volume-weighted mean grain volume", "µm³"),
    "boundary_per_um": ("Grain boundary area per volume", "1/µm"),
    "triple_lines_per_um2": ("Triple-line length per volume", "1/µm²"),
    "quadruple_points_per_um3": ("Quadruple points per volume", "1/µm³"),
    "roughness": ("Boundary roughness", ""),
}


def _svg(figure: Figure) -> str:
    """Return a figure as the source of an HTML image."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", dpi=110, metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode()


def _solid_page(volume: Microstructure) -> str:
    """Return a page of its own with the volume in 3-D, the near octant cut away."""
    import k3d

    volume = thinned(volume, _EDGE_3D)
    ids = volume.grain_id
    shown = np.where(ids > 0, (ids - 1) % _N_COLORS + 1, 0).astype(np.uint8)
    nx, ny, nz = (max(1, n // 2) for n in shown.shape)
    if min(shown.shape) > 1:
        shown[nx:, :ny, nz:] = 0
    size = np.multiply(volume.shape, volume.spacing)
    size = size / size.max()  # the view keeps only 3 digits of tiny or huge sizes
    colors = grain_colors(_N_COLORS)[1:].astype(int)
    plot = k3d.plot(
        grid_visible=False,
        menu_visibility=False,
        axes_helper=0.8,
        background_color=0xFFFFFF,
        lighting=0.8,
        camera_auto_fit=False,
    )
    plot += k3d.voxels(
        np.ascontiguousarray(shown.transpose(2, 1, 0)),  # k3d wants z, y, x
        color_map=[int(r << 16 | g << 8 | b) for r, g, b in colors],
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
    """Return some digits of a number, or a dash."""
    if value is None or not np.isfinite(value):
        return "–"
    return f"{value:.{digits}g}"


def _single_measures(members: Sequence[Measured]) -> dict[str, Any]:
    """Return mean and deviation over the volumes of each measure."""
    result = {}
    for name in members[0].measures:
        values = np.array([one.measures[name] for one in members])
        sd = float(values.std(ddof=1)) if values.size > 1 else None
        result[name] = {"generated": float(values.mean()), "generated_sd": sd}
    return result


def write_report(
    path: Path,
    sets: Sequence[Sequence[Measured]],
    shown: Sequence[Microstructure],
    result: dict[str, Any] | None = None,
    title: str = "Grain statistics",
) -> None:
    """Write a report that opens from a file, without links to anywhere.

    Parameters
    ----------
    path : Path
        Ends in .html; replaced as a whole.
    sets : sequence of one or two sequences of Measured
        The generated set, and the reference if there is one.
    shown : sequence of as many Microstructure
        The volume of each set whose slices and 3-D view are shown.
    result : dict, optional
        What `grainpaint.measure.comparison.compare` returned; needed with a reference.
    title : str
        Heading of the page.
    """
    import jinja2

    generated, reference = sets[0], sets[1] if sets[1:] else None
    names = [n for n, d in DESCRIPTORS.items() if len(d.columns) != 2]
    first = ["volume", "nearest"]
    rest = [n for n in names if n not in first]
    views = [
        (name, _solid_page(volume))
        for name, volume in zip(("Generated", "Reference"), shown)
    ]
    page = (
        jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        .from_string(_TEMPLATE.read_text(encoding="utf-8"))
        .render(
            title=title,
            result=result,
            descriptors=DESCRIPTORS,
            measures=MEASURES,
            measured=result["measures"] if result else _single_measures(generated),
            n_volumes=len(generated),
            n_grains=sum(len(one.table) for one in generated),
            compact=_compact,
            densities=[
                (DESCRIPTORS[n].title, _svg(figures.density(generated, reference, n)))
                for n in first
            ],
            more_densities=[
                (DESCRIPTORS[n].title, _svg(figures.density(generated, reference, n)))
                for n in rest
            ],
            plane=_svg(figures.aspect_ratio_plane(generated, reference)),
            correlation=_svg(figures.correlation(generated, reference)),
            slices=_svg(figures.slices(shown)),
            views=views,
        )
    )
    replace_with(path, lambda aside: aside.write_text(page, encoding="utf-8"))
