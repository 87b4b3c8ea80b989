"""Stitch files of SPPARKS."""

import sqlite3

import numpy as np
import pytest

from grainpaint import InputError, load
from grainpaint.formats.spparks import read_spins, times


def make_stitch(path, blocks, field="site", kind=1):
    """Write blocks (time, corner, corner, spins) as SPPARKS' library does."""
    dtype = {1: "<i4", 2: "<i8", 3: "<f8"}[kind]
    base = sqlite3.connect(path)
    base.executescript(
        "create table globals (absolute_tolerance real);"
        "create table times (timestamp integer primary key, time real not null);"
        "create table fields (field_id integer primary key, field text not null,"
        " type int, length int);"
        "create table blocks (field_id int, timestamp int, x_min int, y_min int,"
        " z_min int, x_max int, y_max int, z_max int, state blob);"
        "insert into fields values (1, 'd1', 3, 1);"
    )
    base.execute("insert into fields values (2, ?, ?, 1)", (field, kind))
    stamps = {t: i for i, t in enumerate(sorted({b[0] for b in blocks}), 1)}
    base.executemany(
        "insert into times values (?, ?)", [(i, t) for t, i in stamps.items()]
    )
    for time, low, high, spin in blocks:
        state = np.asfortranarray(spin, dtype).tobytes(order="F")
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


@pytest.mark.parametrize(
    ("field", "kind", "array"),
    [("i1", 2, None), ("SITE", 3, None), ("grains", 1, None), ("d2", 3, "d2")],
)
def test_fields_of_other_names_and_types_are_read(tmp_path, rng, field, kind, array):
    path = tmp_path / "a.st"
    spin = rng.integers(1, 99, (4, 5, 6))
    make_stitch(path, [(100.0, (0, 0, 0), (4, 5, 6), spin)], field, kind)
    volume = load(path, array=array)
    np.testing.assert_array_equal(volume.grain_id > 0, True)
    np.testing.assert_array_equal(read_spins(path).spin if not array else spin, spin)
    with pytest.raises(InputError, match=f"no field foo, it has d1, {field}$"):
        load(path, array="foo")
