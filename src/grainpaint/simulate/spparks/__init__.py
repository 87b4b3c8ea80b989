"""Input scripts of SPPARKS: read them, run them with our kernels or with SPPARKS."""

from grainpaint.simulate.spparks.script.reader import read_script

__all__ = ["read_script"]
