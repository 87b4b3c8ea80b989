"""Slow, obvious versions of what the package does fast: oracles for the tests."""

import itertools

import numpy as np

NEIGHBORS = [o for o in itertools.product((-1, 0, 1), repeat=3) if o != (0, 0, 0)]


def energy(spin):
    """Unlike pairs of neighbours in a periodic box, each pair once."""
    unlike = sum((np.roll(spin, o, (0, 1, 2)) != spin).sum() for o in NEIGHBORS)
    return int(unlike) // 2


def allowed_spins(spin, x, y, z):
    """Return the neighbouring spins that do not raise the energy of a site."""
    shape = spin.shape
    around = [
        int(spin[(x + a) % shape[0], (y + b) % shape[1], (z + c) % shape[2]])
        for a, b, c in NEIGHBORS
    ]
    mine = around.count(int(spin[x, y, z]))
    return {s for s in set(around) - {int(spin[x, y, z])} if around.count(s) >= mine}


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
