"""The additive kernel beside SPPARKS: speed, memory, and the grains of recorded runs.

Run: python benchmarks/additive.py [--seeds 4] [--idle] [--picture FILE]. Prints tables
and writes additive.json. Speed: SPPARKS' own example am/ellipsoid, 100^3, whose log
says 6,017 s on one core. Grains: runs of SPPARKS in ../shared/data/spparks beside the
repository, compared by two-sample Kolmogorov-Smirnov tests over all grains of 10 voxels
or more.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp

from grainpaint.measure.grains import table
from grainpaint.microstructure import Microstructure
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, LinearHaz
from grainpaint.simulate.am.layers import cartesian_layer, stack_layers
from grainpaint.simulate.am.melt_pool import Bezier, DoubleEllipsoid
from grainpaint.simulate.am.solidify import solidify

HERE = Path(__file__).parent
RECORDED = HERE.parents[1] / "shared" / "data" / "spparks"
SPPARKS_S = 6017
CORNERS = (("x", "LL", -1, 0), ("y", "UL", 0, 1), ("x", "UR", 1, 0), ("y", "LR", 0, -1))
QUANTITIES = ("voxels", "b_over_a", "c_over_a", "axis_x", "axis_y", "axis_z")


def scan(edge, speed, hatch, thickness, first, n_layers, offset):
    """Return X and Y layers in turn, each from another corner."""
    shape = (edge,) * 3
    layers = [
        (
            cartesian_layer(shape, d, speed, hatch, c, (a * offset, b * offset)),
            thickness,
        )
        for d, c, a, b in CORNERS
    ]
    return stack_layers(layers, first, n_layers)


def start(edge, n_spins, seed):
    """Return random spins."""
    spins = np.random.default_rng(seed).integers(1, n_spins + 1, (edge,) * 3, np.int32)
    return np.ascontiguousarray(spins)


def example(last_step=None):
    """Run SPPARKS' example in.am_ellipsoid.small3d; return its path."""
    path = scan(100, 10, 25, 25, 25, 4, 80)
    pool = DoubleEllipsoid(width=30, depth=30, front=7, rear=70)
    haz = ExponentialHaz(decay=0.1, width=50, depth=45, front=12, rear=90)
    spins = start(100, 1000, 1)
    options = {"n_spins": 1000, "copy_molten": True, "seed": 1}
    return solidify(spins, path, pool, haz, last_step=last_step, **options)


def recorded(kind, seed):
    """Run the script of a recorded run.

    SPPARKS ended 6 sweeps (ellipsoid) and about 41 (Bezier) before the end of its path:
    it counts one sweep less a layer, and each of 30 Bezier tracks of 208 sweeps takes
    209 by rounding. That makes 36; dumps come every 13 sweeps, and 41 gives the corner
    that is still molten in the recorded runs its size.
    """
    if kind == "am_ellipsoid":
        path, early = scan(64, 14, 16, 10, 13, 6, 40), 6
        pool = DoubleEllipsoid(width=24, depth=16, front=8, rear=30)
        haz = ExponentialHaz(decay=0.3, width=28, depth=20, front=12, rear=36)
    else:
        path, early = scan(64, 18, 16, 10, 13, 6, 40), 41
        pool = Bezier(
            width=24,
            depth=16,
            x=(-2.2597, -2.2597, 1.29865, 2.23368, 2.23368),
            y=(0.85711, 1.50644, 0.88308),
            z=(-0.78114, -1.62087, -1.78114),
        )
        haz = LinearHaz(width=6, tail=12, power=1.5)
    options = {"n_spins": 10_000, "copy_molten": True, "seed": seed}
    last = path.n_steps - early
    return solidify(start(64, 10_000, seed), path, pool, haz, last_step=last, **options)


def grains(spins):
    """Return the table of the grains of 10 voxels or more."""
    volume = Microstructure(label_pieces(spins, corners=True))
    found = table(volume)
    found = found[found["voxels"] >= 10]
    return found.assign(**{f"axis_{a}": found[f"axis_{a}"].abs() for a in "xyz"})


SPEED = """
import json, resource, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import additive

def memory(key):
    status = Path("/proc/self/status").read_text()
    return int(status.split(key)[1].split()[0]) * 1024

additive.example(last_step=200)  # compile
Path("/proc/self/clear_refs").write_text("5")  # peak = now
before = resource.getrusage(resource.RUSAGE_SELF).ru_utime, memory("VmRSS:")
start = time.perf_counter()
additive.example()
seconds = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF).ru_utime, memory("VmHWM:")
print(json.dumps([seconds, *(b - a for a, b in zip(before, after))]))
"""


