"""SPPARKS' applications, run by our kernels and by SPPARKS: energy and grains in time.

Run: python benchmarks/apps.py --spparks PATH [--seeds 3] [--only weld]. PATH is the
program. Each style is run in a small and a large box. Energies (unlike pairs of
neighbors) and numbers of grains are compared at four times, the volumes of grains of 5
voxels or more at the end (two-sample Kolmogorov-Smirnov test, seeds pooled). Writes
apps.json. The ratio is that of the means over the four times, its p that of Welch's t
test over the seeds; of some 100 values of p one below 0.0005 is a finding, to be looked
at with more seeds. A further style is a row of STYLES.
"""

import tempfile
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from bezier_pool import CONTROL_POINTS
from common import make_parser, missing, save, timed
from scipy.stats import ks_2samp, ttest_ind

from grainpaint.formats.spparks import grains_of_spins, read_spins
from grainpaint.microstructure import Microstructure
from grainpaint.progress import silent
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.process import execute
from grainpaint.simulate.spparks.runner import run_simulation


class Style(NamedTuple):
    """A style: its lines, the boxes, and how it is swept.

    The lines may use the sizes {x}, {y}, {z} of the box and {far} = x + 15. If `time`
    is None, the run ends when the scan does.
    """

    app: str
    boxes: tuple[tuple[int, int, int], ...]
    time: float | None
    solver: str = "sector yes\nsweep random"
    temperature: float = 0.25
    boundary: str = "n n n"
    scan: str = ""
    spins: int = 2000


SCRIPT = """seed ${{S}}
{app}
lattice sc/26n 1.0
boundary {boundary}
region box block 0 {x} 0 {y} 0 {z}
create_box box
create_sites box
set i1 range 1 {spins}
{scan}
{solver}
temperature {temperature}
dump 1 text {delta} spins.* id i1 x y z
run {time}
"""
HATCH = """am pass 1 dir X speed 10 hatch 12
am pass 2 dir Y speed 10 hatch 12
am cartesian_layer 1 start LL pass_id 1 thickness 4 offset -20 0
am cartesian_layer 2 start UL pass_id 2 thickness 4 offset 0 20
am build start 8 num_layers 2"""
SLANTED = """am path 1 start -15 0 end {far} {y} speed 10
am path 2 start {far} 0 end -15 {y} speed 10
am path_layer 1 num_paths 2 path_ids 1 2 thickness 4
am build start 8 num_layers 2"""
BEZIER = "app_style potts/am/bezier {spins} 12 8 3 6 1.5\n" + CONTROL_POINTS
ELLIPSOID = "app_style am/ellipsoid {spins} 12 18 8 4 18 26 11 6 0.1"
WELD = "app_style potts/weld {spins} 0 0.7 0.6 8 8\n"
PATHS = "app_style potts/am/weld {spins} 0.75 0.6 8\n"
JOINING = "app_style potts/weld/jom {spins} 16 20 8 26 0 8 "
BUILDS = ((30, 30, 14), (60, 60, 14))
WELDS = ((36, 50, 8), (60, 90, 12))
FLAT = ((60, 60, 1), (120, 120, 1))
RASTER = "sector yes\nsweep raster"
STYLES = {
    "potts, tree": Style(
        "app_style potts 200", ((24, 24, 24), (40, 40, 40)), 16, "solve_style tree",
        0.0, "p p p", spins=200,
    ),
    "potts/neighonly, random": Style(
        "app_style potts/neighonly {spins}", ((24, 24, 24), (40, 40, 40)), 4
    ),
    "am/ellipsoid": Style(ELLIPSOID, BUILDS, None, scan=HATCH),
    "am/ellipsoid, slanted": Style(ELLIPSOID, BUILDS, None, scan=SLANTED),
    "am/ellipsoid, raster": Style(ELLIPSOID, BUILDS, None, RASTER, scan=HATCH),
    "am/ellipsoid, masked": Style(
        ELLIPSOID, BUILDS, None, "sector yes\nsweep random mask yes", 0.66, scan=HATCH
    ),
    "potts/am/bezier": Style(BEZIER, BUILDS, None, scan=HATCH),
    "potts/am/bezier, slanted": Style(BEZIER, BUILDS, None, scan=SLANTED),
    "potts/am/bezier, one layer": Style(
        BEZIER.replace("12 8 3 6", "16 12 4 4"), FLAT, None, temperature=0.0,
        scan=SLANTED.replace("start 8 num_layers 2", "start 0 num_layers 1"),
    ),
    "potts/am/weld, one layer": Style(
        PATHS + "weld_shape_teardrop width 18 case I", FLAT, None, boundary="n n p",
        scan=SLANTED.replace("start 8 num_layers 2", "start 1 num_layers 1"),
    ),
    "potts/am/weld": Style(
        PATHS + "weld_shape_teardrop width 12 case III", ((30, 30, 8), (50, 50, 8)),
        None, scan=HATCH.replace("start 8", "start 4"),
    ),
    "potts/weld, ellipse": Style(WELD + "weld_shape_ellipse 18 24", WELDS, 6),
    "potts/weld, teardrop, raster": Style(
        WELD + "weld_shape_teardrop width 18 case II", WELDS, 6, RASTER,
        boundary="p n n",
    ),
    "potts/weld, pulsed": Style(
        WELD + "weld_shape_ellipse 16 24\npulse 0.3 3", WELDS, 6
    ),
    "potts/weld/jom, ellipsoid": Style(
        JOINING + "1 0.05", WELDS, 6, "sector yes\nsweep raster mask yes", 0.0
    ),
    "potts/weld/jom, keyhole": Style(JOINING + "2 0.05", WELDS, 6),
    "potts/weld/jom, prism": Style(JOINING + "4 0.05", WELDS, 6),
}  # fmt: skip
N_TIMES = 4


