"""A task where it is done: alone in its process, its errors told with the machine."""

import platform
import threading
from collections.abc import Callable
from typing import TypeVar

from grainpaint.errors import InputError

__all__ = ["at_work"]

T = TypeVar("T")

# Kernels that use threads must not run twice at once in one process.
_ONE_TASK_AT_A_TIME = threading.Lock()


def at_work(host: str, task: Callable[[], T]) -> T | InputError:
    """Do a task of a run, once no other is done in this process.

    Parameters
    ----------
    host : str
        The machine of the run.
    task : callable

    Returns
    -------
    object or InputError
        What the task returns. An error is returned, not raised: not every executor
        hands on what a task raises. One of another machine names it.
    """
    with _ONE_TASK_AT_A_TIME:
        try:
            return task()
        except InputError as error:
            here = platform.node()
            return error if here == host else InputError(f"{here}: {error}")
