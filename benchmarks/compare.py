"""Seconds of comparisons and reports, from the files to the result.

Run: python benchmarks/compare.py [--volumes 25]. Simulates boxes of 100^3 (Potts,
Q = 1000, sc/26n, T = 0, t = 100) in a temporary folder and runs the commands on them as
a user would, once before the clock starts so that kernels are compiled. Whole grains
are in open boxes. The spins give every grain of a periodic box one of 1000 IDs, so that
an ID is in many pieces. Prints a table of wall and processor seconds and writes
compare.json.
"""

import tempfile
from pathlib import Path

import numpy as np
from common import grainpaint, make_parser, save

from grainpaint import Microstructure, formats
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

N_SPINS, N_A, N_B = 1000, 16, 9


def make(folder, n, edge):
    """Write n open boxes of whole grains, and the spins of the first four."""
    grown = []
    for seed in range(n):
        volume = isotropic((edge,) * 3, 100, N_SPINS, seed)
        grown.append(str(folder / f"grains{seed:02}.npz"))
        grain_id = label_pieces(volume.grain_id, corners=True)
        formats.write(Microstructure(grain_id), Path(grown[-1]))
        if seed < 4:
            rng = np.random.default_rng(seed)
            spin = np.append(0, rng.integers(1, N_SPINS + 1, volume.n_grains))
            spins = Microstructure(spin[volume.grain_id], periodic=volume.periodic)
            formats.write(spins, folder / f"spins{seed}.npz")
    return grown, [str(folder / f"spins{seed}.npz") for seed in range(4)]


def main():
    parser = make_parser(__doc__, volumes=4, edge=24)
    parser.add_argument("--volumes", type=int, default=N_A + N_B)
    parser.add_argument("--edge", type=int, default=100, help="voxels")
    options = parser.parse_args()
    n_a = round(options.volumes * N_A / (N_A + N_B))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        grown, spins = make(Path(folder), options.volumes, options.edge)
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
        if options.quick:
            jobs = dict([*jobs.items()][:2])
        else:
            grainpaint(*jobs["report 2 with 2"])  # compiles
        print(f"{'':<36}{'wall, s':>9}{'processor, s':>14}")
        for name, words in jobs.items():
            # Spins are no whole grains: their check exits with code 1.
            took = grainpaint(*words, codes=(0, 1) if words[0] == "check" else (0,))
            wall, used = round(took.seconds, 1), round(took.processor_seconds, 1)
            rows.append({"name": name, "seconds": wall, "processor_seconds": used})
            print(f"{name:<36}{wall:>9}{used:>14}", flush=True)
    save(options, Path(__file__), {"edge": options.edge, "rows": rows})


if __name__ == "__main__":
    main()
