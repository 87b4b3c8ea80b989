"""Simulators of grain growth, for reference and training volumes."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from grainpaint.simulate.am.build import additive, simulate_am
    from grainpaint.simulate.am.history_build import thermal
    from grainpaint.simulate.am.solidify import solidify
    from grainpaint.simulate.iso.isotropic import isotropic, simulate_iso
    from grainpaint.simulate.iso.potts import grow
    from grainpaint.simulate.iso.random_spins import random_spins
    from grainpaint.simulate.spparks.runner import run_script

__all__ = [
    "additive",
    "grow",
    "isotropic",
    "random_spins",
    "run_script",
    "simulate_am",
    "simulate_iso",
    "solidify",
    "thermal",
]

# Loaded on first use: painting needs only one of the kernels.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "am.build": ["additive", "simulate_am"],
        "am.history_build": ["thermal"],
        "am.solidify": ["solidify"],
        "iso.isotropic": ["isotropic", "simulate_iso"],
        "iso.potts": ["grow"],
        "iso.random_spins": ["random_spins"],
        "spparks.runner": ["run_script"],
    },
)
