"""Our script runner against SPPARKS itself, script by script, over several seeds.

Run: python benchmarks/spparks.py --spparks PATH [--seeds 8] [--only potts]. PATH is the
program. Prints the means of both with z, their difference in standard errors, and
writes spparks.json. With five statistics and ten scripts, |z| above 3 is a finding.
"""

import tempfile
from pathlib import Path

import numpy as np
from bezier_pool import CONTROL_POINTS
from common import make_parser, missing, save, timed

from grainpaint.microstructure import Microstructure
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.program import execute_script
from grainpaint.simulate.spparks.runner import run_simulation

POTTS = """seed ${{S}}
app_style {style} {spins}
lattice {lattice} 1.0
boundary {boundary}
region box block 0 {nx} 0 {ny} 0 {nz}
create_box box
create_sites box
set site range 1 {spins}
{solver}
temperature {temperature}
run {time}
"""
BUILD = """seed ${S}
APP
lattice sc/26n 1.0
region box block 0 40 0 40 0 28
boundary n n n
create_box box
create_sites box
set i1 range 1 1000
am pass 1 dir X speed 10 hatch 12.5
am pass 2 dir Y speed 10 hatch 12.5
am cartesian_layer 1 start LL pass_id 1 thickness 14 offset -30.0 0.0
am cartesian_layer 2 start UL pass_id 2 thickness 14 offset 0.0 30.0
am build start 14 num_layers 2
sector yes
sweep random mask no
temperature 0.25
run 1.0
"""
ELLIPSOID = "app_style am/ellipsoid 1000 15 35 15 4 25 45 22 6 0.1"
BEZIER = "app_style potts/am/bezier 1000 18 14 4 8 1.5\n" + CONTROL_POINTS
RANDOM, RASTER, TREE = (
    "sector yes\nsweep random",
    "sector yes\nsweep raster",
    "solve_style tree",
)
STATISTICS = ("grains", "of 5 voxels", "mean", "weighted mean", "boundary")


def potts(style, spins, boundary, shape, solver, temperature, time, lattice="sc/26n"):
    nx, ny, nz = shape
    return POTTS.format(**locals())


SCRIPTS = {
    "potts, tree, T = 0": potts("potts", 200, "p p p", (30, 30, 30), TREE, 0, 20),
    "potts, tree, T = 0.5, sc/6n": potts(
        "potts", 200, "p n n", (30, 30, 30), TREE, 0.5, 20, "sc/6n"
    ),
    "potts, random, T = 0.8": potts(
        "potts", 20, "n n n", (24, 24, 24), RANDOM, 0.8, 20
    ),
    "potts, raster, T = 0.8": potts("potts", 8, "n p n", (24, 24, 24), RASTER, 0.8, 20),
    "neighonly, tree": potts(
        "potts/neighonly", 20000, "p p p", (30, 30, 30), TREE, 0.25, 10
    ),
    "neighonly, random": potts(
        "potts/neighonly", 20000, "p n n", (40, 40, 30), RANDOM, 0.25, 4
    ),
    "neighonly, raster": potts(
        "potts/neighonly", 20000, "p n n", (40, 40, 30), RASTER, 0.25, 4
    ),
    "neighonly, flat, random": potts(
        "potts/neighonly", 20000, "n n p", (100, 100, 1), RANDOM, 0.25, 4
    ),
    "am/ellipsoid": BUILD.replace("APP", ELLIPSOID),
    "potts/am/bezier": BUILD.replace("APP", BEZIER),
}


def measure(volume: Microstructure) -> list[float]:
    """Return what `STATISTICS` names."""
    size = volume.grain_volumes()
    large = size[size >= 5]
    pairs = []
    for axis in range(3):
        plane = np.moveaxis(volume.grain_id, axis, 0)
        pairs.append((plane[1:] != plane[:-1]).ravel())
    mean = large.mean() if large.size else 0.0
    weighted = (size**2).sum() / size.sum()
    return [size.size, large.size, mean, weighted, np.concatenate(pairs).mean()]


def compare(script: Path, executable: str, n_seeds: int) -> dict[str, object]:
    """Run a script with both, seed by seed."""
    theirs, ours, seconds = [], [], np.zeros(2)
    for seed in range(1, n_seeds + 1):
        variables = {"S": str(seed)}
        known = script, variables
        first, found = timed(lambda known=known: execute_script(*known, executable))
        theirs.append(measure(found[1]))
        second, ((_, volume),) = timed(
            lambda known=known: [*run_simulation(read_script(*known), all_times=False)]
        )
        ours.append(measure(volume))
        seconds += first, second
    a, b = np.array(theirs), np.array(ours)
    error = np.sqrt((a.var(0, ddof=1) + b.var(0, ddof=1)) / n_seeds)
    return {
        "spparks": a.mean(0).tolist(),
        "ours": b.mean(0).tolist(),
        "z": ((b.mean(0) - a.mean(0)) / np.maximum(error, 1e-12)).tolist(),
        "seconds": (seconds / n_seeds).tolist(),
    }


def main() -> None:
    """Compare all scripts, or those whose names begin with a word."""
    parser = make_parser(__doc__, seeds=2, only="potts, tree, T = 0.5")
    parser.add_argument("--spparks", help="the program")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", default="", help="names of scripts begin with this")
    options = parser.parse_args()
    if not options.spparks or not Path(options.spparks).exists():
        missing("spparks.py runs SPPARKS itself: give the program with --spparks PATH")
    rows = []
    print(f"{'script':<28} {'SPPARKS / ours / z of':<20}", *STATISTICS, sep="  ")
    for name, text in SCRIPTS.items():
        if not name.startswith(options.only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "in.script"
            script.write_text(text)
            found = compare(script, options.spparks, options.seeds)
        rows.append({"name": name, **found})
        cells = (
            f"{a:.4g} / {b:.4g} / {z:+.1f}"
            for a, b, z in zip(found["spparks"], found["ours"], found["z"])
        )
        both = " / ".join(f"{s:.1f} s" for s in found["seconds"])
        print(f"{name:<28} {both}", *cells, sep="  ", flush=True)
    save(options, Path(__file__), {"statistics": STATISTICS, "rows": rows})


if __name__ == "__main__":
    main()
