import numpy as np
import pytest

from grainpaint.philox import philox4x32, split_key
from grainpaint.simulate.iso.rejection import sweep_sites


def naive_sweeps(spin, n_sweeps, seed, order, sectors, periodic, temperature, n_spins):
    """Sweep site by site with neighbors found by their coordinates."""
    spin = spin.copy()
    shape = spin.shape
    steps = [s for s in np.ndindex(3, 3, 3) if s != (1, 1, 1)]

    def around(place):
        for step in steps:
            at = [a + b - 1 for a, b in zip(place, step)]
            at = [a % n if p else a for a, n, p in zip(at, shape, periodic)]
            if all(0 <= a < n for a, n in zip(at, shape)) and spin[tuple(at)]:
                yield int(spin[tuple(at)])

    def octant(x, y, z):
        halves = [(n + 1) // 2 for n in shape]
        beyond = [a >= h for a, h in zip((x, y, z), halves)]
        return sum(2**i for i, b in enumerate(beyond) if b) if sectors else 0

    ids = sorted((octant(x, y, z), z, y, x) for x, y, z in np.ndindex(*shape))

    def numbers(stream, *counter):
        words = (*split_key(seed, stream), *counter)
        return [int(w) for w in philox4x32(*(np.uint64(w) for w in words))]

    def tries(sweep):
        """Yield the sites to try with their random words."""
        if order == "raster":
            for _, z, y, x in ids:
                yield (x, y, z), numbers(4, x, y, z, sweep)
            return
        for sector in sorted({row[0] for row in ids}):
            sites = [row[:0:-1] for row in ids if row[0] == sector]
            low = np.min(sites, axis=0)
            sizes = np.max(sites, axis=0) - low + 1
            for i in range(len(sites)):
                picks = numbers(3, i, 0, sector, sweep)
                place = [a + (p * int(n) >> 32) for a, p, n in zip(low, picks, sizes)]
                yield place, numbers(4, i, 0, sector, sweep)

    for sweep in range(n_sweeps):
        for (x, y, z), words in tries(sweep):
            mine = int(spin[x, y, z])
            if not mine:
                continue
            if n_spins:
                new = 1 + (int(words[0]) * n_spins >> 32)
            else:
                others = [v for v in around((x, y, z)) if v != mine]
                distinct = list(dict.fromkeys(others))
                if not distinct:
                    continue
                new = distinct[int(words[0]) * len(distinct) >> 32]
            near = list(around((x, y, z)))
            rise = near.count(mine) - near.count(new)
            u = int(words[1]) / 2**32
            if rise <= 0 or (temperature and u < np.exp(-rise / temperature)):
                spin[x, y, z] = new
    return spin


@pytest.mark.parametrize("n_spins", [0, 5])
@pytest.mark.parametrize("order", ["raster", "random"])
@pytest.mark.parametrize("sectors", [False, True])
@pytest.mark.parametrize(
    ("periodic", "temperature"), [((True, False, True), 1.5), ((False,) * 3, 0.0)]
)
def test_rejection_sweeps_are_those_of_a_slow_reference(
    rng, n_spins, order, sectors, periodic, temperature
):
    spin = rng.integers(0, 6, (5, 4, 3)).astype(np.int32)  # 0: no site
    settings = {"sectors": sectors, "periodic": periodic, "temperature": temperature}
    expected = naive_sweeps(spin, 3, 9, order, n_spins=n_spins, **settings)
    two, three = sweep_sites(
        spin, [2, 3], order=order, seed=9, n_spins=n_spins, **settings
    )
    np.testing.assert_array_equal(three, expected)
    (again,) = sweep_sites(
        two, [3], order=order, seed=9, first=2, n_spins=n_spins, **settings
    )
    np.testing.assert_array_equal(again, expected)
    assert (expected != spin).any()
