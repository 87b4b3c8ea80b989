"""Any executor simulates the volumes of a set, byte for byte the same."""

import pickle
import random
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from grainpaint import InputError
from grainpaint.simulate import set_tasks
from grainpaint.simulate.am import build
from grainpaint.simulate.am.build import simulate_am
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.iso.isotropic import simulate_iso
from grainpaint.simulate.iso.recipe import IsoRecipe
from grainpaint.simulate.sets import simulate_into

ISO = IsoRecipe(shape=(16, 16, 16), spins=50, seed=4, time=[2, 5], count=4)
BUILD = AmRecipe(
    shape=(24, 20, 12),
    voxel="5um",
    pool={"shape": "ellipsoid", "width": 9, "depth": 6, "length": 12},
    haz={"law": "linear", "width": 3},
    scan={"speed": 12, "hatch": 6, "thickness": 4},
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "s.zarr"
    simulate_iso(ISO, path)
    return contents(path)


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    """Let this process know nothing of runs, as one on another machine."""
    monkeypatch.setattr(set_tasks, "_prepared", None)


def contents(path):
    """Return all bytes of a set by their places."""
    return {
        str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()
    }


class Pickled(Executor):
    """Does tasks at once, as other processes see them; some of them twice."""

    def __init__(self, left=10**6, error=None):
        self.left, self.error, self.draw = left, error, random.Random(1)

    def submit(self, fn, /, *args):
        future = Future()
        self.left -= 1
        if self.left < 0:
            future.set_exception(self.error)
            return future
        call = pickle.dumps((fn, args))
        assert len(call) < 4000
        fn, args = pickle.loads(call)
        if self.draw.random() < 0.5:
            fn(*args)  # and its worker was lost
        future.set_result(fn(*args))
        return future


def test_an_executor_writes_the_same_set_and_prepares_once(
    finished, tmp_path, monkeypatch
):
    path, prepared = tmp_path / "s.zarr", []
    with ThreadPoolExecutor(3) as pool:
        assert simulate_iso(ISO, path, executor=pool) == "8 volumes"
    assert contents(path) == finished
    assert not (path / ".run").exists()

    once, twice = tmp_path / "once.zarr", tmp_path / "twice.zarr"
    simulate_am(BUILD, once, seed=2, count=3)
    prepare = build.prepare
    monkeypatch.setattr(build, "prepare", lambda r: prepared.append(r) or prepare(r))
    with ThreadPoolExecutor(2) as pool:
        simulate_am(BUILD, twice, seed=2, count=3, executor=pool)
    assert contents(twice) == contents(once)
    assert len(prepared) == 2  # here, to check it, and in the worker


def test_tasks_done_twice_and_a_lost_executor_change_no_byte(finished, tmp_path):
    path = tmp_path / "s.zarr"
    with pytest.raises(InputError, match=r"scheduler was lost.*the same command"):
        simulate_iso(ISO, path, executor=Pickled(2, CancelledError()))
    kept = contents(path)
    assert len([name for name in kept if name.count("/") == 1]) == 4  # two seeds
    assert kept.items() <= finished.items()
    assert not (path / ".run").exists()
    rest = Pickled()
    simulate_iso(ISO, path, executor=rest)
    assert rest.left == 10**6 - 2  # what is done is not done again
    assert contents(path) == finished


def test_a_task_that_outlives_its_run_leaves_nothing(finished, tmp_path, monkeypatch):
    """Its folder is taken away, also in the midst of writing, and not made anew."""
    path, calls, write = tmp_path / "s.zarr", [], set_tasks.zarr.write

    class Lost(Pickled):
        def submit(self, fn, /, *args):
            calls.append((fn, args))
            return super().submit(fn, *args)

    with pytest.raises(InputError, match="the executor gave up"):
        simulate_iso(ISO, path, executor=Lost(1, CancelledError()))
    before = contents(path)
    fn, args = calls[1]
    assert "the run is over" in str(fn(*args))

    def stopped(*how):
        write(*how)
        set_tasks._clear(path / ".run")
        write(*how)  # the rest of the files

    with set_tasks._run_in(path, args[0].prepare) as run:
        monkeypatch.setattr(set_tasks.zarr, "write", stopped)
        assert "the run is over" in str(fn(run, *args[1:]))
        assert list((path / ".run").iterdir()) == [path / ".run" / "lock"]
    assert contents(path) == before


def test_a_set_belongs_to_one_run_and_leftovers_of_a_killed_one_go(finished, tmp_path):
    path = tmp_path / "s.zarr"
    simulate_iso(ISO.model_copy(update={"count": 2}), path, executor=Pickled())
    (path / ".run" / "0123" / "half.zarr").mkdir(parents=True)
    with (
        set_tasks._run_in(path, lambda: None),
        pytest.raises(InputError, match=f"{path} belongs to another run"),
    ):
        simulate_iso(ISO, path, executor=Pickled())
    simulate_iso(ISO, path, executor=Pickled())
    assert contents(path) == finished
    assert not (path / ".run").exists()


def test_what_cannot_be_simulated_is_one_line_and_leaves_no_set(tmp_path, monkeypatch):
    path = tmp_path / "s.zarr"
    wrong = ISO.model_copy(update={"start": Path("no.npz")})
    with pytest.raises(InputError, match=f"{Path.cwd() / 'no.npz'}: no such file"):
        simulate_iso(wrong, path, executor=Pickled())
    assert not path.exists()
    one = {"seed": 1, "count": 1}
    with pytest.raises(InputError, match="a count of at least 2"):
        simulate_into(path, one, [1.0], None, elsewhere=(Pickled(), None))
    versions = set_tasks.versions_here
    monkeypatch.setattr(
        set_tasks, "versions_here", lambda names: versions(names) | {"numba": "9.9"}
    )
    with pytest.raises(InputError, match=r"the worker has numba .*, the run 9\.9"):
        simulate_iso(ISO, path, executor=Pickled())
    assert not path.exists()
