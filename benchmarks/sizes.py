"""Grain sizes asked for beside those that come out, and one seed at many voxel sizes.

Run: python benchmarks/sizes.py. Prints tables and writes sizes.json. Sizes are mean
equivalent diameters of periodic boxes of about 300 grains or more, in voxels. Two
volumes of one seed agree on a voxel if it lies in the grain of the finer volume that
holds most of its own grain.
"""

from pathlib import Path

import numpy as np
from common import make_parser, save, timed

from grainpaint import generate
from grainpaint.diameter import equivalent_diameter
from grainpaint.generation.domain import Domain
from grainpaint.generation.recipe import Options, make_recipe, zoomed
from grainpaint.generation.volume import Volume
from grainpaint.pyramid import halve

DIAMETERS = (4, 5, 6.5, 8, 9.2, 10.4, 12, 13.4, 15.5, 18, 22, 28, 36, 48, 64)
PERIODIC = (True, True, True)


def edge(diameter):
    """Return the edge of a torus of 7 diameters or more."""
    levels = max(0, int(1 + np.floor(np.log2(diameter / 8))))
    step = 8 << levels
    return max(4 * step, int(-(-7 * diameter // step)) * step)


def mean_diameter(volume):
    n = volume.grain_volumes()
    return float(equivalent_diameter(n[n > 0]).mean()), int((n > 0).sum())


def agreement(coarse, fine):
    pairs = coarse.astype(np.int64) << 32 | halve(fine)
    pair, count = np.unique(pairs, return_counts=True)
    most = np.zeros(coarse.max() + 1, np.int64)
    np.maximum.at(most, pair >> 32, count)
    return float(most.sum() / coarse.size)


def asked_and_found(diameters):
    """Return a row for each size that is asked for."""
    rows = []
    print("asked   edge  grains    mean   ratio   voxel/s")
    for asked in diameters:
        n, size = edge(asked), f"{asked}um"
        seconds, volume = timed(
            lambda n=n, size=size: generate(
                (n,) * 3, seed=1, grain_size=size, periodic=PERIODIC
            )
        )
        found, count = mean_diameter(volume)
        row = {"asked": asked, "edge": n, "grains": count, "found": found}
        rows.append(row | {"voxels_a_second": n**3 / seconds})
        print(
            f"{asked:5g}{n:7}{count:8}{found:8.2f}{found / asked:8.3f}"
            f"{n**3 / seconds:10,.0f}",
            flush=True,
        )
    return rows


def main():
    parser = make_parser(__doc__, diameters=[4.0, 6.5])
    parser.add_argument("--diameters", type=float, nargs="*", default=DIAMETERS)
    options = parser.parse_args()
    rows = asked_and_found(options.diameters)
    asked, found = np.log([(r["asked"], r["found"]) for r in rows]).T
    r2 = {}
    for name, a, b in (("log", asked, found), ("plain", np.exp(asked), np.exp(found))):
        r2[name] = float(1 - ((b - a) ** 2).sum() / ((b - b.mean()) ** 2).sum())
        print(f"R^2 against asked = found ({name}): {r2[name]:.4f}")
    shape = (16, 16, 16) if options.quick else (64, 64, 32)
    domain = Domain(shape, 4.0)
    recipe = make_recipe(domain, Options(grain_size="40um"), seed=6)
    volumes = [Volume(recipe)[:, :, :].grain_id]
    agree = []
    for voxel in (2.0, 1.0):
        finer = Volume(zoomed(recipe, voxel))[:, :, :].grain_id
        agree.append(agreement(volumes[-1], finer))
        volumes.append(finer)
        print(f"{2 * voxel:g} um and {voxel:g} um: {agree[-1]:.4f} agree", flush=True)
    figures = {"rows": rows, "r2": r2, "agreement": agree}
    save(options, Path(__file__), figures, model="iso")


if __name__ == "__main__":
    main()
