"""Generated grains beside simulated ones: distances, floors, drift.

Run: python benchmarks/quality.py [--model iso] [--time 100] [--volumes 16] [--report
REPORT.html]. Prints tables and writes quality.json (quality_T.json for other times).
16 generated and 9 simulated open boxes of 100^3 (see floor.py), as in the paper; grains
of the simulated ones are the connected pieces of equal spin. Means are compared with 36
simulated boxes too, since those of nine scatter by 2 %. At times other than 100 the
model is asked for the grain size of the simulated boxes. Specks are single voxels
unlike their six neighbors, before any cleaning. The floor of the two-point correlation
is the mean largest difference between draws of 16 and of 9 from the simulated boxes.
Generated boxes are kept in runs/quality under the hash of the model; delete them when
code that decides grains has changed.
"""

from functools import partial
from pathlib import Path

import numpy as np
from common import folder_for, make_parser, save
from floor import EDGE, N_A, N_B, simulated, spins

import grainpaint
from grainpaint import formats
from grainpaint.diameter import equivalent_diameter
from grainpaint.drawing.report import write_report
from grainpaint.generation.base import base_window
from grainpaint.generation.domain import Domain
from grainpaint.generation.painter import make_painter
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.generation.refine import refine_window
from grainpaint.generation.windows import windows
from grainpaint.measure.comparison import compare
from grainpaint.measure.descriptors import DESCRIPTORS
from grainpaint.measure.measured import measure_all
from grainpaint.measure.seams import cell_trace
from grainpaint.network.loading import load_model
from grainpaint.progress import console
from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.pieces import label_pieces

N_SPECKS = 4  # boxes
N_MEANS = 36


def grain_size(boxes):
    """Return the mean diameter of simulated grains, cleaned as generated ones are."""
    diameters = []
    for grain_id in boxes:
        n = np.bincount(grains(grain_id, (True, True, True)).ravel())[1:]
        diameters.append(equivalent_diameter(n).mean())
    return f"{np.mean(diameters):.3f}um"


def generated(kept, model, n, size=None, edge=EDGE):
    """Yield generated boxes, kept on disk."""
    loaded = load_model(model, "cpu")
    folder = kept / "quality" / f"{loaded.sha256[:12]}{'-' + size if size else ''}"
    for seed in range(n):
        path = folder / f"{seed:02d}.npz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            volume = grainpaint.generate(
                (edge,) * 3, model, seed, grain_size=size, progress=console
            )
            formats.write(volume, path)
        yield formats.load(path)


def raw(model, n, size=None, edge=EDGE):
    """Yield generated boxes as they are before they are cleaned."""
    loaded = load_model(model, "cpu")
    for seed in range(n):
        domain = Domain((edge,) * 3)
        recipe = make_recipe(domain, Options(grain_size=size), model, seed)
        painter = make_painter(recipe, loaded)
        (window,) = windows(recipe.shape, core=recipe.core, halo=recipe.halo)
        yield refine_window(painter, window, partial(base_window, painter))


def specks(boxes):
    """Return the mean number of single voxels unlike their neighbors in a box."""
    pieces = (np.bincount(label_pieces(box.astype(np.int32)).ravel()) for box in boxes)
    return float(np.mean([(sizes[1:] == 1).sum() for sizes in pieces]))


def correlation_floor(measured, n_draws=40):
    """Return the mean largest difference of radial correlations of two draws."""
    curves = [m.correlation.radial for m in measured]
    n = min(map(len, curves))
    curves = np.array([c[:n] for c in curves])
    rng = np.random.default_rng(0)
    gaps = []
    for _ in range(n_draws):
        a, b = (curves[rng.integers(len(curves), size=k)].mean(0) for k in (N_A, N_B))
        gaps.append(np.abs(a - b).max())
    return float(np.mean(gaps))


def sizes(volumes):
    """Return mean and volume-weighted mean volume of each box, shape (n, 2)."""
    rows = []
    for volume in volumes:
        n = volume.grain_volumes().astype(float)
        n = n[n > 0]
        rows.append((n.mean(), (n**2).sum() / n.sum()))
    return np.array(rows)


def means_beside(a, b):
    """Return ratios of the means of two sets of boxes, and their standard errors."""
    (mean_a, error_a), (mean_b, error_b) = (
        (s.mean(0), s.std(0, ddof=1) / np.sqrt(len(s))) for s in (sizes(a), sizes(b))
    )
    ratio = mean_a / mean_b
    return ratio, ratio * np.hypot(error_a / mean_a, error_b / mean_b)


