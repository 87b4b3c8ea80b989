"""Large volumes: throughput, memory, seams, parts in their boxes, one of 10^11 voxels.

Run: python benchmarks/scale.py [--only box|seams|parts|gear] [--edge 512] [--workers 2]
[--part gear.stl]. Prints lines, writes scale.json. Boxes go to runs/scale.
"""

import argparse
import json
import math
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil
import torch
import trimesh
from scipy.ndimage import find_objects

from grainpaint import formats
from grainpaint.cad import load_part, plan_grid
from grainpaint.formats.files import file_digest
from grainpaint.generation.domain import PartFile
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.recipe import make_recipe
from grainpaint.generation.recorded import load_recipe
from grainpaint.generation.volume import Volume
from grainpaint.generation.windows import BaseAxis
from grainpaint.measure.seams import seam_test

HERE = Path(__file__).parent
FOLDER = HERE.parent / "runs" / "scale"
EDGE, GRAIN = 64, 17.5  # of pieces, voxels; mean grain diameter, µm
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
    recipe, volume = load_recipe(path), formats.load(path)
    fine = [range(recipe.core, edge, recipe.core)] * 3
    coarse = [base_faces(axis, edge) for axis in recipe.plan.axes]
    rows = {"base windows along an axis": len(coarse[0]) + 1}
    for name, faces in (("refinement", fine), ("base", coarse)):
        if faces[0]:
            test = seam_test([volume], faces)
            rows[f"{name}: p of the worst face"] = round(float(test.p), 4)
    return rows


def spring(path):
    """Write a spring: a wire of 3 mm, five turns of 20 mm across, 8 mm a turn."""
    angle = np.linspace(0, 10 * np.pi, 400)
    out = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    middle = 10 * out + [0, 0, 1] * (8 * angle / (2 * np.pi))[:, None]
    rings = middle[:, None] + 1.5 * (
        np.cos(around)[:, None] * out[:, None] + np.sin(around)[:, None] * [0, 0, 1]
    )
    n = len(around)
    i, j = np.meshgrid(np.arange(len(angle) - 1), np.arange(n), indexing="ij")
    a, b = i * n + j, i * n + (j + 1) % n
    side = [np.stack(c, -1).reshape(-1, 3) for c in ((a, b, a + n), (b, b + n, a + n))]
    first, last = len(rings) * n, len(rings) * n + 1
    turn = np.arange(n)
    ends = [
        np.stack([(turn + 1) % n, turn, np.full(n, first)], 1),
        np.stack([turn, (turn + 1) % n, np.full(n, last)], 1),
    ]
    ends[1][:, :2] += (len(rings) - 1) * n
    vertices = np.concatenate([rings.reshape(-1, 3), middle[[0, -1]]])
    trimesh.Trimesh(vertices, np.concatenate([*side, *ends])).export(path)


def part(path, longest):
    """Fill a part, and then its whole box; return shares and seconds."""
    solid = plan_grid(load_part(path), longest=longest)
    file = PartFile(path=str(path), unit="mm", sha256=file_digest(path))
    recipe = make_recipe(solid.shape, solid.spacing, solid.origin, part=file)
    inside, box = (
        paint_recipe(recipe.model_copy(update={"part": p})) for p in (file, None)
    )
    return {
        "voxels of the box": math.prod(solid.shape),
        "share inside": round(inside.volume.n_voxels / math.prod(solid.shape), 3),
        "share grown": round(inside.grown, 3),
        "refinement windows, of": [inside.n_windows, inside.n_windows_box],
        "base, s": round(inside.seconds["base"], 1),
        "refinement, s": round(inside.seconds["refine"], 1),
        "refinement of the box, s": round(box.seconds["refine"], 1),
    }


def base_faces(axis: BaseAxis, edge):
    """Return the voxel layers at which a window of the base begins."""
    if axis.closed:
        return []
    starts = [2 * axis.start(k) for k in range(edge)]
    return [s for s in starts if 0 < s < edge]


def piece(path, span):
    """Return the mean diameter of the inner grains of a box, voxels, and seconds."""
    start = time.perf_counter()
    found = Volume(load_recipe(path))[tuple(slice(a, b) for a, b in span)]
    diameters, weights = [], []
    for i, box in enumerate(find_objects(found.grain_id)):
        if any(b.start == 0 or b.stop == EDGE for b in box):
            continue  # cut by a face
        n = (found.grain_id[box] == i + 1).sum()
        diameters.append(np.cbrt(6 * n / np.pi))
        # The wider a grain, the fewer places in which no face cuts it.
        weights.append(1 / math.prod(EDGE - 1 - (b.stop - b.start) for b in box))
    return np.average(diameters, weights=weights), time.perf_counter() - start


def gear(path, n_pieces, workers):
    """Plan a gear of 1 cm at 2 µm a voxel; generate random pieces of it."""
    solid = load_part(path)
    longest = float(np.ptp(solid.vertices, 0).max())  # µm, as the file says mm
    scale = 10_000 / longest  # to 1 cm
    words = ("--voxel", f"{2 / scale}um", "--grain-size", f"{GRAIN / scale}um")
    seconds, _, peak, out = command("plan", path, *words, "--json")
    found = json.loads(out)
    rows = {key: value for key, value in found.items() if key != "recipe"}
    rows |= {"plan, s": round(seconds, 1), "plan, peak GB": round(peak / 1e9, 2)}
    plan = FOLDER / "gear.json"
    FOLDER.mkdir(parents=True, exist_ok=True)
    plan.write_text(json.dumps({"recipe": found["recipe"]}))
    volume, rng = Volume(load_recipe(plan)), np.random.default_rng(0)
    spans = []
    while len(spans) < n_pieces:
        low = [int(rng.integers(n - EDGE)) for n in volume.shape]
        span = [(a, a + EDGE) for a in low]
        if volume.grid.mask(span).all():
            spans.append(span)
    sizes, times = [], []
    with ProcessPoolExecutor(
        workers, get_context("spawn"), torch.set_num_threads, (1,)
    ) as pool:
        for size, took in pool.map(piece, [plan] * n_pieces, spans):
            sizes.append(2 * size)  # µm at 2 µm a voxel
            times.append(took)
            print(f"{spans[len(sizes) - 1]}: {sizes[-1]:.2f} µm", flush=True)
    rows["pieces of 64^3"] = n_pieces
    rows["a piece on one core, s"] = round(float(np.mean(times)), 1)
    rows["mean diameter asked for, µm"] = GRAIN
    rows["mean diameter of their inner grains, µm"] = round(float(np.mean(sizes)), 2)
    rows["its scatter from piece to piece, µm"] = round(float(np.std(sizes)), 2)
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["box", "seams", "parts", "gear"])
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
        # In windows of 128, the default, a volume of 256 voxels has no face.
        rows["seams, 256^3, windows of 64"] = seams(256, options.workers, 64)
    if options.only in (None, "parts"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        spring(FOLDER / "spring.stl")
        for longest in (256, 400):
            for path in (options.part, FOLDER / "spring.stl"):
                rows[f"{path.stem}, {longest} voxels"] = part(path, longest)
    if options.only in (None, "gear"):
        own = gear(options.part, options.pieces, options.workers)
        rows["gear of 1 cm at 2 um"] = own
    print(json.dumps(rows, indent=1))
    file.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
