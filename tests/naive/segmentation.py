"""Grains from values, by floods, counts and lists of voxels."""

from collections import Counter

import numpy as np

from naive.neighbors import NEIGHBORS, around


def pieces(values, periodic, corners):
    """Flood fill; return labels 1..n by first voxel, 0 where values are 0."""
    label = np.zeros(values.shape, int)
    n = 0
    for start in np.ndindex(values.shape):
        if values[start] == 0 or label[start]:
            continue
        n += 1
        label[start] = n
        todo = [start]
        while todo:
            place = todo.pop()
            for offset in NEIGHBORS:
                if not corners and sum(map(abs, offset)) > 1:
                    continue
                there = [p + o for p, o in zip(place, offset)]
                for axis, size in enumerate(values.shape):
                    if periodic[axis]:
                        there[axis] %= size
                if any(not 0 <= t < s for t, s in zip(there, values.shape)):
                    continue
                there = tuple(there)
                if values[there] == values[start] and not label[there]:
                    label[there] = n
                    todo.append(there)
    return label


def merge_fragments(grain_id, min_voxels, periodic):
    """Give fragments to their neighbors, counting all voxels anew in each round."""
    sides = [o for o in NEIGHBORS if sum(map(abs, o)) == 1]
    grain_id = grain_id.copy()
    while True:
        size = Counter(grain_id.ravel().tolist())
        faces = {}
        for place in map(tuple, np.argwhere(grain_id).tolist()):
            g = int(grain_id[place])
            if size[g] < min_voxels:
                others = [h for h in around(grain_id, place, sides, periodic) if h != g]
                faces.setdefault(g, Counter()).update(others)
        if any(size[h] >= min_voxels for f in faces.values() for h in f):
            stays = {g for g in size if size[g] >= min_voxels}
        else:  # fragments alone: those that touch none larger stay
            stays = {
                g
                for g, f in faces.items()
                if all((size[h], -h) < (size[g], -g) for h in f)
            }
        becomes = {
            g: max(stays & set(f), key=lambda h: (f[h], -h))
            for g, f in faces.items()
            if g not in stays and stays & set(f)
        }
        if not becomes:
            return grain_id
        new = [becomes.get(g, g) for g in range(grain_id.max() + 1)]
        grain_id = np.array(new)[grain_id]


def split(points, limit, smallest=27):
    """Split a set of voxels at its neck, as grainpaint.segmentation.necks does."""
    points = sorted(points)

    def faces(part):
        steps = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
        return sum(
            tuple(i + sign * d for i, d in zip(p, step)) not in part
            for p in part
            for step in steps
            for sign in (-1, 1)
        )

    def factor(part):
        return faces(part) / len(part) ** (2 / 3)

    def distance2(a, b):
        return sum((i - j) ** 2 for i, j in zip(a, b))

    if len(points) < smallest or factor(set(points)) <= limit:
        return [set(points)]
    box = np.zeros(np.max(points, axis=0) + 3, bool)
    box[tuple(np.array(points).T + 1)] = True
    outside = np.argwhere(~box) - 1
    ball = {p: ((outside - p) ** 2).sum(1).min() for p in points}
    first = max(points, key=ball.get)
    apart = [
        p
        for p in points
        if distance2(p, first) ** 0.5 > 0.6**0.5 * (ball[first] ** 0.5 + ball[p] ** 0.5)
    ]
    if not apart:
        return [set(points)]
    second = max(apart, key=ball.get)
    near = {
        p
        for p in points
        if distance2(p, first) - ball[first] <= distance2(p, second) - ball[second]
    }
    far = set(points) - near
    if min(len(near), len(far)) < max(1, round(smallest * 8 / 27)):
        return [set(points)]
    mean = sum(len(part) * factor(part) for part in (near, far)) / len(points)
    if mean > factor(set(points)):
        return [set(points)]
    return split(near, limit, smallest) + split(far, limit, smallest)


def fill_noise(label):
    """Rounds in which each 0 takes the commonest of the labels at its faces."""
    faces = [o for o in NEIGHBORS if sum(map(abs, o)) == 1]
    while True:
        after = label.copy()
        for place in np.argwhere(label == 0):
            around = [
                int(label[tuple(place + o)])
                for o in faces
                if all(0 <= p < n for p, n in zip(place + o, label.shape))
            ]
            around = sorted(g for g in around if g)
            if around:
                after[tuple(place)] = max(around, key=around.count)
        if (after == label).all():
            return label
        label = after