def script_of(style: Style, box: tuple[int, int, int], folder: Path) -> Path:
    """Write the script of a style, which dumps four times, and return its path."""
    path = folder / "in.script"
    words: dict[str, object] = dict(zip("xyz", box), spins=style.spins, far=box[0] + 15)
    lines = {"app": style.app.format(**words), "scan": style.scan.format(**words)}
    known = style._asdict() | words | lines | {"time": style.time or 1, "delta": 1e9}
    path.write_text(SCRIPT.format(**known))
    if style.time is None:
        stop = read_script(path, {"S": "1"}).runs[-1].stop
    else:
        stop = style.time
    # Dumps are written by the first sweep that reaches their time: ask for the last a
    # little before the end.
    delta = f"{(stop - 0.02) / N_TIMES:.6f}"
    path.write_text(SCRIPT.format(**(known | {"delta": delta})))
    return path


def run_spparks(script: Path, seed: int, program: str) -> list[Microstructure]:
    """Return the grains of the dumps that SPPARKS writes."""
    folder = script.parent
    for old in folder.glob("spins.*"):
        old.unlink()
    words = ("-var", "S", str(seed))
    execute(program, 1, script, folder, folder, words, None, silent)
    dumps = sorted(folder.glob("spins.*"), key=lambda path: int(path.suffix[1:]))
    periodic = read_script(script, {"S": "1"}).box.periodic
    return [grains_of_spins(read_spins(path), periodic) for path in dumps]


def energy(volume: Microstructure) -> int:
    """Return the number of unlike pairs among 26 neighbors, faces open."""
    grain = np.pad(volume.grain_id, 1)
    inner = tuple(slice(1, -1) for _ in range(3))
    n = 0
    for step in list(product((-1, 0, 1), repeat=3))[14:]:
        other = np.roll(grain, step, (0, 1, 2))
        n += ((other != grain) & (other > 0) & (grain > 0))[inner].sum()
    return int(n)


def sizes(volume: Microstructure) -> np.ndarray:
    """Return the volumes of the grains of 5 voxels or more."""
    found: np.ndarray = volume.grain_volumes()
    return found[found >= 5]


def compare(style: Style, box: tuple[int, int, int], program: str, n_seeds: int):
    """Run a style in a box with both, seed by seed, and return a row of figures."""
    theirs, ours, seconds = [], [], np.zeros(2)
    with tempfile.TemporaryDirectory() as name:
        script = script_of(style, box, Path(name))
        for seed in range(1, n_seeds + 1):
            spent, frames = timed(lambda seed=seed: run_spparks(script, seed, program))
            theirs.append(frames[1 : N_TIMES + 1])  # the first is the start
            seconds[0] += spent
            spent, frames = timed(
                lambda seed=seed: [
                    volume
                    for _, volume in run_simulation(
                        read_script(script, {"S": str(seed)})
                    )
                ]
            )
            ours.append(frames[1 : N_TIMES + 1])
            seconds[1] += spent
    row = {"box": box, "seconds": (seconds / n_seeds).tolist()}
    for key, measure in (("energy", energy), ("grains", lambda v: v.n_grains)):
        a, b = (
            np.array([[measure(v) for v in frames] for frames in side], float)
            for side in (theirs, ours)
        )
        # One figure a seed, since the times of a run are not independent.
        shares = [(side / a.mean(0)).mean(1) for side in (a, b)]
        row[key] = {
            "spparks": a.mean(0).tolist(),
            "ours": b.mean(0).tolist(),
            "ratio": float(shares[1].mean()),
            "p": float(ttest_ind(*shares, equal_var=False).pvalue),
        }
    ends = (np.concatenate([sizes(f[-1]) for f in side]) for side in (theirs, ours))
    row["ks"] = float(ks_2samp(*ends).pvalue)
    return row


def compare_all(styles: dict[str, Style], parser, script: str) -> None:
    """Compare styles, all or those whose names hold a word, and save the rows."""
    parser.add_argument("--spparks", help="the program")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="names of styles hold this")
    options = parser.parse_args()
    if not options.spparks or not Path(options.spparks).exists():
        missing(f"{script} needs SPPARKS itself: give the program with --spparks PATH")
    rows = []
    for name, style in styles.items():
        if options.only not in name:
            continue
        for box in style.boxes[: 1 if options.quick else None]:
            row = compare(style, box, options.spparks, options.seeds)
            rows.append({"style": name, **row})
            cells = (
                f"{key} {row[key]['spparks'][-1]:,.0f} / {row[key]['ours'][-1]:,.0f}, "
                f"ratio {row[key]['ratio']:.3f} (p = {row[key]['p']:.3f})"
                for key in ("energy", "grains")
            )
            both = " / ".join(f"{s:.1f} s" for s in row["seconds"])
            shape = "x".join(map(str, box))
            print(f"{name:<30} {shape:<10} {both:<18}", *cells,
                  f"KS p = {row['ks']:.3f}", sep="  ", flush=True)  # fmt: skip
    save(options, Path(__file__).with_name(script), {"times": N_TIMES, "rows": rows})


def main() -> None:
    """Compare the styles of this script."""
    parser = make_parser(__doc__, seeds=2, only="pulsed")
    compare_all(STYLES, parser, "apps.py")


if __name__ == "__main__":
    main()
