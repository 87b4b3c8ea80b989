"""What a notebook shows of a volume."""

import base64
import io

from matplotlib.figure import Figure

from grainpaint.drawing.coloring import coloring
from grainpaint.drawing.picture import thinned
from grainpaint.drawing.plot import draw_slice, slice_axes
from grainpaint.measure.dimensions import diameters_are
from grainpaint.microstructure import Microstructure

__all__ = ["summary_html"]

_EDGE = 256  # voxels shown along an edge


def summary_html(volume: Microstructure) -> str:
    """Return an HTML fragment: a table, and a slice across z as an inline PNG.

    A section is shown as it is.

    Parameters
    ----------
    volume : Microstructure
    """
    diameters = volume.diameters()
    size = (f"{n * s:g}" for n, s in zip(volume.shape, volume.spacing))
    axes = [axis for axis, wraps in zip("xyz", volume.periodic) if wraps]
    kind = "" if len(volume.axes) == 3 else f", {diameters_are(volume.axes)}"
    rows = {
        "voxels": " × ".join(map(str, volume.shape)),
        "size": " × ".join(size) + " µm",
        "inside": f"{volume.n_voxels / volume.grain_id.size:.1%} of the voxels",
        "grains": f"{diameters.size:,}",
        "mean diameter": f"{diameters.mean():.4g} µm{kind}" if diameters.size else "–",
        "periodic": ", ".join(axes) or "no",
    }
    cells = "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in rows.items())
    return (
        '<div style="display: flex; align-items: center; gap: 1em">'
        f"<table>{cells}</table>"
        f'<img src="{_slice_png(volume)}" '
        f'alt="Slice across {"xyz"[slice_axes(volume)[-1]]}"></div>'
    )


def _slice_png(volume: Microstructure) -> str:
    """Return a slice across z, or the section, as the source of an HTML image."""
    shown = thinned(volume, _EDGE).compact()[0]
    figure = Figure(figsize=(2.8, 2.8), layout="constrained")
    colors = coloring(shown).colors
    draw_slice(figure.subplots(), shown, slice_axes(shown)[-1], colors)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=90)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
