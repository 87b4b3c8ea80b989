"""What a Dask cluster costs beside own processes, and what it loses when it is killed.

Run: python benchmarks/cluster.py [--only times|workers|schedulers]. Prints tables and
writes cluster.json, with --only its part of it; all three take ten minutes.

times: a box is made by 1, 2 and 4 processes of a pool, and by a LocalCluster of as many
workers of one thread, which have made a small one before, without a clock. The overhead
is what a task takes that does nothing, from the submission of many to their results.
workers: one run of which workers are killed, each at a random moment within a task.
schedulers: one volume whose scheduler is killed again and again at a random moment; the
same command goes on. All volumes must have the bytes that own processes write.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path

import psutil
from common import make_parser, save, show, timed
from dask import config as dask_config
from distributed import Client, LocalCluster

from grainpaint.generation import on_disk
from grainpaint.generation.domain import Domain
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.store import create, open_store, verify

WARM = (128, 64, 64)  # voxels, enough for a task of every kind in each process
MOST_S = 600  # that a command may take


def recipe_of(shape, window):
    return make_recipe(Domain(tuple(shape)), Options(window=window), seed=1)


def new_store(recipe, path):
    settings = recipe.model_dump(mode="json")
    return create(path, recipe.shape, (1.0,) * 3, recipe.origin, settings)


def made(recipe, path, executor, **how):
    """Make a volume; return its seconds, tasks and digest."""
    store = new_store(recipe, path)
    seconds, outcome = timed(
        lambda: on_disk.run(recipe, store, executor=executor, **how)
    )
    assert verify(store) == []
    n_labels = len(list((path / "grain_id" / "c").rglob("*/*/*")))
    return seconds, outcome.n_tasks + n_labels, store.digest()


def overhead_ms(executor, n_tasks):
    """Return the milliseconds of a task that does nothing."""
    wait([executor.submit(abs, -1)])
    tasks = range(n_tasks)
    seconds = timed(lambda: wait([executor.submit(abs, i) for i in tasks]))[0]
    return 1e3 * seconds / n_tasks


@contextmanager
def own(n):
    """Yield n processes of this machine."""
    with ProcessPoolExecutor(n, get_context("spawn")) as pool:
        yield pool


@contextmanager
def dask(n):
    """Yield the executor of a cluster of n workers with one thread, and the cluster."""
    how = {"threads_per_worker": 1, "dashboard_address": ":0", "memory_limit": None}
    with LocalCluster(n_workers=n, **how) as cluster, Client(cluster) as client:
        client.wait_for_workers(n)
        yield client.get_executor(), cluster


def times(options, folder):
    """Compare a pool and a cluster of 1, 2 and 4 workers."""
    recipe, warm = (recipe_of(s, options.window) for s in (options.shape, WARM))
    rows, digests = [], set()
    for n in (n for n in (1, 2, 4) if n <= options.most):
        found = {}
        for name in ("own", "dask"):
            with ExitStack() as stack:
                if name == "own":
                    executor = stack.enter_context(own(n))
                else:
                    executor, _ = stack.enter_context(dask(n))
                made(warm, folder / f"warm-{name}{n}.zarr", executor)
                seconds, n_tasks, digest = made(
                    recipe, folder / f"{name}{n}.zarr", executor
                )
                found[name] = seconds, overhead_ms(executor, options.n_tasks)
            digests.add(digest)
        (own_s, own_ms), (dask_s, dask_ms) = found["own"], found["dask"]
        task_s = own_s * min(n, len(os.sched_getaffinity(0))) / n_tasks
        row = {"workers": n, "tasks": n_tasks, "own_s": own_s, "dask_s": dask_s}
        row |= {"dask_over_own": dask_s / own_s, "task_s": task_s}
        row |= {"overhead_own_ms": own_ms, "overhead_dask_ms": dask_ms}
        row |= {"overhead_dask_share": dask_ms / 1e3 / task_s}
        rows.append({name: round(value, 4) for name, value in row.items()})
    show(rows)
    assert len(digests) == 1
    return {"shape": options.shape, "rows": rows, "same_bytes": True}


class Killer(threading.Thread):
    """Kills workers of this process: each within a task drawn at random."""

    def __init__(self, cluster, path, n, n_tasks, task_s):
        super().__init__(daemon=True)
        draw = random.Random(1)
        self.cluster = cluster
        self.path, self.draw, self.task_s = path, draw, task_s
        # A loss costs seconds: those of the last third might come after the run.
        self.moments = sorted(draw.choices(range(max(1, 2 * n_tasks // 3)), k=n))
        self.n_kills, self.over = 0, threading.Event()

    def run(self):
        """Kill one worker after so many tasks are done, until the run is over."""
        for n_done in self.moments:
            while lines(self.path) < n_done and not self.over.wait(0.05):
                pass
            self.over.wait(self.draw.uniform(0, self.task_s))
            while not self.over.is_set() and not self._kill():
                self.over.wait(0.05)

    def _kill(self):
        # A nanny of Dask gives up where its worker dies before it has begun.
        nannies = list(self.cluster.workers.values())
        at_work = [n.process.pid for n in nannies if n.status.name == "running"]
        known = [w.nanny for w in list(self.cluster.scheduler.workers.values())]
        if not at_work or len(known) < len(nannies):
            return False
        os.kill(self.draw.choice(at_work), signal.SIGKILL)
        self.n_kills += 1
        return True


def lines(path):
    """Return how many files of a volume are in its journal."""
    journal = path / "work" / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def workers(options, folder):
    """Make one volume while workers are killed."""
    recipe = recipe_of(options.long_shape, options.window)
    with own(2) as pool:
        undisturbed, n_tasks, whole = made(recipe, folder / "own.zarr", pool)
    path = folder / "killed.zarr"
    # LocalCluster gives a worker up that it does not see at one moment after a loss.
    patient = dask_config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    with patient, dask(2) as (executor, cluster):
        task_s = 2 * undisturbed / n_tasks
        killer = Killer(cluster, path, options.kills, n_tasks, task_s)
        cluster.scheduler.allowed_failures = options.kills
        killer.start()
        seconds, _, digest = made(recipe, path, executor)
        killer.over.set()
        killer.join()
    assert digest == whole
    figures = {"shape": options.long_shape, "kills": killer.n_kills, "tasks": n_tasks}
    figures |= {"seconds": round(seconds, 1), "undisturbed_s": round(undisturbed, 1)}
    print(figures)
    return figures | {"same_bytes": True}


@contextmanager
def processes(folder, n):
    """Yield a scheduler's process and its file, with n workers."""
    file, words = folder / "scheduler.json", [sys.executable, "-m", "dask"]
    file.unlink(missing_ok=True)
    meet = ["--scheduler-file", str(file), "--no-dashboard"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen([*words, "scheduler", *meet, "--port", "0"], **silent),
        *(
            subprocess.Popen([*words, "worker", *meet, "--nthreads", "1"], **silent)
            for _ in range(n)
        ),
    ]
    try:
        while not (file.exists() and file.stat().st_size):
            time.sleep(0.05)
        yield started[0], file
    finally:
        for child in started:
            family = psutil.Process(child.pid).children(recursive=True)
            child.kill()
            child.wait()
            for each in family:  # of a nanny
                each.kill()


