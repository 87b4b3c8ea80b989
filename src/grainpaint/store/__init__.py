"""A volume on disk that is generated piece by piece, by runs that may be killed.

::

    OUT.zarr/
      zarr.json               group: format, complete, recipe, spacing, origin, OME-Zarr
      tag/c/i/j/k             shards of uint16, the grains as generated; 0 = outside
      grain_id/c/i/j/k        shards of int32, 0 = outside
      work/                   to readers of Zarr, an empty group
        journal.jsonl         finished pieces: one line each, with the SHA-256
        lock                  which process is running, if any
        NAME                  intermediate files

A piece is one file: a shard or an intermediate file. Workers write a piece under
another name and rename it. Only the parent process writes the journal, and only after
that, so every piece in the journal is complete.
"""

from grainpaint.store.audit import Damage, repair, verify
from grainpaint.store.journal import Entry
from grainpaint.store.layout import ARRAYS, CHUNK, SHARD, LostRoot
from grainpaint.store.opening import create, open_store, remove, restore_root
from grainpaint.store.volume import Store

__all__ = [
    "ARRAYS",
    "CHUNK",
    "SHARD",
    "Damage",
    "Entry",
    "LostRoot",
    "Store",
    "create",
    "open_store",
    "remove",
    "repair",
    "restore_root",
    "verify",
]
