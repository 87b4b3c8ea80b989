"""A small volume, a run that fills a store with it, and child processes to kill."""

import subprocess
import sys

import numpy as np

from grainpaint.store import SHARD, create, layout

SHAPE = (200, 140, 30)  # 2 x 2 x 1 shards, none of them whole
SPACING, ORIGIN = (2.0, 2.0, 3.0), (10.0, -4.0, 0.5)
RECIPE = {"seed": 3, "model": {"name": "iso", "steps": [1.0, 0.5]}}
INDICES = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0)]


def grains(shape=SHAPE):
    """Return cubes of 8 voxels as grains, with 0 where the last shard is."""
    x, y, z = np.indices(shape) // 8
    ids = (1 + x * 997 + y * 31 + z).astype(np.int32)
    ids[SHARD:, SHARD:] = 0
    return ids


def values(array):
    return (
        grains()
        if array == "grain_id"
        else (grains() * 40503 % 65521).astype(np.uint16)
    )


def make(path, recipe=RECIPE):
    return create(path, SHAPE, SPACING, ORIGIN, recipe)


def piece(store, array, index):
    box = tuple(slice(a, b) for a, b in store.box(index))
    return np.ascontiguousarray(values(array)[box])


def fill(store, tell=lambda: None):
    """Do all that is not done; return how many shards that was."""
    done = store.done()
    todo = [(a, i) for a in ("tag", "grain_id") for i in INDICES]
    todo = [job for job in todo if store.shard_task(*job) not in done]
    for array, index in todo:
        store.record(store.write_shard(array, index, piece(store, array, index)))
        tell()
    if store.file_task("base/0") not in done:
        store.record(store.write_file("base/0", b"a base window"))
    return len(todo)


def contents(path):
    return {
        str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()
    }


def start(code, *words):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def say(*children):
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()


def end(*children):
    for child in children:
        child.kill()
        child.communicate()


def main(path):
    """Say when pieces begin to be written, and after each."""
    store = make(path)
    layout.encode("tag", piece(store, "tag", (0, 0, 0)))  # codecs are loaded
    with store.lock():
        print("go", flush=True)
        fill(store, lambda: print("piece", flush=True))
        store.finish()


if __name__ == "__main__":
    main(sys.argv[1])
