"""Workers of a Dask cluster, asked for on the command line."""

import json
import shutil
import socket
import threading

import pytest
from dask_runs import WORDS, contents, weights

from grainpaint import InputError, store
from grainpaint.executors import cluster

distributed = pytest.importorskip("distributed")


@pytest.fixture
def local():
    """A scheduler and a worker in threads of this process."""
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=":0",
        memory_limit="8GiB",
    ) as made:
        yield made


def test_workers_of_a_scheduler_make_the_very_same_volume(
    local, tiny_model, finished, tmp_path, run
):
    path = tmp_path / "b.zarr"
    how = (*WORDS, "--model", tiny_model, "-o", path)
    code, out, error = run(*how, "--scheduler", local.scheduler_address)
    assert (code, "grains" in out) == (0, True)
    assert "one task at a time" in error
    assert store.open_store(path).digest() == finished
    assert store.verify(store.open_store(path)) == []


def test_workers_of_a_scheduler_simulate_the_very_same_set(local, tmp_path, run):
    how = ("simulate", "iso", "--shape", "16,16,16", "--time", "2,5", "--spins", "50")
    how += ("--count", "3", "-o")
    address = local.scheduler_address
    assert run(*how, tmp_path / "a.zarr")[0] == 0
    code, out, _ = run(*how, tmp_path / "b.zarr", "--scheduler", address)
    assert (code, "6 volumes" in out) == (0, True)
    assert contents(tmp_path / "b.zarr") == contents(tmp_path / "a.zarr")
    one = ("simulate", "iso", "--shape", "16,16,16", "-o", tmp_path / "c.zarr")
    code, _, error = run(*one, "--scheduler", address)
    assert (code, error.count("\n")) == (2, 1)
    assert "add --count N" in error


def test_workers_of_a_scheduler_draw_the_very_same_batches(
    local, volumes, small, tmp_path, run
):
    how = ("train", "base", "--data", volumes, "--minutes", "1e-5", "--out")
    address = local.scheduler_address
    assert run(*how, tmp_path / "a")[0] == 0
    code, out, error = run(*how, tmp_path / "b", "--scheduler", address)
    assert (code, "base, 1 steps" in out) == (0, True), error
    assert weights(tmp_path / "b") == weights(tmp_path / "a")


def test_a_training_without_a_scheduler_is_one_line_and_touches_nothing(
    volumes, small, tmp_path, run
):
    out, file = tmp_path / "out", tmp_path / "scheduler.json"
    how = ("train", "base", "--data", volumes, "--minutes", "1e-5", "--out", out)
    gone = ("--scheduler", "tcp://127.0.0.1:9")
    with distributed.worker.dask.config.set({"distributed.comm.timeouts.connect": 1}):
        for more, told in (
            (gone, "no Dask scheduler answers"),
            ((*gone, "--scheduler-file", file), "give one of them"),
            ((*gone, "--workers", "1"), "--workers are processes of this machine"),
            (("--scheduler-file", file), "no scheduler file"),
        ):
            code, _, error = run(*how, *more)
            assert (code, error.count("\n")) == (2, 1), error
            assert told in error
            assert not out.exists()


def test_workers_of_a_scheduler_repair_a_volume(local, volume, finished, tmp_path, run):
    path = tmp_path / "b.zarr"
    shutil.copytree(volume, path)
    (path / "tag" / "c" / "0" / "0" / "0").write_bytes(b"damaged")
    by = ("--scheduler", local.scheduler_address)
    code, _, error = run("verify", path, *by)
    assert (code, "add --repair" in error) == (2, True)
    code, _, error = run("verify", path, "--repair", "--workers", "2", *by)
    assert (code, "give one of them" in error) == (2, True)
    code, out, _ = run("verify", path, "--repair", *by)
    assert (code, "repaired" in out) == (0, True)
    assert store.open_store(path).digest() == finished
    assert store.verify(store.open_store(path)) == []


def test_a_worker_with_too_little_memory_is_named(local):
    address = local.scheduler_address
    with (
        pytest.raises(InputError, match=r"8\.0 GiB, a window of the base takes 9\.0"),
        cluster.connected(address, 9 << 30),
    ):
        pass


def test_contradictions_and_missing_schedulers_are_one_line_and_touch_nothing(
    tiny_model, tmp_path, run, monkeypatch
):
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    path, file = tmp_path / "b.zarr", tmp_path / "scheduler.json"
    how = (*WORDS, "--model", tiny_model, "-o", path)

    def refused(*words):
        code, _, error = run(*words)
        assert (code, error.count("\n")) == (2, 1), error
        assert not path.exists()
        return error

    assert "no scheduler file" in refused(*how, "--scheduler-file", file)
    file.write_text("{}")
    assert "not a scheduler file" in refused(*how, "--scheduler-file", file)
    both = ("--scheduler", "tcp://a:1", "--scheduler-file", file)
    assert "give one of them" in refused(*how, *both)
    assert "--workers" in refused(*how, *both[:2], "--workers", "2")
    other = (*how[:-1], tmp_path / "b.npz", *both[:2])
    assert "NAME.zarr" in refused(*other)
    file.write_text(json.dumps({"address": "tcp://127.0.0.1:9"}))
    with distributed.worker.dask.config.set({"distributed.comm.timeouts.connect": 1}):
        error = refused(*how, "--scheduler-file", file)
        assert "tcp://127.0.0.1:9: no Dask scheduler answers" in error
        for wrong in ("nonsense://x:1", "tcp://127.0.0.1:port", "", "host"):
            assert "is not the address of a" in refused(*how, "--scheduler", wrong)


def test_a_scheduler_with_other_encryption_is_one_line(tmp_path, run):
    how = (*WORDS, "-o", tmp_path / "b.zarr", "--scheduler")
    with socket.create_server(("127.0.0.1", 0)) as server:  # hangs up, as TLS does

        def hang_up():
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        code, _, error = run(*how, address)
        server.shutdown(socket.SHUT_RDWR)
    assert (code, error.count("\n")) == (2, 1), error
    assert "hangs up" in error
    assert "tls://" in error
    with distributed.worker.dask.config.set(
        {"distributed.comm.require-encryption": True}
    ):
        code, _, error = run(*how, "tcp://127.0.0.1:9")
    assert (code, error.count("\n")) == (2, 1), error
    assert "requires encryption" in error


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("tcp://127.0.0.1:8786", False),
        ("localhost:8786", False),
        ("inproc://x", False),
        ("tls://192.0.2.1:8786", False),
        ("tcp://192.0.2.1:8786", True),
        ("192.0.2.1:8786", True),
        ("tcp://[2001:db8::1]:8786", True),
        ("ws://192.0.2.1:8786", True),
    ],
)
def test_addresses_that_strangers_reach_are_told(address, told):
    note = cluster.unguarded(address)
    assert (note is not None) == told
    assert note is None or (address in note and "\n" not in note)


def test_a_worker_that_does_not_answer_is_not_said_to_lack_grainpaint():
    class Asked:
        def run(self, *how, on_error):
            return {"tcp://w:1": OSError("Timed out trying to connect")}

    with pytest.raises(InputError, match=r"tcp://w:1 does not answer \(Timed out"):
        cluster._check_versions(Asked())
