"""Workers, schedulers and certificates in processes of their own, lost or wrong."""

import signal
import subprocess
import sys

import pytest
from dask_runs import begun, contents, ended, lines, until, weights, words
from samples import small_training

from grainpaint import InputError, store
from grainpaint.executors import cluster
from grainpaint.network.train import train

pytest.importorskip("distributed")


@pytest.mark.slow
def test_lost_workers_a_signal_and_a_lost_scheduler_change_no_byte(
    processes, tiny_model, finished, tmp_path
):
    path, some = tmp_path / "b.zarr", processes()
    first = some.worker()
    how = words(tiny_model, path, "--scheduler-file", some.file)
    some.await_file()

    child = begun(*how)  # a worker dies, a new one comes
    until(lambda: lines(path) >= 2, child)
    first.kill()
    some.worker()
    n = lines(path)
    until(lambda: lines(path) > n, child)
    child.send_signal(signal.SIGTERM)
    code, said = ended(child)
    assert (code, len(said)) == (128 + signal.SIGTERM, 1), "\n".join(said)
    assert "the same command continues" in said[0]
    assert not (path / "work" / "lock").exists()
    assert [d for d in store.verify(store.open_store(path)) if not d.harmless] == []

    n = lines(path)
    child = begun(*how)  # the scheduler dies
    until(lambda: lines(path) > n, child)
    some.scheduler.kill()
    code, said = ended(child)
    assert (code, len(said)) == (2, 1), said
    assert "its scheduler was lost" in said[0]
    assert not store.open_store(path).complete

    some.file.unlink()
    again = processes()
    again.worker()
    again.await_file()
    subprocess.run(how, check=True, capture_output=True)
    assert store.open_store(path).digest() == finished
    assert store.verify(store.open_store(path)) == []


@pytest.mark.slow
def test_a_set_loses_nothing_with_workers_a_signal_and_a_scheduler(processes, tmp_path):
    own = [sys.executable, "-m", "grainpaint", "simulate", "iso", "--spins", "50"]
    own += ["--shape", "48,48,48", "--time", "30", "--count", "24", "-o"]
    once, path = tmp_path / "a.zarr", tmp_path / "b.zarr"
    subprocess.run([*own, once], check=True, capture_output=True)
    some = processes()
    first = some.worker()
    how = [*own, str(path), "--scheduler-file", str(some.file)]
    some.await_file()

    def members():
        return len(list(path.glob("s*.zarr")))

    child = begun(*how)  # a worker dies, a new one comes
    until(lambda: members() >= 2, child)
    first.kill()
    some.worker()
    n = members()
    until(lambda: members() > n, child)
    child.send_signal(signal.SIGTERM)
    code, said = ended(child)
    assert (code, len(said)) == (128 + signal.SIGTERM, 1), "\n".join(said)
    assert "the same command continues" in said[0]

    n = members()
    child = begun(*how)  # the scheduler dies
    until(lambda: members() > n, child)
    some.scheduler.kill()
    code, said = ended(child)
    assert (code, len(said)) == (2, 1), "\n".join(said)
    assert "its scheduler was lost" in said[0]
    assert not (path / ".run").exists()
    assert contents(path).items() < contents(once).items()

    some.file.unlink()
    again = processes()
    again.worker()
    again.await_file()
    subprocess.run(how, check=True, capture_output=True)
    assert contents(path) == contents(once)


class AtSteps:
    """Shows nothing of the progress, and does something at steps."""

    def __init__(self, actions):
        self.actions, self.n = actions, 0

    def __call__(self, task, total, done=0.0):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self, done, note=""):
        self.n += 1
        self.actions.get(self.n, lambda: None)()


@pytest.mark.slow
def test_a_training_loses_no_step_with_workers_and_a_scheduler(
    processes, volumes, small, tmp_path
):
    def trained(out, **how):
        return train(small_training(), volumes, tmp_path / out, n_steps=120, **how)

    trained("a")
    some = processes()
    first = some.worker()
    some.await_file()
    losses = {10: first.kill, 12: some.worker, 60: some.scheduler.kill}
    with (
        pytest.raises(InputError, match=r"its scheduler was lost.*resume that run"),
        cluster.connected(cluster.read_address(some.file), 0) as executor,
    ):
        trained("b", executor=executor, progress=AtSteps(losses))
    card = trained("b", resume=True)
    assert card.n_steps == 120
    assert weights(tmp_path / "b") == weights(tmp_path / "a")


@pytest.mark.slow
def test_certificates_of_dasks_configuration_are_passed_through(
    processes, tiny_model, finished, tmp_path
):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=127.0.0.1",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    configured = {f"{tls}CA_FILE": str(certificate)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        configured[f"{tls}{role}__CERT"] = str(certificate)
        configured[f"{tls}{role}__KEY"] = str(key)
    some = processes(["--protocol", "tls"], configured)
    some.worker()
    some.await_file()
    assert cluster.read_address(some.file).startswith("tls://")
    path = tmp_path / "b.zarr"
    how = words(tiny_model, path, "--scheduler-file", some.file)
    short = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "2s"}
    stranger = begun(*how, **short)  # without certificates
    code, said = ended(stranger)
    assert (code, len(said)) == (2, 1), said
    assert "certificates are missing" in said[0]
    assert not path.exists()
    child = begun(*how, **configured)
    assert ended(child) == (0, [])
    assert store.open_store(path).digest() == finished


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "version", "told"),
    [
        ("worker", "", "has no grainpaint, this machine 0.1.0"),
        ("worker", "__version__ = '0.0.9'", "has grainpaint 0.0.9, this machine 0.1.0"),
        ("scheduler", "", "lacks this version of grainpaint"),
    ],
)
def test_a_cluster_with_another_grainpaint_or_none_is_one_line(
    processes, tiny_model, tmp_path, kind, version, told
):
    (tmp_path / "other" / "grainpaint").mkdir(parents=True)
    (tmp_path / "other" / "grainpaint" / "__init__.py").write_text(version)
    other = {"PYTHONPATH": str(tmp_path / "other")}
    some = processes(environment=other if kind == "scheduler" else {})
    some.environment.clear()
    some.worker(**(other if kind == "worker" else {}))
    some.await_file()
    path = tmp_path / "b.zarr"
    child = begun(*words(tiny_model, path, "--scheduler-file", some.file))
    code, said = ended(child)
    assert (code, len(said)) == (2, 1), said
    assert told in said[0]
