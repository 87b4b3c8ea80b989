"""A volume of 10^9 voxels, end to end: what each command takes.

Run: python benchmarks/billion.py [--edge 1024] [--grain 20] [--workers 2] [--stop 300].
A box is generated, stopped by SIGTERM after some seconds, and gone on with by the same
command; then it is measured, its files are verified, and a region goes to a .vti. Peak
memory is that of the process and all its workers together. Prints a table and writes
billion.json; the volume stays in runs/billion.
"""

import shutil
from pathlib import Path

from common import folder_for, grainpaint, make_parser, save, show

from grainpaint import formats

STOPPED = (143, -15)  # exit codes of SIGTERM, the second before the run begins


def step(name, done):
    """Return what a command took, as a row of the table."""
    row = {
        "what": name,
        "seconds": round(done.seconds, 1),
        "processor seconds": round(done.processor_seconds, 1),
        "peak memory, GB": round(done.peak_bytes / 1e9, 2),
    }
    print(row, flush=True)
    return row


def billion(folder, edge, grain, workers, stop):
    """Generate, stop, go on, measure, verify, export; return the figures."""
    path, region = folder / f"{edge}.zarr", folder / "region.vti"
    shutil.rmtree(path, ignore_errors=True)
    region.unlink(missing_ok=True)
    words = (
        *("generate", "--shape", f"{edge},{edge},{edge}", "--voxel", "1um"),
        *("--grain-size", f"{grain}um", "--workers", workers, "-o", path),
    )
    part = min(256, edge // 2)
    span = f"{edge // 2}:{edge // 2 + part}"
    first = grainpaint(*words, codes=(0, *STOPPED), stop_after=stop)
    rows = [step(f"generate, stopped after {stop:g} s", first)]
    rows.append(step("generate, gone on with to the end", grainpaint(*words)))
    measured = grainpaint("stats", path)
    rows.append(step("stats", measured))
    checked = grainpaint("verify", path)
    rows.append(step("verify", checked))
    box = ",".join([span] * 3)
    cut = grainpaint("convert", path, "-o", region, "--region", box)
    rows.append(step(f"a region of {part}^3 to a .vti", cut))
    n_bytes = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    made = sum(row["seconds"] for row in rows[:2])
    return {
        "edge": edge,
        "asked mean diameter, voxels": grain,
        "voxels a second": round(edge**3 / made),
        "bytes a voxel on disk": round(n_bytes / edge**3, 3),
        "stats": measured.output.splitlines(),
        "verify": checked.output.split(": ")[-1].strip(),
        "region, grains": int(formats.load(region).n_grains),
        "rows": rows,
    }


def main():
    """Run, print and write."""
    parser = make_parser(__doc__, edge=96, grain=12.0, stop=4.0)
    parser.add_argument("--edge", type=int, default=1024, help="voxels")
    parser.add_argument("--grain", type=float, default=20.0, help="voxels")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stop", type=float, default=300.0, help="seconds")
    options = parser.parse_args()
    with folder_for(options, "billion") as folder:
        folder.mkdir(parents=True, exist_ok=True)
        size = options.edge, options.grain
        figures = billion(folder, *size, options.workers, options.stop)
    show(figures["rows"])
    save(options, Path(__file__), figures, model="iso")


if __name__ == "__main__":
    main()
