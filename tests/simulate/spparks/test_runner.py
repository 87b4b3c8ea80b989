"""SPPARKS' scripts, run with our kernels."""

import numpy as np
import pytest
from samples import AM, POTTS

from grainpaint import InputError
from grainpaint.formats.spparks import site_ids, write_sites
from grainpaint.philox import philox4x32, split_key
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.melt_pool import DoubleEllipsoid, ExponentialHaz
from grainpaint.simulate.am.scan import build, cartesian_layer
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.iso.potts import grow, random_spins
from grainpaint.simulate.iso.rejection import sweep_sites
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import _lattice, simulate
from grainpaint.simulate.spparks.values import Box


def run(tmp_path, text, all_times=True):
    path = tmp_path / "in.script"
    path.write_text(text)
    return list(simulate(read_script(path), all_times))


def test_a_potts_script_is_our_kernel_with_its_settings(tmp_path):
    ((time, volume),) = run(tmp_path, POTTS)
    assert time == 4
    (spin,) = grow(
        random_spins((12, 10, 8), 50, 7),
        [4.0],
        seed=7,
        periodic=(True, True, False),
        temperature=0.4,
    )
    expected = label_pieces(spin.astype(np.int32), (True, True, False), corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)
    assert volume.periodic == (True, True, False)


def test_an_additive_script_is_our_kernel_with_its_settings(tmp_path):
    ((_, volume),) = run(tmp_path, AM)
    tracks = cartesian_layer((16, 12, 8), "x", 10, 5, "LL", (-8.0, 0.0))
    path = build([(tracks, 4.0)], 3.0, 2)
    spin = solidify(
        random_spins((16, 12, 8), 100, 5).astype(np.int32) + 1,
        path,
        DoubleEllipsoid(width=6, depth=5, front=3, rear=8),
        ExponentialHaz(decay=0.3, width=8, depth=7, front=4, rear=10),
        n_spins=100,
        temperature=0.25,
        copy_molten=True,
        seed=5,
        last_step=path.n_steps - 2,  # SPPARKS leaves out the last sweep of a layer
    )
    expected = label_pieces(spin, (False,) * 3, corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)


@pytest.mark.parametrize("text", [POTTS, AM])
def test_snapshots_do_not_change_the_end_and_come_in_order(tmp_path, text):
    ((end, alone),) = run(tmp_path, text)
    dumped = text.replace("run", "dump 1 text 0.5 dump.*\ndump_modify 1 delay 1.0\nrun")
    found = run(tmp_path, dumped)
    times = [t for t, _ in found]
    assert times == sorted(times)
    assert times[0] == 1.0
    assert len(times) > 4
    assert times[-1] == end
    np.testing.assert_array_equal(found[-1][1].grain_id, alone.grain_id)
    assert (found[0][1].grain_id != alone.grain_id).any()
    ((time, last),) = run(tmp_path, dumped, all_times=False)
    assert time == end
    np.testing.assert_array_equal(last.grain_id, alone.grain_id)


def test_two_runs_are_one_and_reset_time_changes_only_the_clock(tmp_path):
    ((_, once),) = run(tmp_path, POTTS)
    two = POTTS.replace("run 4", "run 1\nreset_time 50\nrun 3")
    ((time, twice),) = run(tmp_path, two)
    assert time == 53
    np.testing.assert_array_equal(twice.grain_id, once.grain_id)


def test_the_temperature_of_each_run_is_its_own(tmp_path):
    hot = POTTS.replace("0.4", "3.0")
    ((_, melted),) = run(tmp_path, hot)
    ((_, cooled),) = run(tmp_path, hot + "temperature 0\nrun 8\n")
    assert melted.n_grains > 3 * cooled.n_grains


def test_set_acts_on_the_sites_that_it_names(tmp_path):
    text = POTTS.replace(
        "set site range 1 50",
        "region ball sphere 6 5 4 3\nset site value 1\n"
        "set site value 2 region ball\nset site value 3 if x >= 6 if site = 2\n"
        "set site value 4 if id <= 12",
    ).replace("run 4", "run 0")
    ((_, volume),) = run(tmp_path, text)
    x, y, z = np.ogrid[:12, :10, :8]
    ball = (x - 6) ** 2 + (y - 5) ** 2 + (z - 4) ** 2 <= 9
    spin = np.where(ball, np.where(x >= 6, 3, 2), 1)
    spin[site_ids((12, 10, 8), (True, True, False)) <= 12] = 4
    expected = label_pieces(spin, (True, True, False), corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)


