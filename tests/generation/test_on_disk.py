"""The engine: one volume, whoever makes it, in whatever order, however often killed."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest
from samples import PARTS

from grainpaint import InputError, formats, store
from grainpaint.executors import handing_out
from grainpaint.generation import on_disk
from grainpaint.generation.domain import Domain, load_grid, part_domain
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.public import zoom
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.generation.tasks import find_tasks
from grainpaint.generation.volume import Volume
from grainpaint.store import durable

SHAPE = (136, 40, 24)
WIDE = (72, 72, 24)
LONG = (648, 40, 24)


@pytest.fixture(scope="module")
def recipe(tiny_model):
    """Several windows of the base along one axis, and two shards."""
    return make_recipe(Domain(SHAPE), Options(window=32), str(tiny_model), seed=5)


@pytest.fixture(scope="module")
def wide(tiny_model):
    """Several windows of the base along two axes."""
    return make_recipe(Domain(WIDE), Options(window=32), str(tiny_model), seed=5)


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    return filled(recipe, tmp_path_factory.mktemp("finished") / "a.zarr")


def opened(recipe, path):
    settings = recipe.model_dump(mode="json")
    return store.create(path, recipe.shape, (1.0,) * 3, recipe.origin, settings)


def filled(recipe, path, **how):
    volume = opened(recipe, path)
    on_disk.run(recipe, volume, **how)
    return volume


def test_the_store_holds_the_volume_that_memory_gives(wide, tmp_path):
    assert [axis.closed for axis in wide.plan.axes] == [False, False, True]
    assert wide.plan.period(1) == (72, 72, 64)
    assert len(find_tasks(wide).base) > 8
    volume = filled(wide, tmp_path / "a.zarr")
    in_memory = paint_recipe(wide).volume
    np.testing.assert_array_equal(
        formats.load(volume.path).grain_id, in_memory.grain_id
    )
    assert store.verify(volume) == []


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_any_number_of_workers_makes_the_same_files(
    recipe, finished, tmp_path, workers
):
    again = filled(recipe, tmp_path / "b.zarr", workers=workers)
    assert again.digest() == finished.digest()


@pytest.mark.slow
def test_any_order_of_ready_windows_makes_the_same_files(wide, tmp_path, monkeypatch):
    draw, once = random.Random(3), filled(wide, tmp_path / "a.zarr")

    def any_of(ready):
        ready.rotate(draw.randrange(len(ready)))
        return ready.popleft()

    monkeypatch.setattr(handing_out, "_next", any_of)
    assert filled(wide, tmp_path / "b.zarr").digest() == once.digest()


def command(model, path, *more, shape=SHAPE):
    return [
        *(sys.executable, "-m", "grainpaint", "generate"),
        *(
            "--shape",
            ",".join(map(str, shape)),
            "--model",
            str(model),
            "--seed",
            "5",
            "--plan",
            "windows",
            "--window",
            "32",
        ),
        *("--no-picture", "-o", str(path), *more),
    ]


def lines(path):
    journal = path / "work" / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def started(words, path, n_lines):
    """Start a run; return it once its journal has grown by so many lines, or ended."""
    before, deadline = lines(path), time.monotonic() + 120
    child = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    while child.poll() is None and lines(path) < before + n_lines:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return child


@pytest.mark.parametrize(
    ("n_kills", "shape"), [(1, SHAPE), pytest.param(10, LONG, marks=pytest.mark.slow)]
)
def test_kills_at_random_moments_end_in_the_very_same_volume(
    tiny_model, finished, tmp_path, n_kills, shape
):
    path, draw = tmp_path / "killed.zarr", random.Random(1)
    if shape != SHAPE:
        recipe = make_recipe(Domain(shape), Options(window=32), str(tiny_model), seed=5)
        finished = filled(recipe, tmp_path / "once.zarr")
    words = command(tiny_model, path, shape=shape)
    kills = 0
    for _ in range(3 * n_kills):
        child = started(words, path, draw.randint(1, 2))
        time.sleep(draw.uniform(0, 0.05))
        child.kill()
        child.communicate()
        kills += child.returncode == -signal.SIGKILL
        if child.returncode == 0:
            break
        if kills == n_kills:
            assert not store.open_store(path).complete
            subprocess.run(words, check=True, capture_output=True)
            break
    assert kills == n_kills
    assert store.open_store(path).digest() == finished.digest()
    assert store.verify(store.open_store(path)) == []


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGUSR1, "1"),
        pytest.param(signal.SIGTERM, "2", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, "1", marks=pytest.mark.slow),
        pytest.param(signal.SIGUSR1, "2", marks=pytest.mark.slow),
    ],
)
def test_a_signal_saves_and_leaves_at_once(tiny_model, tmp_path, number, workers):
    path = tmp_path / "stopped.zarr"
    child = started(command(tiny_model, path, "--workers", workers), path, 3)
    asked = time.monotonic()
    child.send_signal(number)
    error = child.communicate(timeout=60)[1]
    assert time.monotonic() - asked < 30
    assert child.returncode == 128 + number
    assert number.name in error
    assert "continues" in error
    assert "Traceback" not in error
    assert not (path / "work" / "lock").exists()
    left = store.open_store(path)
    assert len(left.done()) >= 3
    assert [d for d in store.verify(left) if not d.harmless] == []


def test_a_second_run_on_one_output_is_refused_with_the_first_ones_pid(
    tiny_model, tmp_path, run
):
    path = tmp_path / "shared.zarr"
    child = started(command(tiny_model, path), path, 1)
    child.send_signal(signal.SIGSTOP)
    code, _, error = run(*command(tiny_model, path)[3:])
    child.kill()
    child.communicate()
    assert code == 2
    assert str(child.pid) in error
    assert os.uname().nodename in error


@pytest.mark.parametrize("array", ["tag", "grain_id"])
def test_verify_finds_a_damaged_shard_and_repair_makes_it_again(
    finished, tmp_path, run, array
):
    shutil.copytree(finished.path, tmp_path / "v.zarr")
    volume = store.open_store(tmp_path / "v.zarr")
    shard = volume.path / array / "c" / "0" / "0" / "0"
    good = shard.read_bytes()
    shard.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    other = volume.path / array / "c" / "1" / "0" / "0"
    untouched = other.stat().st_mtime_ns
    code, out, _ = run("verify", volume.path)
    assert code == 1
    assert f"{array}/c/0/0/0" in out
    code, out, _ = run("verify", volume.path, "--repair")
    assert code == 0
    assert shard.read_bytes() == good
    assert other.stat().st_mtime_ns == untouched
    assert run("verify", volume.path)[0] == 0
    assert volume.complete
    assert volume.digest() == finished.digest()


def test_a_finished_volume_is_left_alone(recipe, finished, run, tiny_model):
    before = (finished.path / "zarr.json").stat().st_mtime_ns
    words = command(tiny_model, finished.path)[3:]
    code, out, _ = run(*words)
    assert (code, "is finished" in out) == (0, True)
    assert (finished.path / "zarr.json").stat().st_mtime_ns == before


def test_a_store_of_another_recipe_is_refused(finished, run, tiny_model):
    words = [*command(tiny_model, finished.path)[3:], "--seed", "6"]
    code, _, error = run(*words)
    assert code == 2
    assert "seed is 5 there, 6 here" in error


def test_a_full_disk_is_said_in_one_line_and_the_run_goes_on(
    recipe, finished, tmp_path, monkeypatch
):
    put, n = durable.put, [0]

    def full(path, data):
        n[0] += "work" in str(path)
        if n[0] > 5:  # the sign of the run is one
            raise OSError(errno.ENOSPC, "No space left on device")
        put(path, data)

    path = tmp_path / "full.zarr"
    volume = opened(recipe, path)
    monkeypatch.setattr(durable, "put", full)
    with pytest.raises(InputError, match=r"disk is full.* bytes"):
        on_disk.run(recipe, volume)
    monkeypatch.setattr(durable, "put", put)
    assert len(volume.done()) >= 3
    on_disk.run(recipe, volume)
    assert volume.digest() == finished.digest()


def test_a_part_is_filled_and_its_box_left_alone(tiny_model, tmp_path):
    domain, _ = part_domain(PARTS / "dog_bone.stl", longest=132)
    recipe = make_recipe(domain, model=str(tiny_model))
    volume = opened(recipe, tmp_path / "part.zarr")
    outcome = on_disk.run(recipe, volume)
    painted = formats.load(volume.path)
    mask = load_grid(recipe).mask([(0, n) for n in recipe.shape])
    np.testing.assert_array_equal(painted.grain_id > 0, mask)
    assert outcome.n_windows <= outcome.n_windows_box
    np.testing.assert_array_equal(
        painted.grain_id, paint_recipe(recipe).volume.grain_id
    )


def unlike(grain_id):
    return [np.diff(grain_id, axis=axis) != 0 for axis in range(3)]


@pytest.mark.slow
def test_shards_of_one_window_are_made_together_and_mended_apart(tiny_model, tmp_path):
    """A volume of two shards that is grown at once, by one worker and by two."""
    recipe = make_recipe(Domain((136, 24, 24)), model=str(tiny_model), seed=2)
    recipe = recipe.model_copy(update={"core": (256,) * 3})  # as where grains grow long
    one, two = (filled(recipe, tmp_path / f"{n}.zarr", workers=n) for n in (1, 2))
    assert one.digest() == two.digest()
    in_memory = paint_recipe(recipe).volume.grain_id
    np.testing.assert_array_equal(formats.load(one.path).grain_id, in_memory)
    damaged = one.path / "tag" / "c" / "1" / "0" / "0"
    damaged.unlink()
    with one.lock():
        store.repair(one, store.verify(one))
    on_disk.run(recipe, one)
    assert one.digest() == two.digest()
    assert store.verify(one) == []


def test_a_region_is_that_part_of_the_volume(recipe, finished):
    """Its boundaries; numbers are its own, and grains may join outside of it."""
    whole = formats.load(finished.path)
    piece = Volume(recipe)[30:80, 5:38, 10:24]
    assert piece.origin == (30.0, 5.0, 10.0)
    for a, b in zip(unlike(piece.grain_id), unlike(whole.grain_id[30:80, 5:38, 10:24])):
        assert (a == b).mean() > 0.99


@pytest.mark.slow
def test_overlapping_regions_agree_voxel_for_voxel_also_far_out(wide):
    """A region depends on a bounded neighborhood, however far from the origin."""
    far = 10**7
    _, y, z = wide.around
    longer = {"shape": (2 * far, *WIDE[1:]), "around": (16 * far, y, z)}
    recipe = wide.model_copy(update=longer)
    a = Volume(recipe).tags([(far, far + 40), (0, 30), (0, 20)])
    b = Volume(recipe).tags([(far + 20, far + 70), (10, 50), (10, 24)])
    np.testing.assert_array_equal(a[20:, 10:, 10:], b[:20, :20, :10])
    volume = Volume(recipe)
    volume.tags([(far, far + 40), (0, 30), (0, 20)])
    assert volume._base.cache_info().misses <= 3**3


def test_a_region_beyond_the_volume_is_refused(recipe):
    with pytest.raises(InputError, match=r"0:24 along z, so 0:50 lies outside"):
        Volume(recipe)[0:10, 0:10, 0:50]
    with pytest.raises(InputError, match=r"0:24 along z, so 0:50 lies outside"):
        zoom(Volume(recipe), ((0, 10), (0, 10), (0, 50)), "0.5um")
    with pytest.raises(InputError, match=r"0:136 along x, so -1:10 lies outside"):
        Volume(recipe)[-1:10, 0:10, 0:24]
    with pytest.raises(InputError, match="empty"):
        Volume(recipe)[10:10, 0:10, 0:10]


def test_a_killed_worker_is_said_in_one_line(wide, tmp_path):
    volume = opened(wide, tmp_path / "w.zarr")

    def kill_one():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for child in psutil.Process().children():
                if "spawn_main" in " ".join(child.cmdline()) and lines(volume.path):
                    child.kill()
                    return
            time.sleep(0.01)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(InputError, match="a worker process was killed"):
        on_disk.run(wide, volume, workers=2)
    killer.join()


def test_workers_that_do_not_fit_into_memory_are_refused(recipe, tmp_path, monkeypatch):
    free = psutil.virtual_memory()._replace(available=2 << 30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    volume = opened(recipe, tmp_path / "a.zarr")
    with pytest.raises(InputError, match=r"2\.0 GiB are free: use at most 2 workers"):
        on_disk.run(recipe, volume, workers=3)
    assert not volume.done()
