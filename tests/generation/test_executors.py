"""Any executor makes the volume; its workers need only a path and a sign."""

import os
import pickle
import random
import subprocess
import sys
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np
import pytest
from samples import PARTS

import grainpaint
from grainpaint import InputError, formats, store
from grainpaint.executors.threads import Threads
from grainpaint.generation import on_disk, worker, workers
from grainpaint.generation.domain import Domain, part_domain
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.generation.worker import Run, do

SHAPE = (132, 24, 24)


@pytest.fixture(scope="module")
def recipe(tiny_model):
    """Several windows of the base."""
    return make_recipe(Domain(SHAPE), Options(window=32), str(tiny_model), seed=5)


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    volume = opened(recipe, tmp_path_factory.mktemp("finished") / "a.zarr")
    on_disk.run(recipe, volume)
    return volume


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    """Let this process know nothing of runs, as one on another machine."""
    monkeypatch.setattr(worker, "_worker", None)


def opened(recipe, path):
    settings = recipe.model_dump(mode="json")
    spacing = (recipe.spacing,) * 3
    return store.create(path, recipe.shape, spacing, recipe.origin, settings)


class Jobs(Executor):
    """Like submitit: jobs that must be looked for; here, some are done twice."""

    def __init__(self, seed=1):
        self.draw, self.n_tasks = random.Random(seed), 0

    def submit(self, fn, /, *args):
        self.n_tasks += 1
        fn, args = pickle.loads(pickle.dumps((fn, args)))
        if self.draw.random() < 0.5:
            fn(*args)  # and its worker was lost
        return Job(fn(*args), self.draw)


class Job:
    def __init__(self, found, draw):
        self.found, self.draw = found, draw

    def done(self):
        return self.draw.random() < 0.5

    def result(self):
        return self.found

    def cancel(self):
        pass


class GivesUp(Executor):
    """Does some tasks, then fails all others as a lost scheduler does."""

    def __init__(self, n, error):
        self.left, self.error = n, error

    def submit(self, fn, /, *args):
        future = Future()
        self.left -= 1
        if self.left >= 0:
            future.set_result(fn(*args))
        else:
            future.set_exception(self.error)
        return future


@pytest.mark.slow
def test_threads_make_the_same_files_and_load_the_model_once(
    recipe, finished, tmp_path, monkeypatch
):
    loads, load = [], worker.Volume
    monkeypatch.setattr(worker, "Volume", lambda *how: loads.append(how) or load(*how))
    volume = opened(recipe, tmp_path / "b.zarr")
    with ThreadPoolExecutor(3) as pool:
        outcome = on_disk.run(recipe, volume, executor=pool)
    assert volume.digest() == finished.digest()
    assert store.verify(volume) == []
    assert outcome.n_tasks > 6  # several for each thread
    assert len(loads) == 1


