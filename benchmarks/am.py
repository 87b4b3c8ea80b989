"""Painted builds beside simulated ones: distances, floors, fine grains, speed.

Run: python benchmarks/am.py [--model am] [--volumes 16] [--simulated 9] [--picture
FILE]. Prints tables and writes am.json. Four recipes of 100^3 voxels that differ in
their scan: rotations of 0, 67 and 90 degrees, and islands. Three more have a rotation,
a hatch and a pool that no training build had (`examples/make_builds.py` draws those).
Seeds are not those of the training builds. Times are of one process with all cores,
each volume alone, after kernels are compiled; the time to paint includes maps and
model. Simulated builds are kept in runs/am. A long build of parallel tracks shows
whether rows of grains stay in step with the tracks over ten windows.
"""

import time
from pathlib import Path

import numpy as np
from bezier_pool import CURVES
from common import folder_for, make_parser, save, timed

from grainpaint import formats
from grainpaint.generation.domain import Domain
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.scan_recipe import make_scan_recipe
from grainpaint.measure.comparison import compare
from grainpaint.measure.measured import measure_all
from grainpaint.microstructure import Microstructure
from grainpaint.progress import console
from grainpaint.simulate.am.build import additive
from grainpaint.simulate.am.recipe import AmRecipe

FIRST_SEED = 9000
POOL = {"shape": "bezier", "width": 24, "depth": 16} | CURVES
SCANS = {
    "0 degrees": {"rotation": 0},
    "67 degrees": {"rotation": 67},
    "90 degrees": {"rotation": 90},
    "islands": {"rotation": 67, "island": 32},
}
WIDE_POOL = {
    "shape": "double-ellipsoid",
    "width": 30,
    "depth": 20,
    "front": 12,
    "rear": 36,
}
RECIPES = {name: (scan, POOL) for name, scan in SCANS.items()} | {
    "33 degrees": ({"rotation": 33}, POOL),
    "hatch of 19.5": ({"rotation": 67, "hatch": 19.5}, POOL),
    "wide pool": ({"rotation": 67, "hatch": 21, "thickness": 12}, WIDE_POOL),
}