def schedulers(options, folder):
    """Make one volume while its scheduler is killed."""
    recipe = recipe_of(options.shape, options.window)
    with own(2) as pool:
        _, n_tasks, whole = made(recipe, folder / "own.zarr", pool)
    path, draw = folder / "lost.zarr", random.Random(1)
    shape = ",".join(map(str, options.shape))
    command = [sys.executable, "-m", "grainpaint", "generate", "--shape", shape]
    command += ["--window", str(options.window), "--seed", "1", "-o", str(path)]
    command += ["--no-picture"]
    kept, said = [], set()
    step = max(1, n_tasks // (options.scheduler_kills + 1))
    for round_ in range(options.scheduler_kills + 1):
        before = lines(path)
        with processes(folder, 2) as (scheduler, file):
            child = subprocess.Popen(
                [*command, "--scheduler-file", str(file)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            if round_ < options.scheduler_kills:
                until = before + draw.randint(1, step)
                while lines(path) < until and child.poll() is None:
                    time.sleep(0.01)
                time.sleep(draw.uniform(0, 0.5))
                scheduler.kill()
            errors = child.communicate(timeout=MOST_S)[1].splitlines()
        if round_ < options.scheduler_kills:
            assert child.returncode == 2, errors
            said.add(errors[-1].partition(";")[0])
            kept.append(lines(path))
    assert child.returncode == 0, errors
    store = open_store(path)
    assert verify(store) == []
    assert store.digest() == whole
    assert kept == sorted(kept)
    figures = {"shape": options.shape, "kills": len(kept), "files_kept": kept}
    figures |= {"tasks": n_tasks, "said": sorted(said), "same_bytes": True}
    print(figures)
    return figures


PARTS = {"times": times, "workers": workers, "schedulers": schedulers}


def main():
    parser = make_parser(
        __doc__,
        shape=[140, 40, 24],
        long_shape=[140, 40, 24],
        kills=1,
        scheduler_kills=1,
        most=1,
        n_tasks=50,
    )
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--shape", type=int, nargs=3, default=[384, 64, 64])
    parser.add_argument("--long-shape", type=int, nargs=3, default=[1536, 64, 64])
    parser.add_argument("--window", type=int, default=32, help="base voxels")
    parser.add_argument("--most", type=int, default=4, help="workers")
    parser.add_argument("--kills", type=int, default=20, help="of workers")
    parser.add_argument("--scheduler-kills", type=int, default=5)
    parser.add_argument("--n-tasks", type=int, default=1000, help="for the overhead")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # of each worker
    os.environ["NUMBA_NUM_THREADS"] = "1"
    for name in [options.only] if options.only else PARTS:
        load = os.getloadavg()[0]  # of others: times are theirs, too
        with tempfile.TemporaryDirectory() as folder:
            figures = PARTS[name](options, Path(folder))
        figures["load_before"] = round(load, 1)
        save(options, Path(__file__), figures, part=name, model="iso")


if __name__ == "__main__":
    main()
