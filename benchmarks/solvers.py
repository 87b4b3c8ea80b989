"""Files for solvers and programs beside ours: seconds, memory and size.

Run: python benchmarks/solvers.py. Prints a table and writes solvers.json. A volume of
Voronoi cells with random orientations is converted by the command, from an `.npz` to
each file; what Python takes to start and what reading takes are counted. A FEPX mesh
has six elements a voxel and is made of every third voxel along each axis.
"""

import tempfile
from pathlib import Path

from common import grainpaint, make_parser, save, show
from voronoi import voronoi

import grainpaint as gp
from grainpaint import formats

FILES = {  # what is asked for, and words of the command besides
    "DAMASK": ("grid.vti", "--for", "damask"),
    "Abaqus": ("grains.inp",),
    "Abaqus, periodic": ("grains.inp", "--periodic-equations"),
    "DREAM.3D": ("grains.dream3d",),
    "Neper": ("grains.tesr",),
    "MOOSE": ("grains.txt", "--for", "moose"),
    "EVP-FFT": ("grains.txt", "--for", "evpfft"),
    "FEPX": ("grains.msh", "--for", "fepx", "--stride", "3"),
    "PRISMS-Plasticity": ("grains.txt", "--for", "prisms"),
    "VTKHDF": ("grains.vtkhdf",),
    "TIFF": ("grains.tiff",),
    "VTI": ("grains.vti",),
    "OME-Zarr": ("grains.zarr",),
}


def converted(name, volume, output, *words):
    """Return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        done = grainpaint("convert", volume, "-o", Path(folder) / output, *words)
        sizes = [p.stat().st_size for p in Path(folder).rglob("*") if p.is_file()]
    return {
        "for": name,
        "command": " ".join(("-o", output, *words)),
        "seconds": round(done.seconds, 1),
        "processor_seconds": round(done.processor_seconds, 1),
        "gb": round(done.peak_bytes / 1e9, 2),
        "file_mb": round(sum(sizes) / 1e6, 1),
    }


def main():
    parser = make_parser(__doc__, grains=8, edge=12)
    parser.add_argument("--grains", type=int, default=3000)
    parser.add_argument("--edge", type=int, default=216, help="voxels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grains.npz"
        grains = gp.orient(voronoi(options.grains, options.edge))
        formats.write(grains, path)
        rows = [converted(name, path, *words) for name, words in FILES.items()]
    show(rows)
    save(options, Path(__file__), {"voxels": options.edge**3, "rows": rows})


if __name__ == "__main__":
    main()
