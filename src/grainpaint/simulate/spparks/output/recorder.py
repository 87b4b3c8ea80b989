"""The recorder: writes what a script asks for while it runs."""

import time as clock

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.spparks.stitch_blocks import create_stitch
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME
from grainpaint.simulate.spparks.applications import PathsApp, PottsApp
from grainpaint.simulate.spparks.output.clusters import Clusters
from grainpaint.simulate.spparks.output.diagnostics import (
    ClusterWriter,
    titles,
    values,
)
from grainpaint.simulate.spparks.output.files import begin_file, place_of
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.output.log import Log
from grainpaint.simulate.spparks.output.stitch import write_stitch
from grainpaint.simulate.spparks.output.text import write_sites, write_text, write_vtk
from grainpaint.simulate.spparks.pool_values import pool_values
from grainpaint.simulate.spparks.requests import (
    Diagnostic,
    DumpWrite,
    Moment,
    OpenLog,
    Say,
)
from grainpaint.simulate.spparks.simulation import RunCommand, Simulation, WritePaths
from grainpaint.simulate.spparks.sites import Sites

__all__ = ["Recorder"]


class Recorder:
    """Writes what a script asks for while it runs.

    Parameters
    ----------
    simulation : Simulation
    sites : Sites
        As they are now.
    log : Log
        The screen and the log; its folder is where names of files start.
    """

    def __init__(self, simulation: Simulation, sites: Sites, log: Log) -> None:
        self.simulation, self.sites, self.log = simulation, sites, log
        self.folder = log.folder
        self.clusters: dict[Diagnostic, ClusterWriter] = {}
        self.n_sweeps = 0  # of the runs before
        self.n_attempts = 0  # of the runs before, at sites
        self.temperature = 0.0  # of the last run
        self.begun = 0.0
        for name in simulation.stitch_files:
            create_stitch(place_of(self.folder, name))

    def message(self, step: Say | OpenLog) -> None:
        """Execute ``print`` or ``log``, or show a line of the script."""
        if isinstance(step, Say):
            self.log.say(step.text, step.screen, step.log)
        else:
            self.log.open(step.file)

    def paths(self, step: WritePaths) -> None:
        """Write the file of paths that ``pathgen`` asks for."""
        place = self.folder / step.path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(step.text)
        except OSError as error:
            raise InputError(f"{place}: {error.strerror or error}") from None

    def moment(self, moment: Moment, run: RunCommand | None = None) -> None:
        """Write what is due at a moment, of a run or between runs."""
        self.temperature = run.temperature if run else self.temperature
        if run is not None and self._shows("d1", moment, run):
            self._set_pool(moment, run)
        app = self.simulation.app
        frame = Frame(self.sites, app, moment.time, self.temperature)
        if run is not None:
            if moment is run.moments[0]:
                for name in moment.opened:
                    begin_file(self.folder, name)
                self._begin(run, len(frame.order))
            for diagnostic in moment.diagnostics:
                self._cluster(frame, diagnostic)
            if moment.stats:
                self._stats(frame, moment, run)
        for write in moment.dumps:
            self._dump(frame, write)
        if run is not None and moment is run.moments[-1]:
            self._end(run, moment, len(frame.order))

    def _shows(self, name: str, moment: Moment, run: RunCommand) -> bool:
        """Return whether a value of the sites is shown at a moment."""
        tables = (*run.diagnostics, *moment.diagnostics)
        return any(write.dump.shows(name) for write in moment.dumps) or any(
            name == column for table in tables for column, _ in table.columns
        )

    def _set_pool(self, moment: Moment, run: RunCommand) -> None:
        """Set d1 of the sites of an application with a melt pool."""
        app, sites = self.simulation.app, self.sites
        if isinstance(app, PottsApp | PathsApp):
            return
        before = 0 if run.scan else round(sites.elapsed * SWEEPS_PER_TIME)
        found = pool_values(
            app,
            run.scan,
            sites.box,
            before + moment.n_sweeps,
            run.start - sites.elapsed,
        )
        np.copyto(sites.value("d1"), found)

    def _begin(self, run: RunCommand, n_sites: int) -> None:
        """Say that a run begins; make files of clusters, write titles of the table."""
        for diagnostic in run.clusters:
            self._writer(diagnostic).begin(n_sites)
        self.begun = clock.perf_counter()
        self.log.say("Setting up run ...")
        names = ["Time", "Naccept", "Nreject", "Nsweeps", "CPU"]
        names += [title for d in run.diagnostics for title in titles(d)]
        self.log.say(" ".join(f"{name:>10}" for name in names))

    def _stats(self, frame: Frame, moment: Moment, run: RunCommand) -> None:
        """Write a row of the table."""
        n_sweeps = self.n_sweeps + moment.n_sweeps
        here = round(moment.n_sweeps * run.turn * len(frame.order))
        attempts = self.n_attempts + here if run.rejection else 0
        begins = moment is run.moments[0]
        seconds = 0.0 if begins else clock.perf_counter() - self.begun
        row = f"{frame.time:10g} {0:10d} {attempts:10d} {n_sweeps:10d} {seconds:10.3g}"
        for diagnostic in run.diagnostics:
            found = self._cluster(frame, diagnostic)
            for value in values(diagnostic, frame, found):
                whole = isinstance(value, int)
                row += f" {value:10d}" if whole else f" {value:10g}"
        self.log.say(row)

    def _cluster(self, frame: Frame, diagnostic: Diagnostic) -> Clusters | None:
        """Compute a diagnostic of clusters and write its files; None of others."""
        if diagnostic.style != "cluster":
            return None
        return self._writer(diagnostic).write(frame)

    def _writer(self, diagnostic: Diagnostic) -> ClusterWriter:
        """Return the writer of the files of a diagnostic."""
        return self.clusters.setdefault(
            diagnostic, ClusterWriter(diagnostic.files, self.folder)
        )

    def _dump(self, frame: Frame, write: DumpWrite) -> None:
        """Write a snapshot."""
        match write.dump.style:
            case "text":
                write_text(frame, write, self.folder)
            case "sites":
                write_sites(frame, write, self.folder)
            case "vtk":
                write_vtk(frame, write, self.folder)
            case "stitch":
                write_stitch(frame, write, self.folder)
            case _:
                from grainpaint.simulate.spparks.output.image import write_image

                write_image(frame, write, self.folder)

    def _end(self, run: RunCommand, moment: Moment, n_sites: int) -> None:
        """Say that a run is over."""
        self.n_sweeps += moment.n_sweeps
        self.n_attempts += round(moment.n_sweeps * run.turn * n_sites)
        seconds = clock.perf_counter() - self.begun
        self.log.say(f"Loop time of {seconds:g} on 1 procs\n")
