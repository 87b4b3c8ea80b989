"""What runs of a build leave behind for the next one."""

import math
from dataclasses import dataclass, field
from itertools import cycle, islice, pairwise
from typing import NamedTuple

from grainpaint.errors import InputError
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, Segment
from grainpaint.simulate.spparks.simulation import LayeredScan

__all__ = ["BuildState", "scan_duration"]

_STEP = 1.0 / SWEEPS_PER_TIME
_MANY = 1_000_000  # layers
_Tracks = tuple[Segment, ...]


class _Visit(NamedTuple):
    """A layer that a run scans, or the rest of one."""

    layer: int  # in the pattern
    surface: float
    done: int  # sweeps before


def _sweeps(tracks: _Tracks) -> list[int]:
    """Return the sweeps that each track takes."""
    sweeps = [math.dist(a, b) / (speed * _STEP) for a, b, speed in tracks]
    if not all(map(math.isfinite, sweeps)):
        raise InputError("a path of the scan has no end")
    return list(map(math.ceil, sweeps))


def scan_duration(scan: LayeredScan) -> float:
    """Return the time SPPARKS takes for a scan: each layer is one sweep short.

    It is a sum over the layers, whose rounding may add a sweep at the end; of more than
    a million layers, which nobody can run, it is their mean times their number.

    Raises
    ------
    InputError
        If a track has no end.
    """
    spans = [(sum(_sweeps(tracks)) - 1) * _STEP for tracks, _ in scan.layers]
    if scan.n_layers > _MANY:
        return sum(spans) / len(spans) * scan.n_layers
    return sum(islice(cycle(spans), scan.n_layers), 0.0)


@dataclass
class BuildState:
    """Where the runs so far have left a build.

    A run ends before its last layer does, by as many sweeps as it has layers. The next
    run begins with the first layer of the pattern at the surface that was reached, or,
    with ``pre no``, goes on with the layer that was reached, for the time it is given.
    Layers go on where they were left, and as soon as as many as were asked for are
    done, the next one comes at the same surface.

    Parameters
    ----------
    surface : float, optional
        Height of the surface; None = that of ``am build``.
    done : dict
        Sweeps done of the layers of the pattern that are not complete.
    count : int
        Layers that are complete since a run began with the pattern.
    """

    surface: float | None = None
    done: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def next_run(
        self, build: LayeredScan, n_sweeps: int, begins: bool = True
    ) -> LayeredScan:
        """Return what the next run scans if the pattern is that of a build.

        Parameters
        ----------
        build : LayeredScan
        n_sweeps : int
            Of the run.
        begins : bool
            Whether it begins with the first layer of the pattern; not with ``pre no``.
        """
        if build.timed or (begins and self.surface is None and not self.done):
            return build
        visits, _ = self._visits(build, n_sweeps, begins)
        heights = [visit.surface for visit in visits]
        rises = [b - a for a, b in pairwise(heights)] + [0.0]
        layers = [
            (_rest(build.layers[visit.layer][0], visit.done), rise)
            for visit, rise in zip(visits, rises)
        ]
        return LayeredScan(tuple(layers), heights[0], len(layers))

    def advance(self, build: LayeredScan, n_sweeps: int, begins: bool = True) -> None:
        """Do a run of a number of sweeps; with a pattern of 2019, all begins anew."""
        if build.timed:
            return
        _, after = self._visits(build, n_sweeps, begins)
        self.surface, self.done, self.count = after.surface, after.done, after.count

    def _visits(
        self, build: LayeredScan, n_sweeps: int, begins: bool
    ) -> tuple[list[_Visit], "BuildState"]:
        """Return the layers that a run scans, and what it leaves behind."""
        lengths = [sum(_sweeps(tracks)) for tracks, _ in build.layers]
        done = dict(self.done)
        surface = build.start if self.surface is None else self.surface
        visits: list[_Visit] = []
        count = 0 if begins else self.count
        while n_sweeps > 0 or not visits:
            layer = count % len(lengths)
            before = done.pop(layer, 0)
            visits.append(_Visit(layer, surface, before))
            if n_sweeps < lengths[layer] - before:
                done[layer] = before + n_sweeps
            else:
                count += 1
                if count != build.n_layers:
                    surface += build.layers[layer][1]
            n_sweeps -= lengths[layer] - before
        return visits, BuildState(surface, done, count)


def _rest(tracks: _Tracks, done: int) -> _Tracks:
    """Return what is left of a layer after a number of sweeps."""
    for i, (track, n) in enumerate(zip(tracks, _sweeps(tracks))):
        if done < n:
            gone = done * track.speed / SWEEPS_PER_TIME / math.dist(*track[:2])
            (x0, y0), (x1, y1) = track[:2]
            start = x0 + gone * (x1 - x0), y0 + gone * (y1 - y0)
            return (Segment(start, track.end, track.speed), *tracks[i + 1 :])
        done -= n
    return tracks
