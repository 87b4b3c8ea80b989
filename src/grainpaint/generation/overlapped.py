"""Windows made by a card and by the processor at the same time.

::

    card:       base 1-4   | base 5-8           | boundaries of windows over 1-4 | ...
    processor:  noise 5-8  | draft windows over 1-4                    | grow them ...

A thread evaluates networks on the card, in batches. Meanwhile this one prepares the
next batch and lets those windows grow that are drawn. All kernels of numba run in this
thread: its own threads must not be started twice at once.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
import torch

from grainpaint.generation.base import base_start, written_of
from grainpaint.generation.batches import Batches
from grainpaint.generation.finish import finish_window
from grainpaint.generation.margin import Inside
from grainpaint.generation.painter import Painter
from grainpaint.generation.refine import Draft, draft_window, grow_window
from grainpaint.generation.sampler import Start, sample
from grainpaint.generation.windows import Key, Window, cells_of
from grainpaint.network.cards import Sampling
from grainpaint.network.inference import Evaluator
from grainpaint.network.loading import Pyramid
from grainpaint.progress import Progress

__all__ = ["painted_windows"]

_AHEAD = 2  # jobs of the card: one that runs, one that is ready

Taken = Callable[[], None]  # what this thread does with what the card made
Job = Callable[[], Taken]


def painted_windows(
    painter: Painter,
    chosen: list[Window],
    inside: Inside | None,
    progress: Progress,
    at_once: int | None = None,
) -> Iterator[tuple[Window, np.ndarray]]:
    """Make windows; yield each with its tags, in any order.

    Which windows are evaluated together does not depend on how long things take.

    Parameters
    ----------
    painter : Painter
        With a plan whose windows do not depend on each other.
    chosen : list of Window
    inside : callable, optional
        As in `grainpaint.generation.refine.refine_window`.
    progress : Progress
        Told the windows made, of the base and of the result.
    at_once : int, optional
        Windows that are evaluated at once; without it, as many as fit.

    Yields
    ------
    window : Window
    tags : numpy.ndarray, uint16
        What `finish_window` returns for it, but for rounding.

    Raises
    ------
    InputError
        If one window alone does not fit into the memory of the device.
    """
    line = _Line(painter, chosen, inside, at_once)
    running: deque[Future[Taken]] = deque()
    with (
        ThreadPoolExecutor(1, "card") as card,
        progress("paint", line.n_windows) as bar,
    ):
        while True:
            measured = line.measured
            job = line.next_job()
            if job is not None:
                running.append(card.submit(job))
            most = _AHEAD if job is not None and measured else 1
            if job is None and not running:
                break
            while len(running) >= most:
                yield from line.grown(bar.update)
                running.popleft().result()()
                bar.update(line.n_done)
        yield from line.grown(bar.update)


class _Line:
    """Windows on their way: base, boundaries, growth."""

    def __init__(
        self,
        painter: Painter,
        chosen: list[Window],
        inside: Inside | None,
        at_once: int | None,
    ) -> None:
        self.painter, self.inside = painter, inside
        self.base: dict[Key, np.ndarray] = {}
        plan = painter.plan
        self.waiting = {
            window: set(plan.find(cells_of(window, painter.levels, plan.stretch)))
            for window in chosen
        }
        self.keys = sorted({key for keys in self.waiting.values() for key in keys})
        self.n_windows = len(self.keys) + len(chosen)
        self.n_done = 0
        self.ready: list[Window] = []  # for the refine network
        self.drawn: list[tuple[Window, Callable[[], np.ndarray]]] = []  # for growth
        device = painter.model.base.device
        self.of_base, self.of_refine = (
            Batches(device, at_once),
            Batches(device, at_once),
        )

    @property
    def measured(self) -> bool:
        """Whether it is known how many windows of the next kind go together."""
        return self._kind().measured

    def _kind(self) -> Batches:
        enough = len(self.ready) >= (self.of_refine.at_once if self.keys else 1)
        return self.of_refine if enough else self.of_base

    def next_job(self) -> Job | None:
        """Prepare what the card does next; None if it waits for what it does now."""
        batches = self._kind()
        n = batches.at_once
        if batches is self.of_refine:
            windows, self.ready = self.ready[:n], self.ready[n:]
            colors = self.base.__getitem__
            drafts = [draft_window(self.painter, w, colors) for w in windows]
            return partial(self._draw_boundaries, windows, drafts)
        if self.keys:
            keys, self.keys = self.keys[:n], self.keys[n:]
            return partial(
                self._draw_base, keys, [base_start(self.painter, key) for key in keys]
            )
        return None

    def _draw_base(
        self, keys: list[Key], starts: list[tuple[Start, tuple[slice, ...]]]
    ) -> Taken:
        """Draw windows of the base, on the card."""
        model = self.painter.model
        draw = partial(_sampled, model.base, model.base_card.sampling)
        colors = self.of_base.run([start for start, _ in starts], draw)
        kept = [
            written_of(self.painter, key, start, kept, color)
            for key, (start, kept), color in zip(keys, starts, colors)
        ]
        return partial(self._take_base, dict(zip(keys, kept)))

    def _take_base(self, made: dict[Key, np.ndarray]) -> None:
        """Pass on the windows whose base is there."""
        self.base |= made
        self.n_done += len(made)
        model = self.painter.model
        refines = isinstance(model, Pyramid) and model.refine_card.sampling.n_steps > 0
        for window in [w for w, keys in self.waiting.items() if keys <= set(self.base)]:
            del self.waiting[window]
            if refines and self.painter.levels > 0:
                self.ready.append(window)
            else:
                colors = self.base.__getitem__
                finish = partial(finish_window, self.painter, window, colors)
                self.drawn.append((window, partial(finish, inside=self.inside)))

    def _draw_boundaries(self, windows: list[Window], drafts: list[Draft]) -> Taken:
        """Draw the boundaries of refinement windows, on the card."""
        model = self.painter.model
        assert isinstance(model, Pyramid)
        draw = partial(_sampled, model.refine, model.refine_card.sampling)
        starts = [draft.start for draft in drafts if draft.start is not None]
        colors = self.of_refine.run(starts, draw)
        calls = [
            partial(grow_window, self.painter, draft, color, self.inside)
            for draft, color in zip(drafts, colors)
        ]
        return partial(self.drawn.extend, list(zip(windows, calls)))

    def grown(
        self, tell: Callable[[float], None]
    ) -> Iterator[tuple[Window, np.ndarray]]:
        """Let the windows grow that are drawn."""
        some, self.drawn = self.drawn, []
        for window, grow in some:
            yield window, grow()
            self.n_done += 1
            tell(self.n_done)


@torch.inference_mode()
def _sampled(
    network: Evaluator, sampling: Sampling, starts: Sequence[Start]
) -> list[np.ndarray]:
    """Return the colors of windows; those of one shape are drawn together."""
    found: dict[int, np.ndarray] = {}
    for shape in dict.fromkeys(start.noise.shape for start in starts):
        same = [i for i, start in enumerate(starts) if start.noise.shape == shape]
        found |= zip(same, sample(network, [starts[i] for i in same], sampling))
    return [found[i] for i in range(len(starts))]
