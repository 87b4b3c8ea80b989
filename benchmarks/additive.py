"""The additive kernel beside SPPARKS: speed, memory, and the grains of recorded runs.

Run: python benchmarks/additive.py [--only speed|grains] [--idle] [--spparks PATH]
[--picture FILE]. Prints tables and writes additive.json. Speed: SPPARKS' own example
am/ellipsoid, 100^3, which takes SPPARKS 6,017 s on one core by its log; and, with
SPPARKS itself (PATH), a Bezier build of 64^3 in six layers. Grains: recorded runs of
SPPARKS in ../shared/data/spparks beside the repository, compared with ours by
two-sample Kolmogorov-Smirnov tests over all grains of 10 voxels or more.
"""

import os
import resource
import tempfile
from pathlib import Path

import numpy as np
from bezier_pool import CONTROL_POINTS, CURVES
from common import SHARED, make_parser, missing, run_anew, save, show, timed
from scipy.stats import ks_2samp

from grainpaint.measure.grain_table import table
from grainpaint.microstructure import Microstructure
from grainpaint.progress import silent
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, LinearHaz
from grainpaint.simulate.am.layers import cartesian_layer, stack_layers
from grainpaint.simulate.am.melt_pool import Bezier, DoubleEllipsoid
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.process import execute
from grainpaint.simulate.spparks.runner import run_simulation

RECORDED = SHARED / "spparks"
KINDS = ("am_ellipsoid", "am_bezier")
SPPARKS_S = 6017
CORNERS = (("x", "LL", -1, 0), ("y", "UL", 0, 1), ("x", "UR", 1, 0), ("y", "LR", 0, -1))
BEZIER = f"""seed 4242
app_style potts/am/bezier 20000 22 14 5 10 1.5
{CONTROL_POINTS}
potts/am/bezier beta 1.0 0.5
dimension 3
lattice sc/26n 1.0
region box block 0 64 0 64 0 64
boundary n n n
create_box box
create_sites box
set i1 range 1 20000
set d1 value 0.0
am path 1 start -30.0 10.0 end 54.0 94.0 speed 10.0
am path 2 start -10.0 -10.0 end 74.0 74.0 speed 10.0
am path 3 start 10.0 -30.0 end 94.0 54.0 speed 10.0
am path 4 start 94.0 10.0 end 10.0 94.0 speed 10.0
am path 5 start 74.0 -10.0 end -10.0 74.0 speed 10.0
am path 6 start 54.0 -30.0 end -30.0 54.0 speed 10.0
am path_layer 1 num_paths 3 path_ids 1 2 3 thickness 9
am path_layer 2 num_paths 3 path_ids 4 5 6 thickness 9
am build start 12.0 num_layers {{n_layers}}
sector yes
sweep random mask no
temperature 0.25
run 1.0
"""
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


def recorded(kind, seed, last_step=None):
    """Run the script of a recorded run, up to its end or to a step.

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
        pool = Bezier(width=24, depth=16, **CURVES)
        haz = LinearHaz(width=6, tail=12, power=1.5)
    options = {"n_spins": 10_000, "copy_molten": True, "seed": seed}
    last = last_step or path.n_steps - early
    return solidify(start(64, 10_000, seed), path, pool, haz, last_step=last, **options)


def grains(spins):
    """Return the table of the grains of 10 voxels or more."""
    volume = Microstructure(label_pieces(spins, corners=True))
    found = table(volume)
    found = found[found["voxels"] >= 10]
    return found.assign(**{f"axis_{a}": found[f"axis_{a}"].abs() for a in "xyz"})


def memory(key):
    """Return a line of this process's status, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(key)[1].split()[0]) * 1024


def clock(last_step):
    """Return seconds, processor seconds and bytes of the example."""
    example(last_step=200)  # compiles
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    before = memory("VmRSS:")
    seconds, _ = timed(lambda: example(last_step))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime - used
    return seconds, used, memory("VmHWM:") - before


def clock_script(script):
    """Return the processor seconds of our run of a script, which has run before."""
    simulation = read_script(Path(script))
    for _ in run_simulation(simulation, all_times=False):
        pass  # compiles
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for _ in run_simulation(simulation, all_times=False):
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - used


def clock_program(program, script):
    """Return the processor seconds of SPPARKS, its start included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    execute(program, 1, script, script.parent, script.parent, (), None, silent)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used


def bezier(program, n_layers):
    """Return processor seconds of a Bezier build, ours and SPPARKS', and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "in.bezier"
        script.write_text(BEZIER.format(n_layers=n_layers))
        one = {"NUMBA_NUM_THREADS": "1"}
        ours = run_anew(Path(__file__), "clock_script", str(script), **one)
        theirs = clock_program(program, script) if program else None
    return {
        "Bezier 64^3, CPU s on one core": round(ours, 1),
        "Bezier 64^3, CPU s of SPPARKS": theirs and round(theirs, 1),
        "Bezier 64^3, times as fast, core against core": theirs
        and round(theirs / ours, 1),
    }


def speed(idle, last_step, program):
    """Return the figures of speed; wall time only on an idle machine."""
    script, n_cores = Path(__file__), len(os.sched_getaffinity(0))
    _, used, size = run_anew(script, "clock", last_step, NUMBA_NUM_THREADS="1")
    wall = None
    if idle:
        threads = {"NUMBA_NUM_THREADS": str(n_cores)}
        wall, _, _ = run_anew(script, "clock", last_step, **threads)
    return {
        "am/ellipsoid 100^3, CPU s on one core": round(used, 1),
        "times as fast as SPPARKS, core against core": round(SPPARKS_S / used),
        "am/ellipsoid 100^3, s on all cores": wall and round(wall, 1),
        "times as fast as SPPARKS": wall and round(SPPARKS_S / wall),
        "bytes a site": round(size / 100**3, 1),
        **bezier(program, 1 if last_step else 6),
    }


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


def picture(file, last_step):
    """Draw slices of the recorded runs above slices of ours."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    colors = mpl.colors.ListedColormap(np.random.default_rng(0).random((10_001, 3)))
    figure, axes = plt.subplots(4, 4, figsize=(14, 14.5), layout="constrained")
    for i, kind in enumerate(KINDS):
        with np.load(RECORDED / f"{kind}.npz") as runs:
            own = recorded(kind, 1, last_step)
            volumes = ("SPPARKS", runs["s56789"]), ("grainpaint", own)
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


def main():
    parser = make_parser(__doc__, seeds=1, last_step=300)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--idle", action="store_true", help="also measure wall time")
    parser.add_argument("--spparks", help="the program")
    parser.add_argument("--only", choices=["speed", "grains"])
    parser.add_argument("--last-step", type=int, help="end every run after this step")
    options = parser.parse_args()
    if options.only != "speed" and not RECORDED.is_dir():
        missing(f"additive.py compares with recorded runs of SPPARKS in {RECORDED}")
    script, last_step = Path(__file__), options.last_step
    if options.only != "grains":
        rows = speed(options.idle, last_step, options.spparks)
        show([{"what": key, "figure": value} for key, value in rows.items()])
        save(options, script, {"rows": rows}, part="speed")
    if options.only != "speed":
        ours = {
            (kind, seed): grains(recorded(kind, seed, last_step))
            for kind in KINDS
            for seed in range(1, options.seeds + 1)
        }
        rows = [r for k in KINDS for r in agreement(k, options.seeds, ours)]
        show(rows)
        save(options, script, {"rows": rows}, part="grains")
    if options.picture:
        picture(options.picture, last_step)


if __name__ == "__main__":
    main()
