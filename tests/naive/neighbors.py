"""The neighbors of sites and of voxels, by loops."""

import itertools

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
