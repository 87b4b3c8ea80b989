"""The store: what zarr writes, one run at a time, nothing lost when one is killed."""

import fcntl
import json
import os
import pickle
import platform
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import HERE
from store_run import (
    INDICES,
    ORIGIN,
    RECIPE,
    SHAPE,
    SPACING,
    fill,
    grains,
    make,
    piece,
    values,
)
from yaozarrs import validate_zarr_store

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.store import create, layout, open_store, repair, verify


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    store = make(tmp_path_factory.mktemp("store") / "gear.zarr")
    assert fill(store) == 8
    store.finish()
    return store


@pytest.fixture
def copy(finished, tmp_path):
    return open_store(shutil.copytree(finished.path, tmp_path / "gear.zarr"))


def contents(path):
    return {
        str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()
    }


# What is on disk


@pytest.mark.parametrize("array", ["tag", "grain_id"])
def test_the_bytes_are_those_that_zarr_writes(finished, tmp_path, array):
    made = zarr.open_array(finished.path / array, mode="r")
    itself = zarr.create_array(
        tmp_path / "a",
        shape=SHAPE,
        chunks=made.chunks,
        shards=made.shards,
        dtype=made.dtype,
        compressors=made.compressors,
        fill_value=0,
        dimension_names=["x", "y", "z"],
    )
    itself[:] = values(array)
    assert len(contents(tmp_path / "a")) == 4  # three shards of four: one is all 0
    assert contents(finished.path / array) == contents(tmp_path / "a")


def test_chunks_are_compressed_and_checked_as_promised(finished):
    for array in ("tag", "grain_id"):
        node = json.loads((finished.path / array / "zarr.json").read_text())
        (sharding,) = node["codecs"]
        inner, index = (
            sharding["configuration"][k] for k in ("codecs", "index_codecs")
        )
        assert node["chunk_grid"]["configuration"]["chunk_shape"] == [128] * 3
        assert inner[-1]["name"] == "zstd"
        assert inner[-1]["configuration"]["checksum"] is True
        assert index[-1]["name"] == "crc32c"


def test_plain_zarr_reads_it_and_sees_nothing_strange(finished):
    group = zarr.open(finished.path, mode="r")
    for name in ("tag", "grain_id"):
        np.testing.assert_array_equal(group[name][:], values(name))
    assert {name for name, _ in group.members()} == {"tag", "grain_id", "work"}


def test_tensorstore_reads_it(finished):
    for name in ("tag", "grain_id"):
        kvstore = {"driver": "file", "path": str(finished.path / name)}
        spec = {"driver": "zarr3", "kvstore": kvstore}
        found = tensorstore.open(spec, read=True).result().read().result()
        np.testing.assert_array_equal(found, values(name))


def test_it_is_valid_ome_zarr(finished, tmp_path):
    validate_zarr_store(finished.path)
    path = formats.write(Microstructure(grains()), tmp_path / "a.zarr")
    validate_zarr_store(path)  # what is written at once, too
    node = json.loads((path / "zarr.json").read_text())
    del node["attributes"]["ome"]["multiscales"][0]["axes"]
    (path / "zarr.json").write_text(json.dumps(node))
    with pytest.raises(ValueError, match="axes"):
        validate_zarr_store(path)


def test_ome_metadata_place_the_centers_of_voxels(finished):
    ome = zarr.open_group(finished.path, mode="r").attrs["ome"]
    (image,) = ome["multiscales"]
    assert ome["version"] == "0.5"
    assert [(a["name"], a["type"], a["unit"]) for a in image["axes"]] == [
        (x, "space", "micrometer") for x in "xyz"
    ]
    assert image["datasets"] == [
        {
            "path": "grain_id",
            "coordinateTransformations": [
                {"type": "scale", "scale": [2.0, 2.0, 3.0]},
                {"type": "translation", "translation": [11.0, -3.0, 2.0]},
            ],
        }
    ]


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
        with pytest.raises(ValueError, match="no name"):
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


# Making and opening


