import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.neighbors import around
from naive.simulate import energy, flip_rates, rejection_free
from samples import RECORDED
from scipy import stats
from scipy.linalg import expm

from grainpaint.errors import InputError
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso import potts
from grainpaint.simulate.iso.isotropic import isotropic
from grainpaint.simulate.iso.lattice import LATTICES
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins

PERIODIC = (True, True, True)


def last(spin, *times, **settings):
    """Return the spins at the last of the times."""
    for frame in grow(spin, times, **settings):
        result = frame.copy()
    return result


def fast_energy(spin):
    """Unlike pairs of the 26 neighbors in a periodic box."""
    half = [o for o in itertools.product((-1, 0, 1), repeat=3) if o > (0, 0, 0)]
    return sum(int((np.roll(spin, o, (0, 1, 2)) != spin).sum()) for o in half)


def n_grains(spin):
    return int(label_pieces(np.ascontiguousarray(spin), PERIODIC, corners=True).max())


@pytest.mark.parametrize(
    ("lattice", "temperature", "rule"),
    [
        *itertools.product(LATTICES, (0.0, 1.5), ("each",)),
        *itertools.product(("sc/26n", "sq/4n"), (0.0, 2.0), ("any", "one")),
    ],
)
def test_flips_come_at_the_enumerated_rates(lattice, temperature, rule, rng):
    """Chi-square, alpha = 1e-4, 8,000 sites (6,400 on a square lattice).

    Each 27th site may flip, the others have mobility 0 and one pattern repeats, with
    places outside in it. The spin of each such site is then a Markov chain of its own,
    whose law at time t is a row of exp(t Q), Q the matrix of enumerated rates. Catches
    a rate that is wrong by 10 %.
    """
    offsets, n_spins, time, slow = LATTICES[lattice], 5, 0.75, 0.5
    flat = lattice.startswith("sq")
    tile = (3, 3, 1) if flat else (3, 3, 3)
    pattern = rng.choice(4, tile, p=[0.1, 0.5, 0.3, 0.1]).astype(np.int32)
    center = (1, 1, 0) if flat else (1, 1, 1)
    pattern[center] = 1
    n = (80, 80, 1) if flat else (20, 20, 20)
    mobility = np.zeros(tile)
    mobility[center] = slow
    spin = last(
        np.tile(pattern, n), 0.25, time, seed=3, lattice=lattice,
        temperature=temperature, mobility=np.tile(mobility, n), rule=rule,
        n_spins=n_spins,
    )  # fmt: skip
    ends = spin[tuple(slice(c, None, t) for c, t in zip(center, tile))].ravel()
    neighbors = around(pattern, center, offsets)
    matrix = np.zeros((n_spins + 1,) * 2)
    for mine in range(1, n_spins + 1):
        rates = flip_rates(mine, neighbors, len(offsets), temperature, rule, n_spins)
        for other, rate in rates.items():
            matrix[mine, other] = rate
        matrix[mine, mine] = -sum(rates.values())
    law = expm(matrix * time * slow)[1]
    seen = np.bincount(ends, minlength=n_spins + 1)
    assert seen[law < 1e-12].sum() == 0
    kept = law * ends.size > 5
    assert (
        stats.chisquare(seen[kept], law[kept] / law[kept].sum() * seen[kept].sum())[1]
        > 1e-4
    )
    others = np.tile(pattern, n)
    others[tuple(slice(c, None, t) for c, t in zip(center, tile))] = ends.reshape(n)
    np.testing.assert_array_equal(spin, others)  # mobility 0: nothing moved


@pytest.mark.parametrize("time", [0.25, 2.0])
def test_a_lone_site_lives_as_long_as_its_one_flip_lets_it(time):
    """Rate 1, over several windows: 40,000 sites, alpha = 1e-4 (3.9 sigma)."""
    spin = np.ones((160, 160, 100), np.int32)
    spin[2::4, 2::4, 2::4] = 2
    n, p = int((spin == 2).sum()), np.exp(-time)
    left = int((last(spin, time, seed=5) == 2).sum())
    assert abs(left - n * p) < 3.9 * np.sqrt(n * p * (1 - p))


