"""What a user waits for on this machine: first run, second run, voxels a second.

Run: python benchmarks/speed.py [--runs 3]. Prints a table and puts the row of this
machine into speed.json. Seconds are of whole commands, from their start to their files
and picture; voxels a second of the steps that make grains. Run it on idle cores.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import add_row, stamp

HERE = Path(__file__).parent
PART = HERE.parent / "examples" / "parts" / "gear.stl"
TOOL = [sys.executable, "-m", "grainpaint"]
SIMULATE = "simulate iso --shape 128,128,128 --time 100 --spins 1000"


def measure(words, folder, **environment):
    """Run a command; return its seconds, its peak memory in GB and its record."""
    out = Path(folder) / "a.npz"
    command = [*TOOL, *words, "-o", str(out), "--force"]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{command} failed")
    record = out.with_suffix(".run.json")
    found = json.loads(record.read_text()) if record.exists() else {}
    return seconds, usage.ru_maxrss * 1024 / 1e9, found


def voxels_a_second(record):
    """Return the speed of the steps that make grains."""
    steps = record["seconds"]
    return record["voxels"] / sum(steps[name] for name in ("base", "refine", "segment"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    tail = ["--precision", options.precision]
    box = {n: ["generate", "--shape", f"{n},{n},{n}", *tail] for n in (64, 128, 256)}
    gear = ["paint", str(PART), *tail]
    row = {}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as new:
        first, _, record = measure(box[64], folder, NUMBA_CACHE_DIR=new)
        row["first run: generate 64^3, s"] = round(first, 1)
        row["of which kernels compile, s"] = round(record["seconds"]["kernels"], 1)
        precision = record["recipe"]["precision"]
        measure(gear, folder)  # compiles what is left, in the usual cache
        measure(SIMULATE.replace("128", "16").split(), folder)
        for name, words in (("64^3", box[64]), ("128^3", box[128]), ("gear", gear)):
            runs = [measure(words, folder) for _ in range(options.runs)]
            median = statistics.median(seconds for seconds, _, _ in runs)
            row[f"second run: {name}, s"] = round(median, 1)
            if name == "128^3":
                speeds = [voxels_a_second(record) for _, _, record in runs]
                row["128^3, voxel/s"] = round(statistics.median(speeds))
                row["128^3, peak GB"] = round(max(m for _, m, _ in runs), 2)
        simulated = [measure(SIMULATE.split(), folder)[0] for _ in range(options.runs)]
        whole = statistics.median(simulated)
        row["simulate 128^3 to t = 100, s"] = round(whole, 1)
        row["simulate / generate"] = round(whole / row["second run: 128^3, s"], 2)
        seconds, memory, record = measure(box[256], folder)
        row["256^3, s"] = round(seconds, 1)
        row["256^3, voxel/s"] = round(voxels_a_second(record))
        row["256^3, peak GB"] = round(memory, 2)
    starts = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([*TOOL, "--help"], stdout=subprocess.DEVNULL, check=True)
        starts.append(time.perf_counter() - start)
    row["grainpaint --help, s"] = round(statistics.median(starts), 3)
    row = {**stamp(precision), **row}
    for name, value in row.items():
        print(f"{name:<32} {value!s:>40}")
    add_row(HERE / "speed.json", row)


if __name__ == "__main__":
    main()