class KilledWorker(Exception):
    """Named as that of Dask."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CancelledError(), "scheduler was lost"),
        (BrokenExecutor("no\nprocess"), r"the executor broke \(no process\)"),
        (KilledWorker("base"), "several workers died of one task"),
        (ModuleNotFoundError("No module named 'grainpaint'"), "lacks this version"),
        (RuntimeError("cannot schedule new futures after shutdown"), "is shut down"),
    ],
)
def test_an_executor_that_gives_up_is_one_line(recipe, tmp_path, error, said):
    volume = opened(recipe, tmp_path / "b.zarr")
    with pytest.raises(InputError, match=f"{said}.*what is done is kept") as raised:
        on_disk.run(recipe, volume, executor=GivesUp(0, error))
    assert "\n" not in str(raised.value)
    assert store.verify(volume) == []


def test_a_process_that_ends_is_told_with_what_its_pool_needs():
    error = BrokenProcessPool("terminated abruptly")
    with pytest.raises(InputError, match=r"spawn.*__main__.*without a store") as raised:
        grainpaint.generate((16, 16, 16), executor=GivesUp(0, error))
    assert "is kept" not in str(raised.value)


@pytest.mark.slow
def test_jobs_without_callbacks_some_done_twice_make_the_same_files(
    recipe, finished, tmp_path, monkeypatch
):
    monkeypatch.setattr("grainpaint.executors.handing_out._LOOK_S", 0.0)
    volume, jobs = opened(recipe, tmp_path / "b.zarr"), Jobs()
    on_disk.run(recipe, volume, executor=jobs)
    assert volume.digest() == finished.digest()
    assert store.verify(volume) == []
    assert jobs.n_tasks > 8


def test_what_was_done_before_an_executor_gave_up_is_not_done_again(
    recipe, finished, tmp_path
):
    volume = opened(recipe, tmp_path / "b.zarr")
    with pytest.raises(InputError):
        on_disk.run(recipe, volume, executor=GivesUp(4, CancelledError()))
    assert len(volume.done()) == 4
    assert store.verify(volume) == []
    outcome = on_disk.run(recipe, volume)
    assert outcome.n_tasks_before == 4
    assert volume.digest() == finished.digest()


def test_a_fault_of_this_program_keeps_its_traceback(recipe, tmp_path):
    volume = opened(recipe, tmp_path / "b.zarr")
    with pytest.raises(ZeroDivisionError):
        on_disk.run(recipe, volume, executor=GivesUp(1, ZeroDivisionError()))


@pytest.fixture
def begun(recipe, tmp_path):
    """Yield a run that is under way: its store is locked and signed."""
    volume = opened(recipe, tmp_path / "b.zarr")
    with volume.lock(), volume.signed() as sign:
        yield Run.here(volume, sign, "cpu")


KEY = (0, 0, 0)


def test_a_task_is_small_and_its_worker_finds_the_rest(begun):
    call = pickle.dumps((do, begun, "base", KEY, None))
    assert len(call) < 1000
    function, *arguments = pickle.loads(call)
    assert [entry.task for entry in function(*arguments)] == ["work/base/0.0.0"]


@pytest.mark.parametrize("name", ["grainpaint", "torch"])
def test_another_version_on_a_worker_is_named(begun, name):
    found = do(replace(begun, versions={**begun.versions, name: "9.9"}), "base", KEY, 0)
    assert isinstance(found, InputError)
    assert f"the worker has {name} {begun.versions[name]}, the run 9.9" in str(found)


def test_an_error_on_another_machine_says_which(begun):
    found = do(replace(begun, host="login1", versions={}), "base", KEY, 0)
    assert str(found).startswith(f"{worker.platform.node()}: the worker has ")


def test_a_worker_without_the_store_says_so(begun, tmp_path):
    found = do(replace(begun, path=str(tmp_path / "no.zarr")), "base", KEY, 0)
    assert "cannot reach the store" in str(found)
    assert "shared disk" in str(found)


def test_a_worker_with_another_store_in_that_place_writes_nothing(
    begun, recipe, tmp_path
):
    other = opened(recipe, tmp_path / "c.zarr")  # as a disk of its own would have it
    found = do(replace(begun, path=str(other.path)), "base", KEY, 0)
    assert "is not the volume of the run" in str(found)
    assert not (other.path / "work" / "base").exists()


def test_a_task_that_outlives_its_run_writes_nothing(recipe, tmp_path, monkeypatch):
    volume = opened(recipe, tmp_path / "b.zarr")
    with volume.signed() as sign:
        run = Run.here(volume, sign, "cpu")
        assert isinstance(do(run, "base", KEY, 0), list)
    (volume.path / "work" / "base" / "0.0.0").unlink()
    assert "the run is over" in str(do(run, "base", KEY, 0))
    with volume.signed() as sign:  # it ends while the window is made
        run = Run.here(volume, sign, "cpu")
        make = worker.Volume.make_base

        def made(self, key):
            (volume.path / "work" / sign).unlink()
            return make(self, key)

        monkeypatch.setattr(worker.Volume, "make_base", made)
        assert "the run is over" in str(do(run, "base", KEY, 0))
    assert not (volume.path / "work" / "base" / "0.0.0").exists()


def test_what_a_recipe_names_is_found_from_its_own_folder(
    tiny_model, tmp_path, monkeypatch
):
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    away.mkdir()
    (home / "model").symlink_to(tiny_model)
    (home / "part.stl").write_bytes((PARTS / "dog_bone.stl").read_bytes())
    monkeypatch.chdir(home)
    domain, _ = part_domain(worker.Path("part.stl"), longest=60)
    recipe = make_recipe(domain, Options(window=32), "model")
    volume = opened(recipe, worker.Path("b.zarr"))
    with volume.signed() as sign:
        run = Run.here(volume, sign, "cpu")
        monkeypatch.chdir(away)
        assert isinstance(do(run, "base", KEY, 0), list)
        for name in ("part.stl", "model"):
            monkeypatch.setattr(worker, "_worker", None)
            (home / name).rename(home / "gone")
            found = do(run, "base", KEY, 0)
            assert isinstance(found, InputError)
            assert str(home / name) in str(found)
            (home / "gone").rename(home / name)


def test_networks_of_a_worker_use_no_more_threads_than_they_are_given():
    """Numba sets the threads of torch when it starts its own."""
    code = (
        "import torch; from grainpaint.executors.threads import set_threads;"
        "set_threads(1, 1); print(torch.get_num_threads())"
    )
    env = {**os.environ, "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=env,
    )
    assert found.stdout == "1\n"


def test_one_worker_keeps_the_threads_that_its_process_has(
    recipe, tmp_path, monkeypatch
):
    """As many as there are processors wait for each other where others use these."""
    monkeypatch.setattr(workers, "threads_here", lambda: Threads(3, 2))
    used = []
    monkeypatch.setattr(worker, "set_threads", lambda *threads: used.append(threads))
    on_disk.run(recipe, opened(recipe, tmp_path / "b.zarr"))
    assert set(used) == {(3, 2)}


def test_python_makes_a_volume_with_an_executor_and_goes_on_with_it(
    tiny_model, tmp_path
):
    how, shape = {"model": str(tiny_model), "seed": 3}, (40, 24, 24)
    at_once = grainpaint.generate(shape, **how)
    with ThreadPoolExecutor(1) as pool:
        in_pieces = grainpaint.generate(shape, **how, executor=pool)
        np.testing.assert_array_equal(in_pieces.grain_id, at_once.grain_id)
        inside = np.ones((24, 20, 16), bool)
        inside[:8, :8] = False
        np.save(tmp_path / "mask.npy", inside)
        part = {"part": tmp_path / "mask.npy", "voxel": 1.0, "model": str(tiny_model)}
        painted = grainpaint.paint(**part, executor=pool)
        np.testing.assert_array_equal(
            painted.grain_id, grainpaint.paint(**part).grain_id
        )
    path = tmp_path / "kept.zarr"
    with pytest.raises(InputError, match="command continues"):
        grainpaint.generate(
            shape, **how, executor=GivesUp(1, CancelledError()), store=path
        )
    assert store.open_store(path).done()
    kept = grainpaint.generate(shape, **how, store=path)
    np.testing.assert_array_equal(kept.grain_id, at_once.grain_id)
    np.testing.assert_array_equal(formats.load(path).grain_id, at_once.grain_id)


def test_what_cannot_be_made_in_pieces_is_refused(tiny_model, tmp_path):
    how = {"model": str(tiny_model), "executor": Jobs()}
    with pytest.raises(InputError, match="periodic axes is made at once"):
        grainpaint.generate((64, 32, 32), **how, periodic=(True, False, False))
    with pytest.raises(InputError, match=r"the executor is one of concurrent"):
        grainpaint.generate((32,) * 3, executor=ThreadPoolExecutor)
    with pytest.raises(InputError, match=r"a store is a folder NAME\.zarr"):
        grainpaint.generate((32,) * 3, **how, store=tmp_path / "a.npz")
    sized = make_recipe(
        Domain((32,) * 3), Options(grain_size=lambda x, y, z: 9 + x / 8)
    )
    volume = opened(sized, tmp_path / "a.zarr")
    with pytest.raises(InputError, match="give a formula as text"):
        on_disk.run(sized, volume, executor=Jobs())


@pytest.mark.slow
def test_processes_of_executorlib_make_the_same_files(recipe, finished, tmp_path):
    executorlib = pytest.importorskip("executorlib")
    volume = opened(recipe, tmp_path / "b.zarr")
    with executorlib.SingleNodeExecutor(
        max_workers=2, block_allocation=True, hostname_localhost=True
    ) as pool:
        on_disk.run(recipe, volume, executor=pool)
    assert volume.digest() == finished.digest()
    assert store.verify(volume) == []


@pytest.mark.slow
def test_jobs_of_submitit_make_the_same_files(tiny_model, tmp_path):
    submitit = pytest.importorskip("submitit")
    small = make_recipe(Domain((32, 24, 24)), Options(), str(tiny_model), seed=5)
    one, other = (opened(small, tmp_path / f"{n}.zarr") for n in "ab")
    on_disk.run(small, one)
    jobs = submitit.LocalExecutor(tmp_path / "jobs")
    on_disk.run(small, other, executor=jobs)
    assert other.digest() == one.digest()
    assert store.verify(other) == []
