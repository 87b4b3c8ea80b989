"""What a script asks for is written, as SPPARKS writes it."""

import gzip
import shutil

import numpy as np
import pytest
from samples import AM, POTTS, RECORDED

from grainpaint import InputError
from grainpaint.formats.spparks import read_spins, times
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import run_script, run_simulation

WRITTEN = RECORDED / "written"  # by SPPARKS, from in.script there
FILES = [
    "again.0.sites", "all.0", "chosen.txt", "clusters.dump", "clusters.txt",
    "numbers.bin", "packed.gz", "short.00.txt", "spins.000.vti",
]  # fmt: skip


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Return a folder with what we write for the script of the recorded files."""
    folder = tmp_path_factory.mktemp("ours")
    for name in ("in.script", "start.sites"):
        shutil.copy(WRITTEN / name, folder)
    run_script(folder / "in.script", folder=folder)
    return folder


def parse_log(path):
    """Read the tables of a log as people's parsers do: titles, then rows of numbers."""
    tables, titles = [], None
    for line in path.read_text().splitlines():
        words = line.split()
        if words[:2] == ["Time", "Naccept"]:
            titles = words
            tables.append({title: [] for title in words})
        elif line.startswith("Loop time"):
            titles = None
        elif titles:
            for title, word in zip(titles, words, strict=True):
                tables[-1][title].append(float(word))
    return tables


def run(tmp_path, text):
    (tmp_path / "in.script").write_text(text)
    shown = []
    simulation = read_script(tmp_path / "in.script")
    for _ in run_simulation(simulation, folder=tmp_path, screen=shown.append):
        pass
    return shown


@pytest.mark.parametrize("name", FILES)
def test_files_are_those_of_spparks_byte_for_byte(ours, name):
    written, expected = ((f / name).read_bytes() for f in (ours, WRITTEN))
    if name.endswith(".gz"):
        written, expected = map(gzip.decompress, (written, expected))
    assert written == expected


def test_the_table_is_that_of_spparks(ours):
    tables = [parse_log(folder / "log.spparks") for folder in (ours, WRITTEN)]
    assert tables[0] == tables[1]
    assert tables[0][0]["Energy"] == [2236]
    assert list(tables[0][0])[-4:] == ["sum(i1)", "Nclust", "<N>", "<R>"]


def test_a_snapshot_has_a_file_of_its_own_or_the_end_of_the_only_one(tmp_path):
    (tmp_path / "all.dump").write_text("of another run")
    text = POTTS.replace(
        "run 4",
        "dump a text 1 all.dump\ndump b text 2 d.*.x id site\ndump_modify b pad 3\n"
        "run 2\nrun 2",
    )
    run(tmp_path, text)
    assert times(tmp_path / "all.dump") == [0, 1, 2, 3, 4]
    assert sorted(p.name for p in tmp_path.glob("d.*")) == [
        "d.000.x", "d.001.x", "d.002.x"
    ]  # fmt: skip
    for number, time in enumerate((0, 2, 4)):
        one = read_spins(tmp_path / f"d.{number:03}.x")
        same = read_spins(tmp_path / "all.dump", time)
        assert one.time == time
        np.testing.assert_array_equal(one.spin, same.spin)


def test_a_site_file_continues_a_run(tmp_path):
    text = POTTS.replace("run 4", "dump s sites 4 s.*.sites id site\nrun 4")
    run(tmp_path, text)
    first = run_script(tmp_path / "in.script")
    restart = POTTS.replace("set site range 1 50", "read_sites s.1.sites")
    (tmp_path / "in.again").write_text(restart.replace("run 4", "run 0"))
    again = run_script(tmp_path / "in.again")
    np.testing.assert_array_equal(first.grain_id, again.grain_id)


def test_the_log_has_a_table_for_each_run_and_goes_where_the_script_says(tmp_path):
    text = POTTS.replace(
        "run 4",
        'stats 1.0 logfreq 2 10\ndiag_style energy\nprint "T is $T"\nrun 4\n'
        "log other.log\necho both\ntemperature $T\nrun 1 # more\nlog none\nrun 1",
    )
    shown = run(tmp_path, "variable T index 0.1\n" + text)
    (first,) = parse_log(tmp_path / "log.spparks")
    assert first["Time"] == pytest.approx([0, 1, 10**0.5, 4], rel=1e-5)
    assert all(a > b for a, b in zip(first["Energy"], first["Energy"][1:]))
    (second,) = parse_log(tmp_path / "other.log")
    assert second["Time"] == [4, 5]
    assert second["Energy"][0] == first["Energy"][-1]
    echoed = (tmp_path / "log.spparks").read_text()
    assert "T is 0.1\n" in echoed
    assert "run 4\n" in echoed
    assert "temperature 0.1" in (tmp_path / "other.log").read_text()
    assert {"T is 0.1", "run 1 # more", "temperature 0.1"} < set(shown)
    assert "run 4" not in shown
    assert sum(line.startswith("      Time") for line in shown) == 3


