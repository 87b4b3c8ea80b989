"""Meshes of grains: what they cost, and how good they are.

Run: python benchmarks/meshes.py. Prints a table and writes meshes.json. Voronoi cells
in a periodic box and the gear of the examples, painted at 28 µm, are meshed by the
command, once with triangles and once with tetrahedra; what it printed is told below
the table. Seconds and memory are those of the whole command, kernels compiled before.
"""

import re
import tempfile
from pathlib import Path

from common import REPOSITORY, grainpaint, make_parser, save, show
from voronoi import voronoi

from grainpaint import formats

SMALL = 12  # edge of a volume that compiles the kernels, voxels


def meshed(name, volume, *flags):
    """Return a row of the table: what the command printed, and what it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mesh.vtu"
        done = grainpaint("mesh", volume, "-o", path, *flags)
        size = path.stat().st_size
    printed = dict(
        re.split(r"\s{2,}", line.strip(), maxsplit=1)
        for line in done.output.splitlines()
    )
    return {
        "volume": name,
        "filled": bool(flags),
        "printed": {key: printed[key] for key in printed if key != "written"},
        "seconds": round(done.seconds, 1),
        "processor_seconds": round(done.processor_seconds, 1),
        "gb": round(done.peak_bytes / 1e9, 2),
        "file_mb": round(size / 1e6, 1),
    }


def main():
    parser = make_parser(__doc__, grains=8, edge=SMALL, voxel="250um")
    parser.add_argument("--grains", type=int, default=1000)
    parser.add_argument("--edge", type=int, default=128, help="voxels")
    parser.add_argument("--voxel", default="28um", help="of the gear")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        names = ("small.npz", "cells.npz", "gear.npz")
        small, cells, gear = (Path(folder) / name for name in names)
        formats.write(voronoi(8, SMALL), small)
        formats.write(voronoi(options.grains, options.edge), cells)
        part = REPOSITORY / "examples" / "parts" / "gear.stl"
        grainpaint("paint", part, "--voxel", options.voxel, "--no-picture", "-o", gear)
        for flags in ((), ("--tetrahedra",)):
            meshed("", small, *flags)
            for name, volume in (("Voronoi cells", cells), ("gear", gear)):
                rows.append(meshed(name, volume, *flags))
    show([{k: v for k, v in row.items() if k != "printed"} for row in rows])
    for row in rows:
        print(row["volume"], row["printed"])
    save(options, Path(__file__), {"rows": rows})


if __name__ == "__main__":
    main()