def test_fractions_and_ranges_have_their_frequencies(tmp_path):
    """60,000 sites; four standard deviations: a wrong range or share would be seen."""
    text = POTTS.replace("0 12 0 10 0 8", "0 50 0 40 0 30").replace("run 4", "run 0")
    text = text.replace(
        "set site range 1 50",
        "set site value 50\nset site range 11 14 fraction 0.25",
    )
    path = tmp_path / "in.script"
    path.write_text(text)
    from grainpaint.simulate.spparks.runner import _State

    simulation = read_script(path)
    state = _State(simulation)
    for step in simulation.steps[:-1]:
        state.set_spins(step)
    values, counts = np.unique(state.spin, return_counts=True)
    assert values.tolist() == [11, 12, 13, 14, 50]
    shares = counts / 60_000
    assert shares == pytest.approx([1 / 16] * 4 + [0.75], abs=4 * 0.0018)


def test_sites_outside_of_a_region_do_not_exist(tmp_path):
    text = POTTS.replace("create_sites box", "region c cylinder z 6 5 4 0 8\n"
                         "create_sites region c")  # fmt: skip
    ((_, volume),) = run(tmp_path, text)
    x, y = np.ogrid[:12, :10]
    disk = np.hypot(x - 6, y - 5) <= 4
    np.testing.assert_array_equal(
        volume.mask, np.broadcast_to(disk[..., None], (12, 10, 8))
    )


def test_a_site_file_is_the_start(tmp_path, rng):
    spin = rng.integers(1, 51, (12, 10, 8)).astype(np.int32)
    write_sites(tmp_path / "start.sites", spin, (True, True, False))
    text = POTTS.replace("set site range 1 50", "read_sites start.sites")
    ((_, volume),) = run(tmp_path, text.replace("run 4", "run 0"))
    expected = label_pieces(spin, (True, True, False), corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)
    write_sites(tmp_path / "start.sites", spin[:-1], (True, True, False))
    with pytest.raises(InputError, match=r"in\.script:8: .*start\.sites has .11, 10"):
        run(tmp_path, text)


def test_spins_that_the_application_does_not_know_are_refused(tmp_path):
    for text in (POTTS.replace("set site", "# set"), POTTS.replace("50\ns", "60\ns")):
        with pytest.raises(InputError, match=r"must lie in 1\.\.50"):
            run(tmp_path, text)


@pytest.mark.parametrize(("lattice", "reach"), [("sc/26n", 3), ("sc/6n", 1)])
def test_a_single_periodic_layer_is_its_own_neighbor(rng, lattice, reach):
    """Rises of energy by brute force over the images, as SPPARKS counts them."""
    box = Box((5, 4, 1), (0, 0, 0), 1.0, lattice, (False, False, True))
    flat, periodic, copies = _lattice(box)
    assert (flat, periodic) == ("sq/8n" if reach == 3 else "sq/4n", (False,) * 3)
    spin = rng.integers(0, 3, (5, 4))
    steps = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    steps = [s for s in steps if any(s) and (reach == 3 or sum(map(abs, s)) == 1)]

    def unlike(x, y, value):
        """Count unlike neighbors; the site's own images change with it."""
        around = [(x + a, y + b) for a, b, _ in steps]
        return sum(
            spin[p] != value
            for p in around
            if p != (x, y) and 0 <= p[0] < 5 and 0 <= p[1] < 4
        )

    plane = {(a, b) for a, b, _ in steps} - {(0, 0)}
    for x, y in np.ndindex(5, 4):
        near = [(x + a, y + b) for a, b in plane]
        near = [p for p in near if 0 <= p[0] < 5 and 0 <= p[1] < 4]
        rise = sum(int(spin[p] != 1) - int(spin[p] != spin[x, y]) for p in near)
        assert unlike(x, y, 1) - unlike(x, y, spin[x, y]) == copies * rise


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


def test_a_script_with_raster_sweeps_is_swept_so(tmp_path):
    text = POTTS.replace("potts 50", "potts/neighonly 50").replace(
        "solve_style tree", "sector yes\nsweep raster"
    )
    ((_, volume),) = run(tmp_path, text)
    start = random_spins((12, 10, 8), 50, 7)
    (spin,) = sweep_sites(
        start,
        [105],  # SPPARKS' log of 4 units of time: rounding costs a sweep
        seed=7,
        order="raster",
        periodic=(True, True, False),
        temperature=0.4,
    )
    expected = label_pieces(spin, (True, True, False), corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)


def test_a_pool_may_be_deeper_than_a_flat_box(tmp_path):
    text = AM.replace("0 12 0 8", "0 12 0 1").replace(
        "build start 3.0", "build start 0"
    )
    ((_, volume),) = run(tmp_path, text)
    assert volume.shape == (16, 12, 1)
    assert volume.mask.all()
    assert volume.n_grains < 16 * 12 / 2
