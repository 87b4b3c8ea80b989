"""Simulators, site by site and event by event."""

import itertools
import math

import numba as nb
import numpy as np

from grainpaint.philox import split_key
from naive.neighbors import NEIGHBORS
from naive.philox import philox4x32


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
