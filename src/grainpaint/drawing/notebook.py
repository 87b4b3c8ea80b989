"""What a notebook shows of a volume."""

import base64
import io

from matplotlib.figure import Figure

from grainpaint.drawing.picture import thinned
from grainpaint.drawing.plot import draw_slice, grain_colors
from grainpaint.microstructure import Microstructure

__all__ = ["summary_html"]

_EDGE = 256  # voxels shown along an edge


def summary_html(volume: Microstructure) -> str:
    """Return an HTML fragment: a table, and a slice across z as an inline PNG.

    Parameters
    ----------
    volume : Microstructure
    """
    diameters = volume.diameters()
    size = (f"{n * s:g}" for n, s in zip(volume.shape, volume.spacing))
    axes = [axis for axis, wraps in zip("xyz", volume.periodic) if wraps]
    rows = {
        "voxels": " × ".join(map(str, volume.shape)),
        "size": " × ".join(size) + " µm",
        "inside": f"{volume.n_voxels / volume.grain_id.size:.1%} of the voxels",
        "grains": f"{diameters.size:,}",
        "mean diameter": f"{diameters.mean():.4g} µm" if diameters.size else "–",
        "periodic": ", ".join(axes) or "no",
    }
    cells = "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in rows.items())
    return (
        '<div style="display: flex; align-items: center; gap: 1em">'
        f"<table>{cells}</table>"
        f'<img src="{_slice_png(volume)}" alt="Slice across z"></div>'
    )


def _slice_png(volume: Microstructure) -> str:
    """Return a slice across z as the source of an HTML image."""
    shown = thinned(volume, _EDGE).compact()[0]
    figure = Figure(figsize=(2.8, 2.8), layout="constrained")
    colors = grain_colors(int(shown.grain_id.max()))
    draw_slice(figure.subplots(), shown, 2, colors)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=90)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
