"""The store: bytes a voxel and speed by chunk and zstd level; what safety costs.

Run: python benchmarks/store.py. Prints tables and writes store.json. The voxels are one
shard (128^3) of isotropic grain growth, as grain IDs and as 40 colors. Speed is that of
this process, files in a temporary folder and in the cache of the system.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import zarr
from zarr.codecs import ZstdCodec
from zarr.storage import MemoryStore

from grainpaint.simulate.iso.isotropic import isotropic
from grainpaint.store import SHARD, Entry, create, verify

HERE = Path(__file__).parent
EDGE = 2 * SHARD  # of the store


def seconds(work, runs=5):
    """Return the shortest and the median time of some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times), statistics.median(times)


def encode(values, chunk, level):
    """Write one shard to memory; return bytes, and times to write, read, read 32^3."""
    memory = {}
    shard = zarr.create_array(
        MemoryStore(memory),
        shape=values.shape,
        chunks=(chunk,) * 3,
        shards=values.shape,
        dtype=values.dtype,
        compressors=ZstdCodec(level=level, checksum=True),
        fill_value=0,
    )
    write = seconds(lambda: shard.__setitem__(..., values))[0]
    read = seconds(lambda: shard[:])[0]
    box = seconds(lambda: shard[30:62, 40:72, 50:82])[0]
    return len(memory["c/0/0/0"].to_bytes()), write, read, box


def by_chunk_and_level(arrays):
    """Return a row for each array, chunk and level."""
    rows = []
    for name, values in arrays.items():
        for chunk in (32, 64, 128):
            for level in (1, 3, 5):
                size, write, read, box = encode(values, chunk, level)
                row = {
                    "array": name,
                    "chunk": chunk,
                    "level": level,
                    "bytes_per_voxel": round(size / values.size, 4),
                    "write_Mvoxel_s": round(values.size / write / 1e6),
                    "read_Mvoxel_s": round(values.size / read / 1e6),
                    "box_32_ms": round(box * 1e3, 1),
                }
                print(" ".join(f"{x:>9}" for x in row.values()), flush=True)
                rows.append(row)
    return rows


def whole(arrays, folder):
    """Return what the store itself takes, with and without waiting for the disk."""
    store = create(folder / "a.zarr", (EDGE,) * 3, (1,) * 3, (0,) * 3, {})
    indices = list(np.ndindex(store.grid))
    rows = {}
    entries = {}
    for name, values in arrays.items():

        def write(name=name, values=values):
            entries[name] = [store.write_shard(name, i, values) for i in indices]

        with patch("os.fsync"):
            hasty = seconds(write, 3)[0]
        safe = seconds(write, 3)[0]
        read = seconds(lambda name=name: store.read(name, [(0, EDGE)] * 3), 3)[0]
        box = seconds(lambda name=name: store.read(name, [(30, 62)] * 3), 20)[1]
        n_voxels, n_bytes = EDGE**3, EDGE**3 * values.itemsize
        rows |= {
            f"{name}, write, Mvoxel/s": round(n_voxels / safe / 1e6),
            f"{name}, write, MB/s": round(n_bytes / safe / 1e6),
            f"{name}, waiting for the disk, ms a shard": round(
                (safe - hasty) / len(indices) * 1e3, 1
            ),
            f"{name}, read, Mvoxel/s": round(n_voxels / read / 1e6),
            f"{name}, read, MB/s": round(n_bytes / read / 1e6),
            f"{name}, read a box of 32^3, ms": round(box * 1e3, 1),
        }
    done = [entry for made in entries.values() for entry in made]
    rows["a line of the journal, ms"] = round(
        seconds(lambda: store.record(done[0]), 20)[1] * 1e3, 2
    )
    with patch("os.fsync"):
        rows["the same without waiting, ms"] = round(
            seconds(lambda: store.record(done[0]), 20)[1] * 1e3, 2
        )
    store.record(*done)
    n_bytes = sum(entry.n_bytes for entry in done)
    rows["verify, MB/s of files"] = round(
        n_bytes / seconds(lambda: verify(store))[0] / 1e6
    )
    with patch("os.fsync"):
        many = [store.write_file(f"{i // 100}/{i}", b"") for i in range(10_000)]
    store.record(*many, *(Entry(e.task + "x", None, 0, "") for e in many))
    rows["done(), 20,000 entries, 10,000 files, s"] = round(
        seconds(store.done, 3)[0], 2
    )

    def lock():
        with store.lock():
            pass

    rows["lock(), the same, s"] = round(seconds(lock, 3)[0], 2)
    return rows


def main():
    ids = isotropic((SHARD,) * 3, 100).grain_id
    arrays = {"tag": (ids * 40503 % 65521 + 1).astype(np.uint16), "grain_id": ids}
    print("    array     chunk     level   B/voxel   write Mvoxel/s read  32^3 ms")
    table = by_chunk_and_level(arrays)
    with tempfile.TemporaryDirectory() as folder:
        rows = whole(arrays, Path(folder))
    for name, value in rows.items():
        print(f"{name:<46} {value:>10,}")
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    result = {"codecs": table, "store": rows, "machine": machine}
    (HERE / "store.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
