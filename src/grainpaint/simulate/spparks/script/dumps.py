"""The ``dump`` commands of a script: the times of its snapshots."""

import math
from dataclasses import dataclass, field

from grainpaint.simulate.spparks.script.command import Command

__all__ = ["Dumps"]

_DATA = ("text", "sites", "vtk", "stitch")  # styles that hold spins
_TIMING = {"delay", "delta", "logfreq", "loglinfreq", "tol"}
_MOST_SNAPSHOTS = 100_000


@dataclass
class _Dump:
    """A ``dump`` that holds spins."""

    delta: float
    delay: float = 0.0
    tolerance: float = 0.0
    repeat: int = 0
    scale: float = 0.0
    logarithmic: bool = True  # else loglinfreq
    written: bool = False

    def next_time(self, now: float) -> float:
        """Return the next time at which it is due, as SPPARKS computes it."""
        now += self.tolerance
        if self.repeat == 0:
            due = self._multiple(now, self.delta)
        elif self.logarithmic:
            due = self._decade(now)
            while now >= due * (1 - 1e-12):
                due *= self.scale ** (1.0 / self.repeat)
        else:
            start = self._decade(now)
            due = self._multiple(now, start)
            if int(due / start) > self.repeat:
                due = start * self.scale
        return max(due, self.delay) - self.tolerance

    def _decade(self, now: float) -> float:
        start = self.delta
        while now >= start * self.scale:
            start *= self.scale
        return start

    @staticmethod
    def _multiple(now: float, step: float) -> float:
        # A multiple that rounding has put just above or below `now` counts as now.
        count = math.ceil(now / step - 1e-9)
        return step * (count + (abs(count * step - now) <= 1e-9 * max(step, now)))


@dataclass
class Dumps:
    """The dumps of a script; of those without spins only the names are kept."""

    known: dict[str, _Dump | None] = field(default_factory=dict)
    now: bool = False  # dump_one before a run

    def add(self, command: Command) -> bool:
        """Execute ``dump``; return whether it holds spins."""
        name = command.word(0)
        style = command.expect(1, *_DATA, "image")
        if name in self.known:
            raise command.fail(f"{name!r} exists already")
        delta = command.number(2)
        if not delta > 0:
            raise command.fail(f"the time between dumps must be above 0: {delta:g}")
        command.word(3)
        self.known[name] = None if style == "image" else _Dump(delta)
        return style != "image"

    def modify(self, command: Command) -> bool:
        """Execute ``dump_modify``; return whether it changes times."""
        dump = self._find(command)
        if dump is None or not _TIMING & set(command.words[1:]):
            return False
        for at in range(1, len(command.words)):
            match command.words[at]:
                case "delay":
                    dump.delay = command.number(at + 1)
                case "tol":
                    dump.tolerance = command.number(at + 1)
                case "delta":
                    dump.delta = command.number(at + 1)
                case "logfreq" | "loglinfreq" as word:
                    dump.logarithmic = word == "logfreq"
                    dump.repeat = command.integer(at + 1)
                    dump.scale = command.number(at + 2)
        if not dump.delta > 0 or dump.repeat < 0 or (dump.repeat and dump.scale <= 1):
            raise command.fail("needs delta > 0, a count >= 0 and a scale > 1")
        return True

    def one(self, command: Command) -> bool:
        """Execute ``dump_one``; return whether it holds spins."""
        dump = self._find(command)
        if dump is None:
            return False
        dump.written = self.now = True
        return True

    def remove(self, command: Command) -> None:
        """Execute ``undump``."""
        self._find(command)
        del self.known[command.word(0)]

    def due(self, command: Command, start: float, stop: float) -> tuple[float, ...]:
        """Return the times at which dumps write in a run from `start` to `stop`."""
        times = {start} if self.now else set()
        self.now = False
        for dump in self.known.values():
            if dump is None:
                continue
            if not dump.written and start >= dump.delay:
                times.add(start)
                dump.written = True
            at = dump.next_time(start)
            while at - dump.tolerance <= stop * (1 + 1e-12):
                times.add(min(at, stop))
                dump.written = True
                if len(times) > _MOST_SNAPSHOTS:
                    raise command.fail(f"more than {_MOST_SNAPSHOTS:,} snapshots")
                at = dump.next_time(max(at, start))
        return tuple(sorted(times))

    def _find(self, command: Command) -> _Dump | None:
        name = command.word(0)
        if name not in self.known:
            raise command.fail(f"no dump {name!r}")
        return self.known[name]
