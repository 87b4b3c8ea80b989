"""SPPARKS' files: recorded ones of the program itself, then damaged ones."""

import gzip
import sqlite3

import numpy as np
import pytest
from samples import RECORDED

from grainpaint import InputError, Microstructure, load
from grainpaint.formats import check_output
from grainpaint.formats.spparks import (
    grains_of_spins,
    read_spins,
    site_ids,
    times,
    write_sites,
)

# 4 x 5 x 3 sites, `boundary p n n`: SPPARKS counts one more plane along y and z.


def spins_by_hand(name):
    """Place the rows of a recorded dump one by one."""
    box = np.zeros((4, 5, 3), int)
    lines = (RECORDED / name).read_text().split("ITEM: ATOMS")[-1].split("\n")[1:]
    for row in lines:
        if row.strip():
            _, spin, x, y, z = map(int, row.split())
            box[x, y, z] = spin
    return box


def test_a_dump_of_several_times_gives_the_last_or_the_one_asked_for():
    path = RECORDED / "tiny.dump"
    assert times(path) == [0.0, 1.03333]  # the first sweep past time 1
    last = read_spins(path)
    assert last.time == 1.03333
    np.testing.assert_array_equal(last.spin, spins_by_hand("tiny.dump"))
    assert (read_spins(path, 0).spin != last.spin).any()
    assert load(path, time=0).n_grains > load(path).n_grains
    with pytest.raises(InputError, match=r"no snapshot of time 7; it has 0, 1.03333$"):
        load(path, time=7)


@pytest.mark.parametrize(("number", "time"), [(0, 0.0), (1, 1.033)])
def test_dump_site_file_and_vti_of_one_run_hold_the_same_spins(number, time):
    dump = read_spins(RECORDED / "tiny.dump", time)
    sites = read_spins(RECORDED / f"tiny.{number}.sites")
    np.testing.assert_array_equal(sites.spin, dump.spin)
    vti = load(RECORDED / f"tiny.{number}.vti")
    np.testing.assert_array_equal(vti.grain_id, grains_of_spins(dump).grain_id)


def test_rows_in_any_order_give_the_same_volume(tmp_path, rng):
    text = (RECORDED / "tiny.dump").read_text()
    head, rows = text[text.rindex("ITEM: TIMESTEP") :].split("x y z\n")
    lines = rng.permutation(rows.strip().split("\n"))
    path = tmp_path / "dump.shuffled"
    path.write_text(f"{head}x y z\n" + "\n".join(lines))
    np.testing.assert_array_equal(load(path).grain_id, load_tiny().grain_id)
    packed = tmp_path / "dump.shuffled.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(load(packed).grain_id, load_tiny().grain_id)


def load_tiny():
    return load(RECORDED / "tiny.dump")


def test_rows_of_the_large_dump_lie_where_it_says(tmp_path):
    """31 whole rows along x of an additive build, IDs on a grid of 65 planes."""
    packed = (RECORDED / "dump.am_bezier.first.gz").read_bytes()
    lines = gzip.decompress(packed).decode().split("\n")
    lines[3], lines[6], lines[7] = str(64 * 31), "0 31", "0 1"
    path = tmp_path / "dump.part"
    path.write_text("\n".join(lines[: 9 + 64 * 31]))
    snapshot = read_spins(path)
    assert snapshot.time == 200
    with np.load(RECORDED / "recorded.npz") as archive:
        assert snapshot.spin.shape == (64, 31, 1)
        # The dump is of an earlier time: only sites far from the pool agree.
        later = archive["am_bezier"][:, :31, :1]
    assert (snapshot.spin == later).mean() > 0.5
    without = [" ".join(line.split()[:2]) for line in lines[9 : 9 + 64 * 31]]
    lines[8] = "ITEM: ATOMS id i1"
    path.write_text("\n".join([*lines[:9], *without]))
    np.testing.assert_array_equal(read_spins(path).spin, snapshot.spin)


def test_spin_0_of_melted_sites_is_a_grain_like_others():
    spin = np.array([[[0, 0, 5]]], np.int32)
    snapshot = read_spins(RECORDED / "tiny.dump")
    volume = grains_of_spins(type(snapshot)(spin))
    assert volume.grain_id.tolist() == [[[1, 1, 2]]]


def test_site_ids_count_one_more_plane_on_open_axes():
    """The IDs of the recorded run with `boundary p n n`."""
    ids = site_ids((4, 5, 3), (True, False, False))
    rows = np.loadtxt(RECORDED / "tiny.1.sites", skiprows=11, dtype=int)
    np.testing.assert_array_equal(np.sort(ids.ravel()), np.sort(rows[:, 0]))
    assert ids[3, 4, 2] == 1 + 3 + 4 * (4 + 6 * 2)


@pytest.mark.parametrize("periodic", [(True,) * 3, (False,) * 3, (False, True, True)])
def test_site_files_come_back_with_their_spins(tmp_path, rng, periodic):
    spin = rng.integers(1, 9, (5, 4, 3)).astype(np.int32)
    path = tmp_path / "start.sites"
    write_sites(path, spin, periodic)
    back = read_spins(path)
    np.testing.assert_array_equal(back.spin, spin)
    volume = Microstructure(spin, periodic=periodic)
    assert volume.save(path) == path
    np.testing.assert_array_equal(load(path).grain_id, grains_of_spins(back).grain_id)


