"""One run at a time."""

import errno
import fcntl
import json
import os
import platform
import select
import signal
import stat

import pytest
from store_run import end, make, say, start

from grainpaint.errors import InputError
from grainpaint.store import durable
from grainpaint.store.lock import lock

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
        ("", "is unreadable"),
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


def test_a_disk_without_hard_links_has_locks_too(tmp_path, monkeypatch):
    def no_link(*how):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "link", no_link)
    place = tmp_path / "lock"
    with lock(place):
        assert json.loads(place.read_text())["pid"] == os.getpid()
        with pytest.raises(InputError, match="belongs to another run"), lock(place):
            pass
    assert not place.exists()


def test_a_network_disk_that_denies_its_own_link_is_not_believed(tmp_path, monkeypatch):
    link = os.link

    def twice(*how):  # as NFS does if the answer to the first request was lost
        link(*how)
        link(*how)

    monkeypatch.setattr(os, "link", twice)
    with lock(tmp_path / "lock"):
        assert (tmp_path / "lock").exists()


def test_a_disk_that_cannot_flush_folders_is_written_to(tmp_path, monkeypatch):
    fsync = os.fsync

    def of_files(number):
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(number)

    monkeypatch.setattr(os, "fsync", of_files)
    durable.write(tmp_path / "a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
