"""Tasks of a volume handed out; what they have written is entered in its journal."""

from collections.abc import Callable
from typing import Any

from grainpaint.executors.handing_out import Task, hand_out
from grainpaint.executors.hands import Hands
from grainpaint.generation.worker import Run, do
from grainpaint.store import Entry, Store

__all__ = ["run_all"]


def run_all(
    hands: Hands,
    run: Run,
    tasks: list[Task],
    store: Store,
    advance: Callable[[float], None],
) -> None:
    """Do tasks in the order of their dependencies; enter each in the journal.

    Raises
    ------
    InputError
        If a task says so.
    """
    left, n_bytes, n_done = len(tasks), 0, 0

    def call(task: Task) -> tuple[Any, ...]:
        rest = round(n_bytes / n_done * (left - 1)) if n_done else None
        return do, run, *task.call, rest

    def keep(results: list[list[Entry]]) -> None:
        nonlocal left, n_bytes, n_done
        entries = [entry for result in results for entry in result]
        store.record(*entries)
        n_bytes += sum(entry.n_bytes for entry in entries)
        left, n_done = left - len(results), n_done + len(results)

    hand_out(hands, tasks, call, keep, advance)