def child(code, threads):
    """Run code in a process of its own; return what it printed."""
    run = [sys.executable, "-c", code, str(HERE)]
    environment = os.environ | {"NUMBA_NUM_THREADS": str(threads)}
    result = subprocess.run(run, capture_output=True, check=True, env=environment)
    return json.loads(result.stdout)


def speed(idle):
    """Return the figures of SPPARKS' example; wall time only on an idle machine."""
    _, cpu, memory = child(SPEED, threads=1)
    rows = {
        "am/ellipsoid 100^3, CPU s on one core": round(cpu, 1),
        "times as fast as SPPARKS (6,017 s), core against core": round(SPPARKS_S / cpu),
        "bytes a site": round(memory / 100**3, 1),
    }
    if idle:
        seconds, _, _ = child(SPEED, threads=os.cpu_count())
        rows[f"s on {os.cpu_count()} cores"] = round(seconds, 1)
        rows["times as fast as SPPARKS"] = round(SPPARKS_S / seconds)
    return rows


def agreement(kind, n_seeds, ours):
    """Return one row a recorded seed: counts, means and p-values against our seeds."""
    rows = []
    with np.load(RECORDED / f"{kind}.npz") as runs:
        for name, spins in runs.items():
            theirs = grains(spins.astype(np.int32) + 1)
            for seed in range(1, n_seeds + 1):
                mine = ours[kind, seed]
                row = {
                    "run": f"{kind} {name}",
                    "our seed": seed,
                    "grains (SPPARKS)": f"{len(mine)} ({len(theirs)})",
                    "mean voxels (SPPARKS)": f"{mine['voxels'].mean():.1f} "
                    f"({theirs['voxels'].mean():.1f})",
                }
                for q in QUANTITIES:
                    row[f"p {q}"] = round(float(ks_2samp(mine[q], theirs[q]).pvalue), 3)
                rows.append(row)
    return rows


def picture(file):
    """Draw slices of the recorded runs above slices of ours."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    colors = mpl.colors.ListedColormap(np.random.default_rng(0).random((10_001, 3)))
    kinds = ("am_ellipsoid", "am_bezier")
    figure, axes = plt.subplots(4, 4, figsize=(14, 14.5), layout="constrained")
    for i, kind in enumerate(kinds):
        with np.load(RECORDED / f"{kind}.npz") as runs:
            volumes = ("SPPARKS", runs["s56789"]), ("grainpaint", recorded(kind, 1))
        for j, (who, spins) in enumerate(volumes):
            cuts = {
                "z = 63": spins[:, :, 63],
                "z = 40": spins[:, :, 40],
                "y = 32": spins[:, 32],
                "x = 32": spins[32],
            }
            for ax, (place, cut) in zip(axes[2 * i + j], cuts.items()):
                look = {"cmap": colors, "vmin": 0, "vmax": 10_000, "origin": "lower"}
                ax.imshow(cut.T, interpolation="nearest", **look)
                ax.set(title=f"{who}, {kind[3:]}, {place}", xticks=[], yticks=[])
    figure.savefig(file, dpi=70)


def show(rows):
    """Print rows as a table in Markdown."""
    print("|", " | ".join(rows[0]), "|")
    print("|" + "---|" * len(rows[0]))
    for row in rows:
        print("|", " | ".join(str(v) for v in row.values()), "|")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--idle", action="store_true", help="also measure wall time")
    parser.add_argument("--only", choices=["speed", "grains"])
    options = parser.parse_args()
    result = {}
    if options.only != "grains":
        result["speed"] = speed(options.idle)
        show([{"what": k, "figure": v} for k, v in result["speed"].items()])
    if options.only != "speed":
        kinds = ("am_ellipsoid", "am_bezier")
        seeds = range(1, options.seeds + 1)
        ours = {(k, s): grains(recorded(k, s)) for k in kinds for s in seeds}
        result["grains"] = [r for k in kinds for r in agreement(k, options.seeds, ours)]
        show(result["grains"])
    if options.picture:
        picture(options.picture)
    if not options.only:
        (HERE / "additive.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
