"""Dumps of SPPARKS: a recorded one of the program itself, then damaged ones."""

import gzip

import numpy as np
import pytest
from samples import RECORDED

from grainpaint import InputError, load
from grainpaint.formats.spparks import read_spins, times

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


def load_tiny():
    return load(RECORDED / "tiny.dump")


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
        ("\n60\n", "\n59\n", "60 rows, but announces 59"),
        ("\n60\n", "\nmany\n", "lacks ITEM: NUMBER OF ATOMS"),
        (" 3 4 2", " 0 0 0", r"site at index \(0, 0, 0\) twice"),
        ("ITEM: ATOMS id type x y z", "ITEM: ATOMS id d1 x y z", "no spin"),
        ("ITEM: ATOMS id type x y z", "ITEM: ATOMS a type b c d", "neither x y z"),
        ("ITEM: ATOMS id type x y z", "ITEM: ATOMS id type x y", "5 columns, but"),
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
    with pytest.raises(InputError, match="lacks 1 of the 60 sites"):
        load(path)


def test_periodic_axes_of_a_dump_are_read(tmp_path):
    text = (RECORDED / "tiny.dump").read_text()
    path = tmp_path / "grains.txt"
    path.write_text(text.replace("BOX BOUNDS", "BOX BOUNDS pp ff pp"))
    assert load(path).periodic == (True, False, True)
    assert load(path, periodic=(False,) * 3).periodic == (False,) * 3


def test_windows_ends_of_lines_and_units(tmp_path):
    text = (RECORDED / "tiny.dump").read_bytes()
    path = tmp_path / "a.dump"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    expected = load(RECORDED / "tiny.dump")
    np.testing.assert_array_equal(load(path).grain_id, expected.grain_id)
    for name in (path, RECORDED / "tiny.1.vti"):
        assert load(name).spacing == (1.0,) * 3
        assert load(name, unit="mm").spacing == (1000.0,) * 3


def test_the_axes_of_a_tilted_box_count_if_it_does_not_lean(tmp_path):
    text = (RECORDED / "tiny.dump").read_text()
    text = text[text.rindex("ITEM: TIMESTEP") :]
    head, box = text.split("ITEM: BOX BOUNDS", 1)
    lines = box.split("\n")
    lines[0] = " xy xz yz pp ff pp"
    lines[1:4] = [f"{line} 0.0" for line in lines[1:4]]
    path = tmp_path / "a.dump"
    path.write_text(head + "ITEM: BOX BOUNDS" + "\n".join(lines))
    assert load(path).periodic == (True, False, True)
    lines[1] = lines[1].replace(" 0.0", " 1.5")
    path.write_text(head + "ITEM: BOX BOUNDS" + "\n".join(lines))
    with pytest.raises(InputError, match="tilted box"):
        load(path)


@pytest.mark.parametrize("name", ["tiny.dump", "tiny.1.sites"])
@pytest.mark.parametrize("how", ["mac", "utf-16", "blank lines first"])
def test_files_saved_by_other_systems_are_read(tmp_path, name, how):
    text = (RECORDED / name).read_text()
    data = {
        "mac": text.replace("\n", "\r").encode(),
        "utf-16": text.encode("utf-16"),
        "blank lines first": ("\n \n" if name == "tiny.dump" else "").encode()
        + text.replace("\nValues", "\n  Values").encode(),
    }[how]
    (tmp_path / "a").write_bytes(data)
    same = load(tmp_path / "a").grain_id == load(RECORDED / name).grain_id
    assert same.all()


def test_dumps_that_state_units_and_times_first_are_read(tmp_path):
    """As LAMMPS writes them: ITEM: UNITS once, ITEM: TIME before each snapshot."""
    plain = (RECORDED / "tiny.dump").read_text()
    first, second = (f"ITEM: TIMESTEP{t}" for t in plain.split("ITEM: TIMESTEP")[1:])
    path = tmp_path / "a.dump"
    path.write_text(f"ITEM: UNITS\nlj\n{first}{second}")
    assert times(path) == [0.0, 1.03333]
    path.write_text(
        f"ITEM: UNITS\nmetal\nITEM: TIME\n0.25\n{first}ITEM: TIME\n7.5\n{second}"
    )
    assert times(path) == [0.25, 7.5]
    same = load(path).grain_id == load_tiny().grain_id
    assert same.all()
    earlier = read_spins(path, 0.25).spin == read_spins(RECORDED / "tiny.dump", 0).spin
    assert earlier.all()
    assert load(path).spacing == (1e-4,) * 3  # lengths of metal are in Å
    assert load(path, unit="nm").spacing == (1e-3,) * 3
    path.write_text(f"ITEM: UNITS\nodd\n{first}")
    with pytest.raises(InputError, match="'odd' is none of real, metal"):
        load(path)
    path.write_text("ITEM: UNITS\nmetal\nITEM: TIME\n0.25\n")
    with pytest.raises(InputError, match=r"no line ITEM: TIMESTEP"):
        load(path)
