"""Processes of this machine that do the tasks of a run."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import (
    Executor,
    Future,
    ProcessPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

from grainpaint.errors import InputError
from grainpaint.executors.hands import KEPT, STOP_SIGNALS, Hands
from grainpaint.executors.threads import Threads, threads_here
from grainpaint.generation.recipe import Recipe
from grainpaint.generation.worker import Run, begin
from grainpaint.store import Store

__all__ = ["own_pool"]


def _begin(run: Run, store: Store, recipe: Recipe, threads: Threads) -> None:
    """Make this process a worker, which ends when its parent does."""
    parent = parent_process()
    if parent is not None:
        for number in (*STOP_SIGNALS, signal.SIGINT):  # the parent decides
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

        def leave() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=leave, daemon=True).start()
    begin(run, store, recipe, threads)


class _Here(Executor):
    """An executor that does tasks at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def own_pool(run: Run, store: Store, recipe: Recipe, workers: int) -> Iterator[Hands]:
    """Yield processes of this machine; on an error, kill those that are running.

    They share the threads that this process may use. One worker is this process, which
    goes on with the threads that it has.

    Raises
    ------
    InputError
        If one of them was killed.
    """
    threads = threads_here()
    if workers == 1:
        begin(run, store, recipe, threads)
        yield Hands(_Here(), 1)
        return
    share = max(1, threads.kernels // workers)
    threads = Threads(share, share)
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), _begin, (run, store, recipe, threads)
    )
    try:
        yield Hands(pool, 2 * workers)  # no worker waits for the parent
    except BaseException as error:
        for process in list((pool._processes or {}).values()):
            process.terminate()  # files are whole or not there
        pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            less = "" if recipe.scan is not None else " or a smaller window"
            raise InputError(
                "a worker process was killed, perhaps for lack of memory: use fewer "
                f"workers{less}; {KEPT}"
            ) from None
        raise
    pool.shutdown()
