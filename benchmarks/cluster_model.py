"""How far a run scales: joining of grains, statistics, and a model of 1,000 workers.

Run: python benchmarks/cluster_model.py [--only join|statistics|model]. Prints tables
and writes cluster_model.json, with --only its part of it. The model reads the times of
a task from cluster.json and those of joining from its own file: run them before.

join: a periodic tile of 128^3 voxels of Voronoi grains, as large as those of the model,
is surveyed once. Volumes of its copies are joined as a run does it: surveys as bytes,
one after the other, in a process of its own. Seconds are those of the processor.
statistics: the table of all grains of such volumes, read slab by slab.
model: the tasks of a recipe with their dependencies, an event at a time. Workers are as
fast as a core of this machine, measured by trials of windows and files; one process
hands out tasks and enters them in the journal, one after the other. The disk is shared:
its bytes a second are assumed.
"""

import heapq
import json
import math
import os
import resource
import tempfile
import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from common import make_parser, missing, run_anew, save, show, timed

from grainpaint.formats.slabs import Slabs
from grainpaint.generation.domain import Domain
from grainpaint.generation.forecast import forecast
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.generation.tasks import base_name, find_tasks, generation_tasks
from grainpaint.measure.grain_table import table
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.segmentation.survey import Survey, survey
from grainpaint.segmentation.tiles import apply, join_tiles
from grainpaint.store import SHARD, create

HERE = Path(__file__)
GRAIN = 17.5  # mean diameter, voxels
AT_ONCE = 2000  # tasks that an executor is given beforehand
DISK = 1e9  # bytes a second of a shared disk, assumed
WORKERS = (1, 10, 100, 1000, 10_000)


def tile(edge=SHARD):
    """Return the grain IDs of a periodic tile of Voronoi grains."""
    from scipy.spatial import cKDTree

    n = max(2, round(edge**3 / (math.pi / 6 * GRAIN**3)))
    seeds = np.random.default_rng(1).uniform(0, edge, (n, 3))
    voxels = np.moveaxis(np.indices((edge,) * 3), 0, -1).reshape(-1, 3)
    nearest = cKDTree(seeds, boxsize=edge).query(voxels)[1]
    return (nearest + 1).reshape((edge,) * 3).astype(np.uint16)


def copies(one, n):
    """Yield the surveys, as bytes, of n x n x n copies of a tile."""
    shape, edge = (n * SHARD,) * 3, one.shape[0]
    found = survey(one, (0, 0, 0), shape)
    for low in np.ndindex(n, n, n):
        x, y, z = (i * edge for i in low)
        first = found.first + (x * shape[1] + y) * shape[2] + z
        yield replace(found, low=(x, y, z), first=first).to_bytes()


def joined(edge):
    """Join the grains of a volume; return what it takes."""
    n = edge // SHARD
    one = tile()
    join_tiles(Survey.from_bytes(b) for b in copies(one, 2))  # compiles
    made = list(copies(one, n))
    start, begun = time.process_time(), _resident()
    n_grains, grain = join_tiles(map(Survey.from_bytes, made))
    seconds = time.process_time() - start
    n_bytes = sum(map(len, made))
    return {
        "edge": edge,
        "tiles": n**3,
        "pieces": sum(g.size - 1 for g in grain.values()),
        "grains": n_grains,
        "surveys_MB": round(n_bytes / 1e6, 1),
        "join_s": round(seconds, 2),
        "join_ms_a_tile": round(1e3 * seconds / n**3, 3),
        "memory_GB": round((_peak() - begun) / 1e9, 2),
    }


