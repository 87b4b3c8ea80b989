"""Slow, obvious versions of what the package does fast: oracles for the tests."""

import itertools
import math
from collections import Counter

import numba as nb
import numpy as np
from scipy import special, stats

from grainpaint.philox import split_key

NEIGHBORS = [o for o in itertools.product((-1, 0, 1), repeat=3) if o != (0, 0, 0)]


def around(spin, place, offsets, periodic=(True, True, True)):
    """Return the spins of the neighbors of a site that are sites themselves."""
    found = []
    for offset in offsets:
        there = [p + o for p, o in zip(place, offset)]
        there = [t % n if p else t for t, n, p in zip(there, spin.shape, periodic)]
        if all(0 <= t < n for t, n in zip(there, spin.shape)) and spin[tuple(there)]:
            found.append(int(spin[tuple(there)]))
    return found


def energy(spin, offsets=NEIGHBORS, periodic=(True, True, True)):
    """Unlike pairs of neighbors, each pair once; spin 0 is no site."""
    padded = np.asarray(spin)
    for axis, wraps in enumerate(periodic):
        rim = [(int(i == axis),) * 2 for i in range(3)]
        padded = np.pad(padded, rim, "wrap" if wraps else "constant")
    unlike = 0
    for offset in offsets:
        box = tuple(slice(1 + o, 1 + o + n) for o, n in zip(offset, spin.shape))
        there = padded[box]
        unlike += np.count_nonzero((there != spin) & (there > 0) & (spin > 0))
    return unlike // 2


def flip_rates(mine, neighbors, n_neighbors, temperature, rule, n_spins):
    """Return the rate from a spin to each other spin, given those of the neighbors."""
    if rule == "any":
        targets = set(range(1, n_spins + 1)) - {mine}
    else:
        targets = set(neighbors) - {mine}
    rates = {}
    for spin in targets:
        rise = neighbors.count(mine) - neighbors.count(spin)
        rate = 1.0
        if rise > 0:
            rate = np.exp(-rise / temperature) if temperature > 0 else 0.0
        rates[spin] = rate * (n_neighbors / len(targets) if rule == "one" else 1.0)
    return rates


@nb.njit
def _allowed(spin, x, y, z, found, count):
    """List the neighboring spins that do not raise the energy; return how many."""
    nx, ny, nz = spin.shape
    n, like = 0, 0
    for a in (-1, 0, 1):
        for b in (-1, 0, 1):
            for c in (-1, 0, 1):
                v = spin[(x + a) % nx, (y + b) % ny, (z + c) % nz]
                if v == spin[x, y, z]:
                    like += 1
                    continue
                k = 0
                while k < n and found[k] != v:
                    k += 1
                if k == n:
                    found[n], count[n] = v, 0
                    n += 1
                count[k] += 1
    n_allowed = 0
    for k in range(n):
        if count[k] >= like - 1:  # the site itself was counted
            found[n_allowed] = found[k]
            n_allowed += 1
    return n_allowed


