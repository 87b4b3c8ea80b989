"""Simulators that make reference and training volumes."""

from grainpaint.simulate.additive import solidify
from grainpaint.simulate.iso import isotropic
from grainpaint.simulate.potts import grow, random_spins

__all__ = ["grow", "isotropic", "random_spins", "solidify"]