def test_the_same_recipe_goes_on(tmp_path):
    store = make(tmp_path / "new" / "gear.zarr")
    entry = store.write_file("a", b"1")
    store.record(entry)
    again = make(tmp_path / "new" / "gear.zarr")
    assert again == store == open_store(store.path)
    assert again.done() == {"work/a": entry}
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["gear.zarr"]
    (tmp_path / "empty.zarr").mkdir()
    assert make(tmp_path / "empty.zarr").shape == SHAPE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 4}, r"seed is 3 there, 4 here"),
        ({"model": {"name": "am"}}, r'model.name is "iso" there, "am" here'),
        ({"model": {"name": "iso"}}, r"model.steps is \[1.0, 0.5\] there, null here"),
        ({"plan": "grid"}, r'plan is null there, "grid" here'),
    ],
)
def test_another_recipe_is_refused_by_its_first_difference(tmp_path, change, message):
    make(tmp_path / "gear.zarr")
    before = contents(tmp_path)
    with pytest.raises(InputError, match=f"{message}.*--force"):
        make(tmp_path / "gear.zarr", {**RECIPE, **change})
    with pytest.raises(
        InputError, match=r"shape is \[200, 140, 30\] there, \[9, 9, 9\]"
    ):
        create(tmp_path / "gear.zarr", (9, 9, 9), SPACING, ORIGIN, RECIPE)
    assert contents(tmp_path) == before


def test_what_is_no_store_is_left_alone(tmp_path):
    (tmp_path / "file.zarr").write_text("mine")
    (tmp_path / "folder.zarr").mkdir()
    (tmp_path / "folder.zarr" / "notes").write_text("mine")
    Microstructure(np.ones((2, 2, 2), np.int32)).save(tmp_path / "volume.zarr")
    before = contents(tmp_path)
    for name in ("file", "folder", "volume"):
        with pytest.raises(InputError, match=f"{name}.zarr exists and is no .*--force"):
            make(tmp_path / f"{name}.zarr")
    with pytest.raises(InputError, match="no such volume"):
        open_store(tmp_path / "none.zarr")
    assert contents(tmp_path) == before


def test_damaged_and_newer_stores_are_refused(copy):
    path = copy.path / "zarr.json"
    text = path.read_text()
    path.write_text(text.replace('"version": 1', '"version": 2'))
    with pytest.raises(InputError, match="another version of grainpaint"):
        open_store(copy.path)
    path.write_text(text[:-9])
    with pytest.raises(InputError, match=r"zarr\.json is damaged"):
        make(copy.path)


def test_a_place_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"a\.zarr: cannot be written \(Not a dir"):
        make(tmp_path / "file" / "a.zarr")


def mount(place, options):
    """Mount a file system in memory, where root may."""
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted: {done.stderr.decode().strip()}")


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 300 kB."""
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    place = tmp_path / "disk"
    mount(place, "size=300k")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_place_that_is_not_writable_is_refused(small_disk):
    store = make(small_disk / "gear.zarr")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(InputError, match=r"b\.zarr: cannot be written \(Read-only"):
        make(small_disk / "b.zarr")
    with pytest.raises(InputError, match=r"lock: cannot be written"), store.lock():
        pass
    assert store.done() == {}  # to read is allowed


# Disk full


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


# One run at a time

RUN = (HERE / "store_run.py").read_text()
HOLD = """
import sys, time
from grainpaint.errors import InputError
from grainpaint.store import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    with store.lock():
        print("won", flush=True)
        sys.stdin.readline()
except InputError as error:
    print(error, flush=True)