def small_share(volume):
    """Return the share of grains under 50 voxels."""
    return np.mean(volume.grain_volumes() < 50)


def drift(volume):
    """Return the boundary share of the far half over that of the near half."""
    result = []
    for axis in range(3):
        unlike = np.diff(volume.grain_id, axis=axis) != 0
        near, far = np.array_split(unlike, 2, axis)
        result.append(far.mean() / near.mean())
    return np.mean(result)


def show_distances(result):
    """Print the distances of all descriptors and the means of both sets."""
    for name in DESCRIPTORS:
        e = result.descriptors[name]
        low, high = e.kl_interval
        print(
            f"{name:14} KL {e.kl:.4f} ({low:.4f} to {high:.4f}), floor "
            f"{e.kl_floor:.4f}, ratio {e.ratio_to_floor:.1f}, W1 "
            f"{e.wasserstein:.4g}, KS {e.ks:.4f}: {e.verdict}"
        )
    for name, m in result.measures.items():
        print(f"{name:28}{m.generated:12.4g}{m.reference:12.4g}{m.ratio:8.3f}")


def other_figures(measured, sets, simulated_36, single):
    """Return the figures that `grainpaint compare` does not have, and print them."""
    means = {}
    ratio, error = means_beside(sets[0], simulated_36)
    for name, r, e in zip(("mean volume", "volume-weighted mean"), ratio, error):
        print(f"{name} beside {N_MEANS} boxes: {r - 1:+.1%} +- {e:.1%}")
        means[name] = [float(r), float(e)]
    small = [float(np.mean([small_share(v) for v in volumes])) for volumes in sets]
    print(f"{'grains under 50 voxels':28}{small[0]:12.4g}{small[1]:12.4g}")
    print(f"{'specks a box':28}{single[0]:12.4g}{single[1]:12.4g}")
    trace = float(np.mean([cell_trace(v)[0] for v in sets[0]]))
    print(f"trace of cells of two voxels: {trace:.4f}")
    drifts = [drift(v) for v in sets[0]]
    error = np.std(drifts, ddof=1) / np.sqrt(len(drifts))
    print(f"drift: {np.mean(drifts):.4f} +- {error:.4f}")
    return {
        f"beside_{N_MEANS}": means,
        "small_share": small,
        "trace": trace,
        "specks": single,
        "two_point_floor": correlation_floor(measured[1]),
        "drift": [float(np.mean(drifts)), float(error)],
    }


def main():
    parser = make_parser(__doc__, volumes=2, edge=32)
    parser.add_argument("--model", default="iso")
    parser.add_argument("--time", type=int, default=100)
    parser.add_argument("--volumes", type=int, default=N_A)
    parser.add_argument("--edge", type=int, default=EDGE, help="voxels")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    model, time, edge = options.model, options.time, options.edge
    with folder_for(options, "") as kept:
        found = grain_size(spins(kept, N_B, time, edge))
        size = None if time == 100 else found
        sets = [
            list(generated(kept, model, options.volumes, size, edge)),
            list(simulated(kept, N_B, time, edge)),
        ]
        many = list(simulated(kept, N_B if options.quick else N_MEANS, time, edge))
        n_specks = 1 if options.quick else N_SPECKS
        single = [
            specks(raw(model, n_specks, size, edge)),
            specks(spins(kept, n_specks, time, edge)),
        ]
    measured = [measure_all(volumes, len(volumes), console) for volumes in sets]
    result = compare(*measured, progress=console)
    show_distances(result)
    others = other_figures(measured, sets, many, single)
    gap = abs(result.correlation["radial"].largest_difference)
    print(f"two-point correlation: {gap:.4f}, floor {others['two_point_floor']:.4f}")
    if options.report:
        title = f"Model {model} beside the simulator"
        write_report(
            options.report, measured, [v[0] for v in sets], result, title=title
        )
    compared = result.to_dict()
    figures = {
        "time": time,
        "edge": edge,
        "grain_diameter": float(found.removesuffix("um")),
        "generated": options.volumes,
        "simulated": N_B,
        "rows": [{"name": name, **compared[name]} for name in DESCRIPTORS],
        "measures": compared["measures"],
        "two_point": gap,
        **others,
    }
    name = "quality" if time == 100 else f"quality_{time}"
    save(options, Path(__file__).with_stem(name), figures, model=model)


if __name__ == "__main__":
    main()
