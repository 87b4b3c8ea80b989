"""A stack of TIFF pages, one for each z, with the marks by which ImageJ knows it.

Grain IDs are stored in 8, 16 or 32 bits, whatever the largest one takes. Resolution is
in pixels per µm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings

__all__ = ["write"]

_BIG = 4_000_000_000  # bytes: offsets of plain TIFF have 32 bits


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write the grain IDs."""
    import tifffile

    nx, ny, nz = slabs.shape
    kind = np.min_scalar_type(int(slabs.ids[-1]))
    dx, dy, dz = slabs.spacing
    said = (
        f"ImageJ=1.53t\nimages={nz}\nslices={nz}\nunit=um\nspacing={dz:.9g}\n"
        f"loop=false\nmin=0.0\nmax={float(slabs.ids[-1])}\n"
    )

    def pages() -> Iterator[np.ndarray]:
        for layer in slabs.layers():
            for page in layer.transpose(2, 1, 0):
                yield np.ascontiguousarray(page, kind)

    big = slabs.n_voxels * kind.itemsize > _BIG
    with tifffile.TiffWriter(paths[0], bigtiff=big) as file:
        file.write(
            pages(),
            shape=(nz, ny, nx),
            dtype=kind,
            photometric="minisblack",
            resolution=(1 / dx, 1 / dy),
            resolutionunit="NONE",
            description=said,
            metadata=None,
            software="grainpaint",
        )
    lost = ["the orientations"] if slabs.orientations is not None else []
    lost += ["the phases"] if slabs.known and slabs.known.several else []
    lost += ["the origin"] if any(slabs.origin) else []
    lost += ["periodic axes"] if any(slabs.periodic) else []
    return [f"a TIFF stack does not hold {' and '.join(lost)}"] if lost else []
