"""Workers of a Dask cluster, asked for on the command line."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from safetensors.torch import load_file
from samples import small_training

from grainpaint import InputError, store
from grainpaint.executors import cluster
from grainpaint.generation import on_disk
from grainpaint.generation.domain import Domain
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.network.train import train
from grainpaint.simulate.iso.isotropic import simulate_iso
from grainpaint.simulate.iso.recipe import IsoRecipe

distributed = pytest.importorskip("distributed")

SHAPE = (132, 24, 24)
WORDS = ("generate", "--shape", "132,24,24", "--seed", "5", "--window", "32")
WORDS += ("--no-picture",)


@pytest.fixture(scope="module")
def volume(tiny_model, tmp_path_factory):
    """Return the volume that one process makes."""
    path = tmp_path_factory.mktemp("finished") / "a.zarr"
    recipe = make_recipe(Domain(SHAPE), Options(window=32), str(tiny_model), seed=5)
    settings = recipe.model_dump(mode="json")
    made = store.create(path, recipe.shape, (1.0,) * 3, recipe.origin, settings)
    on_disk.run(recipe, made)
    return path


@pytest.fixture(scope="module")
def finished(volume):
    """Return its digest."""
    return store.open_store(volume).digest()


def words(model, path, *more):
    own = [sys.executable, "-m", "grainpaint", *WORDS]
    return [*own, "--model", str(model), "-o", str(path), *map(str, more)]


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


def contents(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """Return a set to train on."""
    folder = tmp_path_factory.mktemp("sets")
    recipe = IsoRecipe(shape=(16, 16, 16), time=10, spins=100, count=3)
    simulate_iso(recipe, folder / "fine.zarr")
    return folder


@pytest.fixture
def small(monkeypatch):
    """Let a training take a moment."""
    presets = {"base": small_training()}
    monkeypatch.setattr("grainpaint.network.train.PRESETS", presets)
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.9,))


def weights(folder):
    found = load_file(folder / "base.state.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in found.items()}


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


class Processes:
    """A scheduler and workers, each a process, that meet by a file."""

    def __init__(self, folder, options=(), environment=()):
        self.file = folder / "scheduler.json"
        self.log = (folder / "log").open("wb")
        self.options = [*options, "--scheduler-file", str(self.file), "--no-dashboard"]
        self.environment = dict(environment)
        self.started = []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0")

    def start(self, kind, *more, **environment):
        words = [sys.executable, "-m", "dask", kind, *self.options, *more]
        child = subprocess.Popen(
            words,
            stdout=self.log,
            stderr=self.log,
            env=os.environ | self.environment | environment,
        )
        self.started.append(child)
        return child

    def await_file(self):
        until(lambda: self.file.exists() and self.file.stat().st_size, self.scheduler)

    def worker(self, **environment):
        """Start a worker, of which nobody takes care."""
        return self.start("worker", "--no-nanny", "--nthreads", "1", **environment)

    def end(self):
        for child in self.started:
            child.kill()
            child.wait()
        self.log.close()


@pytest.fixture
def processes(tmp_path):
    made = []

    def make(*how, **options):
        made.append(Processes(tmp_path, *how, **options))
        return made[-1]

    yield make
    for each in made:
        each.end()


def lines(path):
    journal = path / "work" / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def until(condition, child):
    deadline = time.monotonic() + 120
    while not condition():
        assert child.poll() is None, child.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def begun(*words, **environment):
    return subprocess.Popen(
        words, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )


def ended(child, seconds=180):
    """Return the exit code and the lines of a command, but those of its progress."""
    try:
        error = child.communicate(timeout=seconds)[1]
    finally:
        child.kill()
    said = [line for line in error.splitlines() if "left" not in line]
    return child.returncode, said


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
