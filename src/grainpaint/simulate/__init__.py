"""Simulators that make reference and training volumes."""

from grainpaint.simulate.potts import isotropic

__all__ = ["isotropic"]
