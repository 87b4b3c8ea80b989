"""Full disks and places that cannot be written: nothing is lost."""

import re
import resource
import subprocess

import numpy as np
import pytest
from store_run import contents, make

from grainpaint.errors import InputError
from grainpaint.store import verify


def test_a_place_that_is_not_writable_is_refused(small_disk):
    store = make(small_disk / "gear.zarr")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(InputError, match=r"b\.zarr: cannot be written \(Read-only"):
        make(small_disk / "b.zarr")
    with pytest.raises(InputError, match=r"lock: cannot be written"), store.lock():
        pass
    assert store.done() == {}  # to read is allowed


def test_a_disk_that_becomes_read_only_during_a_run_is_one_line(small_disk):
    store = make(small_disk / "gear.zarr")

    def go():
        with store.lock(), store.signed():
            subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
            store.write_file("a", b"1")

    with pytest.raises(InputError, match=r"work/a: cannot be written \(Read-only"):
        go()
    assert verify(store)[0].harmless  # the sign of the run, which could not be removed


def test_a_full_disk_loses_nothing_and_the_run_goes_on(small_disk, rng):
    store = make(small_disk / "gear.zarr")
    noise = rng.integers(1, 2**16, (128, 128, 30), np.uint16)
    store.record(store.write_file("a", bytes(1000)))
    (small_disk / "others").write_bytes(bytes(100_000))
    before = contents(small_disk)
    with pytest.raises(InputError) as full:
        store.write_shard("tag", (0, 0, 0), noise, rest=5_000_000)
    assert contents(small_disk) == before
    said = str(full.value)
    assert "tag/c/0/0/0: the disk is full" in said
    needed = re.search(r"this piece needs ([\d,]+) bytes", said)[1]
    assert 900_000 < int(needed.replace(",", "")) < 1_200_000  # noise of two bytes
    assert "about 5,000,000 more" in said
    assert "run the same command again" in said
    assert "\n" not in said
    assert verify(store) == []
    (small_disk / "others").unlink()
    with store.lock():
        store.record(store.write_shard("tag", (1, 1, 0), noise[:72, :12]))
    assert verify(store) == []


def test_a_full_disk_leaves_the_journal_as_it_was(small_disk):
    store = make(small_disk / "gear.zarr")
    entries = [store.write_file(f"{i}", b"") for i in range(3)]
    store.record(entries[0])
    while True:  # to the last byte
        try:
            with (small_disk / "others").open("ab", buffering=0) as file:
                file.write(bytes(4096))
        except OSError:
            break
    before = store.journal.read_bytes()
    many = entries * 100  # more than the last page of the journal takes
    with pytest.raises(InputError, match=r"journal\.jsonl: the disk is full"):
        store.record(*many)
    assert store.journal.read_bytes() == before
    (small_disk / "others").unlink()
    store.record(*many)
    assert len(store.done()) == 3


def test_a_limit_on_files_is_met_like_a_full_disk(tmp_path):
    store = make(tmp_path / "gear.zarr")
    before = contents(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(
            InputError, match=r"this piece needs 20,004 bytes; [\d,]+ a"
        ):
            store.write_file("a", bytes(20_000))
        with pytest.raises(InputError, match="the disk is full"):
            store.record(*[store.write_file("b", b"")] * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(tmp_path) == {**before, "gear.zarr/work/b": bytes(4)}
    store.record(store.write_file("a", bytes(20_000)))
    assert list(store.done()) == ["work/a"]
