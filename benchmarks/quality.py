"""Generated grains beside simulated ones: distances, floors, drift.

Run: python benchmarks/quality.py [--model iso] [--time 100] [--volumes 16] [--report
REPORT.html]. Prints tables and writes quality.json (quality_T.json for other times).
16 generated and 9 simulated open boxes of 100^3 (see floor.py), as in the paper; grains
of the simulated ones are the connected pieces of equal spin. At times other than 100
the grain size that the simulated ones have is asked for. Generated boxes are kept in
runs/quality under the hash of the weights.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
from floor import EDGE, N_A, N_B, simulated, spins

import grainpaint
from grainpaint import formats
from grainpaint.compare import DESCRIPTORS, compare, measure_all
from grainpaint.model import load_model
from grainpaint.progress import console
from grainpaint.report import write_report
from grainpaint.seams import cell_trace
from grainpaint.segment import grains

HERE = Path(__file__).parent
KEPT = HERE.parent / "runs" / "quality"


def grain_size(time):
    """Return the mean diameter of simulated grains, cleaned as generated ones are."""
    diameters = []
    for grain_id in spins(N_B, time):
        n = np.bincount(grains(grain_id, (True, True, True)).ravel())[1:]
        diameters.append(np.cbrt(6 / np.pi * n).mean())
    return f"{np.mean(diameters):.3f}um"


def generated(model, n, size=None):
    """Yield generated boxes, kept on disk."""
    loaded = load_model(model, "cpu")
    cards = loaded.base_card.model_dump_json() + loaded.refine_card.model_dump_json()
    settings = hashlib.sha256(cards.encode()).hexdigest()
    folder = KEPT / f"{loaded.sha256[:12]}-{settings[:6]}{'-' + size if size else ''}"
    for seed in range(n):
        path = folder / f"{seed:02d}.npz"
        if not path.exists():
            volume = grainpaint.generate(
                (EDGE,) * 3, model, seed, grain_size=size, progress=console
            )
            formats.write(volume, path)
        yield formats.read(path)


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="iso")
    parser.add_argument("--time", type=int, default=100)
    parser.add_argument("--volumes", type=int, default=N_A)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    size = None if options.time == 100 else grain_size(options.time)
    sets = [
        list(generated(options.model, options.volumes, size)),
        list(simulated(N_B, options.time)),
    ]
    measured = [measure_all(volumes, len(volumes), console) for volumes in sets]
    result = compare(*measured, progress=console)
    for name in DESCRIPTORS:
        e = result[name]
        low, high = e["kl_interval"]
        print(
            f"{name:14} KL {e['kl']:.4f} ({low:.4f} to {high:.4f}), floor "
            f"{e['kl_floor']:.4f}, ratio {e['ratio_to_floor']:.1f}, W1 "
            f"{e['wasserstein']:.4g}, KS {e['ks']:.4f}: {e['verdict']}"
        )
    for name, m in result["measures"].items():
        print(f"{name:28}{m['generated']:12.4g}{m['reference']:12.4g}{m['ratio']:8.3f}")
    small = [float(np.mean([small_share(v) for v in volumes])) for volumes in sets]
    print(f"{'grains under 50 voxels':28}{small[0]:12.4g}{small[1]:12.4g}")
    traces = [cell_trace(v)[0] for v in sets[0]]
    print(f"trace of cells of two voxels: {np.mean(traces):.4f}")
    drifts = [drift(v) for v in sets[0]]
    error = np.std(drifts, ddof=1) / np.sqrt(len(drifts))
    print(f"drift: {np.mean(drifts):.4f} +- {error:.4f}")
    if options.report:
        title = f"Model {options.model} beside the simulator"
        write_report(
            options.report, measured, [v[0] for v in sets], result, title=title
        )
    kept = {name: result[name] for name in (*DESCRIPTORS, "measures")}
    kept |= {"small_share": small, "trace": float(np.mean(traces))}
    kept |= {"drift": [float(np.mean(drifts)), float(error)]}
    suffix = "" if options.time == 100 else f"_{options.time}"
    (HERE / f"quality{suffix}.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
