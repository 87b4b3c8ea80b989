"""Train a network from start to card: what all networks have in common."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypedDict, TypeVar

import numpy as np
import torch

from grainpaint.errors import InputError
from grainpaint.network.ahead import Draw, batches_from, checked_workers
from grainpaint.network.cards import Card
from grainpaint.network.checkpoint import Optimization, TrainingFiles
from grainpaint.network.devices import find_device, is_out_of_memory
from grainpaint.network.elsewhere import Source, batches_by
from grainpaint.network.training_run import Losses, TrainingRun
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.network.weights import begin_from, write_stage
from grainpaint.progress import Progress, silent

__all__ = ["HowToTrain", "TrainingTask", "fit", "spread"]

_GOLDEN = (5**0.5 - 1) / 2

C = TypeVar("C", bound=Optimization)
K = TypeVar("K", bound=Card)


def spread(step: int, batch: int) -> np.ndarray:
    """Return `batch` numbers in [0, 1), spread evenly over the batch and over steps."""
    result: np.ndarray = (0.5 + (step * batch + np.arange(batch)) * _GOLDEN) % 1.0
    return result


@dataclass(frozen=True)
class TrainingTask(Generic[K]):
    """What a network learns, and what its card says of it.

    Attributes
    ----------
    network : NetworkConfig
        The network to build.
    draw : Draw
        Draws the batch of a step.
    source : Source
        Reads the data anew and returns the same.
    losses : Losses
        Computes its losses.
    make_card : callable
        Given the network with its averaged weights and the run, returns the card.
    begin : callable, optional
        Returns a network whose weights a new run begins from.
    """

    network: NetworkConfig
    draw: Draw
    source: Source
    losses: Losses
    make_card: Callable[[UNet, TrainingRun], K]
    begin: Callable[[], UNet] | None = None


class HowToTrain(TypedDict, total=False):
    """For how long and where a network is trained: `fit` explains it."""

    minutes: float
    n_steps: int | None
    resume: bool
    device: str
    progress: Progress
    workers: int | None
    executor: Executor | None


def fit(
    name: str,
    config: C,
    prepare: Callable[[C, torch.device], TrainingTask[K]],
    out: Path,
    free: frozenset[str] = frozenset(),
    *,
    minutes: float = 120.0,
    n_steps: int | None = None,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress = silent,
    workers: int | None = None,
    executor: Executor | None = None,
) -> K:
    """Start or resume a training run, and write `NAME.safetensors` and `NAME.json`.

    Parameters
    ----------
    name : str
        Name of the network and its files.
    config : Optimization
        Everything that decides the weights, given the data.
    prepare : callable
        Given the configuration, with its precision settled, and the device, loads the
        data and returns the `TrainingTask`.
    out : Path
        Folder of the model, and of the run's `TrainingFiles`.
    free : frozenset of str
        Fields without effect on the weights: a resumed run may change them.
    minutes : float
        Time to train, all resumed parts of the run together.
    n_steps : int, optional
        Stop after this many steps, if that comes first.
    resume : bool
        Continue the run in `out` if there is one.
    device : str
        A torch device.
    progress : Progress
        Told the seconds done, with the step and the loss.
    workers : int, optional
        Processes that draw batches ahead; any number gives the same ones. See
        `checked_workers`.
    executor : Executor, optional
        Whose workers draw batches ahead, the same ones: docs/cluster.md.

    Returns
    -------
    Card
        What was written to `NAME.json`.

    Raises
    ------
    InputError
        If `minutes` is not positive, there is no such device, `out` holds a run that
        may not be continued, `prepare` refuses the data, memory does not suffice, or
        the executor gives up or its workers lack something. What was trained is kept.
    """
    if not minutes > 0:
        raise InputError(f"the minutes to train must be above 0, got {minutes}")
    place = find_device(device)
    if executor is not None and workers is not None:
        raise InputError(
            "workers are processes of this machine, an executor has its own: give one"
        )
    n_processes = checked_workers(workers, place)
    files = TrainingFiles(out, name)
    config = files.settle(config, resume, set(free), device)
    task = prepare(config, place)
    torch.manual_seed(config.seed)
    network = UNet(task.network)
    if task.begin is not None and not files.state.exists():
        begin_from(network, task.begin())
    run = TrainingRun(network.to(place), config, files)
    drawn = _drawn(task, run.step, config.seed, n_processes, executor)
    with _memory(place, config.batch), drawn as batches:
        run.go(batches, task.losses, minutes, n_steps, progress, f"train {name}")
    network = run.averaged()
    card = task.make_card(network, run)
    return write_stage(out, card, network)


def _drawn(
    task: TrainingTask[K], step: int, seed: int, workers: int, executor: Executor | None
) -> AbstractContextManager[Iterator[Any]]:
    """Return the batches of a step and those after it, by whoever draws them."""
    if executor is None:
        return batches_from(step, task.draw, seed, workers)
    return batches_by(executor, task.source, task.draw.digest(), step, seed)


@contextmanager
def _memory(device: torch.device, batch: int) -> Iterator[None]:
    """Say in one line that a batch does not fit into the memory of a device."""
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"a batch of {batch} does not fit into the memory of {device}: train with "
            "a smaller batch; the last checkpoint is kept"
        ) from None
