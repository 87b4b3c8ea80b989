"""Paint grains into parts of any shape with a 3-D diffusion model.

>>> import grainpaint
>>> volume = grainpaint.generate((32, 32, 32), seed=1)
>>> volume.shape
(32, 32, 32)

Make volumes
    `paint` a CAD part, `generate` a box, `extend` known grains, `zoom` into a volume,
    or make any box of a `Volume` where it is looked at; `orient` its grains.
Simulate
    `simulate` holds the simulators that the models learn from.
Read, segment, measure
    `load` a file as a `Microstructure`, `segment` a field into grains, and `measure`
    them: tables, comparisons, checks, reports.
Errors and notes
    `InputError` is raised for what cannot work, `InputNote` warns of what was assumed.
"""

import os
from typing import TYPE_CHECKING

import lazy_loader

from grainpaint.freshness import forget_stale_kernels

if TYPE_CHECKING:
    from grainpaint import measure, simulate
    from grainpaint.errors import InputError, InputNote
    from grainpaint.formats import load
    from grainpaint.generation.public import extend, generate, paint, zoom
    from grainpaint.generation.volume import Volume
    from grainpaint.microstructure import Microstructure
    from grainpaint.orienting.public import orient
    from grainpaint.segmentation.segment import segment

__all__ = [
    "InputError",
    "InputNote",
    "Microstructure",
    "Volume",
    "extend",
    "generate",
    "load",
    "measure",
    "orient",
    "paint",
    "segment",
    "simulate",
    "zoom",
]
__version__ = "0.1.0"

# Read when torch loads: large arrays then lie in large pages, and networks take a tenth
# less time on windows of 128 voxels (benchmarks/peak.py).
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

forget_stale_kernels(os.path.dirname(os.path.abspath(__file__)))

# Loaded on first use, so that importing stays quick.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submodules=["measure", "simulate"],
    submod_attrs={
        "errors": ["InputError", "InputNote"],
        "formats": ["load"],
        "generation.public": ["extend", "generate", "paint", "zoom"],
        "generation.volume": ["Volume"],
        "microstructure": ["Microstructure"],
        "orienting.public": ["orient"],
        "segmentation.segment": ["segment"],
    },
)
