"""Speed and memory of generation, beside the Potts simulation of the same box.

Run: python benchmarks/speed.py [--runs 3]. Prints a table and writes speed.json.
Every figure is of whole processes, from the command to its end, kernels cached.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PART = HERE.parent / "examples" / "parts" / "gear.stl"
EDGE = 128
GENERATE = f"import grainpaint; grainpaint.generate(({EDGE},) * 3)"
SIMULATE = f"import grainpaint; grainpaint.simulate.isotropic(({EDGE},) * 3, 100)"


def measure(command):
    """Run a command; return its seconds and its peak memory in GB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{command} failed")
    return seconds, usage.ru_maxrss * 1024 / 1e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    python = [sys.executable, "-c"]
    tool = [sys.executable, "-m", "grainpaint"]
    for code in (GENERATE.replace(str(EDGE), "32"), SIMULATE.replace(str(EDGE), "16")):
        measure([*python, code])  # compile the kernels
    generate, simulate, ratio = [], [], []
    for _ in range(runs):  # in pairs, so that the machine's drift cancels
        generate.append(measure([*python, GENERATE]))
        simulate.append(measure([*python, SIMULATE]))
        ratio.append(simulate[-1][0] / generate[-1][0])
    help_s = [measure([*tool, "--help"])[0] for _ in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "gear.vti"
        paint = measure([*tool, "paint", str(PART), "-o", str(out), "--longest", "256"])
        box = Path(folder) / "box" / "box.npz"
        shape = ["--shape", "256,256,256"]
        cube = measure([*tool, "generate", *shape, "-o", str(box)])
    seconds = statistics.median(s for s, _ in generate)
    rows = {
        f"generate {EDGE}^3, s": round(seconds, 2),
        f"generate {EDGE}^3, voxel/s": round(EDGE**3 / seconds),
        f"generate {EDGE}^3, peak GB": round(max(m for _, m in generate), 2),
        f"simulate {EDGE}^3 to t = 100, s": round(
            statistics.median(s for s, _ in simulate), 2
        ),
        "simulate / generate": round(statistics.median(ratio), 2),
        "paint gear, longest 256, s": round(paint[0], 1),
        "paint gear, longest 256, peak GB": round(paint[1], 2),
        "generate 256^3 with files and picture, s": round(cube[0], 1),
        "generate 256^3, peak GB": round(cube[1], 2),
        "grainpaint --help, s": round(statistics.median(help_s), 3),
    }
    for name, value in rows.items():
        print(f"{name:<42} {value:>12,}")
    rows["machine"] = f"{os.cpu_count()} cores, {platform.machine()}"
    (HERE / "speed.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