def test_sweeps_are_counted_over_all_runs(tmp_path):
    text = POTTS.replace("solve_style tree", "sweep random").replace("run 4", "run 1")
    run(tmp_path, text.replace("potts 50", "potts/neighonly 50") + "stats 0.5\nrun 1\n")
    tables = parse_log(tmp_path / "log.spparks")
    first, second = (table["Nsweeps"] for table in tables)
    assert first == [0, 27]  # 26 steps of 1/26 add up to less than 1
    assert second[0] == 27
    assert second[-1] == 53
    for table in tables:
        assert table["Nreject"] == [960 * n for n in table["Nsweeps"]]


def test_clusters_are_written_at_their_own_times_and_agree_with_the_grains(tmp_path):
    text = POTTS.replace(
        "run 4",
        "diag_style cluster stats no delt 2.0 filename c.txt\n"
        "diag_style cluster stats no delt 4.0 dump opendx dx\nrun 4",
    )
    run(tmp_path, text)
    grains = run_script(tmp_path / "in.script")
    *_, last = (tmp_path / "c.txt").read_text().split("Time = ")[1:]
    assert (tmp_path / "c.txt").read_text().count("Time = ") == 2
    rows = [line.split() for line in last.splitlines() if line.startswith(" ")]
    assert last.startswith("4.000000 \nncluster = ")
    sizes = np.bincount(grains.grain_id.ravel())[1:]
    assert sorted(int(row[3]) for row in rows) == sorted(sizes)
    assert "items 960 data follows" in (tmp_path / "dx00000.dx").read_text()


def test_d1_of_an_additive_run_is_the_mobility_around_the_pool(tmp_path):
    dump = "dump 1 text 5.0 d.* id d1 x y z\ndiag_style array d1 max\nrun"
    run(tmp_path, AM.replace("run", dump))
    table = np.loadtxt(tmp_path / "d.1", skiprows=9)
    distance = np.hypot(table[:, 2] - (-8 + 5.038 * 10 - 32), table[:, 3] - 5)
    assert table[:, 1].max() == 1  # molten
    assert table[:, 1].min() == 0  # far away
    molten, zone = table[:, 1] == 1, (table[:, 1] > 0) & (table[:, 1] < 1)
    assert 0 < distance[molten].mean() < distance[zone].mean()
    (rows,) = parse_log(tmp_path / "log.spparks")
    assert 0 < max(rows["max(d1)"]) <= 1


def test_a_file_of_clusters_exists_even_if_no_table_is_due(tmp_path):
    words = "diag_style cluster stats no delay 9 delt 9 filename c.txt\nrun"
    run(tmp_path, POTTS.replace("run", words))
    head, n_sites, *_ = (tmp_path / "c.txt").read_text().splitlines()
    assert head.startswith("Clustering Analysis")
    assert n_sites.strip() == "nglobal = 960"


def test_the_only_file_of_a_dump_exists_even_if_no_snapshot_is_due(tmp_path):
    words = "dump 1 text 1 late.txt\ndump_modify 1 delay 9\nrun"
    run(tmp_path, POTTS.replace("run", words))
    assert (tmp_path / "late.txt").read_bytes() == b""


def test_a_second_run_of_a_build_goes_on_in_time_and_state(tmp_path):
    text = AM.replace(
        "run 1", "diag_style energy\ndump 1 text 2 d.* id d1 x y z\nrun 1"
    )
    run(tmp_path, text + "run 1\n")
    first, second = parse_log(tmp_path / "log.spparks")
    assert second["Time"][0] == first["Time"][-1]
    assert second["Energy"][0] == first["Energy"][-1]
    assert second["Nsweeps"][0] == first["Nsweeps"][-1]
    assert second["Energy"][1:] != first["Energy"][1:]
    rows = np.loadtxt(sorted(tmp_path.glob("d.*"), key=lambda p: int(p.suffix[1:]))[-1],
                      skiprows=9)  # fmt: skip
    assert rows[rows[:, 1] > 0, 4].max() == 7  # at the second layer's surface or above


