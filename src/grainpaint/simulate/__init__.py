"""Simulators that make reference and training volumes."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from grainpaint.simulate.am.solidify import solidify
    from grainpaint.simulate.iso.potts import grow, random_spins
    from grainpaint.simulate.iso.recipe import isotropic

__all__ = ["grow", "isotropic", "random_spins", "solidify"]

# Loaded on first use: painting needs one of the kernels.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "am.solidify": ["solidify"],
        "iso.potts": ["grow", "random_spins"],
        "iso.recipe": ["isotropic"],
    },
)