@nb.njit
def rejection_free(spin, times, seed):
    """Potts growth at T = 0 (26 neighbors, periodic) by the n-fold way: no time step.

    Bortz, Kalos and Lebowitz 1975: sites are kept in lists by how many flips they have;
    each event takes one flip of all at random. Return the spins at the times.
    """
    np.random.seed(seed)  # noqa: NPY002  (numba's own generator)
    nx, ny, nz = spin.shape
    spin = spin.copy()
    n_sites = spin.size
    found, count = np.empty(27, np.int64), np.empty(27, np.int64)
    group = np.zeros(n_sites, np.int64)
    place = np.zeros(n_sites, np.int64)
    members = np.empty((27, n_sites), np.int64)
    size = np.zeros(27, np.int64)
    for i in range(n_sites):
        k = _allowed(spin, i // (ny * nz), i // nz % ny, i % nz, found, count)
        group[i], place[i] = k, size[k]
        members[k, size[k]] = i
        size[k] += 1
    result = np.empty((times.size, nx, ny, nz), spin.dtype)
    time, done = 0.0, 0
    while done < times.size:
        total = 0
        for k in range(1, 27):
            total += k * size[k]
        time += np.inf if total == 0 else np.random.exponential(1 / total)  # noqa: NPY002
        while done < times.size and time >= times[done]:
            result[done] = spin
            done += 1
        pick = np.random.random() * total  # noqa: NPY002
        k = 0
        while k < 26 and pick >= 0:
            k += 1
            pick -= k * size[k]
        if done == times.size:
            break
        i = members[k, np.random.randint(size[k])]  # noqa: NPY002
        x, y, z = i // (ny * nz), i // nz % ny, i % nz
        n = _allowed(spin, x, y, z, found, count)
        spin[x, y, z] = found[np.random.randint(n)]  # noqa: NPY002
        for a in (-1, 0, 1):
            for b in (-1, 0, 1):
                for c in (-1, 0, 1):
                    p, q, r = (x + a) % nx, (y + b) % ny, (z + c) % nz
                    j, old = (p * ny + q) * nz + r, 0
                    old = group[j]
                    new = _allowed(spin, p, q, r, found, count)
                    size[old] -= 1
                    last = members[old, size[old]]
                    members[old, place[j]], place[last] = last, place[j]
                    members[new, size[new]], place[j] = j, size[new]
                    group[j] = new
                    size[new] += 1
    return result


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


def philox4x32(key, counter):
    """Philox4x32-10 in Python integers: Salmon et al. 2011, section 3.3."""
    k0, k1 = key
    c0, c1, c2, c3 = counter
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (
            (p1 >> 32) ^ c1 ^ k0,
            p1 & 0xFFFFFFFF,
            (p0 >> 32) ^ c3 ^ k1,
            p0 & 0xFFFFFFFF,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def winding_number(vertices, faces, points):
    """Sum the solid angles of all triangles: van Oosterom and Strackee 1983, Eq. 8."""
    total = np.zeros(len(points))
    for face in faces:
        a, b, c = (vertices[i] - points for i in face)
        la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
        top = np.einsum("ij,ij->i", a, np.cross(b, c))
        bottom = (
            la * lb * lc
            + np.einsum("ij,ij->i", a, b) * lc
            + np.einsum("ij,ij->i", b, c) * la
            + np.einsum("ij,ij->i", c, a) * lb
        )
        total += 2 * np.arctan2(top, bottom)
    return total / (4 * np.pi)


def melted_last(shape, path, pool, n=200):
    """Move the pool in small steps; return the last track and time of each voxel."""
    points = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    points = points.reshape(-1, 3).astype(float)
    track, time = np.full(len(points), -1), np.full(len(points), np.nan)
    begin, reach = 0.0, (max(pool.ends), pool.width / 2, pool.depth)
    for i, (ux, uy, _) in enumerate(path.direction):
        for s in np.linspace(0, path.length[i], n) if path.on[i] else ():
            x, y, z = (points - path.start[i] - s * path.direction[i]).T
            own = np.column_stack([ux * x + uy * y, ux * y - uy * x, z])
            inside = (z <= 0) & (abs(own) <= reach).all(1)
            inside[inside] = pool.distance(own[inside]) < 0
            track[inside], time[inside] = i, begin + s / path.speed[i]
        begin += path.n_sweeps[i] / 26
    return track.reshape(shape), time.reshape(shape)


def proposals(spin, x, y, z, molten=()):
    """Return {spin that a site may take: rise of the energy}; 0 = no site."""
    around = {}
    for a, b, c in NEIGHBORS:
        place = (x + a, y + b, z + c)
        if all(0 <= p < n for p, n in zip(place, spin.shape)) and spin[place]:
            around[place] = int(spin[place])
    values = list(around.values())
    mine = int(spin[x, y, z])
    allowed = {v for place, v in around.items() if place not in molten} - {mine}
    return {v: values.count(mine) - values.count(v) for v in allowed}


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


def paper_points(limit):
    """Algorithms 1 and 2 with Table 3, in units of a block: points and dependencies."""
    table = [
        ((0.00, 0.00, 0.00), (0, 0, 0)),
        ((0.00, 0.00, 0.75), (0, 0, 1)),
        ((0.75, 0.75, 0.75), (1, 1, 1)),
        ((0.75, 0.75, 0.00), (1, 1, 0)),
        ((0.75, 0.00, 0.75), (1, 0, 1)),
        ((0.00, 0.75, 0.75), (0, 1, 1)),
        ((0.75, 0.00, 0.00), (1, 0, 0)),
        ((0.00, 0.75, 0.00), (0, 1, 0)),
    ]
    points = []
    for offset, reduction in table:
        before = [p for p, _ in points]
        ranges = [range(n - r + 1) for n, r in zip(limit, reduction)]
        for index in itertools.product(*ranges):
            p = tuple(i * 1.5 + o for i, o in zip(index, offset))
            near = [q for q in before if max(abs(a - b) for a, b in zip(p, q)) <= 1]
            points.append((p, near))
    return points


def single_linkage(points, tolerance):
    """Return for each point the first of those that chains of near points lead to."""
    label = np.arange(len(points))
    near = np.linalg.norm(points[:, None] - points, axis=2) <= tolerance
    for _ in points:
        label = np.array([label[row].min() for row in near])
    return label


def freeze_grains(spin, freeze, fall, n_spins, temperature, seed):
    """Let sites freeze in their order and move while they cool, one by one."""
    key = [int(k) for k in split_key(seed, 12)]

    def words(first, sweep, what):
        return [int(w) for w in philox4x32(key, (first, sweep, 0, what))]

    melted = np.isfinite(freeze) & (spin != 0)
    places = [tuple(p) for p in np.argwhere(melted).tolist()]
    start = min(freeze[p] for p in places)
    begin = {p: math.floor(freeze[p] - start) for p in places}
    places.sort(key=lambda p: (begin[p], p))
    found = {p: int(spin[p]) for p in np.ndindex(spin.shape) if not melted[p]}
    mobile, frozen, sweep = [], 0, 0

    def neighbors(p):
        steps = [s for s in itertools.product((-1, 0, 1), repeat=3) if any(s)]
        near = [found.get(tuple(np.add(p, s).tolist()), 0) for s in steps]
        return [v for v in near if v]

    while mobile or frozen < len(places):
        while frozen < len(places) and begin[places[frozen]] <= sweep:
            drawn = words(frozen, sweep, 1)[0] * n_spins >> 32
            found[places[frozen]] = 1 + drawn
            mobile.append(places[frozen])
            frozen += 1
        for k in range(len(mobile)):
            w = words(k, sweep, 2)
            p = mobile[w[0] * len(mobile) >> 32]
            ages = sweep - begin[p] + (np.arange(1000) + 0.5) / 1000
            if w[3] / 2**32 >= (1 - fall[p] * ages).clip(min=0).mean():
                continue
            near = neighbors(p)
            other = list(dict.fromkeys(v for v in near if v != found[p]))
            if not other:
                continue
            new = other[w[1] * len(other) >> 32]
            rise = near.count(found[p]) - near.count(new)
            if rise <= 0 or w[2] / 2**32 < math.exp(-rise / temperature):
                found[p] = new
        sweep += 1
        mobile = [p for p in mobile if fall[p] * (sweep - begin[p]) < 1]
    result = np.zeros(spin.shape, int)
    for p, v in found.items():
        result[p] = v
    return result


def ipf_color(quaternion, symmetry, axis):
    """Return the color of one orientation: every equivalent direction is tried."""
    from scipy.spatial.transform import Rotation

    from grainpaint.orientations.ipf import sector_corners
    from grainpaint.orientations.symmetry import operators

    sample = np.eye(3)["xyz".index(axis)]
    one = Rotation.from_quat(quaternion, scalar_first=True)
    for operator in operators(symmetry):
        turned = one * Rotation.from_quat(operator, scalar_first=True)
        for mirror in (1, -1):
            direction = mirror * turned.inv().apply(sample)
            for flip in (1, -1):  # a mirror of the Laue class, across x = y or y = 0
                other = direction if flip == 1 else _mirrored(direction, symmetry)
                parts = np.linalg.solve(sector_corners(symmetry).T, other)
                if parts.min() > -1e-9:
                    roots = np.sqrt(np.clip(parts, 0, None))
                    return np.round(255 * roots / roots.max())
    raise AssertionError("no equivalent direction lies in the sector")


def _mirrored(direction, symmetry):
    x, y, z = direction
    return np.array([y, x, z] if symmetry == "432" else [x, -y, z])
