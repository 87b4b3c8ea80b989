"""Large volumes: throughput, memory, seams, parts in their boxes, one of 10^11 voxels.

Run: python benchmarks/scale.py [--only box|seams|parts|gear] [--edge 512] [--workers 2]
[--part gear.stl]. Prints lines and writes scale.json, with --only its part of it. Boxes
go to runs/scale.
"""

import json
import math
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import trimesh
from common import SHARED, folder_for, grainpaint, make_parser, missing, save, timed
from scipy.ndimage import find_objects

from grainpaint import formats
from grainpaint.cad import load_part, plan_grid
from grainpaint.diameter import equivalent_diameter
from grainpaint.formats.files import file_digest
from grainpaint.generation.domain import Domain, PartFile
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.recipe import make_recipe
from grainpaint.generation.recorded import load_recipe
from grainpaint.generation.volume import Volume
from grainpaint.generation.windows import BaseAxis
from grainpaint.measure.seams import seam_test

GRAIN = 17.5  # mean diameter, µm
GEAR = SHARED / "parts" / "gear.stl"


def box(folder, edge, workers):
    """Generate a box, segment and measure it."""
    path = folder / f"{edge}.zarr"
    shutil.rmtree(path, ignore_errors=True)
    shape = f"{edge},{edge},{edge}"
    words = ("generate", "--shape", shape, "--workers", workers, "-o", path, "--force")
    made = grainpaint(*words)
    print(made.output, flush=True)
    measured = grainpaint("stats", path)
    n_bytes = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    return {
        "edge": edge,
        "generate, s": round(made.seconds, 1),
        "voxels a second": round(edge**3 / made.seconds),
        "CPU, s": round(made.processor_seconds, 1),
        "voxels a CPU second": round(edge**3 / made.processor_seconds),
        "peak memory, all processes, GB": round(made.peak_bytes / 1e9, 2),
        "statistics, s": round(measured.seconds, 1),
        "peak memory of statistics, GB": round(measured.peak_bytes / 1e9, 2),
        "bytes a voxel on disk": round(n_bytes / edge**3, 3),
    }


