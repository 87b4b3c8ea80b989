import hashlib

import numba as nb
import numpy as np
import pytest
from naive.simulate import energy
from samples import CURVES, RECORDED
from scipy.stats import ks_2samp

from grainpaint.errors import InputError
from grainpaint.measure.grain_table import table
from grainpaint.microstructure import Microstructure
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am import sweeper
from grainpaint.simulate.am.heat_affected_zone import (
    ExponentialHaz,
    LinearHaz,
    zone_box,
)
from grainpaint.simulate.am.layers import cartesian_layer, stack_layers
from grainpaint.simulate.am.melt_pool import Bezier, DoubleEllipsoid, Ellipsoid
from grainpaint.simulate.am.scan import Segment, make_path
from grainpaint.simulate.am.solidify import solidify

POOL = DoubleEllipsoid(width=10, depth=6, front=4, rear=12)


HAZ = LinearHaz(width=4)


EXPONENTIAL = ExponentialHaz(decay=0.2, width=18, depth=10, front=8, rear=16)


TRACKS = make_path(
    [
        Segment((-8.0, 8.0), (38.0, 8.0), 10.0),
        Segment((36.0, 17.0), (-9.0, 14.0), 12.0),
    ],
    [7.0, 9.0],
)


def random_spins(shape=(26, 24, 12), n=500, seed=0):
    return np.random.default_rng(seed).integers(1, n + 1, shape, np.int32)


def run(spin, path=TRACKS, pool=POOL, haz=HAZ, **options):
    return solidify(spin, path, pool, haz, n_spins=500, seed=3, **options)


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_result_does_not_depend_on_threads(monkeypatch, n_threads):
    """The digest is that of the kernels without threads."""
    monkeypatch.setattr(nb, "get_num_threads", lambda: n_threads)
    monkeypatch.setattr(sweeper, "_SITES_TOGETHER", 20_000)  # a few sweeps
    end = np.ascontiguousarray(run(random_spins()))
    assert hashlib.sha256(end).hexdigest()[:12] == "076c115f02e4"


@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("stop", [1, 50, 119, 120, 170])
def test_a_run_in_two_parts_is_the_run_in_one(stop, freeze):
    """The path has 120 sweeps in its first track."""
    assert TRACKS.n_sweeps[0] == 120
    half = run(random_spins(), last_step=stop, freeze=freeze)
    both = run(half, first_step=stop, freeze=freeze)
    np.testing.assert_array_equal(both, run(random_spins(), freeze=freeze))


@pytest.mark.parametrize("haz", [HAZ, EXPONENTIAL], ids=lambda h: h.law)
@pytest.mark.parametrize("shape", [POOL, Bezier(width=10, depth=6, **CURVES)])
def test_melt_freezes_where_the_beam_goes_off(haz, shape):
    """Sites of the last pool in pieces of five or more: next to none, or most."""
    path = make_path([Segment((-8.0, 12.0), (20.0, 12.0), 10.0)], [9.0])
    x, y, z = np.indices((30, 24, 10))
    own = np.stack([x - 20.0, y - 12.0, z - 9.0], -1).reshape(-1, 3)
    molten = (shape.distance(own) < -1).reshape(x.shape)
    share = []
    for freeze in (False, True):
        end = run(random_spins(x.shape), path, shape, haz, freeze=freeze)
        label = label_pieces(end, corners=True)
        share.append((np.bincount(label.ravel())[label] >= 5)[molten].mean())
    assert share[0] < 0.2
    assert share[1] > 0.8


def test_another_seed_gives_other_grains():
    a = solidify(random_spins(), TRACKS, POOL, HAZ, n_spins=500, seed=1)
    b = solidify(random_spins(), TRACKS, POOL, HAZ, n_spins=500, seed=2)
    assert (a != b).mean() > 0.2


def test_nothing_changes_beyond_the_zone():
    """Only sites in the box around the moving pool, and none where there is none."""
    start = random_spins((40, 40, 20))
    start[10:14, 17:22, 5:9] = 0
    path = make_path([Segment((8.0, 20.0), (28.0, 20.0), 10.0)], [12.0])
    end = run(start, path)
    rear, front, side, below, _ = zone_box(POOL, HAZ)
    x, y, z = np.indices(start.shape)
    box = (x >= 8 - rear) & (x <= 28 + front) & (np.abs(y - 20) <= side)
    box &= (z <= 12) & (z >= 12 - below)
    assert (end[box] != start[box]).mean() > 0.5
    np.testing.assert_array_equal(end[~box], start[~box])
    assert ((end == 0) == (start == 0)).all()


