"""What a Dask cluster costs beside own processes: seconds a task, bytes, lost workers.

Run: python benchmarks/cluster.py. Prints a table and writes cluster.json. A box is made
by 1, 2 and 4 processes of a pool, and by a LocalCluster of as many workers of one
thread; they have made it once before, without a clock. The overhead is what a task
takes that does nothing, from the submission of many to their results. In the last run
workers are killed at random moments. All volumes must have the same bytes.
"""

import os
import random
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import psutil
from common import make_parser, save, show, timed
from distributed import Client, LocalCluster

from grainpaint.generation import on_disk
from grainpaint.generation.domain import Domain
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.store import create, verify


def made(recipe, path, executor):
    """Make a volume; return its seconds, tasks and digest."""
    settings = recipe.model_dump(mode="json")
    store = create(path, recipe.shape, (1.0,) * 3, recipe.origin, settings)
    seconds, outcome = timed(lambda: on_disk.run(recipe, store, executor=executor))
    assert verify(store) == []
    return seconds, outcome.n_tasks, store.digest()


def overhead_ms(executor, n_tasks):
    """Return the milliseconds of a task that does nothing."""
    wait([executor.submit(abs, -1)])
    tasks = range(n_tasks)
    seconds = timed(lambda: wait([executor.submit(abs, i) for i in tasks]))[0]
    return 1e3 * seconds / n_tasks


class Killer(threading.Thread):
    """Kills a process below this one at random moments, so many times."""

    def __init__(self, n, mean_s):
        super().__init__(daemon=True)
        self.left, self.mean_s, self.draw = n, mean_s, random.Random(1)
        self.n_kills, self.over = 0, threading.Event()

    def run(self):
        """Kill workers until all kills are done or the run is over."""
        while self.left and not self.over.wait(self.draw.expovariate(1 / self.mean_s)):
            family = psutil.Process().children(recursive=True)
            workers = [p for p in family if "spawn_main" in " ".join(p.cmdline())]
            if workers:
                self.draw.choice(workers).kill()
                self.left, self.n_kills = self.left - 1, self.n_kills + 1


def dask(n, **how):
    """Return a cluster of workers with one thread."""
    return LocalCluster(
        n_workers=n, threads_per_worker=1, dashboard_address=None, **how
    )


def main():
    parser = make_parser(
        __doc__, shape=[96, 32, 32], window=32, kills=1, most=2, n_tasks=50
    )
    parser.add_argument("--shape", type=int, nargs=3, default=[512, 256, 256])
    parser.add_argument("--window", type=int, default=64, help="base voxels")
    parser.add_argument("--most", type=int, default=4, help="workers")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--n-tasks", type=int, default=1000, help="for the overhead")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # of each worker
    plan = Options(window=options.window)
    recipe = make_recipe(Domain(tuple(options.shape)), plan, seed=1)
    rows, digests, names = [], set(), iter(range(10**6))
    with tempfile.TemporaryDirectory() as folder:

        def place():
            return Path(folder) / f"{next(names)}.zarr"

        for n in (n for n in (1, 2, 4) if n <= options.most):
            with ProcessPoolExecutor(n, get_context("spawn")) as pool:
                made(recipe, place(), pool)
                own, n_tasks, digest = made(recipe, place(), pool)
                own_ms = overhead_ms(pool, options.n_tasks)
            with dask(n) as cluster, Client(cluster) as client:
                executor = client.get_executor()
                made(recipe, place(), executor)
                by_dask, _, other = made(recipe, place(), executor)
                dask_ms = overhead_ms(executor, options.n_tasks)
            digests |= {digest, other}
            row = {"workers": n, "tasks": n_tasks, "own_s": own, "dask_s": by_dask}
            row |= {"dask_over_own": by_dask / own, "overhead_own_ms": own_ms}
            row |= {"overhead_dask_ms": dask_ms, "task_s": own * n / n_tasks}
            rows.append({name: round(value, 3) for name, value in row.items()})
        killer = Killer(options.kills, own / options.kills / 2)
        with dask(2) as cluster, Client(cluster) as client:
            cluster.scheduler.allowed_failures = options.kills
            killer.start()
            seconds, _, digest = made(recipe, place(), client.get_executor())
            killer.over.set()
            killer.join()
        digests.add(digest)
    lost = {"kills": killer.n_kills, "seconds": round(seconds, 1)}
    lost["same_bytes"] = len(digests) == 1
    show(rows)
    print(lost)
    assert lost["same_bytes"]
    save(options, Path(__file__), {"runs": rows, "killed": lost})


if __name__ == "__main__":
    main()