def seams(folder, edge, workers, window):
    """Test the faces of all windows, of the base and of the refinement."""
    path = folder / f"seams{window}.zarr"
    shutil.rmtree(path, ignore_errors=True)
    shape = f"{edge},{edge},{edge}"
    grainpaint(
        *("generate", "--shape", shape, "--workers", workers, "--force"),
        *("--window", window, "-o", path),
    )
    recipe, volume = load_recipe(path), formats.load(path)
    fine = [range(n, edge, n) for n in recipe.core]
    coarse = [base_faces(axis, edge) for axis in recipe.plan.axes]
    rows = []
    for name, faces in (("refinement", fine), ("base", coarse)):
        p = round(float(seam_test([volume], faces).p), 4) if faces[0] else None
        n_faces = sum(len(places) for places in faces)
        rows.append({"windows of": name, "faces": n_faces, "p of the worst face": p})
    return {"edge": edge, "window": window, "rows": rows}


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
    domain = Domain(solid.shape, solid.spacing, solid.origin, file)
    recipe = make_recipe(domain)
    inside, box = (
        paint_recipe(recipe.model_copy(update={"part": p})) for p in (file, None)
    )
    return {
        "part": path.stem,
        "longest": longest,
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
    numbers = range(axis.n_blocks if axis.period else edge)
    starts = [2 * axis.start(k) for k in numbers]
    return [s for s in starts if 0 < s < edge]


def piece(path, span):
    """Return the seconds of a box and the mean diameter of its inner grains, voxels."""
    box, edge = tuple(slice(a, b) for a, b in span), span[0][1] - span[0][0]
    seconds, found = timed(lambda: Volume(load_recipe(path))[box])
    diameters, weights = [], []
    for i, box in enumerate(find_objects(found.grain_id)):
        if any(b.start == 0 or b.stop == edge for b in box):
            continue  # cut by a face
        n = (found.grain_id[box] == i + 1).sum()
        diameters.append(equivalent_diameter(n))
        # The wider a grain, the fewer places in which no face cuts it.
        weights.append(1 / math.prod(edge - 1 - (b.stop - b.start) for b in box))
    return seconds, np.average(diameters, weights=weights)


def gear(folder, path, n_pieces, edge, workers, voxel):
    """Plan a gear of 1 cm at `voxel` µm; generate random pieces of it."""
    solid = load_part(path)
    longest = float(np.ptp(solid.vertices, 0).max())  # µm, as the file says mm
    scale = 10_000 / longest  # to 1 cm
    size = GRAIN * voxel / 2  # 2 µm a voxel, unless --quick is given
    words = ("--voxel", f"{voxel / scale}um", "--grain-size", f"{size / scale}um")
    planned = grainpaint("plan", path, *words, "--json")
    found = json.loads(planned.output)
    rows = {key: value for key, value in found.items() if key != "recipe"}
    rows["plan, s"] = round(planned.seconds, 1)
    rows["plan, peak GB"] = round(planned.peak_bytes / 1e9, 2)
    plan = folder / "gear.json"
    plan.write_text(json.dumps({"recipe": found["recipe"]}))
    volume, rng = Volume(load_recipe(plan)), np.random.default_rng(0)
    spans = []
    while len(spans) < n_pieces:
        low = [int(rng.integers(n - edge)) for n in volume.shape]
        span = [(a, a + edge) for a in low]
        if volume.grid.mask(span).all():
            spans.append(span)
    sizes, times = [], []
    with ProcessPoolExecutor(
        workers, get_context("spawn"), torch.set_num_threads, (1,)
    ) as pool:
        for took, diameter in pool.map(piece, [plan] * n_pieces, spans):
            sizes.append(voxel * diameter)  # µm
            times.append(took)
            print(f"{spans[len(sizes) - 1]}: {sizes[-1]:.2f} µm", flush=True)
    rows[f"pieces of {edge}^3"] = n_pieces
    rows["a piece on one core, s"] = round(float(np.mean(times)), 1)
    rows["mean diameter asked for, µm"] = size
    rows["mean diameter of their inner grains, µm"] = round(float(np.mean(sizes)), 2)
    rows["its scatter from piece to piece, µm"] = round(float(np.std(sizes)), 2)
    return rows


def main():
    parser = make_parser(
        __doc__, edge=32, seam_edge=64, pieces=1, piece_edge=32, workers=1
    )
    parser.add_argument("--only", choices=["box", "seams", "parts", "gear"])
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--seam-edge", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--part", type=Path, default=GEAR)
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--piece-edge", type=int, default=64, help="voxels")
    options = parser.parse_args()
    if options.only in (None, "parts", "gear") and not options.part.exists():
        missing(f"scale.py fills the part {options.part}; give another with --part")
    file, workers, part_file = Path(__file__), options.workers, options.part
    known = {"model": "iso"}
    with folder_for(options, "scale") as folder:
        folder.mkdir(parents=True, exist_ok=True)
        if options.only in (None, "box"):
            edges = (options.edge,) if options.quick else (128, options.edge)
            rows = [box(folder, edge, workers) for edge in edges]
            print(json.dumps(rows, indent=1))
            save(options, file, {"rows": rows}, part="box", **known)
        if options.only in (None, "seams"):
            # In windows of 128, the default, a volume of 256 voxels has no face.
            window = 32 if options.quick else 64
            figures = seams(folder, options.seam_edge, workers, window)
            print(json.dumps(figures, indent=1))
            save(options, file, figures, part="seams", **known)
        if options.only in (None, "parts"):
            spring(folder / "spring.stl")
            rows = [
                part(path, longest)
                for longest in ((48,) if options.quick else (256, 400))
                for path in (part_file, folder / "spring.stl")
            ]
            print(json.dumps(rows, indent=1, ensure_ascii=False))
            save(options, file, {"rows": rows}, part="parts", **known)
        if options.only in (None, "gear"):
            pieces = options.pieces, options.piece_edge
            voxel = 60.0 if options.quick else 2.0
            figures = gear(folder, part_file, *pieces, workers, voxel)
            print(json.dumps(figures, indent=1, ensure_ascii=False))
            save(options, file, figures, part="gear", **known)


if __name__ == "__main__":
    main()
