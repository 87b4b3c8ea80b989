"""Paint grains into parts of any shape with a 3-D diffusion model.

>>> import grainpaint
>>> volume = grainpaint.simulate.isotropic((16, 16, 16), time=5)
>>> volume.shape
(16, 16, 16)
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grainpaint import compare, figures, simulate, spatial, stats
    from grainpaint.errors import InputError
    from grainpaint.formats import read as load
    from grainpaint.generation import generate, paint
    from grainpaint.microstructure import Microstructure

__all__ = [
    "InputError",
    "Microstructure",
    "compare",
    "figures",
    "generate",
    "load",
    "paint",
    "simulate",
    "spatial",
    "stats",
]
__version__ = "0.1.0"

# Read when torch loads: large arrays then lie in large pages, and networks take a tenth
# less time on windows of 128 voxels (benchmarks/peak.py).
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

# Public name -> where it lives; loaded on first use, so that importing stays quick.
_HOMES = {
    "InputError": ("grainpaint.errors", "InputError"),
    "Microstructure": ("grainpaint.microstructure", "Microstructure"),
    "generate": ("grainpaint.generation", "generate"),
    "load": ("grainpaint.formats", "read"),
    "paint": ("grainpaint.generation", "paint"),
    "simulate": ("grainpaint.simulate", None),
    **{
        name: (f"grainpaint.{name}", None)
        for name in ("compare", "figures", "spatial", "stats")
    },
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'grainpaint' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    home = importlib.import_module(module)
    return home if attribute is None else getattr(home, attribute)
