"""Large volumes: throughput, memory, seams, and a part of 10^11 voxels.

Run: python benchmarks/scale.py [--only box|seams|gear] [--edge 512] [--workers 2]
[--part gear.stl]. Prints lines, writes scale.json. Boxes go to runs/scale.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from grainpaint import formats
from grainpaint.plan import BaseAxis
from grainpaint.seams import seam_test
from grainpaint.volume import Volume, load_recipe

HERE = Path(__file__).parent
FOLDER = HERE.parent / "runs" / "scale"
GEAR = HERE.parents[1] / "shared" / "data" / "parts" / "gear.stl"


def command(*words):
    """Run grainpaint; return seconds, of CPU too, peak bytes of it all, its output."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(
        [sys.executable, "-m", "grainpaint", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    peak = 0
    while child.poll() is None:
        time.sleep(0.2)
        try:
            parent = psutil.Process(child.pid)
            family = [parent, *parent.children(recursive=True)]
            peak = max(peak, sum(p.memory_info().rss for p in family))
        except psutil.NoSuchProcess:
            continue
    if child.returncode:
        sys.exit(f"grainpaint {' '.join(map(str, words))} failed")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu, peak, child.stdout.read()


def box(edge, workers):
    """Generate a box, segment and measure it."""
    path = FOLDER / f"{edge}.zarr"
    shutil.rmtree(path, ignore_errors=True)
    shape = f"{edge},{edge},{edge}"
    words = ("generate", "--shape", shape, "--workers", workers, "-o", path, "--force")
    seconds, cpu, peak, out = command(*words)
    print(out, flush=True)
    stats, _, peak_stats, _ = command("stats", path)
    n_bytes = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    return {
        "generate, s": round(seconds, 1),
        "voxels a second": round(edge**3 / seconds),
        "CPU, s": round(cpu, 1),
        "voxels a CPU second": round(edge**3 / cpu),
        "peak memory, all processes, GB": round(peak / 1e9, 2),
        "statistics, s": round(stats, 1),
        "peak memory of statistics, GB": round(peak_stats / 1e9, 2),
        "bytes a voxel on disk": round(n_bytes / edge**3, 3),
    }


def seams(edge, workers, window):
    """Test the faces of all windows, of the base and of the refinement."""
    path = FOLDER / f"seams{window}.zarr"
    shutil.rmtree(path, ignore_errors=True)
    shape = f"{edge},{edge},{edge}"
    command(
        *("generate", "--shape", shape, "--workers", workers, "--force"),
        *("--window", window, "-o", path),
    )
    recipe, volume = load_recipe(path), formats.read(path)
    fine = [range(recipe.core, edge, recipe.core)] * 3
    coarse = [base_faces(axis, edge) for axis in recipe.plan.axes]
    rows = {"base windows along an axis": len(coarse[0]) + 1}
    for name, faces in (("refinement", fine), ("base", coarse)):
        if faces[0]:
            test = seam_test([volume], faces)
            rows[f"{name}: p of the worst face"] = round(float(test.p), 4)
    return rows


def base_faces(axis: BaseAxis, edge):
    """Return the voxel layers at which a window of the base begins."""
    if axis.closed:
        return []
    starts = [2 * axis.start(k) for k in range(edge)]
    return [s for s in starts if 0 < s < edge]


def gear(part, n_pieces):
    """Plan a gear of 1 cm at 2 µm a voxel; generate random pieces of it."""
    from grainpaint.cad import load_part

    solid = load_part(part)
    longest = float(np.ptp(solid.vertices, 0).max())  # µm, as the file says mm
    scale = 10_000 / longest  # to 1 cm
    voxel = f"{2 / scale}um"
    seconds, _, peak, out = command("plan", part, "--voxel", voxel, "--json")
    found = json.loads(out)
    rows = {key: value for key, value in found.items() if key != "recipe"}
    rows |= {"plan, s": round(seconds, 1), "plan, peak GB": round(peak / 1e9, 2)}
    path = FOLDER / "gear.json"
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"recipe": found["recipe"]}))
    volume, rng = Volume(load_recipe(path)), np.random.default_rng(0)
    sizes, start = [], time.perf_counter()
    while len(sizes) < n_pieces:
        low = [int(rng.integers(n - 64)) for n in volume.shape]
        span = [(a, a + 64) for a in low]
        if not volume.grid.mask(span).all():
            continue
        piece = volume[tuple(slice(a, b) for a, b in span)]
        whole = np.ones(piece.n_grains + 1, bool)
        for axis in range(3):
            for side in (0, -1):
                whole[np.unique(piece.grain_id.take(side, axis))] = False
        n = piece.grain_volumes()[whole[1:]]
        sizes.append(np.cbrt(6 * n / np.pi).mean() * 2)  # µm at 2 µm a voxel
        print(f"{low}: {sizes[-1]:.1f} µm", flush=True)
    rows["pieces of 64^3, s each"] = round((time.perf_counter() - start) / n_pieces, 1)
    rows["mean diameter of their inner grains, µm"] = round(float(np.mean(sizes)), 2)
    rows["its scatter from piece to piece, µm"] = round(float(np.std(sizes)), 2)
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["box", "seams", "gear"])
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--part", type=Path, default=GEAR)
    parser.add_argument("--pieces", type=int, default=20)
    options = parser.parse_args()
    file = HERE / "scale.json"
    rows = json.loads(file.read_text()) if file.exists() else {}
    if options.only in (None, "box"):
        for edge in (128, options.edge):
            rows[f"{edge}^3"] = box(edge, options.workers)
    if options.only in (None, "seams"):
        for window in (128, 64):
            name = f"seams, 256^3, windows of {window}"
            rows[name] = seams(256, options.workers, window)
    if options.only in (None, "gear"):
        rows["gear of 1 cm at 2 um"] = gear(options.part, options.pieces)
    print(json.dumps(rows, indent=1))
    file.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
