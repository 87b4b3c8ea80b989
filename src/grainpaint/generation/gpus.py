"""Which card a process uses where a machine has several: each worker one of its own."""

import fcntl
import itertools
import os
import tempfile
from pathlib import Path
from typing import IO

__all__ = ["own_card"]

_held: tuple[int, IO[str]] | None = None  # the lock ends with this process


def own_card(device: str) -> str:
    """Return the device that this process uses for good.

    ``cuda`` becomes the first card that no other process of this user holds here, or
    the one that fewest hold; any other device stays what it is. Processes claim cards
    by locks on files, which the system releases when they end, so it does not matter
    who started them: this program, Dask or a batch system. Cards are told apart by
    ``CUDA_VISIBLE_DEVICES``, where it is set.

    Parameters
    ----------
    device : str
        A torch device.
    """
    global _held
    if device != "cuda" or _n_cards() < 2:
        return device
    if _held is None:
        _held = _claimed(_names(_n_cards()))
    return f"cuda:{_held[0]}"


def _n_cards() -> int:
    from grainpaint.network.devices import n_cards

    return n_cards()


def _names(n: int) -> list[str]:
    """Return names of the cards that are the same for all processes."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [name.strip().replace("/", "_") for name in visible.split(",")]
    return names[:n] if len(names) >= n else [str(i) for i in range(n)]


def _claimed(names: list[str]) -> tuple[int, IO[str]]:
    """Return the place of a card in a list, and the lock that keeps it."""
    folder = Path(tempfile.gettempdir()) / f"grainpaint-cards-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for turn in itertools.count():  # the second time, cards get a second process
        for place, name in enumerate(names):
            file = (folder / f"{name}.{turn}").open("a")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            return place, file
    raise AssertionError  # turns do not end
