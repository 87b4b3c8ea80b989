"""A box in the middle of a build that nobody could simulate: seconds, memory, sameness.

Run: python benchmarks/anywhere.py [--edge 128] [--build 5000]. The recipe of
examples/am.toml for a build of 5,000^3 voxels of 2 µm, a cubic centimeter, of which one
box is painted where it is looked at. Prints and writes anywhere.json. Kernels are
compiled before, by a small build. Half of the box is painted again, by a volume that
knows nothing of the first one.
"""

import resource
import tomllib
import warnings
from pathlib import Path

from common import REPOSITORY, make_parser, save, timed

from grainpaint import Volume
from grainpaint.errors import InputNote


def build(edge):
    """Return a build of a cube that is painted where it is looked at."""
    recipe = tomllib.loads((REPOSITORY / "examples" / "am.toml").read_text())
    return Volume.of_scan(recipe | {"shape": [edge] * 3, "voxel": "2um"})


def main():
    parser = make_parser(__doc__, edge=16, build=160)
    parser.add_argument("--edge", type=int, default=128, help="voxels of the box")
    parser.add_argument("--build", type=int, default=5000, help="voxels of the build")
    options = parser.parse_args()
    warnings.simplefilter("ignore", InputNote)  # it is taller than any learned from
    small = build(96)
    small[:16, :16, :16]  # compiles
    n, half = options.edge, options.edge // 2
    box = [(a, a + n) for a in (options.build // 2 - half + s for s in (-11, 7, 23))]
    volume, other = build(options.build), build(options.build)
    seconds, made = timed(lambda: volume[tuple(slice(*ends) for ends in box)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    shared = [(a + half, b) if axis == 0 else (a, b) for axis, (a, b) in enumerate(box)]
    first, second = (v.tags(shared) for v in (volume, other))
    figures = {
        "build": options.build,
        "edge": n,
        "seconds": round(seconds, 1),
        "peak_bytes": peak,
        "grains": int(made.grain_id.max()),
        "voxels that differ when half is painted again": int((first != second).sum()),
    }
    for name, value in figures.items():
        print(f"{name:48}{value:>16,.6g}")
    save(options, Path(__file__), {"rows": figures}, model="am")


if __name__ == "__main__":
    main()
