"""Speed, memory and agreement of isotropic Potts growth with SPPARKS.

Run: python benchmarks/potts.py [--seeds 8] [--only speed|agreement] [--spparks FOLDER].
Prints tables, writes potts.json (with --only, its part of it). FOLDER holds iso_7.npz,
iso_56789.npz and iso_7.log, runs of SPPARKS itself in a box of 100^3 with Q = 1000 (see
tests/conftest.py).
"""

import resource
import sys
from pathlib import Path

import numpy as np
from common import SHARED, make_parser, missing, run_anew, save, timed
from scipy.spatial import cKDTree
from scipy.stats import ks_2samp

from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins

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


def clock(edge, stop):
    """Return seconds and bytes a site of one run, kernels compiled before."""
    next(grow(random_spins((9, 9, 9), 1000, 1), [1]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spins = (edge,) * 3, 1000, 1
    seconds, _ = timed(lambda: next(grow(random_spins(*spins), [stop], seed=1)))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return seconds, grown * 1024 / edge**3


def speed(runs):
    """Return a row for each run (edge, time), in a process of its own."""
    rows = []
    for edge, stop in runs:
        seconds, size = run_anew(Path(__file__), "clock", edge, stop)
        row = {"edge": edge, "time": stop, "seconds": seconds}
        row |= {"us_a_site": seconds / edge**3 * 1e6, "bytes_a_site": size}
        rows.append(row)
        print(*(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
    return rows


def agreement(folder, n_seeds, times):
    """Compare energy, grain count and distributions with SPPARKS; return the rows."""
    log = np.loadtxt((folder / "iso_7.log").read_text().splitlines()[1:-1])
    runs = [np.load(folder / f"iso_{s}.npz") for s in (7, 56789)]
    energies, counts, ends = [], [], []
    for seed in range(n_seeds):
        rows = []
        for spin in grow(random_spins((100,) * 3, 1000, seed), times, seed=seed):
            rows.append((energy(spin), measures(spin)[0].size))
        energies.append([e for e, _ in rows])
        counts.append([n for _, n in rows])
        ends.append(measures(spin))
        print(f"seed {seed}: {rows[-1]}", file=sys.stderr)
    rows = []
    for i, t in enumerate(times):
        # Each unlike pair is counted from both sides in the log.
        theirs = [log[np.argmin(abs(log[:, 0] - t)), 5] / 2]
        rows.append(compare("energy", t, np.array(energies)[:, i], theirs))
        known = [measures(run[f"t{t}"])[0].size for run in runs if f"t{t}" in run]
        if known:
            rows.append(compare("grains", t, np.array(counts)[:, i], known))
    p = {}
    for k, name in enumerate(("volume", "nearest centroid")):
        found = [
            ks_2samp(end[k], measures(run[f"t{times[-1]}"])[k]).pvalue
            for end in ends
            for run in runs
            if f"t{times[-1]}" in run
        ]
        p[name] = {"smallest": min(found), "median": float(np.median(found))}
    return {"rows": rows, "p_of_ks": p}


def compare(name, time, ours, theirs):
    """Return both means, our scatter and the difference in units of its own scatter."""
    sd = ours.std(ddof=1)
    error = sd * np.sqrt(1 / len(ours) + 1 / len(theirs))
    difference = ours.mean() - np.mean(theirs)
    row = {"ours": ours.mean(), "sd": sd, "spparks": np.mean(theirs)}
    row |= {"z": difference / error}
    print(f"{name} at t = {time:<28}", *(f"{v:12.4g}" for v in row.values()))
    known = {"name": name, "time": time, "runs_of_spparks": len(theirs)}
    return {**known, **{key: float(value) for key, value in row.items()}}


def main():
    parser = make_parser(__doc__, seeds=2)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", choices=["speed", "agreement"])
    parser.add_argument("--spparks", type=Path, default=SHARED / "spparks")
    options = parser.parse_args()
    if options.only != "speed" and not options.spparks.is_dir():
        missing(f"potts.py compares with recorded runs of SPPARKS in {options.spparks}")
    if options.only != "agreement":
        runs = ((100, 100), (100, 10), (256, 10))
        rows = speed(((20, 2),) if options.quick else runs)
        save(options, Path(__file__), {"rows": rows}, part="speed")
    if options.only != "speed":
        times = TIMES[:2] if options.quick else TIMES
        found = agreement(options.spparks, options.seeds, times)
        save(options, Path(__file__), found, part="agreement")


if __name__ == "__main__":
    main()
