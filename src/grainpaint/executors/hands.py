"""Executors from outside, how many tasks they are given, and how a run stops."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from grainpaint.errors import InputError, brief

__all__ = ["KEPT", "STOP_SIGNALS", "Hands", "Stopped", "stopping", "users_own"]

STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
KEPT = "what is done is kept, the same command continues"
_LOST = ("ExecutorlibSocketError", "UncompletedJobError")  # of executorlib, submitit
_AT_ONCE = 2000  # tasks that an executor of unknown size is given beforehand


class Stopped(Exception):
    """A signal asked the run to leave; what is done is kept."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(frozen=True)
class Hands:
    """An executor, and how many tasks it is given at once."""

    executor: Executor
    at_once: int


@contextmanager
def users_own(executor: Executor, kept: str = KEPT) -> Iterator[Hands]:
    """Yield an executor from outside, which goes on living.

    Parameters
    ----------
    executor : Executor
    kept : str
        What is said of the work so far if the executor gives up.

    Raises
    ------
    InputError
        If it gives up tasks.
    """
    try:
        yield Hands(executor, _AT_ONCE)
    except Exception as error:
        why = _why(error)
        if why is None:
            raise
        raise InputError(f"{why}; {kept}") from None


def _why(error: Exception) -> str | None:
    """Return why an executor failed, as far as it is not a fault of this program."""
    text = brief(error)
    # Dask's errors go by their names, for it may not be installed.
    if type(error).__name__ == "KilledWorker":
        return (
            "several workers died of one task, perhaps for lack of memory: give them "
            f"more, or compute less at once ({text})"
        )
    if isinstance(error, CancelledError):
        return "the executor gave up its tasks: its scheduler was lost, or it was shut"
    if "after shutdown" in text or type(error).__name__ == "ClosedClientError":
        return f"the executor is shut down ({text})"
    if type(error).__name__ == "BrokenProcessPool":
        return (
            "a process of the executor ended: a ProcessPoolExecutor needs mp_context="
            "multiprocessing.get_context('spawn'), a script of its own if __name__ == "
            f"'__main__' around the call, and all enough memory ({text})"
        )
    if isinstance(error, BrokenExecutor) or type(error).__name__ in _LOST:
        return f"the executor broke ({text})"
    if isinstance(error, ImportError) or "deserialization" in text:
        return f"a worker or scheduler lacks this version of grainpaint ({text})"
    return None


@contextmanager
def stopping() -> Iterator[None]:
    """Turn SIGTERM and SIGUSR1 into `Stopped` while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
