"""The volumes of a set as tasks of an executor: each a function of a seed.

A worker writes a volume beside the others under another name and renames it as a whole.
It does so only while its run goes on, which a folder in the set tells: a task that
outlives its run leaves nothing.
"""

import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from grainpaint.errors import InputError
from grainpaint.executors.at_work import at_work
from grainpaint.executors.handing_out import Task, hand_out
from grainpaint.executors.hands import stopping, users_own
from grainpaint.executors.threads import use_given_threads
from grainpaint.executors.versions import check_versions, versions_here
from grainpaint.formats import zarr
from grainpaint.formats.files import replace_with
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent
from grainpaint.store import durable
from grainpaint.store.lock import lock

__all__ = ["Elsewhere", "Places", "Simulate", "simulate_elsewhere"]

_DECIDING = ("numpy", "numba", "scipy", "zarr")  # others may give other grains or bytes
_FOLDER = ".run"  # in the set: what belongs to the run, not to the set
_SIGN = "sign"

Simulate = Callable[[int, Progress], Iterator[Microstructure]]
Places = Callable[[int], dict[Path, float]]  # of a seed, with their times


class Elsewhere(NamedTuple):
    """Who simulates the volumes of a set in place of this process.

    Parameters
    ----------
    executor : Executor
        Of `concurrent.futures`, or one that is used in the same way. Its workers need
        the set, and the files that the recipe names, under the same paths.
    prepare : callable
        Returns what simulates a seed; called once in each worker. It must be possible
        to pickle it.
    """

    executor: Executor
    prepare: Callable[[], Simulate]


@dataclass(frozen=True)
class _Run:
    """All that a worker must know of a run.

    Parameters
    ----------
    folder : str
        Absolute, in the set; holds the sign of the run.
    prepare : callable
        See `Elsewhere`.
    host : str
    versions : dict
    """

    folder: str
    prepare: Callable[[], Simulate]
    host: str
    versions: dict[str, str]

    def check(self) -> None:
        """Raise unless the folder is here and the run not over."""
        if not (Path(self.folder) / _SIGN).exists():
            raise InputError(
                f"{Path(self.folder).parents[1]} on {platform.node()} is not the set "
                f"of the run, or the run is over: workers need the disk of {self.host} "
                "under the same path"
            )


_prepared: tuple[str, Simulate] | None = None  # of this process: the run's folder


def simulate_elsewhere(
    path: Path,
    recipe: dict[str, Any],
    seeds: Sequence[int],
    places: Places,
    elsewhere: Elsewhere,
    advance: Callable[[float], None],
) -> None:
    """Let an executor simulate the volumes of seeds into a set.

    Parameters
    ----------
    path : Path
        The set; made if it is not there.
    recipe : dict
        Of the set.
    seeds : sequence of int
    places : callable
        Returns the paths of the volumes of a seed, with their times, in their order.
    elsewhere : Elsewhere
    advance : callable
        Told the number of volumes of each seed that is done.

    Raises
    ------
    InputError
        If another run holds the set, the executor gives up, or its workers lack
        something. What is done is kept.
    Stopped
        If SIGTERM or SIGUSR1 came. What is done is kept.
    """
    if not path.exists():
        replace_with(path, lambda aside: zarr.create_set(aside, recipe))
    try:
        with _run_in(path, elsewhere.prepare) as run, stopping():
            tasks = []
            for seed in seeds:
                wanted = {str(p.absolute()): t for p, t in places(seed).items()}
                call = (seed, wanted)
                tasks.append(Task(str(seed), call, frozenset(), float(len(wanted))))
            with users_own(elsewhere.executor) as hands:
                hand_out(
                    hands,
                    tasks,
                    lambda task: (simulate_seed, run, *task.call),
                    lambda results: None,
                    advance,
                )
    except BaseException:
        if [p.name for p in path.iterdir()] == ["zarr.json"]:
            shutil.rmtree(path)  # not one volume proves its settings valid
        raise


@contextmanager
def _run_in(path: Path, prepare: Callable[[], Simulate]) -> Iterator[_Run]:
    """Hold a set for one run; remove what a killed one left behind."""
    folder = path / _FOLDER
    folder.mkdir(exist_ok=True)
    try:
        with lock(folder / "lock"):
            _clear(folder)
            own = folder / uuid4().hex
            own.mkdir()
            (own / _SIGN).touch()
            where = str(own.absolute())
            try:
                yield _Run(where, prepare, platform.node(), versions_here(_DECIDING))
            finally:
                _clear(folder)
    finally:
        with suppress(OSError):  # a late task, or another run
            folder.rmdir()


def _clear(folder: Path) -> None:
    """Remove the folders of runs; first out of the reach of their tasks, with the sign.

    A task that is writing makes its folder anew, but without the sign.
    """
    for place in [p for p in folder.iterdir() if p.is_dir()]:
        away = durable.aside(place)
        with suppress(FileNotFoundError):  # by a late task
            place.rename(away)
            shutil.rmtree(away, ignore_errors=True)


def simulate_seed(run: _Run, seed: int, places: dict[str, float]) -> InputError | None:
    """Simulate the volumes of a seed that are not there; errors as of `at_work`."""
    return at_work(run.host, lambda: _simulate_seed(run, seed, places))


def _simulate_seed(run: _Run, seed: int, places: dict[str, float]) -> None:
    global _prepared
    check_versions(_DECIDING, run.versions)
    run.check()
    use_given_threads()
    if _prepared is None or _prepared[0] != run.folder:
        _prepared = None  # its memory is needed
        _prepared = run.folder, run.prepare()
    volumes = _prepared[1](seed, silent)
    for (place, time), volume in zip(places.items(), volumes):
        if not Path(place).exists():
            note = {"seed": seed, "time": time}
            _write(run, Path(place), volume, note)


def _write(
    run: _Run, place: Path, volume: Microstructure, note: dict[str, Any]
) -> None:
    """Write a volume as a whole, if the run is not over."""
    aside = Path(run.folder) / f"{place.name}.{uuid4().hex}"
    try:
        with durable.explained(place, volume.grain_id.nbytes):
            zarr.write(volume, aside, note)
        run.check()
        try:
            aside.rename(place)
        except OSError:
            if not place.exists():
                run.check()
                raise
            # Done twice: the other worker was faster, and wrote the same.
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if not (Path(run.folder) / _SIGN).exists():
            with suppress(OSError):  # up to the set, which may be gone as well
                for made_anew in (Path(run.folder), *Path(run.folder).parents[:2]):
                    made_anew.rmdir()
