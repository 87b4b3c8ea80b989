"""Temperature and mobility by place, of ``potts/grad``."""

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import GradientApp

__all__ = ["set_gradient"]

_BOLTZMANN = 0.000086171  # eV/K, as SPPARKS has it


def set_gradient(sites: Sites, app: GradientApp) -> None:
    """Set the temperature d1 and the mobility d2 of the sites, as a run does first.

    Sites whose mobility is below 0 keep it: they are pinned.

    Parameters
    ----------
    sites : Sites
        Their values d1 and d2 change.
    app : GradientApp

    Raises
    ------
    InputError
        If the temperature or the mobility falls below 0 somewhere.
    """
    line = _line(sites, app)
    mobility = sites.value("d2")
    free = (mobility >= 0) & sites.exists
    if app.of == "temp":
        if (line[sites.exists] < 0).any():
            raise InputError("potts/grad: the gradient makes temperatures below 0")
        np.copyto(sites.value("d1"), line)
        with np.errstate(divide="ignore"):
            inverse = 1.0 / (_BOLTZMANN * line)
        found = np.exp(-app.activation * (inverse - inverse[sites.exists].min()))
    else:
        if (line[free] < 0).any():
            raise InputError("potts/grad: the gradient makes mobilities below 0")
        found = line / line[free].max(initial=0.0) if free.any() else line
    np.copyto(mobility, found, where=free)


def _line(sites: Sites, app: GradientApp) -> np.ndarray:
    """Return what is linear, at all sites."""
    box = sites.box
    low, high = box.corners
    value = app.temperature if app.of == "temp" else app.mobility
    line = np.full(box.shape, value, float)
    for place, a, b, slope in zip(sites.place, low, high, app.gradient):
        n = round((b - a) / box.spacing)
        line += slope * (place + (1 - n) * box.spacing / 2)
    return line