@pytest.mark.parametrize(
    ("haz", "law"),
    [
        (LinearHaz(width=20), lambda d: 1 - d / 20),
        (
            ExponentialHaz(decay=0.5, width=200, depth=39, front=100, rear=100),
            lambda d: np.exp(-0.5 * np.ceil(d)),
        ),
    ],
    ids=["linear", "exponential"],
)
def test_lone_sites_flip_at_the_rate_of_their_mobility(haz, law):
    """Sites of spin 2 in a matrix of 1, apart from each other, one sweep in the zone.

    Where the mobility is m they stay with probability exp(-m): 1,000 sites or more by
    distance, alpha = 1e-4 each; catches a mobility wrong by a fifth.
    """
    shape = (200, 200, 40)
    spin = np.ones(shape, np.int32)
    lone = np.zeros(shape, bool)
    lone[1::3, 1::3, 1::3] = True
    spin[lone] = 2
    pool = Ellipsoid(width=160, depth=20, length=160)
    path = make_path([Segment((100.0, 100.0), (101.0, 100.0), 26.0)], [39.0])
    end = solidify(spin, path, pool, haz, n_spins=2**30, seed=1)
    distance = pool.distance(np.argwhere(lone) - np.array([100.0, 100.0, 39.0]))
    for low in range(0, 15, 3):
        band = (distance > low + 0.1) & (distance < low + 3)
        stay = np.exp(-law(distance[band]))
        left = (end[lone][band] == 2).sum()
        assert band.sum() > 1000
        assert abs(left - stay.sum()) < 3.9 * np.sqrt((stay * (1 - stay)).sum())
    renewed = (end[lone][distance < -0.1] != 2).mean()
    assert renewed == pytest.approx(1 - np.exp(-1), abs=0.02)


def test_energy_never_rises_at_zero_temperature():
    """The pool itself runs through a gap; only its zone touches material."""
    spin = random_spins((24, 24, 14), n=6)
    spin[:, :, 4:] = 0
    path = make_path([Segment((0.0, 12.0), (24.0, 12.0), 20.0)], [10.0])
    last = energy(np.pad(spin, 1))
    for step in range(path.n_steps):
        spin = run(spin, path, temperature=0, first_step=step, last_step=step + 1)
        now = energy(np.pad(spin, 1))
        assert now <= last
        last = now
    assert last < 0.97 * energy(np.pad(random_spins((24, 24, 14), n=6), 1))


def test_spins_of_the_melt_are_copied_only_if_asked():
    start = random_spins((40, 24, 12), n=100)
    path = make_path([Segment((20.0, 12.0), (20.2, 12.0), 26.0)], [9.0])
    x, y, z = np.indices(start.shape)
    own = np.stack([x - 20.0, y - 12.0, z - 9.0], -1).reshape(-1, 3)
    solid = (POOL.distance(own) > 0.3).reshape(start.shape) | (z > 9)
    for copy in (True, False):
        end = solidify(start, path, POOL, HAZ, n_spins=2**30, seed=1, copy_molten=copy)
        assert (end[~solid] > 100).mean() > 0.5
        assert (end[solid] > 100).any() == copy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool": POOL.model_copy(update={"depth": 13.0})}, "13 voxels deep.*only 12"),
        (
            {"path": make_path([Segment((99.0, 0.0), (120.0, 0.0), 5.0)], [5.0])},
            "outside the box.*26 x 24 x 12",
        ),
        ({"temperature": -1}, "temperature"),
        ({"first_step": 9, "last_step": 5}, "not within"),
    ],
)
def test_impossible_runs_are_refused_in_one_line(options, message):
    with pytest.raises(InputError, match=message) as error:
        run(random_spins(), **options)
    assert "\n" not in str(error.value)


def recorded(speed):
    """The scan of the recorded runs: X and Y passes in turn, from all corners."""
    shape = (64, 64, 64)
    return [
        (cartesian_layer(shape, d, speed, 16, corner, offset), 10)
        for d, corner, offset in (
            ("x", "LL", (-40, 0)),
            ("y", "UL", (0, 40)),
            ("x", "UR", (40, 0)),
            ("y", "LR", (0, -40)),
        )
    ]


def grain_shapes(spin):
    """Volume, b/a, c/a and main axis of the grains of 10 voxels or more."""
    found = table(Microstructure(label_pieces(spin, corners=True)))
    columns = ["voxels", "b_over_a", "c_over_a", "axis_x", "axis_y", "axis_z"]
    return found.loc[found["voxels"] >= 10, columns].abs().to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["am_ellipsoid", "am_bezier"])
def test_grains_are_those_of_spparks(kind):
    """Volume, both aspect ratios, and the three parts of the main axis: KS, p > 0.01.

    SPPARKS ended 6 (ellipsoid) and about 41 sweeps (Bezier) before the end of its path:
    see benchmarks/additive.py.
    """
    with np.load(RECORDED / "recorded.npz") as archive:
        theirs = archive[kind]
    start = random_spins((64, 64, 64), n=10_000, seed=1)
    if kind == "am_ellipsoid":
        path = stack_layers(recorded(14), 13, 6)
        pool = DoubleEllipsoid(width=24, depth=16, front=8, rear=30)
        haz = ExponentialHaz(decay=0.3, width=28, depth=20, front=12, rear=36)
        early = 6
    else:
        path = stack_layers(recorded(18), 13, 6)
        pool = Bezier(width=24, depth=16, **CURVES)
        haz = LinearHaz(width=6, tail=12, power=1.5)
        early = 41
    ours = grain_shapes(
        solidify(
            start,
            path,
            pool,
            haz,
            n_spins=10_000,
            copy_molten=True,
            seed=1,
            last_step=path.n_steps - early,
        )
    )
    reference = grain_shapes(theirs.astype(np.int32) + 1)
    assert len(ours) == pytest.approx(len(reference), rel=0.08)
    for column in range(6):
        assert ks_2samp(ours[:, column], reference[:, column]).pvalue > 0.01