@pytest.mark.slow
def test_time_runs_as_in_the_rejection_free_method():
    """Energy and grains at t = 0.5, 1 and 3 in 16^3, 10 against 10 runs, Q = 200.

    Welch's t, alpha = 1e-4 for each of the six. The scatter is 0.3 to 3 %: catches time
    that runs wrong by some percent.
    """
    times = np.array([0.5, 1.0, 3.0])
    ours, exact = [], []
    for seed in range(10):
        start = random_spins((16, 16, 16), 200, seed).astype(np.int32)
        for frames, result in (
            (grow(start, times, seed=seed), ours),
            (rejection_free(start, times, seed), exact),
        ):
            result.append([(fast_energy(s), n_grains(s)) for s in frames])
    p = stats.ttest_ind(ours, exact, equal_var=False).pvalue
    assert p.min() > 1e-4


@pytest.mark.parametrize("lattice", LATTICES)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(*[st.integers(3, 9)] * 3),
    periodic=st.tuples(*[st.booleans()] * 3),
)
@settings(max_examples=5)
def test_energy_never_rises_at_zero_temperature(lattice, seed, shape, periodic):
    """In boxes of any size, also where there is no site at a tenth of the places."""
    shape = (*shape[:2], 1) if lattice.startswith("sq") else shape
    rng = np.random.default_rng(seed)
    spin = rng.integers(1, 5, shape) * (rng.random(shape) > 0.1)
    before = energy(spin, LATTICES[lattice], periodic)
    settings = {"seed": seed, "lattice": lattice, "periodic": periodic}
    for frame in grow(spin, np.arange(1, 7) / 8, **settings):
        after = energy(frame, LATTICES[lattice], periodic)
        assert after <= before
        before = after
        np.testing.assert_array_equal(frame == 0, spin == 0)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_result_does_not_depend_on_threads(monkeypatch, n_threads):
    """The digests are those of the kernels with barriers."""
    monkeypatch.setattr(potts, "threads_for", lambda *_: n_threads)
    start = random_spins((61, 50, 9), 50, seed=1)
    for temperature, digest in ((0.0, "5d511573be9a"), (1.0, "4f1146499bcd")):
        end = np.ascontiguousarray(last(start, 1, seed=1, temperature=temperature))
        assert hashlib.sha256(end).hexdigest()[:12] == digest


@pytest.mark.parametrize("n_spins", [0, 50])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_run_that_goes_on_is_one_run(n_spins, temperature):
    start = random_spins((15, 20, 11), n_spins, seed=2)
    settings = {"seed": 2, "temperature": temperature}
    once = last(start, 8, **settings)
    twice = last(last(start, 4, **settings), 8, start_time=4, **settings)
    np.testing.assert_array_equal(once, twice)
    np.testing.assert_array_equal(once, last(start, 0.3, 4, 7.7, 8, **settings))
    assert (once != last(start, 8, **(settings | {"seed": 3}))).any()


def test_parts_that_do_not_touch_share_no_grain():
    start = random_spins((12, 12, 12), 0, seed=7)
    mask = np.ones(start.shape, bool)
    mask[6] = mask[11] = False
    spin = last(np.where(mask, start, 0), 20, seed=7)
    assert ((spin == 0) == ~mask).all()
    assert not set(spin[:6].ravel()) & set(spin[7:11].ravel())
    volume = isotropic((12, 12, 12), 20, seed=7, mask=mask)
    assert (volume.mask == mask).all()


def test_an_open_axis_is_no_neighborhood_and_a_periodic_one_is():
    start = np.repeat(np.arange(1, 13, dtype=np.int32), 64).reshape(12, 8, 8)
    for axis_is_periodic in (False, True):
        crossed = []  # each with about even odds, if it can be
        for seed in range(20):
            spin = last(start, 60, seed=seed, periodic=(axis_is_periodic, True, True))
            crossed.append(set(start[:3].ravel()) & set(spin[9:].ravel()))
        assert any(crossed) == axis_is_periodic


def test_grains_are_larger_where_mobility_is(rng):
    """Mobility 1 on one side, 0.1 on the other: grains ten times as old."""
    mobility = np.ones((64, 32, 32))
    mobility[:32] = 0.1
    fast = isotropic((64, 32, 32), 50, seed=8, mobility=mobility).grain_id
    near, far = (np.unique(part).size for part in (fast[2:30], fast[34:62]))
    assert near > 4 * far
    frozen = random_spins((9, 9, 9), 9, seed=1)
    same = last(frozen, 5, mobility=np.zeros(frozen.shape))
    np.testing.assert_array_equal(frozen, same)


