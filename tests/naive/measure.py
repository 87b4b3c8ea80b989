"""Measures of grains, from lists of voxels and all pairs; distances as published."""

import numpy as np
from scipy import special, stats


def grain_table(grain_id, spacing=(1.0, 1.0, 1.0)):
    """Descriptors of the grains of an open box, from lists of voxel coordinates."""
    rows = {}
    for g in np.unique(grain_id[grain_id > 0]):
        index = np.argwhere(grain_id == g)
        points = (index + 0.5) * spacing
        singular = np.linalg.svd(points - points.mean(0), compute_uv=False)
        singular = np.concatenate([singular, np.zeros(3 - singular.size)])
        padded = np.pad(grain_id == g, 1)
        faces = [np.abs(np.diff(padded.astype(int), axis=a)).sum() for a in range(3)]
        area = [spacing[1] * spacing[2], spacing[0] * spacing[2]]
        area.append(spacing[0] * spacing[1])
        around = set()
        border = False
        for place in index:
            for axis in range(3):
                for step in (-1, 1):
                    there = place.copy()
                    there[axis] += step
                    if not 0 <= there[axis] < grain_id.shape[axis]:
                        border = True
                        continue
                    around.add(int(grain_id[tuple(there)]))
        rows[int(g)] = {
            "voxels": len(index),
            "centroid": points.mean(0),
            "axes": 2 * np.sqrt(5 / len(index)) * singular,
            "faces": float(np.dot(faces, area)),
            "neighbors": len(around - {0, int(g)}),
            "border": border or 0 in around,
        }
    return rows


def same_grain(grain_id, periodic, lag):
    """Share of pairs at a lag (three ints) that lie in one grain, both inside."""
    same, pairs = same_pairs(grain_id, periodic, lag)
    return same / pairs if pairs else np.nan


def same_pairs(grain_id, periodic, lag):
    """Count the pairs at a lag that lie in one grain, and those that lie inside."""
    place = np.indices(grain_id.shape).reshape(3, -1)
    there = place + np.reshape(lag, (3, 1))
    inside = np.ones(grain_id.size, bool)
    for axis, n in enumerate(grain_id.shape):
        if periodic[axis]:
            there[axis] %= n
        inside &= (there[axis] >= 0) & (there[axis] < n)
    a, b = (grain_id[tuple(p[:, inside])] for p in (place, there))
    filled = (a > 0) & (b > 0)
    return np.count_nonzero(filled & (a == b)), np.count_nonzero(filled)


def paper_kl_line(p, q):
    """KL of volumes and distances as Hoffman et al. (2025) computed it."""
    drawn = [
        np.exp(stats.gaussian_kde(np.log(v)).resample(10_000, seed=0)[0])
        for v in (p, q)
    ]
    x = np.linspace(min(d.min() for d in drawn), max(d.max() for d in drawn), 3000)
    f, g = (stats.gaussian_kde(d, bw_method=0.04)(x) for d in drawn)
    f, g = f / np.trapezoid(f, x) + 1e-10, g / np.trapezoid(g, x) + 1e-10
    return stats.entropy(f, g)


def paper_kl_plane(p, q):
    """KL of aspect ratios (b/a, c/a), shape (n, 2), as they computed it."""
    both = np.concatenate([p, q])
    axes = [np.linspace(both[:, i].min(), both[:, i].max(), 100) for i in (0, 1)]
    grid = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")])
    cell = np.prod([a[1] - a[0] for a in axes])
    f, g = (stats.gaussian_kde(v.T)(grid) for v in (p, q))
    f, g = f / (f.sum() * cell) + 1e-10, g / (g.sum() * cell) + 1e-10
    return special.kl_div(f, g).sum() * cell
