"""A file that a finished volume has lost is never read as voxels outside."""

import json

import numpy as np
import pytest

from grainpaint import formats, store
from grainpaint.errors import InputError, InputNote
from grainpaint.formats.zarr import lazily


@pytest.fixture
def path(tmp_path):
    """A finished volume of two shards."""
    made = store.create(tmp_path / "a.zarr", (140, 8, 8), (1.0,) * 3, (0.0,) * 3, {})
    for name, dtype in store.ARRAYS.items():
        for i in range(2):
            ones = np.ones([b - a for a, b in made.box((i, 0, 0))], dtype)
            made.record(made.write_shard(name, (i, 0, 0), ones))
    made.finish()
    return made.path


READERS = (formats.load, lazily)


def lose(path):
    path.unlink()


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("hurt", [lose, cut])
def test_a_lost_or_shortened_file_is_named(path, read, hurt):
    hurt(path / "grain_id/c/1/0/0")
    with pytest.raises(InputError, match=r"1 file missing .*grain_id/c/1/0/0.*repair"):
        read(path)


@pytest.mark.parametrize("read", READERS)
def test_a_file_of_another_array_is_not_missed(path, read):
    (path / "tag/c/1/0/0").unlink()
    assert read(path).n_grains == 1


@pytest.mark.parametrize("read", READERS)
def test_without_a_journal_it_is_said_that_nobody_knows(path, read):
    (path / "work/journal.jsonl").unlink()
    with pytest.warns(InputNote, match=r"a\.zarr: work/journal.jsonl is missing"):
        assert read(path).n_grains == 1


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", [b"{", b"[]\n", b'{"path": 5}\n', b"\xff\n"])
def test_a_damaged_journal_is_one_line(path, read, text):
    (path / "work/journal.jsonl").write_bytes(text)
    with pytest.raises(InputError, match=r"jsonl is unreadable.*repair") as told:
        read(path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["spacing", "origin"])
def test_lengths_that_are_not_those_of_ome_are_refused(path, read, name):
    node = json.loads((path / "zarr.json").read_text())
    node["attributes"][name] = [3.0, 1.0, 1.0]
    (path / "zarr.json").write_text(json.dumps(node))
    with pytest.raises(InputError, match="spacing and origin are not those in its att"):
        read(path)