def _resident():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured(edge):
    """Measure all grains of a volume slab by slab; return what it takes."""
    n, one = edge // SHARD, tile().astype(np.int32)
    _, grain = join_tiles(map(Survey.from_bytes, copies(one, n)))
    pieces = label_pieces(one, corners=True)  # as its survey numbers them

    def fetch(box):
        box = [slice(*s.indices(edge)) for s in box]
        found = np.empty([s.stop - s.start for s in box], np.int32)
        spans = [range(s.start // SHARD, -(-s.stop // SHARD)) for s in box]
        for i in np.ndindex(*map(len, spans)):
            low = [span[k] * SHARD for span, k in zip(spans, i)]
            a = [max(s.start, at) for s, at in zip(box, low)]
            b = [min(s.stop, at + SHARD) for s, at in zip(box, low)]
            there = tuple(slice(p - at, q - at) for p, q, at in zip(a, b, low))
            here = tuple(slice(p - s.start, q - s.start) for p, q, s in zip(a, b, box))
            found[here] = grain[tuple(low)][pieces[there]]
        return found

    slabs = Slabs((edge,) * 3, (1.0,) * 3, (0.0,) * 3, (False,) * 3, fetch, whole=True)
    begun = _resident()
    seconds, rows = timed(lambda: table(slabs))
    assert rows["voxels"].sum() == edge**3
    return {
        "edge": edge,
        "grains": len(rows),
        "statistics_s": round(seconds, 1),
        "labels_GB": round(4 * edge**3 / 1e9, 2),
        "memory_GB": round((_peak() - begun) / 1e9, 2),
    }


def join(options):
    edges = [n for n in (512, 1024, 2048) if n <= options.edge] or [options.edge]
    rows = [run_anew(HERE, "joined", edge) for edge in edges]
    show(rows)
    return {"rows": rows}


def statistics(options):
    edges = [n for n in (512, 1024) if n <= options.statistics_edge]
    rows = [run_anew(HERE, "measured", e) for e in edges or [options.statistics_edge]]
    show(rows)
    return {"rows": rows}


@dataclass(frozen=True)
class Costs:
    """Seconds that things take, and bytes of files.

    Parameters
    ----------
    base, growth, label : float
        A task of a worker, on one core.
    hand_out : float
        A task that does nothing, from submission to result: scheduler and client.
    journal : float
        One entry that waits for the disk; entries that have come meanwhile go with it.
    join : float
        A tile.
    remove : float
        A file that is removed in the end.
    start : float
        A worker, until it has the model.
    base_bytes, tag_bytes, grain_bytes, survey_bytes : float
        A file.
    disk : float
        Bytes a second.
    """

    base: float
    growth: float
    label: float
    hand_out: float
    journal: float
    join: float
    remove: float
    start: float
    base_bytes: float
    tag_bytes: float
    grain_bytes: float
    survey_bytes: float
    disk: float = DISK


def graph(shape, window):
    """Return the recipe of a box and its tasks up to the surveys."""
    recipe = make_recipe(Domain(shape), Options(window=window), seed=1)
    with tempfile.TemporaryDirectory() as folder:
        settings = recipe.model_dump(mode="json")
        path = Path(folder) / "a.zarr"
        store = create(path, shape, (1.0,) * 3, recipe.origin, settings)
        return recipe, generation_tasks(find_tasks(recipe), recipe, store, set())


def elapsed(tasks, n_shards, n_workers, costs):
    """Return the seconds of a run: of generation, of joining, of labels, of the end."""
    made = _stage(tasks, n_workers, costs, _seconds(costs), _bytes(costs))
    read = n_shards * costs.survey_bytes / costs.disk
    labels = [_Label(str(i)) for i in range(n_shards)]
    one = costs.tag_bytes + costs.grain_bytes
    labeled = _stage(labels, n_workers, costs, lambda t: costs.label, lambda t: one)
    n_base = sum(task.call[0] == "base" for task in tasks)
    return {
        "generate": costs.start + made,
        "join": n_shards * costs.join + read,
        "label": labeled,
        "end": (n_base + n_shards) * costs.remove,
    }


@dataclass(frozen=True)
class _Label:
    name: str
    needs: frozenset = frozenset()


def _seconds(costs):
    def of(task):
        return costs.base if task.call[0] == "base" else costs.growth

    return of


def _bytes(costs):
    def of(task):
        if task.call[0] == "base":
            return costs.base_bytes
        reads = len(task.needs) * costs.base_bytes
        shard = costs.tag_bytes + costs.survey_bytes
        return reads + len(task.call[1]) * shard

    return of


def _stage(tasks, n_workers, costs, seconds, n_bytes):
    """Return when the last of some tasks is entered in the journal."""
    names = {task.name for task in tasks}
    waits = {task.name: len(task.needs & names) for task in tasks}
    after = defaultdict(list)
    for task in tasks:
        for name in task.needs & names:
            after[name].append(task)
    ready = deque(task for task in tasks if not waits[task.name])
    queue, n_given, n_free = deque(), 0, n_workers
    events, count = [], 0  # (time, count, task): tasks that workers end
    client = disk = 0.0  # until when they are busy

    def begin(now):
        nonlocal n_free, disk, count
        while queue and n_free:
            given, task = queue.popleft()
            begun = max(now, given)
            disk = max(disk, begun) + n_bytes(task) / costs.disk
            end = max(begun + seconds(task), disk)
            heapq.heappush(events, (end, count, task))
            count, n_free = count + 1, n_free - 1

    def give():
        nonlocal client, n_given
        while ready and n_given < AT_ONCE:
            client += costs.hand_out
            queue.append((client, ready.popleft()))
            n_given += 1

    give()
    begin(0.0)
    while events:
        now, _, task = heapq.heappop(events)
        ended, n_free = [task], n_free + 1
        begin(now)
        client = max(client, now)
        while events and events[0][0] <= client:  # those that came meanwhile
            at, _, task = heapq.heappop(events)
            ended.append(task)
            n_free += 1
            begin(at)
        client += costs.journal
        for task in ended:
            n_given -= 1
            for other in after[task.name]:
                waits[other.name] -= 1
                if not waits[other.name]:
                    ready.append(other)
        give()
        begin(client)
    return max(client, disk)


def costs_of(recipe, tasks, known):
    """Measure what tasks take on one core of this machine."""
    told = forecast(recipe)
    n_base, n_growth = told.n_base_windows, told.n_growth_tasks
    one = tile()
    join_tiles(map(Survey.from_bytes, copies(one, 1)))
    found = survey(one, (0, 0, 0), (SHARD,) * 3)
    ids = np.arange(found.color.size, dtype=np.int32)
    with tempfile.TemporaryDirectory(dir=HERE.parent) as folder:
        path = Path(folder) / "a.zarr"
        store = create(path, (SHARD,) * 3, (1.0,) * 3, (0.0,) * 3, {})
        tags = store.write_shard("tag", (0, 0, 0), one, None)
        start = time.process_time()
        read = store.read("tag", store.box((0, 0, 0)))
        labels = apply(read, ids).astype(np.int32)
        grains = store.write_shard("grain_id", (0, 0, 0), labels, None)
        label = time.process_time() - start
        # Entered as the client does it, each waiting for the disk.
        journal = min(timed(lambda: store.record(tags))[0] for _ in range(20))
        names = [base_name((i, 0, 0)) for i in range(200)]
        for name in names:
            store.write_file(name, b"x" * 1000, None)
        files = [path / "work" / name for name in names]
        remove = timed(lambda: [file.unlink() for file in files])[0] / len(files)
    written = [recipe.plan.written(task.call[1]) for task in tasks[:n_base]]
    return Costs(
        base=told.base_seconds / n_base,
        growth=told.growth_seconds / n_growth,
        label=label,
        hand_out=known["hand_out"],
        journal=journal,
        join=known["join"],
        remove=remove,
        start=known["start"],
        base_bytes=float(np.mean([math.prod(w) for w in written])),
        tag_bytes=tags.n_bytes,
        grain_bytes=grains.n_bytes,
        survey_bytes=len(found.to_bytes()),
    )


def ready_seconds():
    """Return the processor seconds until a worker has its model."""
    from grainpaint.network.loading import load_any

    load_any("iso", precision="float32")
    return time.process_time()


def model(options):
    """Run the model for boxes of some edges."""
    own, times = HERE.with_suffix(".json"), HERE.with_name("cluster.json")
    for path, part in ((own, "join"), (times, "times")):
        if not (path.exists() and part in json.loads(path.read_text())):
            missing(f"the model needs {path.name}: run its part {part} before")
    row = json.loads(own.read_text())["join"]["rows"][-1]
    tasks_ms = json.loads(times.read_text())["times"]["rows"]
    known = {
        "join": row["join_ms_a_tile"] / 1e3,
        "hand_out": max(r["overhead_dask_ms"] for r in tasks_ms) / 1e3,
        "start": run_anew(HERE, "ready_seconds"),
    }
    rows, assumed = [], {}
    for edge in options.model_edges:
        recipe, tasks = graph((edge,) * 3, options.window)
        costs = costs_of(recipe, tasks, known)
        assumed[str(edge)] = {k: float(f"{v:.4g}") for k, v in asdict(costs).items()}
        n_shards = (edge // SHARD) ** 3
        alone = sum(elapsed(tasks, n_shards, 1, costs).values())
        for n in WORKERS:
            parts = elapsed(tasks, n_shards, n, costs)
            total = sum(parts.values())
            without = {
                "scheduler": replace(costs, hand_out=0.0),
                "store": replace(costs, journal=0.0, remove=0.0, disk=1e18),
                "joining": replace(costs, join=0.0),
            }
            shares = {
                f"without_{name}_s": sum(elapsed(tasks, n_shards, n, c).values())
                for name, c in without.items()
            }
            row = {"edge": edge, "workers": n, "tasks": len(tasks) + n_shards}
            row |= {"total_s": total, "speedup": alone / total}
            row |= {"join_s": parts["join"], **shares}
            rows.append({k: float(f"{v:.5g}") for k, v in row.items()})
    show(rows)
    return {"window": options.window, "costs": assumed, "rows": rows}


PARTS = {"join": join, "statistics": statistics, "model": model}


def main():
    parser = make_parser(
        __doc__, edge=256, statistics_edge=128, model_edges=[256], window=32
    )
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--edge", type=int, default=2048, help="largest box to join")
    parser.add_argument("--statistics-edge", type=int, default=1024)
    parser.add_argument("--model-edges", type=int, nargs="+", default=[2048, 4096])
    parser.add_argument("--window", type=int, default=128, help="of the model")
    options = parser.parse_args()
    for name in [options.only] if options.only else PARTS:
        figures = PARTS[name](options)
        save(options, HERE, figures, part=name, model="iso")


if __name__ == "__main__":
    main()