def make_stitch(path, blocks):
    """Write blocks (time, corner, corner, spins) as SPPARKS' library does."""
    base = sqlite3.connect(path)
    base.executescript(
        "create table globals (absolute_tolerance real);"
        "create table times (timestamp integer primary key, time real not null);"
        "create table fields (field_id integer primary key, field text not null);"
        "create table blocks (field_id int, timestamp int, x_min int, y_min int,"
        " z_min int, x_max int, y_max int, z_max int, state blob);"
        "insert into fields values (1, 'd1'), (2, 'site');"
    )
    stamps = {t: i for i, t in enumerate(sorted({b[0] for b in blocks}), 1)}
    base.executemany(
        "insert into times values (?, ?)", [(i, t) for t, i in stamps.items()]
    )
    for time, low, high, spin in blocks:
        state = np.asfortranarray(spin, "<i4").tobytes(order="F")
        row = (2, stamps[time], *low, *high, state)
        base.execute("insert into blocks values (?,?,?,?,?,?,?,?,?)", row)
    base.commit()
    base.close()


def test_stitch_files_lay_later_blocks_over_earlier_ones(tmp_path, rng):
    path = tmp_path / "a.st"
    first = rng.integers(1, 99, (4, 5, 6)).astype(np.int32)
    patch = rng.integers(1, 99, (2, 3, 1)).astype(np.int32)
    make_stitch(path, [(0.0, (0, 0, 0), (4, 5, 6), first),
                       (2.5, (1, 1, 5), (3, 4, 6), patch)])  # fmt: skip
    both = first.copy()
    both[1:3, 1:4, 5:6] = patch
    assert times(path) == [0.0, 2.5]
    np.testing.assert_array_equal(read_spins(path, 0).spin, first)
    np.testing.assert_array_equal(read_spins(path).spin, both)
    assert load(path).shape == (4, 5, 6)


def test_stitch_files_agree_with_the_stitch_library(tmp_path, rng):
    library = pytest.importorskip("stitch.libstitch")
    path = tmp_path / "a.st"
    spin = np.asfortranarray(rng.integers(1, 99, (4, 5, 6)).astype(np.int32))
    block = np.array([[0, 0, 0], [4, 5, 6]], np.int32, order="F")
    _, file = library.open(str(path))
    _, field = library.create_field(file, "site", 1, 1, -1)[:2]
    library.write_block(file, field, 3.0, block, spin)
    library.close(file)
    np.testing.assert_array_equal(read_spins(path, 3.0).spin, spin)


def damaged(tmp_path, old, new, count=1):
    text = (RECORDED / "tiny.dump").read_text()
    text = text[text.rindex("ITEM: TIMESTEP") :]
    assert old in text
    path = tmp_path / "bad.dump"
    path.write_text(text.replace(old, new, count))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n60\n", "\n61\n", "cut off: 60 rows of 61"),
        ("\n60\n", "\n59\n", "60 rows where it announces 59"),
        ("\n60\n", "\nmany\n", "lacks ITEM: NUMBER OF ATOMS"),
        (" 3 4 2", " 0 0 0", r"site at index \(0, 0, 0\) twice"),
        ("ITEM: ATOMS id type x y z", "ITEM: ATOMS id d1 x y z", "no spin"),
        ("ITEM: ATOMS id type x y z", "ITEM: ATOMS a type b c d", "neither x y z"),
        ("ITEM: ATOMS id type x y z", "ITEM: ATOMS id type x y", "5 columns where"),
        ("0 3\n", "0 4\n", "3 planes along z in a box from 0 to 4"),
        (" 3 4 2", " 3.4 4 2", "cubic lattice"),
        (" 3 4 2", " three 4 2", "could not convert"),
    ],
)
def test_damaged_dumps_are_refused_in_one_line(tmp_path, old, new, message):
    with pytest.raises(InputError, match=message) as error:
        load(damaged(tmp_path, old, new))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.99])
def test_cut_off_dumps_are_refused(tmp_path, share):
    data = damaged(tmp_path, "0", "0", 0).read_bytes()
    path = tmp_path / "bad.dump"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"bad\.dump.* cut off"):
        load(path)


def test_missing_sites_are_counted(tmp_path):
    path = damaged(tmp_path, "\n60\n", "\n59\n")
    lines = path.read_text().rstrip("\n").split("\n")
    path.write_text("\n".join(lines[:20] + lines[21:]))
    with pytest.raises(InputError, match="misses 1 of the 60 sites"):
        load(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("60 sites", "61 sites", "cut off"),
        ("60 sites", "lots sites", "damaged header"),
        ("id site values", "id d1 values", "values 'id site'"),
        ("\n2 ", "\n1 ", "twice"),
        ("\n2 ", "\n5000 ", "fit no numbering"),
        ("Values", "Neighbors", "Values alone"),
        ("0 3 zlo", "0 9 zlo", "60 sites where its box of 4 x 5 x 9 has 180"),
    ],
)
def test_damaged_site_files_are_refused(tmp_path, old, new, message):
    text = (RECORDED / "tiny.1.sites").read_text()
    assert old in text
    path = tmp_path / "bad.sites"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        load(path)


def test_other_mistakes_with_files_of_spparks(tmp_path):
    parted = Microstructure(np.array([[[0, 1]]], np.int32))
    with pytest.raises(InputError, match="outside the part"):
        parted.save(tmp_path / "a.sites")
    assert not list(tmp_path.iterdir())
    for name in ("dump.a", "a.dump", "a.st"):
        with pytest.raises(InputError, match="read, not written"):
            check_output(tmp_path / name, force=True)
    (tmp_path / "a.st").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    with pytest.raises(InputError, match="stitch file"):
        load(tmp_path / "a.st")
    with pytest.raises(InputError, match="one state"):
        load(RECORDED / "tiny.1.sites", time=1)
    text = (RECORDED / "tiny.1.vti").read_text()
    (tmp_path / "a.vti").write_text(text.replace("0 4 0 5", "0 4 0 6"))
    with pytest.raises(InputError, match="60 values for 72 cells"):
        load(tmp_path / "a.vti")
