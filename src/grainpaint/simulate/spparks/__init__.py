"""Input scripts of SPPARKS: read them, and run them with our kernels."""

from grainpaint.simulate.spparks.reader import read_script

__all__ = ["read_script"]