"""


def start(code, *words):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def say(*children):
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()


def end(*children):
    for child in children:
        child.kill()
        child.communicate()


def test_a_second_run_is_refused_with_who_holds_it(tmp_path):
    store = make(tmp_path / "gear.zarr")
    child = start(HOLD, store.path)
    say(child)
    assert [child.stdout.readline() for _ in range(2)] == ["ready\n", "won\n"]
    who = (
        rf"gear\.zarr belongs to another run: process {child.pid} on {platform.node()}"
    )
    with pytest.raises(InputError, match=rf"{who} since 2\d\d\d-"), store.lock():
        pass
    say(child)
    child.communicate()  # it lets go as it ends
    with store.lock():
        with pytest.raises(InputError, match=f"process {os.getpid()}"), store.lock():
            pass
        assert (store.path / "work" / "lock").exists()
    assert not (store.path / "work" / "lock").exists()


def test_the_lock_of_a_killed_run_is_taken_over(tmp_path):
    store = make(tmp_path / "gear.zarr")
    child = start(HOLD, store.path)
    say(child)
    assert [child.stdout.readline() for _ in range(2)] == ["ready\n", "won\n"]
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, not yet buried
    with store.lock():
        holder = json.loads((store.path / "work" / "lock").read_text())
        assert holder["pid"] == os.getpid()
    child.communicate()


def test_a_process_number_that_came_again_is_not_the_run(tmp_path):
    store = make(tmp_path / "gear.zarr")
    path = store.path / "work" / "lock"
    with store.lock():
        mine = json.loads(path.read_text())
    path.write_text(json.dumps({**mine, "after_boot": mine["after_boot"] - 1}))
    with store.lock():
        assert json.loads(path.read_text())["after_boot"] == mine["after_boot"]
    assert not path.exists()


def test_a_lock_of_another_host_is_left_alone(tmp_path):
    store = make(tmp_path / "gear.zarr")
    path = store.path / "work" / "lock"
    with store.lock():
        mine = json.loads(path.read_text())
    for text, message in (
        (json.dumps({**mine, "host": "node7", "pid": 5}), "process 5 on node7 since"),
        ("", "says nothing readable"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=f"{message}.*remove .*"), store.lock():
            pass
        assert path.read_text() == text


@pytest.mark.parametrize("stale", [False, True])
def test_of_racing_runs_one_wins(tmp_path, stale):
    store = make(tmp_path / "gear.zarr")
    path = store.path / "work" / "lock"
    with store.lock():
        dead = json.dumps({**json.loads(path.read_text()), "after_boot": 0.0})
    children = [start(HOLD, store.path) for _ in range(6)]
    try:
        for child in children:
            assert child.stdout.readline() == "ready\n"
        if stale:
            path.write_text(dead)
        say(*children)
        said = [child.stdout.readline() for child in children]
        assert said.count("won\n") == 1
        winner = children[said.index("won\n")].pid
        assert json.loads(path.read_text())["pid"] == winner
        assert sum(f"process {winner} on" in line for line in said) == 5
    finally:
        end(*children)


def test_who_takes_a_lock_over_keeps_the_others_waiting(tmp_path):
    store = make(tmp_path / "gear.zarr")
    path = store.path / "work" / "lock"
    with store.lock():
        alive = json.loads(path.read_text())
    path.write_text(json.dumps({**alive, "after_boot": 0.0}))
    (tmp_path / "mine").write_text(json.dumps(alive))
    child = start(HOLD, store.path)
    try:
        assert child.stdout.readline() == "ready\n"
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # as one does who is about to replace it
            say(child)
            assert select.select([child.stdout], [], [], 1.0)[0] == []
            os.replace(tmp_path / "mine", path)
        assert (
            f"belongs to another run: process {os.getpid()}" in child.stdout.readline()
        )
    finally:
        end(child)


def test_racing_makers_share_one_store(tmp_path):
    code = """
