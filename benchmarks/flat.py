"""Small flat systems at late times, by our kernels and by SPPARKS, over many seeds.

Run: python benchmarks/flat.py --spparks PATH [--seeds 50] [--only 32]. PATH is the
program. A few grains are left by then, and their number scatters, so means of a few
seeds say nothing. Energies (unlike pairs of neighbors, counted twice) and numbers of
grains are compared at two times: the ratio of the means with its standard error, and
the p of a two-sample Kolmogorov-Smirnov test. Writes flat.json. Of some 50 values of p
one below 0.001 is a finding. Then whole commands are timed, on one core: a tutorial's
system, and a large one.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from common import make_parser, missing, save, show, timed
from scipy.stats import ks_2samp

from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import run_simulation

SCRIPT = """seed ${{S}}
app_style potts {spins}
dimension 2
lattice sq/8n 1.0
region box block 0 {n} 0 {n} -0.5 0.5
create_box box
create_sites box
set site range 1 {spins}
{solver}
temperature {temperature}
diag_style energy
diag_style cluster stats yes
stats {time}
run {end}
"""
TREE, RANDOM = "solve_style tree", "sector yes\nsweep random"
KINDS = {  # solver, spins, temperature
    "tree, T = 0": (TREE, 100, 0.0),
    "tree, T = 0.5": (TREE, 100, 0.5),
    "random, T = 0.5": (RANDOM, 10, 0.5),
}
SIZES = (64, 32, 20)
TIMED = ((128, 300), (1000, 20))  # sites along x and y, time at the end; kind "tree"
TIME = 60  # and twice that


def rows_of(log: str) -> list[tuple[float, float]]:
    """Return energies and numbers of grains of a table, without its first row."""
    found = []
    for line in log.splitlines():
        words = line.split()
        if len(words) == 9 and words[0][0].isdigit():
            found.append((float(words[5]), float(words[6])))
    return found[1:]


def run_spparks(script: Path, seed: int, program: str) -> list[tuple[float, float]]:
    """Return what SPPARKS finds."""
    words = [program, "-in", script.name, "-log", "none", "-var", "S", str(seed)]
    done = subprocess.run(words, cwd=script.parent, capture_output=True, check=True)
    return rows_of(done.stdout.decode())


def run_ours(script: Path, seed: int) -> list[tuple[float, float]]:
    """Return what our kernels find."""
    with tempfile.TemporaryDirectory() as folder:
        simulation = read_script(script, {"S": str(seed)})
        for _ in run_simulation(simulation, all_times=False, folder=Path(folder)):
            pass
        return rows_of(Path(folder, "log.spparks").read_text())


def compare(kind: str, n: int, program: str, n_seeds: int, time: float):
    """Run a kind in a box of n x n sites with both, seed by seed; return figures."""
    solver, spins, temperature = KINDS[kind]
    sides, seconds = ([], []), np.zeros(2)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "in.script")
        known = {"solver": solver, "spins": spins, "temperature": temperature, "n": n}
        script.write_text(SCRIPT.format(**known, time=time, end=2 * time))
        for seed in range(1, n_seeds + 1):
            spent, found = timed(lambda seed=seed: run_spparks(script, seed, program))
            sides[0].append(found)
            seconds[0] += spent
            spent, found = timed(lambda seed=seed: run_ours(script, seed))
            sides[1].append(found)
            seconds[1] += spent
    # Rows at the first time and at the end; rounding may add one in between.
    theirs, ours = (np.array([(rows[0], rows[-1]) for rows in side]) for side in sides)
    row = {"kind": kind, "n": n, "seeds": n_seeds}
    row["seconds"] = (seconds / n_seeds).tolist()
    for at, name in enumerate(("energy", "grains")):
        a, b = theirs[:, :, at], ours[:, :, at]
        share = b.mean(0) / a.mean(0)
        error = np.sqrt(
            a.var(0, ddof=1) / a.mean(0) ** 2 + b.var(0, ddof=1) / b.mean(0) ** 2
        ) / np.sqrt(n_seeds)
        row[name] = {
            "spparks": a.mean(0).tolist(),
            "ours": b.mean(0).tolist(),
            "ratio": share.tolist(),
            "error": (share * error).tolist(),
            "ks": [float(ks_2samp(x, y).pvalue) for x, y in zip(a.T, b.T)],
        }
    return row


def processor_seconds(words: list[str], folder: Path) -> float:
    """Return the seconds of processor time that a command takes, on one core."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands(n: int, end: float, program: str, runs: int) -> dict[str, float]:
    """Time the same script by both, in turns; return the shortest times."""
    solver, spins, temperature = KINDS["tree, T = 0"]
    known = {"solver": solver, "spins": spins, "temperature": temperature, "n": n}
    ours = [sys.executable, "-m", "grainpaint", "simulate", "in.script", "--var", "S"]
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = SCRIPT.format(**known, time=end / 2, end=end)
        Path(folder, "in.script").write_text(text)
        for seed in map(str, range(1, runs + 1)):
            theirs = [program, "-in", "in.script", "-log", "none", "-var", "S", seed]
            both = (theirs, [*ours, seed])
            seconds.append([processor_seconds(words, folder) for words in both])
    spparks, grainpaint = np.min(seconds, 0)
    return {
        "n": n,
        "time": end,
        "spparks, s": spparks,
        "ours, s": grainpaint,
        "ratio": spparks / grainpaint,
    }


def main() -> None:
    """Compare all kinds and sizes, or those whose name holds a word."""
    parser = make_parser(__doc__, seeds=2, only="20 x 20, tree, T = 0.5", time=2)
    parser.add_argument("--spparks", help="the program")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--time", type=float, default=TIME, help="the first time")
    parser.add_argument("--only", default="", help="names of systems hold this")
    options = parser.parse_args()
    if not options.spparks or not Path(options.spparks).exists():
        missing("flat.py runs SPPARKS itself: give the program with --spparks PATH")
    rows = []
    for n in SIZES:
        for kind in KINDS:
            if options.only not in f"{n} x {n}, {kind}":
                continue
            row = compare(kind, n, options.spparks, options.seeds, options.time)
            rows.append(row)
            for name in ("energy", "grains"):
                figures = row[name]
                print(
                    f"{n} x {n}  {kind:<16} {name}  "
                    + "  ".join(
                        f"{a:.1f} / {b:.1f}, ratio {r:.3f} ± {e:.3f} (KS p = {p:.3f})"
                        for a, b, r, e, p in zip(
                            *(figures[key] for key in
                              ("spparks", "ours", "ratio", "error", "ks"))
                        )
                    ),
                    flush=True,
                )  # fmt: skip
    speed = [
        commands(n, end, options.spparks, 1 if options.quick else 3)
        for n, end in (((20, 2),) if options.quick else TIMED)
    ]
    show([{key: round(value, 2) for key, value in row.items()} for row in speed])
    figures = {"time": options.time, "rows": rows, "speed": speed}
    save(options, Path(__file__), figures)


if __name__ == "__main__":
    main()
