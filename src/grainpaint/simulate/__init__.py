"""Simulators that make reference and training volumes."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grainpaint.simulate.additive import solidify
    from grainpaint.simulate.iso import isotropic
    from grainpaint.simulate.potts import grow, random_spins

__all__ = ["grow", "isotropic", "random_spins", "solidify"]

# Public name -> where it lives; loaded on first use: painting needs one of the kernels.
_HOMES = {
    "grow": "potts",
    "isotropic": "iso",
    "random_spins": "potts",
    "solidify": "additive",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'grainpaint.simulate' has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