import sys
from grainpaint.store import create
import zarr
print("ready", flush=True)
sys.stdin.readline()
create(sys.argv[1], (8, 8, 8), (1, 1, 1), (0, 0, 0), {"seed": 1})
print("made", flush=True)
"""
    children = [start(code, tmp_path / "a.zarr") for _ in range(4)]
    try:
        for child in children:
            assert child.stdout.readline() == "ready\n"
        say(*children)
        assert [child.stdout.readline() for child in children] == ["made\n"] * 4
    finally:
        end(*children)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


def test_a_store_that_was_made_meanwhile_is_kept(tmp_path, monkeypatch):
    made = layout.files

    def slowly(*words):
        monkeypatch.undo()
        rival = make(tmp_path / "gear.zarr")
        rival.record(rival.write_file("a", b""))
        return made(*words)

    monkeypatch.setattr(layout, "files", slowly)
    assert list(make(tmp_path / "gear.zarr").done()) == ["work/a"]
    assert [p.name for p in tmp_path.iterdir()] == ["gear.zarr"]


# Killed runs


def test_a_run_killed_anywhere_goes_on_to_the_same_volume(finished, tmp_path):
    path = tmp_path / "gear.zarr"
    chance = random.Random(7)
    n_new = []
    for _ in range(10):
        if path.exists() and open_store(path).complete:
            shutil.rmtree(path)
        before = len(open_store(path).done()) if path.exists() else 0
        child = start(RUN, path)
        for _ in range(chance.randint(1, 5)):  # "go" and some pieces
            child.stdout.readline()
        time.sleep(chance.uniform(0, 0.01))
        end(child)
        store = open_store(path)
        assert all(damage.harmless for damage in verify(store))
        n_new.append(len(store.done()) - before)
        if store.complete:
            assert store.digest() == finished.digest()
    assert min(n_new) >= 0
    assert sum(0 < n < 9 for n in n_new) >= 5  # kills in the middle
    with store.lock():
        fill(store)
        store.finish()
    assert store.digest() == finished.digest()
    assert verify(store) == []
    shards = {k: v for k, v in contents(path).items() if "/c/" in k}
    assert shards == {k: v for k, v in contents(finished.path).items() if "/c/" in k}


def test_a_run_clears_what_a_killed_one_left(copy):
    asides = [copy.path / place for place in ("tag/c/0/0", "work", "work/base", ".")]
    asides = [folder / f".x.{i:032x}" for i, folder in enumerate(asides)]
    for path in asides:
        path.write_bytes(b"half")
    mine = copy.path / "work" / ".nfs0001"
    mine.write_bytes(b"not ours")
    found = {d.path: (d.reason, d.harmless) for d in verify(copy)}
    assert {found[str(p.relative_to(copy.path))] for p in asides} == {
        ("half-written", True)
    }
    with copy.lock():
        assert not any(path.exists() for path in asides)
        assert mine.exists()


# The journal


def test_a_journal_cut_off_anywhere_keeps_its_whole_lines(copy):
    text = copy.journal.read_bytes()
    lines = text.splitlines(keepends=True)
    ends = np.cumsum([len(line) for line in lines])
    for cut in sorted({*range(0, len(text), 7), *ends, *(ends - 1), *(ends[:-1] + 1)}):
        copy.journal.write_bytes(text[:cut])
        n_whole = int(np.searchsorted(ends, cut, side="right"))
        assert len(copy.done()) == n_whole
        if cut % 140 == 0 or cut in ends:
            with copy.lock():
                assert copy.journal.read_bytes() == b"".join(lines[:n_whole])
    copy.journal.write_bytes(text[:-5] + bytes(200))  # as XFS leaves it
    with copy.lock():
        assert copy.journal.read_bytes() == b"".join(lines[:-1])


@pytest.mark.parametrize(
    "bad",
    [
        b'{"task": "tag/c/0/0/0", "pa\xff\n',
        b"\n",
        b"[]\n",
        b'{"task": "../../x", "path": "../../x", "bytes": 1, "sha256": ""}\n',
        b'{"task": "a", "path": "b", "bytes": 1, "sha256": ""}\n',
        b'{"task": "a", "path": "a", "bytes": "1", "sha256": ""}\n',
        b'{"task": "a", "path": "a", "bytes": 1}\n',
    ],
)
def test_a_damaged_line_is_named_and_repaired(copy, bad):
    lines = copy.journal.read_bytes().splitlines(keepends=True)
    copy.journal.write_bytes(b"".join([*lines[:2], bad, *lines[3:]]))
    with pytest.raises(
        InputError, match=r"journal\.jsonl, line 3 is damaged: run grainpaint verify"
    ):
        copy.done()
    damages = verify(copy)
    assert {d.path for d in damages if not d.harmless} >= {"work/journal.jsonl"}
    with copy.lock():
        repair(copy, damages)
        assert len(copy.done()) == len(lines) - 1
        assert not copy.complete
        assert fill(copy) == 1
        copy.finish()
    assert verify(copy) == []


def test_a_finished_volume_knows_when_its_journal_is_short(copy):
    lines = copy.journal.read_bytes().splitlines(keepends=True)
    gone = json.loads(lines.pop(0))["path"]
    copy.journal.write_bytes(b"".join(lines))
    found = {(d.path, d.harmless) for d in verify(copy)}
    assert found == {("work/journal.jsonl", False), (gone, False)}


def test_a_journal_that_is_missing_is_named(copy):
    copy.journal.unlink()
    for act in (copy.done, lambda: verify(copy), copy.lock().__enter__):
        with pytest.raises(InputError, match=r"journal\.jsonl: the journal .* missing"):
            act()


def test_what_is_gone_or_of_another_size_is_not_done(copy):
    done = copy.done()
    (copy.path / "tag/c/0/0/0").unlink()
    with (copy.path / "grain_id/c/1/0/0").open("ab") as file:
        file.write(b"x")
    assert done.keys() - copy.done().keys() == {"tag/c/0/0/0", "grain_id/c/1/0/0"}
    assert fill(copy) == 2


# Verify and repair


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("hurt", "reason"),
    [(flip, "its SHA-256 is another"), (cut, "bytes, not"), (os.unlink, "missing")],
)
@pytest.mark.parametrize("place", ["tag/c/0/1/0", "grain_id/c/1/0/0", "work/base/0"])
def test_a_damaged_file_is_found_and_it_alone_made_again(copy, hurt, reason, place):
    before = contents(copy.path)
    assert verify(copy) == []
    hurt(copy.path / place)
    (damage,) = verify(copy)
    assert (damage.path, damage.task, damage.harmless) == (place, place, False)
    assert reason in damage.reason
    with copy.lock():
        repair(copy, [damage])
        assert copy.done().keys() == before_tasks(before) - {place}
        assert not copy.complete
        untouched = {
            k: (copy.path / k).stat().st_mtime_ns
            for k in copy.done()
            if (copy.path / k).exists()
        }
        assert fill(copy) == (not place.startswith("work"))
        copy.finish()
    assert {k: (copy.path / k).stat().st_mtime_ns for k in untouched} == untouched
    after = contents(copy.path)
    assert sorted(after.pop("work/journal.jsonl").splitlines()) == sorted(
        before.pop("work/journal.jsonl").splitlines()
    )
    assert after == before


def before_tasks(files):
    lines = files["work/journal.jsonl"].splitlines()
    return {json.loads(line)["task"] for line in lines}


@pytest.mark.parametrize("hurt", [flip, cut])
def test_a_damaged_shard_is_never_read_as_grains(copy, hurt):
    hurt(copy.path / "grain_id/c/0/0/0")
    with pytest.raises(InputError, match=r"is damaged in voxels .*verify --repair"):
        copy.read("grain_id", [(0, 128), (0, 128), (0, 30)])
    with pytest.raises(InputError, match=r"gear\.zarr"):
        formats.load(copy.path)


def test_damaged_metadata_are_found_and_made_again(copy):
    before = contents(copy.path)
    for name, old, new in (
        ("grain_id", '"fill_value": 0', '"fill_value": 1'),
        ("tag", "{", "["),
    ):
        path = copy.path / name / "zarr.json"
        path.write_text(path.read_text().replace(old, new, 1))
    damages = verify(copy)
    assert {d.path for d in damages} == {"tag/zarr.json", "grain_id/zarr.json"}
    with copy.lock():
        repair(copy, damages)
        assert fill(copy) == 0
        copy.finish()
    after = contents(copy.path)
    assert after == before


def test_files_that_nobody_knows(copy):
    (copy.path / "work" / "stray").write_bytes(b"x")
    (copy.path / "tag/c/1/1").mkdir()
    (copy.path / "tag/c/1/1/0").write_bytes(b"x")  # where all voxels are 0
    (copy.path / "tag/c/7").write_bytes(b"x")
    found = {d.path: (d.task, d.harmless) for d in verify(copy)}
    assert found == {
        "tag/c/1/1/0": ("tag/c/1/1/0", False),
        "tag/c/7": (None, False),
        "work/stray": (None, True),
    }
    with copy.lock():
        repair(copy, verify(copy))
        assert fill(copy) == 1
        copy.finish()
    assert verify(copy) == []


def test_harmless_leftovers_leave_a_volume_finished(copy):
    (copy.path / "work" / "stray").write_bytes(b"x")
    repair(copy, verify(copy))
    assert copy.complete
    assert verify(copy) == []


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
    with pytest.raises(ValueError, match="no intermediate file"):
        copy.finish(drop=["tag/c/0/0/0"])


def test_progress_of_a_verification_ends_at_all_bytes(copy):
    told = []

    class Bar:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, done, note=""):
            told.append(done)

    totals = []

    def progress(task, total):
        totals.append(total)
        return Bar()

    verify(copy, progress)
    assert told[-1] == totals[0] == sum(e.n_bytes for e in copy.done().values())
    assert told == sorted(told)