def test_a_second_build_repeats_a_row_that_rounding_makes_due_again(tmp_path):
    """In SPPARKS, 312 sweeps of 1/26 end just before 12, so 12 is due once more."""
    text = AM.split("am ")[0] + (
        "am pass 1 dir X speed 6 hatch 8\n"
        "am cartesian_layer 1 start LL pass_id 1 thickness 5\n"
        "am build start 5 num_layers 1\nsweep random\nstats 2\nrun 1\n"
        "am build start 7 num_layers 1\nrun 1\n"
    )
    run(tmp_path, text.replace("16 0 12 0 8", "24 0 20 0 10"))
    first, second = parse_log(tmp_path / "log.spparks")
    assert first["Time"][-1] == second["Time"][0] == 12
    assert second["Time"][1:3] == [12.0385, 14.0385]
    assert second["Nsweeps"][:3] == [312, 313, 365]


def test_the_log_says_which_column_has_no_counterpart(tmp_path):
    run(tmp_path, POTTS)
    _, second, *_ = (tmp_path / "log.spparks").read_text().splitlines()
    assert second.startswith("Naccept is 0")


def test_simulations_around_a_clear_share_the_log_and_write_their_own_files(tmp_path):
    text = POTTS.replace("run 4", "dump b text 2 b.$N.*\nrun $N")
    loop = (
        f"label again\nvariable N index 2 4\n{text}clear\nnext N\njump in.script again"
    )
    run(tmp_path, loop + "\n")
    tables = parse_log(tmp_path / "log.spparks")
    assert [table["Time"][-1] for table in tables] == [2, 4]
    names = {path.name for path in tmp_path.glob("b.*")}
    assert names == {"b.2.0", "b.2.1", "b.4.0", "b.4.1", "b.4.2"}
    starts = [read_spins(tmp_path / name).spin for name in ("b.2.0", "b.4.0")]
    np.testing.assert_array_equal(*starts)  # each begins anew with its seed


def test_a_site_file_of_the_script_itself_is_read_after_clear(tmp_path, monkeypatch):
    """A build that begins with the grains grown before, in one script."""
    monkeypatch.chdir(tmp_path)
    assert "set site range 1 50" in POTTS
    grown = POTTS + "dump r sites 9.0 r.*.sites id site\ndump_one r\n"
    text = grown + "clear\n" + POTTS.replace("set site range 1 50", "read_sites {}")
    text = text.replace("run 4\n", "run 0\n")
    path = tmp_path / "in.script"
    path.write_text(text.format("r.0.sites"))
    run_script(path, folder=tmp_path)
    assert (tmp_path / "r.0.sites").is_file()
    (tmp_path / "r.0.sites").unlink()
    path.write_text(text.format("r.7.sites"))
    with pytest.raises(InputError, match=r"read_sites: no file r\.7\.sites"):
        run_script(path, folder=tmp_path)


FLAT = (
    "seed 1\napp_style potts 10\ndimension 2\nlattice sq/8n 1.0\n"
    "region box block 0 21 0 17 -0.5 0.5\ncreate_box box\ncreate_sites box\n"
    "set site range 1 10\nsweep {}\nsector {}\ntemperature 0.0\nstats 0.5\nrun 1\n"
)


@pytest.mark.parametrize(
    ("sweep", "sector", "rows"),
    [  # time, attempts and turns, as SPPARKS writes them
        ("random", "yes nstop 0.07", [(0.502521, 1794, 78), (1.00504, 3588, 156)]),
        ("raster", "yes nstop 2.5", [(0.6, 2142, 3), (1.0, 3570, 5)]),
        ("random", "no tstop 0.03", [(0.509524, 1819, 17), (1.01905, 3638, 34)]),
    ],
)
def test_rows_come_after_the_sweeps_that_sectors_are_told(
    tmp_path, sweep, sector, rows
):
    run(tmp_path, FLAT.format(sweep, sector))
    (table,) = parse_log(tmp_path / "log.spparks")
    columns = (table[title][1:] for title in ("Time", "Nreject", "Nsweeps"))
    assert list(zip(*columns)) == rows