def recipe_of(scan, edge, pool=POOL):
    """Return the recipe of a box, by its scan."""
    common = {"speed": 18, "hatch": 16, "thickness": 10}
    return AmRecipe.model_validate(
        {
            "shape": (edge,) * 3,
            "substrate": {"height": min(26, edge // 3), "grain": 14},
            "pool": pool,
            "haz": {"law": "linear", "width": 6, "tail": 12},
            "scan": common | scan,
        }
    )


def simulated(kept, name, recipe, n):
    """Return simulated volumes, kept on disk, and the seconds that one more takes."""
    volumes = []
    for seed in range(FIRST_SEED, FIRST_SEED + n):
        path = kept / "am" / "simulated" / name.replace(" ", "_") / f"{seed}.npz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            formats.write(additive(recipe, seed), path)
        volumes.append(formats.load(path))
    return volumes, timed(lambda: additive(recipe, FIRST_SEED - 1))[0]


def painted(model, recipe, n):
    """Return painted volumes, and the seconds of each."""
    volumes, seconds = [], []
    domain = Domain(recipe.shape)
    for seed in range(n):
        chosen = make_scan_recipe(domain, recipe, model, seed)
        start = time.perf_counter()
        volumes.append(paint_recipe(chosen).volume)
        seconds.append(time.perf_counter() - start)
    return volumes, seconds


def fine(volumes):
    """Return grains, single voxels and the share of grains under 50 voxels, a box."""
    rows = [v.grain_volumes() for v in volumes]
    return {
        "grains": float(np.mean([len(n) for n in rows])),
        "single voxels": float(np.mean([(n == 1).sum() for n in rows])),
        "share under 50": float(np.mean([(n < 50).mean() for n in rows])),
        "mean volume above 400": float(
            np.mean(np.concatenate(rows)[np.concatenate(rows) > 400])
        ),
    }


def crossing(volume, recipe):
    """Return the share of grains of 50 voxels or more that reach over a layer."""
    z = np.arange(volume.shape[2])
    first = recipe.substrate.height - 1 + recipe.scan.thickness
    layer = np.ceil((z - first) / recipe.scan.thickness).clip(min=0).astype(int)
    n = volume.grain_id.max() + 1
    low, high = np.full(n, layer[-1]), np.zeros(n, int)
    of = np.broadcast_to(layer, volume.shape).ravel()
    ids = volume.grain_id.ravel()
    np.minimum.at(low, ids, of)
    np.maximum.at(high, ids, of)
    large = np.bincount(ids, minlength=n) >= 50
    return float((high > low)[large].mean())


def figures_of(made, truth, recipe):
    """Return distances, fine grains and crossings of a set beside a reference."""
    sets = [measure_all(v, len(v), console) for v in (made, truth)]
    found = compare(*sets, progress=console).descriptors
    return {
        "distances": {
            key: {k: getattr(entry, k) for k in ("kl", "kl_floor", "verdict")}
            for key, entry in found.items()
        },
        "fine": [fine(v) for v in (made, truth)],
        "crossing": [
            float(np.mean([crossing(v, recipe) for v in s])) for s in (made, truth)
        ],
    }


def rows_of(volume, recipe):
    """Return where rows of boundaries lie across the tracks, as a share of the hatch.

    The phase of the density of boundaries at the period of the hatch, and how strong
    that wave is beside the mean density.
    """
    grain_id = volume.grain_id[:, :, recipe.substrate.height :]
    walls = (np.diff(grain_id, axis=1) != 0).mean(axis=(0, 2))
    n = int(len(walls) // recipe.scan.hatch * recipe.scan.hatch)
    turns = np.exp(-2j * np.pi * np.arange(n) / recipe.scan.hatch)
    wave = (walls[:n] * turns).sum() / walls[:n].sum()
    return float(np.angle(wave) / (2 * np.pi)), float(abs(wave))


def in_step(model, n_windows):
    """Return the phases of windows of a long build, and of one that was simulated."""
    length, window = recipe_of(SCANS["0 degrees"], 48), 128
    long = length.model_copy(update={"shape": (48, n_windows * window, 48)})
    (volume,), _ = painted(model, long, 1)
    pieces = [
        Microstructure(volume.grain_id[:, i * window : (i + 1) * window])
        for i in range(n_windows)
    ]
    phases = [rows_of(piece, long) for piece in pieces]
    short = length.model_copy(update={"shape": (48, window, 48)})
    return {
        "painted": [round(phase, 4) for phase, _ in phases],
        "strength": float(np.mean([strength for _, strength in phases])),
        "simulated": rows_of(additive(short, FIRST_SEED), short),
    }


def picture(file, pairs):
    """Draw slices of simulated builds above slices of painted ones."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    size = (3.2 * len(pairs), 13)
    figure, axes = plt.subplots(4, len(pairs), figsize=size, layout="constrained")
    for column, (name, volumes) in zip(axes.T, pairs.items()):
        for i, (who, volume) in enumerate(zip(("simulated", "painted"), volumes)):
            colors = np.random.default_rng(0).random((volume.grain_id.max() + 1, 3))
            x, _, z = (n // 2 for n in volume.shape)
            cuts = {
                f"x = {x}": volume.grain_id[x],
                f"z = {z}": volume.grain_id[:, :, z],
            }
            for j, (place, cut) in enumerate(cuts.items()):
                ax = column[2 * j + i]
                ax.imshow(colors[cut.T], interpolation="nearest", origin="lower")
                ax.set_title(f"{name}, {who}, {place}", fontsize=9)
                ax.axis("off")
    figure.savefig(file, dpi=70)


def main():
    parser = make_parser(__doc__, volumes=1, simulated=2, edge=48, windows=2)
    parser.add_argument("--model", default="am")
    parser.add_argument("--volumes", type=int, default=16)
    parser.add_argument("--simulated", type=int, default=9)
    parser.add_argument("--edge", type=int, default=100, help="voxels")
    parser.add_argument("--windows", type=int, default=10, help="of the long build")
    parser.add_argument("--only", choices=list(RECIPES))
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    rows, pairs = [], {}
    with folder_for(options, "") as kept:
        for name, (scan, pool) in RECIPES.items():
            if options.only not in (None, name):
                continue
            recipe = recipe_of(scan, options.edge, pool)
            truth, took = simulated(kept, name, recipe, options.simulated)
            made, seconds = painted(options.model, recipe, options.volumes)
            if name in SCANS:
                pairs[name] = truth[0], made[0]
            row = {
                "scan": name,
                **figures_of(made, truth, recipe),
                "paint_s": float(np.median(seconds)),
                "simulate_s": took,
            }
            rows.append(row)
            show_row(row)
            print(f"  painted in {row['paint_s']:.1f} s, simulated in {took:.1f} s")
    step = in_step(options.model, options.windows)
    print("rows in step:", step)
    if options.picture:
        picture(options.picture, pairs)
    figures = {
        "edge": options.edge,
        "painted": options.volumes,
        "simulated": options.simulated,
        "rows": rows,
        "rows_in_step": step,
    }
    save(options, Path(__file__), figures, model=options.model)


def show_row(row):
    """Print the figures of a scan, but for seconds."""
    print(row["scan"])
    for name, found in row["distances"].items():
        print(
            f"  {name:16} KL {found['kl']:.4f}, floor {found['kl_floor']:.4f}: "
            f"{found['verdict']}"
        )
    for key in row["fine"][0]:
        made, truth = (f[key] for f in row["fine"])
        print(f"  {key:24}{made:10.4g}{truth:10.4g}{made / truth:8.3f}")
    made, truth = row["crossing"]
    print(f"  {'grains over layer faces':24}{made:10.4g}{truth:10.4g}")


if __name__ == "__main__":
    main()
