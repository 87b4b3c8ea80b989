"""The store: bytes a voxel and speed by chunk and zstd level; what safety costs.

Run: python benchmarks/store.py. Prints tables and writes store.json. The voxels are one
shard (128^3) of isotropic grain growth, as grain IDs and as 40 colors. Speed is that of
this process, files in a temporary folder and in the cache of the system.
"""

import tempfile
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import zarr
from common import make_parser, median_seconds, save, shortest, show
from zarr.codecs import ZstdCodec
from zarr.storage import MemoryStore

from grainpaint.simulate.iso.isotropic import isotropic
from grainpaint.store import SHARD, Entry, create, verify

EDGE = 2 * SHARD  # of the store
N_FILES = 10_000  # in the journal


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
    write = shortest(lambda: shard.__setitem__(..., values), 5)
    read = shortest(lambda: shard[:], 5)
    box = shortest(lambda: shard[30:62, 40:72, 50:82], 5)
    return len(memory["c/0/0/0"].to_bytes()), write, read, box


def by_chunk_and_level(arrays, levels=(1, 3, 5)):
    """Return a row for each array, chunk and level."""
    rows = []
    for name, values in arrays.items():
        for chunk in (32, 64, 128):
            for level in levels:
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


def shards(store, arrays, runs):
    """Return what shards of the store take, and their entries in the journal."""
    indices = list(np.ndindex(store.grid))
    rows, entries = [], {}

    def write(name, values):
        entries[name] = [store.write_shard(name, i, values) for i in indices]

    for name, values in arrays.items():
        with patch("os.fsync"):
            hasty = shortest(partial(write, name, values), runs)
        safe = shortest(partial(write, name, values), runs)
        read = shortest(partial(store.read, name, [(0, EDGE)] * 3), runs)
        box = median_seconds(partial(store.read, name, [(30, 62)] * 3), 20)
        n_voxels, n_bytes = EDGE**3, EDGE**3 * values.itemsize
        waiting = (safe - hasty) / len(indices)
        row = {
            "array": name,
            "write, Mvoxel/s": round(n_voxels / safe / 1e6),
            "write, MB/s": round(n_bytes / safe / 1e6),
            "waiting for the disk, ms a shard": round(waiting * 1e3, 1),
            "read, Mvoxel/s": round(n_voxels / read / 1e6),
            "read, MB/s": round(n_bytes / read / 1e6),
            "read a box of 32^3, ms": round(box * 1e3, 1),
        }
        rows.append(row)
    return rows, [entry for made in entries.values() for entry in made]


def journal(store, done, runs, n_files):
    """Return what the journal takes, and a check of all files."""
    line = partial(store.record, done[0])
    rows = {"a line of the journal, ms": round(median_seconds(line, 20) * 1e3, 2)}
    with patch("os.fsync"):
        hasty = median_seconds(line, 20)
    rows["the same without waiting, ms"] = round(hasty * 1e3, 2)
    store.record(*done)
    n_bytes = sum(entry.n_bytes for entry in done)
    check = shortest(lambda: verify(store), runs)
    rows["verify, MB/s of files"] = round(n_bytes / check / 1e6)
    with patch("os.fsync"):
        many = [store.write_file(f"{i // 100}/{i}", b"") for i in range(n_files)]
    store.record(*many, *(Entry(e.task + "x", None, 0, "") for e in many))
    rows["done(), 20,000 entries, 10,000 files, s"] = round(shortest(store.done, 3), 2)

    def lock():
        with store.lock():
            pass

    rows["lock(), the same, s"] = round(shortest(lock, 3), 2)
    return rows


def main():
    options = make_parser(__doc__).parse_args()
    quick = options.quick
    ids = isotropic((SHARD,) * 3, 2 if quick else 100).grain_id
    arrays = {"tag": (ids * 40503 % 65521 + 1).astype(np.uint16), "grain_id": ids}
    print("    array     chunk     level   B/voxel   write Mvoxel/s read  32^3 ms")
    table = by_chunk_and_level(arrays, (1,) if quick else (1, 3, 5))
    with tempfile.TemporaryDirectory() as folder:
        store = create(Path(folder) / "a.zarr", (EDGE,) * 3, (1,) * 3, (0,) * 3, {})
        rows, done = shards(store, arrays, 1 if quick else 3)
        lines = journal(store, done, 1 if quick else 5, 100 if quick else N_FILES)
    show(rows)
    for name, value in lines.items():
        print(f"{name:<46} {value:>10,}")
    figures = {"codecs": table, "store": rows, "journal": lines}
    save(options, Path(__file__), figures)


if __name__ == "__main__":
    main()
