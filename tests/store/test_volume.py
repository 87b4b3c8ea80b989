"""Shards and files of a store: written, read, forgotten and finished."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_run import INDICES, ORIGIN, SHAPE, SPACING, fill, grains, make, piece, values

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.store import verify


def test_a_finished_store_is_a_volume_for_every_command(finished, tmp_path, run):
    volume = formats.load(finished.path)
    np.testing.assert_array_equal(volume.grain_id, grains())
    assert (volume.spacing, volume.origin) == (SPACING, ORIGIN)
    assert volume.periodic == (False,) * 3
    code, _, err = run("convert", finished.path, "-o", tmp_path / "gear.npz")
    assert (code, err) == (0, "")
    np.testing.assert_array_equal(
        formats.load(tmp_path / "gear.npz").grain_id, grains()
    )


def test_an_unfinished_store_is_no_volume(tmp_path, run):
    store = make(tmp_path / "gear.zarr")
    fill(store)
    assert not store.complete
    with pytest.raises(InputError, match=r"gear\.zarr: not finished: run the same"):
        formats.load(store.path)
    code, _, err = run("convert", store.path, "-o", tmp_path / "gear.npz")
    assert code == 2
    assert "not finished" in err
    (store.path / "work" / f".run.{0:032x}").touch()  # of a run that was killed
    code, out, _ = run("verify", store.path)
    assert code == 0
    assert "half-written" in out
    assert out.endswith("as they were written, not finished\n")


@given(ends=st.tuples(*[st.tuples(st.integers(-9, 210), st.integers(0, 60))] * 3))
@settings(max_examples=30)
def test_any_box_is_read(finished, ends):
    box = tuple((a, a + n) for a, n in ends)
    padded = np.pad(grains(), [(9, 270 - n) for n in SHAPE])
    expected = padded[tuple(slice(a + 9, b + 9) for a, b in box)]
    found = finished.read("grain_id", box)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)


def test_what_is_not_there_yet_is_0(tmp_path):
    store = make(tmp_path / "gear.zarr")
    store.write_shard("tag", (1, 0, 0), piece(store, "tag", (1, 0, 0)))
    expected = values("tag")
    expected[:128] = 0
    box = [(0, n) for n in SHAPE]
    np.testing.assert_array_equal(store.read("tag", box), expected)


def test_a_shard_of_zeros_has_an_entry_and_no_file(tmp_path):
    store = make(tmp_path / "gear.zarr")
    full = store.write_shard("tag", (1, 1, 0), np.ones((72, 12, 30), np.uint16))
    assert (store.path / full.path).stat().st_size == full.n_bytes
    entry = store.write_shard("tag", (1, 1, 0), np.zeros((72, 12, 30), np.uint16))
    assert (entry.task, entry.path, entry.n_bytes) == (full.task, None, 0)
    assert not (store.path / full.path).exists()
    store.record(entry)
    assert store.done() == {entry.task: entry}
    assert verify(store) == []


def test_whoever_reads_a_shard_has_the_old_one_or_the_new(copy):
    place = copy.path / copy.shard_task("tag", (0, 0, 0))
    before = place.read_bytes()
    with place.open("rb") as file:
        copy.write_shard("tag", (0, 0, 0), np.ones((128, 128, 30), np.uint16))
        assert file.read() == before
    assert place.read_bytes() != before


def test_values_of_another_shape_or_type_are_no_shard(tmp_path):
    store = make(tmp_path / "gear.zarr")
    for index, shape, dtype in (
        ((0, 0, 0), (128, 128, 128), np.uint16),
        ((0, 0, 0), (128, 128, 30), np.int32),
        ((2, 0, 0), (128, 128, 30), np.uint16),
        ((-1, 0, 0), (128, 128, 30), np.uint16),
    ):
        with pytest.raises(ValueError, match="needs"):
            store.write_shard("tag", index, np.ones(shape, dtype))


def test_files_keep_their_bytes_and_names_stay_inside(tmp_path):
    store = make(tmp_path / "gear.zarr")
    entry = store.write_file("labels/0.1.2", b"\0\1\2")
    assert entry.task == store.file_task("labels/0.1.2") == "work/labels/0.1.2"
    assert store.read_file("labels/0.1.2") == b"\0\1\2"
    assert store.write_file("empty", b"").n_bytes == 4  # its checksum
    assert store.read_file("empty") == b""
    for name in ("", "../x", "/x", "a//b", ".x", "a/.b", "journal.jsonl", "lock/x"):
        with pytest.raises(ValueError, match="not a valid name"):
            store.write_file(name, b"")
    (store.path / entry.path).write_bytes(b"\0\1\3" + bytes(4))
    with pytest.raises(InputError, match=r"0\.1\.2 is damaged: run grainpaint verify"):
        store.read_file("labels/0.1.2")
    with pytest.raises(InputError, match="is missing: run grainpaint verify"):
        store.read_file("labels/9")


def test_workers_write_shards(finished, tmp_path):
    store = make(tmp_path / "gear.zarr")
    assert pickle.loads(pickle.dumps(store)) == store
    jobs = [(a, i, piece(store, a, i)) for a in ("tag", "grain_id") for i in INDICES]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        store.record(*pool.map(store.write_shard, *zip(*jobs)))
    assert store.digest() == finished.digest()


def test_forgotten_pieces_are_made_again(copy):
    copy.forget(["tag/c/0/0/0", "work/base/0"])
    assert not copy.complete
    assert not (copy.path / "tag/c/0/0/0").exists()
    assert fill(copy) == 1
    copy.finish()
    assert copy.complete
    assert verify(copy) == []


def test_a_finished_volume_drops_intermediates_and_stays_finished(copy):
    copy.finish(drop=["work/base/0"])
    assert copy.complete
    assert not (copy.path / "work/base/0").exists()
    assert "work/base/0" not in copy.done()
    assert verify(copy) == []
    with pytest.raises(ValueError, match="not an intermediate file"):
        copy.finish(drop=["tag/c/0/0/0"])
