"""What a process does for a run, wherever it is: its tasks, as functions of a key."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from grainpaint.errors import InputError
from grainpaint.executors.at_work import at_work
from grainpaint.executors.threads import Threads, set_threads, threads_here
from grainpaint.executors.versions import check_versions, versions_here
from grainpaint.generation.gpus import own_card
from grainpaint.generation.recipe import Recipe
from grainpaint.generation.recorded import load_recipe
from grainpaint.generation.tasks import Index, base_name, survey_name
from grainpaint.generation.volume import Volume
from grainpaint.generation.windows import Key
from grainpaint.network.lookup import shipped
from grainpaint.segmentation.survey import survey
from grainpaint.segmentation.tiles import apply
from grainpaint.simulate.am.recipe import HatchScan
from grainpaint.store import Entry, Store, open_store

__all__ = ["Run", "begin", "do"]

_DECIDING = ("torch", "numpy", "numba")  # other versions may round differently


@dataclass(frozen=True)
class Run:
    """All that a worker must know of a run: it finds the rest in the store.

    Parameters
    ----------
    path : str
        Of the store, absolute.
    sign : str
        Name of a file in the store that no other run has, see `Store.signed`.
    folder : str
        Where relative paths of the recipe begin.
    host : str
    device : str
        A torch device; ``cuda`` is another card for each worker, see `own_card`.
    versions : dict
        Of grainpaint and of what computes for it.
    """

    path: str
    sign: str
    folder: str
    host: str
    device: str
    versions: dict[str, str]

    @classmethod
    def here(cls, store: Store, sign: str, device: str) -> Self:
        """Return the run of this process."""
        path, folder = str(store.path.absolute()), os.getcwd()
        return cls(
            path, sign, folder, platform.node(), device, versions_here(_DECIDING)
        )


class Worker:
    """What a process needs to do the tasks of a run."""

    def __init__(
        self, run: Run, store: Store, recipe: Recipe, threads: Threads | None = None
    ) -> None:
        if threads is None:  # as many as the process was given, by OMP_NUM_THREADS
            fewer = min(threads_here())
            threads = Threads(fewer, fewer)
        self.threads = threads
        set_threads(*threads)
        self.run, self.store = run, store
        self.volume = Volume(recipe, own_card(run.device), self._read_base)

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return a worker that knows nothing of a run yet.

        Raises
        ------
        InputError
            If versions differ, or the store, the model or the part is not here.
        """
        check_versions(_DECIDING, run.versions)
        try:
            store = open_store(run.path)
        except InputError as error:
            raise InputError(
                f"a worker cannot reach the store ({error}): workers need the volume "
                "under the same path, such as on a shared disk"
            ) from None
        check(store, run)
        return cls(run, store, _found_from(load_recipe(store.path), Path(run.folder)))

    def _read_base(self, key: Key) -> np.ndarray:
        data = np.frombuffer(self.store.read_file(base_name(key)), np.uint8)
        return data.reshape(self.volume.plan.written(key))

    def base(self, key: Key, rest: int | None) -> list[Entry]:
        """Make a window of the base."""
        color = self.volume.make_base(key)
        return [self._write_file(base_name(key), color.tobytes(), rest)]

    def tags(self, indices: list[Index], rest: int | None) -> list[Entry]:
        """Make the tags of shards, and their surveys."""
        entries = []
        for index in indices:
            tags = self.volume.tags(self.store.box(index))
            entries.append(self._write_shard("tag", index, tags, rest))
            entries.append(self._survey(index, tags, rest))
        return entries

    def survey(self, index: Index, rest: int | None) -> list[Entry]:
        """Make the survey of a shard whose tags are there."""
        tags = self.store.read("tag", self.store.box(index))
        return [self._survey(index, tags, rest)]

    def grains(self, index: Index, grain: np.ndarray, rest: int | None) -> list[Entry]:
        """Make the grain IDs of a shard from those of its pieces."""
        tags = self.store.read("tag", self.store.box(index))
        grain_id = apply(tags, grain)
        grain_id = grain_id.astype(np.int32, copy=False)
        return [self._write_shard("grain_id", index, grain_id, rest)]

    def _survey(self, index: Index, tags: np.ndarray, rest: int | None) -> Entry:
        x, y, z = (a for a, _ in self.store.box(index))
        min_voxels = self.volume.painter.min_voxels
        found = survey(tags, (x, y, z), self.volume.shape, min_voxels)
        return self._write_file(survey_name(index), found.to_bytes(), rest)

    def _write_file(self, name: str, data: bytes, rest: int | None) -> Entry:
        check(self.store, self.run)
        return self.store.write_file(name, data, rest)

    def _write_shard(
        self, array: str, index: Index, values: np.ndarray, rest: int | None
    ) -> Entry:
        check(self.store, self.run)
        return self.store.write_shard(array, index, values, rest)


def check(store: Store, run: Run) -> None:
    """Raise unless this is the store of a run, and the run not over.

    A task may outlive its run on a machine that the run cannot reach any more. It must
    not write into what another run has made in that place since.
    """
    if not store.has_sign(run.sign):
        raise InputError(
            f"{store.path} on {platform.node()} is not the volume of the run, or the "
            f"run is over: workers need the disk of {run.host} under the same path"
        )


def _found_from(recipe: Recipe, folder: Path) -> Recipe:
    """Return a recipe whose relative paths are those of a folder."""
    part, size = recipe.part, recipe.grain_size
    changed: dict[str, Any] = {}
    if recipe.model not in shipped():
        changed["model"] = str(folder / recipe.model)
    if part is not None:
        path = str(folder / part.path)
        changed["part"] = part.model_copy(update={"path": path})
    if size is not None and size.sha256 is not None:
        path = str(folder / size.text)
        changed["grain_size"] = size.model_copy(update={"text": path})
    scan = recipe.scan
    if scan is not None and not isinstance(scan.scan, HatchScan):
        from_file = scan.scan.model_copy(update={"file": folder / scan.scan.file})
        changed["scan"] = scan.model_copy(update={"scan": from_file})
    return recipe.model_copy(update=changed)


_worker: Worker | None = None


def begin(run: Run, store: Store, recipe: Recipe, threads: Threads) -> None:
    """Make this process a worker of a run beforehand, with what its parent knows."""
    global _worker
    _worker = Worker(run, store, recipe, threads)


def do(run: Run, kind: str, *arguments: Any) -> list[Entry] | InputError:
    """Do a task of a run; models are loaded by the first one in a process.

    Parameters
    ----------
    run : Run
    kind : str
        A method of `Worker`.
    *arguments
        Of the method.

    Returns
    -------
    list of Entry, or InputError
        What was written; errors as `at_work` returns them.
    """
    return at_work(run.host, lambda: _do(run, kind, *arguments))


def _do(run: Run, kind: str, *arguments: Any) -> list[Entry]:
    global _worker
    if _worker is None or _worker.run != run:
        _worker = None  # its memory is needed
        _worker = Worker.of(run)
    check(_worker.store, run)
    set_threads(*_worker.threads)
    done: list[Entry] = getattr(_worker, kind)(*arguments)
    return done
