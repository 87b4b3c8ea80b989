"""Generated grains beside simulated ones: sizes, seams at the windows, drift.

Run: python benchmarks/quality.py [--volumes 8] [--model iso]. Prints a table and writes
quality.json. Both kinds of volume are boxes of 128^3 cut out without periodicity,
segmented and cleaned in the same way; border grains count.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import grainpaint
from grainpaint.dataset import load_set
from grainpaint.plan import CORE
from grainpaint.progress import console
from grainpaint.segment import grains
from grainpaint.simulate.iso import IsoRecipe, simulate

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "runs" / "reference128"  # simulated once, kept
EDGE = 128


def sizes(volume):
    """Return descriptors of one volume."""
    n = volume.grain_volumes().astype(float)
    unlike = [np.mean(np.diff(volume.grain_id, axis=a) != 0) for a in range(3)]
    return {
        "grains": n.size,
        "mean volume": n.mean(),
        "median volume": np.median(n),
        "volume-weighted mean": (n**2).sum() / n.sum(),
        "boundary share": np.mean(unlike),
        "grains under 50 voxels, share": np.mean(n < 50),
    }


def shares(volume):
    """Yield the boundary share of the planes between neighbouring layers, per axis."""
    for axis in range(3):
        unlike = np.diff(volume.grain_id, axis=axis) != 0
        yield unlike.mean(tuple(a for a in range(3) if a != axis))


def seam(volume):
    """Return the boundary share at the faces of windows minus that of their like.

    Both lie between cells of the base, which are even planes.
    """
    face = np.arange(CORE - 1, EDGE - 1, CORE)
    others = np.setdiff1d(np.arange(1, EDGE - 1, 2), face)
    return np.mean([s[face].mean() - s[others].mean() for s in shares(volume)])


def steps(volume):
    """Return the boundary share between cells of the base over that within them."""
    return np.mean([s[1::2].mean() / s[::2].mean() for s in shares(volume)])


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
    parser.add_argument("--volumes", type=int, default=8)
    parser.add_argument("--model", default="iso")
    options = parser.parse_args()
    n = options.volumes
    recipe = IsoRecipe(shape=(EDGE,) * 3, seed=500_000, count=max(n, 2))
    simulate(recipe, REFERENCE, progress=console)
    spins = [v.grain_id for v in load_set(REFERENCE)[:n]]
    kinds = {
        "simulated": [grainpaint.Microstructure(grains(s)) for s in spins],
        "generated": [
            grainpaint.generate((EDGE,) * 3, options.model, seed, progress=console)
            for seed in range(n)
        ],
    }
    mean = {
        kind: {k: np.mean([sizes(v)[k] for v in volumes]) for k in sizes(volumes[0])}
        for kind, volumes in kinds.items()
    }
    rows = {}
    for name, reference in mean["simulated"].items():
        value = mean["generated"][name]
        rows[name] = [float(reference), float(value), float(value / reference)]
        print(f"{name:<32}{reference:12.4g}{value:12.4g}{value / reference:10.3f}")
    for name, measure in (
        ("seam: boundary share at window faces minus elsewhere", seam),
        ("steps: boundary share between base cells over within", steps),
        ("drift: boundary share of the far half over the near", drift),
    ):
        values = np.array([measure(v) for v in kinds["generated"]])
        error = values.std(ddof=1) / np.sqrt(n)
        rows[name] = [float(values.mean()), float(error)]
        print(f"{name:<56}{values.mean():10.4f} +- {error:.4f}")
    rows["volumes"] = n
    (HERE / "quality.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
