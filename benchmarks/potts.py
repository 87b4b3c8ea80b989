"""Speed, memory and agreement of isotropic Potts growth with SPPARKS.

Run: python benchmarks/potts.py [--seeds 8] [--only speed|agreement] [--spparks FOLDER].
Prints tables, writes potts.json (with --only, its part of it). FOLDER holds iso_7.npz,
iso_56789.npz and iso_7.log, runs of SPPARKS itself in a box of 100^3 with Q = 1000 (see
tests/conftest.py).
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import ks_2samp

from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins

HERE = Path(__file__).parent
SPPARKS = HERE.parents[1] / "shared" / "data" / "spparks"
TIMES = [5, 10, 15, 20, 25, 50, 75, 100]


def energy(spin):
    """Return the unlike pairs of the 26 neighbors in a periodic box."""
    pairs = 0
    for axis in range(3):
        spin = np.moveaxis(spin, 0, 2)
        for a in (-1, 0, 1) if axis else (0,):
            for b in (-1, 0, 1) if axis == 2 else (0,):
                other = np.roll(spin, (1, a, b), (0, 1, 2))
                pairs += np.count_nonzero(other != spin)
    return pairs


def measures(spin):
    """Return volumes of pieces cut at the faces, and nearest-centroid distances."""
    label = label_pieces(np.ascontiguousarray(spin), corners=True).ravel()
    volume = np.bincount(label)[1:]
    places = np.indices(spin.shape).reshape(3, -1)
    centroid = np.stack([np.bincount(label, p)[1:] / volume for p in places], 1)
    # Mutual neighbors share a distance: counted once, or KS would see pairs as proof.
    return volume, np.unique(cKDTree(centroid).query(centroid, 2)[0][:, 1].round(9))


def speed(edge, stop):
    """Return the seconds and bytes a site of one run, in a process of its own."""
    code = f"from benchmarks_potts import clock; clock({edge}, {stop})"
    code = code.replace("benchmarks_potts", Path(__file__).stem)
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE, check=True, capture_output=True
    )
    return json.loads(out.stdout)


def clock(edge, stop):
    """Time one run, kernels compiled before; print seconds and bytes a site."""
    next(grow(random_spins((9, 9, 9), 1000, 1), [1]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    next(grow(random_spins((edge,) * 3, 1000, 1), [stop], seed=1))
    seconds = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps([seconds, grown * 1024 / edge**3]))


def agreement(folder, n_seeds):
    """Compare energy, grain count and distributions with SPPARKS; return the rows."""
    log = np.loadtxt((folder / "iso_7.log").read_text().splitlines()[1:-1])
    runs = [np.load(folder / f"iso_{s}.npz") for s in (7, 56789)]
    energies, counts, ends = [], [], []
    for seed in range(n_seeds):
        frames = grow(random_spins((100,) * 3, 1000, seed), TIMES, seed=seed)
        rows = []
        for spin in frames:
            rows.append((energy(spin), measures(spin)[0].size))
        energies.append([e for e, _ in rows])
        counts.append([n for _, n in rows])
        ends.append(measures(spin))
        print(f"seed {seed}: {rows[-1]}", file=sys.stderr)
    rows = {}
    for i, t in enumerate(TIMES):
        # Each unlike pair is counted from both sides in the log.
        theirs = [log[np.argmin(abs(log[:, 0] - t)), 5] / 2]
        rows[f"energy at t = {t}"] = compare(np.array(energies)[:, i], theirs)
        known = [measures(run[f"t{t}"])[0].size for run in runs if f"t{t}" in run]
        if known:
            rows[f"grains at t = {t}"] = compare(np.array(counts)[:, i], known)
    for k, name in enumerate(("volume", "nearest centroid")):
        p = [
            ks_2samp(end[k], measures(run["t100"])[k]).pvalue
            for end in ends
            for run in runs
        ]
        rows[f"{name}: smallest and median p of KS"] = [min(p), float(np.median(p))]
    return rows


def compare(ours, theirs):
    """Return both means, our scatter and the difference in units of its own scatter."""
    sd = ours.std(ddof=1)
    error = sd * np.sqrt(1 / len(ours) + 1 / len(theirs))
    difference = ours.mean() - np.mean(theirs)
    values = (ours.mean(), sd, np.mean(theirs), difference / error)
    return [float(v) for v in values]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", choices=["speed", "agreement"])
    parser.add_argument("--spparks", type=Path, default=SPPARKS)
    options = parser.parse_args()
    rows = {}
    if options.only != "agreement":
        for edge, stop in ((100, 100), (100, 10), (256, 10)):
            seconds, size = speed(edge, stop)
            rows[f"{edge}^3 to t = {stop}: s, µs a site, bytes a site"] = [
                seconds,
                seconds / edge**3 * 1e6,
                size,
            ]
    if options.only != "speed" and options.spparks.is_dir():
        rows |= agreement(options.spparks, options.seeds)
    for name, values in rows.items():
        print(f"{name:<44}", *(f"{v:12.4g}" for v in values))
    results = HERE / "potts.json"
    known = json.loads(results.read_text()) if results.exists() else {}
    results.write_text(json.dumps(known | rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
