import numpy as np
import pytest
from samples import POTTS

from grainpaint import InputError
from grainpaint.formats.spparks import site_ids, write_sites
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import run_simulation
from grainpaint.simulate.spparks.simulation import ReadFile, SetSpins
from grainpaint.simulate.spparks.sites import Sites


def run(tmp_path, text, all_times=True):
    path = tmp_path / "in.script"
    path.write_text(text)
    return list(run_simulation(read_script(path), all_times))


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
    simulation = read_script(path)
    state = Sites(simulation.box)
    for step in simulation.steps:
        if isinstance(step, SetSpins):
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


def test_a_site_file_may_lack_all_but_the_values(tmp_path, rng):
    """As people make them of a dump: no number of sites, no names, a column more."""
    spin = rng.integers(1, 51, (12, 10, 8))
    ids = site_ids(spin.shape, (True, True, False))
    rows = [f"{i} {s} {i / 4}" for i, s in zip(ids.ravel(), spin.ravel())]
    path = tmp_path / "site.init"
    path.write_text("# This line is ignored\nValues\n\n" + "\n".join(rows[::-1]))
    text = POTTS.replace("potts 50", "potts/strain 50").replace(
        "set site range 1 50", "read_sites site.init"
    )
    (tmp_path / "in.script").write_text(text)
    simulation = read_script(tmp_path / "in.script")
    sites = Sites(simulation.box)
    (step,) = [step for step in simulation.steps if isinstance(step, ReadFile)]
    sites.read_file(step)
    np.testing.assert_array_equal(sites.spin, spin)
    np.testing.assert_array_equal(sites.value("d1"), ids / 4)
    named = path.read_text().replace("Values", "960 sites\nid d1 i1 values\n\nValues")
    path.write_text(named)
    with pytest.raises(InputError, match="i1 must be whole"):
        sites.read_file(step)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("\n7 ", "\n961 ", "IDs that are not those of the box"),
     ("Values", "id site q values\n\nValues", "'q' is not a value of a site"),
     ("Values", "site values\n\nValues", "begin with id"),
     ("\n7 1", "", "cut off: 959 rows of 960"), ("\n7 1", "\n7 1 3", "columns")],
)  # fmt: skip
def test_a_site_file_that_does_not_fit_is_refused(tmp_path, old, new, message):
    ids = site_ids((12, 10, 8), (True, True, False)).ravel().tolist()
    text = "first line\nValues\n\n" + "\n".join(f"{i} 1" for i in ids)
    assert old in text
    (tmp_path / "a.init").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        run(tmp_path, POTTS.replace("set site range 1 50", "read_sites a.init"))


def test_spins_that_the_application_does_not_know_are_refused(tmp_path):
    for text in (POTTS.replace("set site", "# set"), POTTS.replace("50\ns", "60\ns")):
        with pytest.raises(InputError, match=r"must lie in 1\.\.50"):
            run(tmp_path, text)
