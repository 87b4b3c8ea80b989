"""Seconds of comparisons and reports, from the files to the result.

Run: python benchmarks/compare.py [--volumes 25]. Simulates boxes of 100^3 (Potts,
Q = 1000, sc/26n, T = 0, t = 100) in a temporary folder and runs the commands on them as
a user would, once before the clock starts so that kernels are compiled. Whole grains
are in open boxes. The spins give every grain of a periodic box one of 1000 IDs, so that
an ID is in many pieces. Prints a table of wall and processor seconds and writes
compare.json.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import stamp

from grainpaint import Microstructure, formats
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

HERE = Path(__file__).parent
EDGE, N_SPINS, N_A, N_B = 100, 1000, 16, 9


def make(folder, n):
    """Write n open boxes of whole grains, and the spins of the first four."""
    grown = []
    for seed in range(n):
        volume = isotropic((EDGE,) * 3, 100, N_SPINS, seed)
        grown.append(str(folder / f"grains{seed:02}.npz"))
        grain_id = label_pieces(volume.grain_id, corners=True)
        formats.write(Microstructure(grain_id), Path(grown[-1]))
        if seed < 4:
            rng = np.random.default_rng(seed)
            spin = np.append(0, rng.integers(1, N_SPINS + 1, volume.n_grains))
            spins = Microstructure(spin[volume.grain_id], periodic=volume.periodic)
            formats.write(spins, folder / f"spins{seed}.npz")
    return grown, [str(folder / f"spins{seed}.npz") for seed in range(4)]


def timed(words):
    """Return wall and processor seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-m", "grainpaint", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode > (words[0] == "check"):  # spins are no whole grains
        raise SystemExit(done.stderr)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(wall, 1), "processor_seconds": round(used, 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--volumes", type=int, default=N_A + N_B)
    options = parser.parse_args()
    n_a = round(options.volumes * N_A / (N_A + N_B))
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        grown, spins = make(Path(folder), options.volumes)
        few = [*grown[:2], "--with", *grown[2:4]]
        many = [*grown[:n_a], "--with", *grown[n_a:]]
        two_spins = [*spins[:2], "--with", *spins[2:]]
        page = ["-o", f"{folder}/page.html", "--force"]
        jobs = {
            "compare 2 with 2": ["compare", *few],
            f"compare {n_a} with {len(grown) - n_a}": ["compare", *many],
            "report 2 with 2": ["report", *few, *page],
            "compare 2 with 2, spins": ["compare", *two_spins],
            "compare 2 with 2, spins, --as-is": ["compare", *two_spins, "--as-is"],
            "report 2 with 2, spins": ["report", *two_spins, *page],
            "report 2 with 2, spins, --as-is": ["report", *two_spins, "--as-is", *page],
            "stats, spins": ["stats", spins[0]],
            "stats, spins, --as-is": ["stats", spins[0], "--as-is"],
            "check, spins": ["check", spins[0]],
        }
        timed(jobs["report 2 with 2"])  # compile
        print(f"{'':<36}{'wall, s':>9}{'processor, s':>14}")
        for name, words in jobs.items():
            rows[name] = timed(words)
            wall, used = rows[name].values()
            print(f"{name:<36}{wall:>9}{used:>14}", flush=True)
    kept = {**stamp(), "edge": EDGE, "rows": rows}
    (HERE / "compare.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
