"""What a second thread gains on an idle machine, and costs on a busy one.

Run: python benchmarks/busy.py [--rounds 3]. Each run is timed with one and two threads
in turn, alone and beside 2 and 4 processes that this script keeps busy. Prints a table
and writes busy.json. Ratios are the seconds with one thread by those with two, medians
of the rounds: above 1, two are faster. Threads wait as those of the command line do
(OMP_WAIT_POLICY=PASSIVE).
"""

import contextlib
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import torch
from bezier_pool import CURVES
from common import make_parser, missing, run_anew, save, show, timed

from grainpaint.network.loading import load_any
from grainpaint.simulate.am.heat_affected_zone import LinearHaz
from grainpaint.simulate.am.layers import cartesian_layer, stack_layers
from grainpaint.simulate.am.melt_pool import Bezier
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins

SPIN = "import time\nend = time.time() + 3600\nwhile time.time() < end: pass"
RUNS = {
    "isotropic, 100^3": ("iso", (100, 100, 100), 8),
    "isotropic, 300^2": ("plane", (300, 300, 1), 40),
    "Bezier, 64^3": ("am", (64, 64, 64), 13),
    "Bezier, one layer of 40 x 40 x 12": ("am", (40, 40, 12), 12),
    "network, 64^3": ("network", (64, 64, 64), 2),
}
TINY = {
    "isotropic, 9^3": ("iso", (9, 9, 9), 1),
    "Bezier, one layer of 24 x 24 x 12": ("am", (24, 24, 12), 12),
    "network, 16^3": ("network", (16, 16, 16), 1),
}


def isotropic(shape, stop, lattice="sc/26n"):
    """Grow grains in a box."""
    start = random_spins(shape, 1000, 1)
    return next(grow(start, [stop], seed=1, lattice=lattice))


def additive(shape, first):
    """Scan layers ten sites thick, the first at some height."""
    pool = Bezier(width=24, depth=min(16, first), **CURVES)
    speed = 18 if shape[2] > 12 else 9
    layer = cartesian_layer(shape, "x", speed, 16, "LL", (-40, 0)), 10
    path = stack_layers([layer], first, max(1, (shape[2] - first) // 10))
    haz = LinearHaz(width=6, tail=12, power=1.5)
    start = np.random.default_rng(1).integers(1, 10_001, shape, np.int32)
    return solidify(start, path, pool, haz, n_spins=10_000, copy_molten=True, seed=1)


def evaluated(shape, times):
    """Evaluate the base of iso in float32; return the logits."""
    base = load_any("iso", precision="float32").base
    x = torch.randn(1, *shape, 5, generator=torch.Generator().manual_seed(1))
    told = torch.tensor([0.6, 0.3, 1.0])
    for _ in range(times):
        logits = base(x, told)
    return logits.numpy()


def run(kind, shape, size):
    """Return the spins at the end of a run, or logits."""
    if kind == "network":
        return evaluated(shape, size)
    if kind == "am":
        return additive(shape, size)
    return isotropic(shape, size, "sq/8n" if kind == "plane" else "sc/26n")


def clock(kind, shape, size, rounds):
    """Return the seconds of each round with one and with two threads."""
    seconds, ends = {1: [], 2: []}, []
    for warm in (True, *[False] * rounds):
        for n in (1, 2):
            numba.set_num_threads(n)
            torch.set_num_threads(n)
            took, spin = timed(lambda: run(kind, tuple(shape), size))
            if warm:
                ends.append(spin.copy())
            else:
                seconds[n].append(took)
    if not np.array_equal(*ends):
        sys.exit("one and two threads give different results")
    return [seconds[1], seconds[2]]


@contextlib.contextmanager
def busy(n):
    """Keep n processes busy."""
    others = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(n)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main():
    parser = make_parser(__doc__, rounds=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        missing("busy.py compares one thread with two: it needs two cores")
    rows = []
    for name, (kind, shape, size) in (TINY if options.quick else RUNS).items():
        for n in (0, 2, 4):
            with busy(n):
                known = kind, shape, size, options.rounds
                threads = {"NUMBA_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}
                times = run_anew(Path(__file__), "clock", *known, **threads)
            one, two = map(statistics.median, times)
            row = {"run": name, "busy_processes": n}
            row |= {"one_thread_s": round(one, 3), "two_threads_s": round(two, 3)}
            rows.append(row | {"ratio": round(one / two, 2)})
    show(rows)
    save(options, Path(__file__), {"rows": rows})


if __name__ == "__main__":
    main()
