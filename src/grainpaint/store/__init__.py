"""A volume that is generated piece by piece, on disk, by runs that may be killed.

::

    OUT.zarr/
      zarr.json               group: format, complete, recipe, spacing, origin, OME-Zarr
      tag/c/i/j/k             shards of uint16, the grains as generated; 0 = outside
      grain_id/c/i/j/k        shards of int32, 0 = outside
      work/                   an empty group to readers of Zarr
        journal.jsonl         what is done: a line a piece, with its SHA-256
        lock                  whose run it is, while one runs
        NAME                  intermediate files

A piece is one file: a shard or an intermediate file. Workers write pieces, aside and
renamed; the parent process alone writes the journal, so what stands there is whole.
"""

from grainpaint.store.audit import Damage, repair, verify
from grainpaint.store.journal import Entry
from grainpaint.store.layout import ARRAYS, CHUNK, SHARD
from grainpaint.store.opening import create, open_store
from grainpaint.store.volume import Store

__all__ = [
    "ARRAYS",
    "CHUNK",
    "SHARD",
    "Damage",
    "Entry",
    "Store",
    "create",
    "open_store",
    "repair",
    "verify",
]
