"""Files of SPPARKS: dumps, site files and stitch files, damaged and malicious."""
# ruff: noqa: E501 (a case a line)

import sqlite3

import h5py  # noqa: F401 (asks for the processor when it is loaded)
import numpy as np
import pytest
from hostile import gz, many, refused, survives, swapped, table, zeros_gz
from samples import RECORDED

from grainpaint import load
from grainpaint.formats.spparks.stitch_blocks import write_block

IDS = np.random.default_rng(1).integers(1, 9, (6, 5, 4)).astype(np.int32)
DUMP = (RECORDED / "tiny.dump").read_bytes()
SITES = (RECORDED / "tiny.0.sites").read_bytes()


@many
@pytest.mark.parametrize("data", [DUMP, SITES], ids=["dump", "sites"])
def test_damage_of_texts_of_spparks_is_borne(tmp_path, data, n):
    survives(load, tmp_path / "a.txt", data, n)


@pytest.fixture(scope="module")
def stitch(tmp_path_factory):
    path = tmp_path_factory.mktemp("stitch") / "a.st"
    write_block(path, 0.0, (0, 0, 0), {"site": IDS})
    write_block(path, 1.0, (1, 1, 1), {"site": IDS[1:, 1:, 1:]})
    base = sqlite3.connect(path)
    base.executescript("PRAGMA page_size = 512; VACUUM;")
    base.close()
    return path.read_bytes()


@many
def test_damage_of_a_stitch_file_is_borne(tmp_path, stitch, n):
    survives(load, tmp_path / "a.st", stitch, n)


def rows(text, n=8, box="0 2\n0 2\n0 2", names="id site x y z"):
    return lambda: (
        f"ITEM: TIMESTEP\n0 0\nITEM: NUMBER OF ATOMS\n{n}\nITEM: BOX BOUNDS\n{box}\n"
        f"ITEM: ATOMS {names}\n{text}"
    ).encode()


FULL = [f"{i + 1} 3 {i % 2} {i // 2 % 2} {i // 4}" for i in range(8)]


def full(at, word, new):
    words = [row.split() for row in FULL]
    words[at][word] = new
    return rows("\n".join(map(" ".join, words)) + "\n")


DUMPS = {
    "header alone": lambda: b"ITEM: TIMESTEP\n",
    "no time": lambda: b"ITEM: TIMESTEP\n\n",
    "time of words": lambda: b"ITEM: TIMESTEP\nx y\n",
    "no atoms": lambda: b"ITEM: TIMESTEP\n0 0\n",
    "count of words": rows("\n".join(FULL), "x"),
    "count of 2^62": rows("\n".join(FULL), 2**62),
    "count of -1": rows("\n".join(FULL), -1),
    "long count": rows("\n".join(FULL), "9" * 5000),
    "half a box": rows("\n".join(FULL), box="0 2\n0 2"),
    "flat box": rows("\n".join(FULL), box="0\n0\n0"),
    "box of words": rows("\n".join(FULL), box="0 a\n0 2\n0 2"),
    "box nan": rows("\n".join(FULL), box="0 nan\n0 2\n0 2"),
    "box inf": rows("\n".join(FULL), box="0 inf\n0 2\n0 2", names="id site a b c"),
    "box of 2^62": rows(
        "\n".join(FULL), box="0 1e18\n0 1e18\n0 1e18", names="id site a b c"
    ),
    "no spin": rows("\n".join(FULL), names="id a x y z"),
    "no place": rows("\n".join(FULL), names="a site b y z"),
    "too many names": rows("\n".join(FULL), names="id site x y z " + "a " * 300),
    "a row less": rows("\n".join(FULL[:-1])),
    "a row more": rows("\n".join([*FULL, FULL[0]])),
    "a row twice": rows("\n".join([*FULL[:-1], FULL[0]])),
    "no rows": rows(""),
    "short row": rows("\n".join([*FULL[:-1], "8 3 1"])),
    "long row": rows("\n".join([*FULL[:-1], FULL[-1] + " 5"])),
    "spin of words": full(3, 1, "x"),
    "spin nan": full(3, 1, "nan"),
    "spin inf": full(3, 1, "inf"),
    "spin of 1e300": full(3, 1, "1e300"),
    "spin of 2^40": full(3, 1, str(2**40)),
    "half a spin": full(3, 1, "0.5"),
    "place nan": full(3, 2, "nan"),
    "place inf": full(3, 2, "inf"),
    "place far": full(3, 2, "1e15"),
    "place off": full(3, 2, "0.7"),
    "a diagonal": rows(
        "\n".join(f"{i} 1 {i} {i} {i}" for i in range(9000)), 9000,
        "0 9000\n0 9000\n0 9000",
    ),
    "zero bytes": rows("\0" * 50),
    "bytes": rows("\xff\xfe"),
    "nothing": lambda: b"",
    "HDF5": lambda: b"\x89HDF\r\n\x1a\n" + bytes(99),
    "an STL": lambda: b"solid a\nendsolid a\n",
    "spin of 2^31": full(3, 1, str(2**31)),
    "place of words": full(3, 2, "x"),
    "a tab of words": rows("\n".join(FULL).replace(" ", "\tx")),
    "count of a half": rows("\n".join(FULL), "8.5"),
    "a box that ends before it begins": rows("\n".join(FULL), box="2 0\n0 2\n0 2"),
}  # fmt: skip