def test_heat_lets_grains_be_rough_and_cold_ones_smooth():
    """Planar boundaries: frozen at T = 0, rough at T > 0; more so when hotter."""
    slabs = np.repeat(np.array([1, 2], np.int32), 8 * 16 * 16).reshape(16, 16, 16)
    ends = [energy(last(slabs, 5, temperature=t, seed=1)) for t in (0.0, 2.0, 5.0)]
    assert ends[0] == energy(slabs)
    assert ends[0] < ends[1] < ends[2]


# Unlike pairs and grains of SPPARKS' run iso_7 (100^3, in.iso) at two times.
BY_SPPARKS = {5: (5_856_574, 20_253), 10: (4_864_880, 11_623)}


def test_energy_and_grains_follow_spparks():
    """Energy and grains a site at t = 5 and 10: 6 runs of 48^3, SPPARKS' one of 100^3.

    Student's t with five degrees of freedom, alpha = 1e-4 for each of the four (|t| <
    11.2 if SPPARKS' run scatters as ours, by volume). Scatter of 48^3: 0.15 % (t = 5)
    to 0.3 % of the energy.
    """
    ours = []
    for seed in range(6):
        frames = grow(random_spins((48,) * 3, 1000, seed), [5, 10], seed=seed)
        ours.append([(fast_energy(s) / s.size, n_grains(s) / s.size) for s in frames])
    mean, sd = np.mean(ours, 0), np.std(ours, axis=0, ddof=1)
    for i, (time, theirs) in enumerate(BY_SPPARKS.items()):
        target = np.array(theirs) / 100**3
        t = (target - mean[i]) / (sd[i] * np.sqrt(1 / 6 + 48**3 / 100**3))
        assert (abs(t) < 11.2).all(), (time, t)


@pytest.mark.slow
def test_grains_are_those_of_spparks():
    """100^3 to t = 100: each of four seeds against both runs of SPPARKS.

    Two-sample Kolmogorov-Smirnov, p > 0.01 / 16 each (Bonferroni over 4 x 2 x 2 tests):
    volumes of grains and distances to the nearest centroid, pieces cut at the faces as
    the data's own figures count them.
    """
    for seed in range(4):
        ours = measures(isotropic((100,) * 3, 100, seed=seed).grain_id)
        for name in ("iso_7", "iso_56789"):
            spin = np.load(RECORDED / "recorded.npz")[name]
            for a, b in zip(ours, measures(spin)):
                assert stats.ks_2samp(a, b).pvalue > 0.01 / 16


def measures(spin):
    """Return volumes of the pieces of a box and distances to the nearest centroid."""
    from scipy.spatial import cKDTree

    label = label_pieces(spin.astype(np.int32), corners=True).ravel()
    volume = np.bincount(label)[1:]
    places = np.indices(spin.shape).reshape(3, -1)
    centroid = np.stack([np.bincount(label, p)[1:] / volume for p in places], 1)
    # Mutual neighbors share a distance: counted once, or KS would see pairs as proof.
    return volume, np.unique(cKDTree(centroid).query(centroid, 2)[0][:, 1].round(9))


START = np.ones((8, 8, 8), int)


MISTAKES = {
    "unknown lattice": (START, {"lattice": "fcc"}, "sc/26n, sc/6n"),
    "thick plane": (START, {"lattice": "sq/8n"}, "X,Y,1"),
    "thin box": (START[:2], {}, "periodic axis needs at least 3 sites, x has 2"),
    "cold": (START, {"temperature": -1}, "temperature"),
    "no temperature": (START, {"temperature": float("nan")}, "temperature"),
    "rule": (START, {"rule": "all"}, "each, any, one"),
    "spins of any": (START, {"rule": "any", "n_spins": 0}, "n_spins"),
    "map shape": (START, {"mobility": np.ones((8, 8, 7))}, "shape"),
    "map range": (START, {"mobility": np.full(START.shape, 1.5)}, "0..1"),
    "map gaps": (START, {"mobility": np.full(START.shape, np.nan)}, "0..1"),
    "past": (START, {"start_time": 5}, "increase"),
    "negative": (-START, {}, "0..2147483647"),
    "flat array": (START[0], {}, "3-D"),
    "floats": (START * 0.5, {}, "integers"),
    "seed": (START, {"seed": -1}, "seed"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named_before_anything_runs(mistake):
    spin, settings, message = MISTAKES[mistake]
    with pytest.raises(InputError, match=message):
        grow(spin, [1], **settings)
