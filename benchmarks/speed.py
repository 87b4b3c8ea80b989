"""What a user waits for on this machine: first run, second run, voxels a second.

Run: python benchmarks/speed.py [--runs 3]. Prints a table and puts the row of this
machine into speed.json. Seconds are of whole commands, from their start to their files
and picture; voxels a second of the steps that make grains. Run it on idle cores.
"""

import json
import statistics
import tempfile
from pathlib import Path

from common import REPOSITORY, grainpaint, make_parser, median_seconds, save

PART = REPOSITORY / "examples" / "parts" / "gear.stl"
SIMULATE = "simulate iso --shape {0},{0},{0} --time 100 --spins 1000"


def measure(words, folder, **environment):
    """Run a command; return what it took, and its record."""
    out = Path(folder) / "a.npz"
    took = grainpaint(*words, "-o", out, "--force", **environment)
    record = out.with_suffix(".run.json")
    return took, json.loads(record.read_text()) if record.exists() else {}


def voxels_a_second(record):
    """Return the speed of the steps that make grains."""
    steps = record["seconds"]
    return record["voxels"] / sum(steps[name] for name in ("base", "refine", "segment"))


def first_run(words, folder, new):
    """Return the figures of a run whose kernels compile, and its precision."""
    took, record = measure(words, folder, **({"NUMBA_CACHE_DIR": new} if new else {}))
    row = {
        "first run: generate 64^3, s": round(took.seconds, 1),
        "of which kernels compile, s": round(record["seconds"].get("kernels", 0), 1),
    }
    return row, record["recipe"]["precision"]


def second_runs(boxes, gear, simulate, folder, n_runs):
    """Return the figures of runs whose kernels are compiled."""
    row = {}
    for name, words in (("64^3", boxes[0]), ("128^3", boxes[1]), ("gear", gear)):
        runs = [measure(words, folder) for _ in range(n_runs)]
        median = statistics.median(took.seconds for took, _ in runs)
        row[f"second run: {name}, s"] = round(median, 1)
        if name == "128^3":
            speeds = [voxels_a_second(record) for _, record in runs]
            row["128^3, voxel/s"] = round(statistics.median(speeds))
            peak = max(took.peak_bytes for took, _ in runs)
            row["128^3, peak GB"] = round(peak / 1e9, 2)
    runs = [measure(simulate, folder)[0].seconds for _ in range(n_runs)]
    whole = statistics.median(runs)
    row["simulate 128^3 to t = 100, s"] = round(whole, 1)
    row["simulate / generate"] = round(whole / row["second run: 128^3, s"], 2)
    took, record = measure(boxes[2], folder)
    row["256^3, s"] = round(took.seconds, 1)
    row["256^3, voxel/s"] = round(voxels_a_second(record))
    row["256^3, peak GB"] = round(took.peak_bytes / 1e9, 2)
    return row


def main():
    parser = make_parser(__doc__, runs=1, edges=[16, 16, 16])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--edges", type=int, nargs=3, default=[64, 128, 256])
    options = parser.parse_args()
    tail = ["--precision", options.precision]
    tail += ["--no-picture"] if options.quick else []
    boxes = [["generate", "--shape", f"{n},{n},{n}", *tail] for n in options.edges]
    gear = ["paint", str(PART), *tail]
    simulate = SIMULATE.format(options.edges[1]).split()
    if options.quick:
        gear = boxes[0]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as new:
        row, precision = first_run(boxes[0], folder, None if options.quick else new)
        if not options.quick:  # compiles what is left, in the usual cache
            measure(gear, folder)
            measure(SIMULATE.format(16).split(), folder)
        row |= second_runs(boxes, gear, simulate, folder, options.runs)
    starts = median_seconds(lambda: grainpaint("--help"), 1 if options.quick else 5)
    row["grainpaint --help, s"] = round(starts, 3)
    for name, value in row.items():
        print(f"{name:<32} {value!s:>40}")
    known = {"model": "iso", "precision": precision}
    save(options, Path(__file__), row, per_machine=True, **known)


if __name__ == "__main__":
    main()