@table(DUMPS)
def test_a_bad_dump_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.txt", case())


def site(*pairs):
    return lambda: swapped(SITES, *pairs)


BAD_SITES = {
    "of 10^300": site((b"60 sites", b"1" * 300 + b" sites")),
    "without values": site((b"Values", b"Valuez")),
    "of 2^62": site((b"60 sites", b"6099999999999999 sites")),
    "in a box of 1e308": site((b"0 4 xlo", b"0 1e308 xlo")),
    "of words": site((b"60 sites", b"x sites")),
    "of an infinite box": site((b"4 xlo", b"4e999 xlo")),
    "an unknown line": site((b"60 sites", b"60 sites\nfoo bar")),
    "cut": lambda: SITES[: len(SITES) // 2],
    "of other IDs": site((b"\n2 ", b"\n1 ")),
    "of none": site((b"60 sites", b"0 sites")),
    "of -60": site((b"60 sites", b"-60 sites")),
    "of a half": site((b"60 sites", b"60.5 sites")),
    "of one less": site((b"60 sites", b"59 sites")),
    "of one more": site((b"60 sites", b"61 sites")),
    "without a count": site((b"60 sites\n", b"")),
    "without a box": site((b"0 4 xlo xhi\n0 5 ylo yhi\n0 3 zlo zhi\n", b"")),
    "without an axis": site((b"0 5 ylo yhi\n", b"")),
    "without a dimension and a box": site((b"3 dimension\n", b""), (b"0 3 zlo zhi\n", b"")),
    "of dimension 7": site((b"3 dimension", b"7 dimension")),
    "of dimension x": site((b"3 dimension", b"x dimension")),
    "in a reversed box": site((b"0 4 xlo", b"4 0 xlo")),
    "in a flat box": site((b"0 4 xlo", b"0 0 xlo")),
    "in a box of words": site((b"0 4 xlo", b"0 a xlo")),
    "in a box of nan": site((b"0 4 xlo", b"0 nan xlo")),
    "in another box": site((b"0 4 xlo", b"0 7 xlo")),
    "in a box of halves": site((b"0 4 xlo", b"0 4.5 xlo")),
    "of spins of words": site((b"\n1 23 ", b"\n1 x ")),
    "of spins nan": site((b"\n1 23 ", b"\n1 nan ")),
    "of spins of 2^40": site((b"\n1 23 ", b"\n1 1099511627776 ")),
    "of half spins": site((b"\n1 23 ", b"\n1 23.5 ")),
    "of no spin": site((b"\n1 23 ", b"\n1 ")),
    "of IDs of words": site((b"\n1 23 ", b"\nx 23 ")),
    "of ID 0": site((b"\n1 23 ", b"\n0 23 ")),
    "of ID 61": site((b"\n1 23 ", b"\n61 23 ")),
    "of ID -1": site((b"\n1 23 ", b"\n-1 23 ")),
    "of ID 2^62": site((b"\n1 23 ", b"\n4611686018427387904 23 ")),
    "twice the values": site((b"\nValues\n", b"\nValues\n\nValues\n")),
    "of zero bytes": site((b"\n1 23 ", b"\n\0\0\0\0")),
    "of bytes": site((b"\n1 23 ", b"\n\xff\xfe")),
    "of long numbers": site((b"\n1 23 ", b"\n1 " + b"9" * 5000)),
    "gz cut": lambda: gz(SITES)[:-20],
    "gz bomb": lambda: zeros_gz(1 << 28, SITES[:90]),
}  # fmt: skip


@table(BAD_SITES)
def test_a_bad_site_file_is_refused(tmp_path, case):
    refused(load, tmp_path / "a.txt", case())


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS "
BOX = "x_min = 0, y_min = 0, z_min = 0, x_max = {0}, y_max = {0}, z_max = {0}"
STITCH = {
    "a view without end": f"DROP TABLE times; CREATE VIEW times AS {ENDLESS} time, "
    "1 AS timestamp FROM c",
    "fields without end": f"DROP TABLE fields; CREATE VIEW fields AS {ENDLESS} field, "
    "1 AS field_id FROM c",
    "no times": "DELETE FROM times",
    "no blocks": "DELETE FROM blocks",
    "no table": "DROP TABLE blocks",
    "no column": "ALTER TABLE blocks RENAME COLUMN state TO other",
    "no field": "DELETE FROM fields",
    "a time of words": "UPDATE times SET time = 'noon'",
    "a time without end": "UPDATE times SET time = 9e999",
    "a time of bytes": "UPDATE times SET time = x'00ff'",
    "no state": "UPDATE blocks SET state = NULL",
    "a state of words": "UPDATE blocks SET state = 'abc'",
    "a state of 3 bytes": "UPDATE blocks SET state = x'010203'",
    "a huge box": "UPDATE blocks SET " + BOX.format(2**31),
    "a box beyond 64 bits": "UPDATE blocks SET " + BOX.format("9e99"),
    "a reversed box": "UPDATE blocks SET " + BOX.format(-5),
    "corners of words": "UPDATE blocks SET x_min = 'a'",
    "far apart": "UPDATE blocks SET x_min = x_min + 2000000000, x_max = x_max + "
    "2000000000 WHERE timestamp = 2",
    "huge zeros": "UPDATE blocks SET state = zeroblob(4000)",
    "another field": "UPDATE blocks SET field_id = 77",
    "other stamps": "UPDATE blocks SET timestamp = 77",
    "half the sites": "DELETE FROM blocks WHERE timestamp = 1; UPDATE blocks SET "
    "x_min = x_min + 1, x_max = x_max + 2",
    "no steps": "DELETE FROM times; DELETE FROM blocks",
    "times without a column": "ALTER TABLE times RENAME COLUMN time TO noon",
    "fields without a column": "ALTER TABLE fields RENAME COLUMN field TO other",
    "no times table": "DROP TABLE times",
    "no fields table": "DROP TABLE fields",
    "spins of reals": "UPDATE fields SET type = 3",
    "stamps of words": "UPDATE blocks SET timestamp = 'one'",
    "fields of words": "UPDATE blocks SET field_id = 'site'",
    "several numbers a site": "UPDATE fields SET length = 3",
    "corners of halves": "UPDATE blocks SET x_max = x_max + 0.5",
    "corners of bytes": "UPDATE blocks SET y_min = x'00ff'",
    "negative corners": "UPDATE blocks SET z_min = -2147483648",
    "a box one wider": "UPDATE blocks SET x_max = x_max + 1",
    "a box one lower": "UPDATE blocks SET z_max = z_max - 1",
    "states of no byte": "UPDATE blocks SET state = x''",
    "states of numbers": "UPDATE blocks SET state = 7",
    "negative spins": "UPDATE blocks SET state = (SELECT replace(hex(state), "
    "hex(state), '') FROM blocks)",
    "a type of words": "UPDATE fields SET type = 'int'",
}


@table(STITCH)
def test_a_bad_stitch_file_is_refused(tmp_path, stitch, case):
    path = tmp_path / "a.st"
    path.write_bytes(stitch)
    base = sqlite3.connect(path)
    base.executescript(case)
    base.close()
    refused(load, path)


def test_a_stitch_file_with_torn_pages_is_refused(tmp_path, stitch):
    for page in range(1, 6):
        torn = stitch[: 512 * page] + bytes(512) + stitch[512 * (page + 1) :]
        refused(load, tmp_path / "a.st", torn)
    refused(load, tmp_path / "a.st", stitch[:700])
