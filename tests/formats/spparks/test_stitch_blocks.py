"""Blocks written into stitch files, and read back."""

import sqlite3

import numpy as np
import pytest

from grainpaint import InputError
from grainpaint.formats.spparks import read_spins, times
from grainpaint.formats.spparks.stitch_blocks import (
    create_stitch,
    read_block,
    stitch_times,
    write_block,
)


def test_blocks_come_back_and_later_ones_lie_over_earlier_ones(tmp_path, rng):
    path = tmp_path / "a.st"
    base = rng.integers(1, 99, (6, 5, 4)).astype(np.int32)
    heat = rng.random((6, 5, 4))
    top = rng.integers(1, 99, (3, 5, 2)).astype(np.int32)
    write_block(path, 0.0, (0, 0, 0), {"site": base, "d1": heat})
    write_block(path, 2.5, (3, 0, 3), {"site": top})
    assert times(path) == stitch_times(path) == [0.0, 2.5]
    np.testing.assert_array_equal(read_spins(path, 0.0).spin, base)
    np.testing.assert_array_equal(
        read_block(path, ("d1",), 9.0, (0, 0, 0), (6, 5, 4)), heat
    )
    found = read_block(path, ("site",), 2.5, (2, 1, 2), (6, 3, 4))
    expected = np.full((6, 3, 4), -1)
    expected[:4, :, :2] = base[2:, 1:4, 2:]
    expected[1:4, :, 1:3] = top[:, 1:4]
    np.testing.assert_array_equal(found, expected)


def test_a_time_that_is_known_is_not_a_new_one(tmp_path):
    path = tmp_path / "a.st"
    for value, time in ((1, 1.0), (2, 1.0 + 1e-10)):
        write_block(path, time, (0, 0, 0), {"i1": np.full((2, 2, 2), value, np.int32)})
    assert stitch_times(path) == [1.0]
    block = read_block(path, ("site", "i1"), 1.0, (0, 0, 0), (2, 2, 2))
    assert (block == 2).all()


def test_the_tables_are_those_of_the_stitch_library(tmp_path):
    """The names and types are what SPPARKS' stitch_open makes."""
    path = tmp_path / "a.st"
    write_block(path, 3.0, (0, 0, 0), {"site": np.ones((2, 2, 2), np.int32)})
    base = sqlite3.connect(path)
    tables = {
        name: [row[1] for row in base.execute(f"PRAGMA table_info({name})")]
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='table'")
    }
    assert tables == {
        "globals": ["absolute_tolerance", "relative_tolerance", "first_time",
                    "last_time"],
        "times": ["timestamp", "time"],
        "fields": ["field_id", "field", "type", "length", "no_value_int",
                   "no_value_real"],
        "blocks": ["field_id", "timestamp", "x_min", "y_min", "z_min", "x_max", "y_max",
                   "z_max", "state"],
    }  # fmt: skip
    assert base.execute("SELECT * FROM globals").fetchall() == [(1e-9, 1e-15, 3.0, 3.0)]
    assert base.execute("SELECT * FROM fields").fetchall() == [
        (1, "site", 1, 1, -1, None)
    ]
    base.close()


def test_new_files_are_empty_and_other_files_are_refused(tmp_path):
    path = tmp_path / "a.st"
    create_stitch(path)
    create_stitch(path)
    assert stitch_times(path) == []
    assert (read_block(path, ("site",), 0.0, (0, 0, 0), (2, 2, 2)) == -1).all()
    write_block(path, 0.0, (0, 0, 0), {"d1": np.zeros((2, 2, 2))})
    with pytest.raises(InputError, match="no field site or i1, it has d1"):
        read_block(path, ("site", "i1"), 0.0, (0, 0, 0), (2, 2, 2))
    (tmp_path / "b.st").write_text("no database, but long enough to look at " * 99)
    for use in (create_stitch, stitch_times):
        with pytest.raises(InputError, match=r"b\.st: "):
            use(tmp_path / "b.st")
