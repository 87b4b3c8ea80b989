"""What a script has asked to be written so far, and when it is due in a run."""

import math
import posixpath
from dataclasses import dataclass, field, replace

from grainpaint.simulate.spparks.clock import Clock
from grainpaint.simulate.spparks.requests import Diagnostic, Dump, DumpWrite, Moment
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.timing import OutputInterval

__all__ = ["ActiveDiagnostic", "ActiveDump", "ScriptOutputs"]

_MOST_MOMENTS = 100_000


@dataclass
class ActiveDump:
    """A dump that goes on.

    Parameters
    ----------
    dump : Dump
    timing : OutputInterval
    number : int
        Number of the next snapshot.
    written : bool
        Whether a snapshot has been written.
    folder : str, optional
        Where its only file is; a file for each snapshot goes to where the script is.
    next_time : float
        When it is due next.
    """

    dump: Dump
    timing: OutputInterval
    number: int = 0
    written: bool = False
    folder: str | None = None
    next_time: float = math.inf

    @property
    def one_file(self) -> bool:
        """Whether all snapshots go into one file."""
        return "*" not in self.dump.file

    def place(self, folder: str) -> str:
        """Return the name of the file from where the script began."""
        if self.folder is None or not self.one_file:
            self.folder = folder
        return posixpath.join(self.folder, self.dump.file)

    def write(self, folder: str) -> DumpWrite:
        """Return the next snapshot; the script is in a folder."""
        dump = replace(self.dump, file=self.place(folder))
        write = DumpWrite(dump, self.number, not (self.one_file and self.written))
        self.number += 1
        self.written = True
        return write


@dataclass
class ActiveDiagnostic:
    """A diagnostic that goes on."""

    diagnostic: Diagnostic
    timing: OutputInterval
    next_time: float = math.inf


@dataclass
class ScriptOutputs:
    """What a script has asked to be written so far."""

    dumps: dict[str, ActiveDump] = field(default_factory=dict)
    diagnostics: list[ActiveDiagnostic] = field(default_factory=list)
    stats: OutputInterval = field(default_factory=lambda: OutputInterval(0.0))
    folder: str = ""  # of ``shell cd``, from where the script began

    def due(self, command: Command, clock: Clock) -> tuple[Moment, ...]:
        """Return the moments of a run at which something is written, as in SPPARKS.

        The first is its start, the last its end; they may be the same.
        """
        start, stop = clock.start, clock.stop
        exact = clock.step is not None
        moments = [self._begin(start, exact)]
        now, stats_time = start, self.stats.due(start, exact)
        turns = 0
        while now < stop:
            due = min(stop, stats_time, *self._times())
            if due <= now:  # a tolerance that exceeds the interval
                due = math.nextafter(now, math.inf)
            now, n_sweeps = clock.reach(due)
            stats = now >= stats_time or now >= stop
            if stats:
                stats_time = self.stats.due(now, exact)
            found = [d for d in self.diagnostics if now >= d.next_time]
            for active in found:
                active.next_time = active.timing.due(now, exact)
            dumps = self._dumps(now, exact)
            diagnostics = tuple(active.diagnostic for active in found)
            if stats or dumps or diagnostics:
                moments.append(Moment(now, n_sweeps, stats, dumps, diagnostics))
            turns += 1
            if turns > _MOST_MOMENTS:
                raise command.fail(f"writes at more than {_MOST_MOMENTS:,} times")
        return tuple(moments)

    def in_stats(self) -> tuple[Diagnostic, ...]:
        """Return the diagnostics with columns in the table of statistics."""
        found = (active.diagnostic for active in self.diagnostics)
        return tuple(diagnostic for diagnostic in found if diagnostic.in_stats)

    def with_files(self) -> tuple[Diagnostic, ...]:
        """Return the diagnostics that write files of their own."""
        found = (active.diagnostic for active in self.diagnostics)
        return tuple(d for d in found if d.files.table or d.files.sites)

    def _begin(self, start: float, exact: bool) -> Moment:
        """Return what is written when a run begins; find when all is due next."""
        dumps, opened = [], []
        for dump in self.dumps.values():
            if dump.dump.style == "text" and dump.one_file and dump.folder is None:
                opened.append(dump.place(self.folder))
            # SPPARKS forgets that it has drawn an image: each run begins with one.
            first = dump.dump.style == "image" or not dump.written
            if first and start >= dump.timing.delay:
                dumps.append(dump.write(self.folder))
            dump.next_time = dump.timing.due(start, exact)
        for active in self.diagnostics:
            apart = not active.diagnostic.in_stats
            due = active.timing.due(start, exact)
            active.next_time = due if apart else math.inf
        return Moment(start, stats=True, dumps=tuple(dumps), opened=tuple(opened))

    def _dumps(self, now: float, exact: bool) -> tuple[DumpWrite, ...]:
        """Return the snapshots that are due."""
        writes = []
        for dump in self.dumps.values():
            if now >= dump.next_time - dump.timing.tolerance:
                writes.append(dump.write(self.folder))
                dump.next_time = dump.timing.due(now, exact)
        return tuple(writes)

    def _times(self) -> list[float]:
        times = [dump.next_time for dump in self.dumps.values()]
        return times + [active.next_time for active in self.diagnostics]
