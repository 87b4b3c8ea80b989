"""Run SPPARKS' input scripts with our own kernels."""

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path

from grainpaint.arguments import as_path
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent
from grainpaint.simulate.spparks.additive_run import run_additive
from grainpaint.simulate.spparks.applications import (
    BezierApp,
    EllipsoidApp,
    JoiningApp,
    PathWeldApp,
    PottsApp,
    WeldApp,
)
from grainpaint.simulate.spparks.law_run import run_by_law
from grainpaint.simulate.spparks.melting import melt_pool
from grainpaint.simulate.spparks.output.files import change_files
from grainpaint.simulate.spparks.output.log import Log
from grainpaint.simulate.spparks.output.recorder import Recorder
from grainpaint.simulate.spparks.pins import pin_sites
from grainpaint.simulate.spparks.potts_run import run_potts
from grainpaint.simulate.spparks.requests import Moment, OpenLog, Say, Shell
from grainpaint.simulate.spparks.script.reader import read_script
from grainpaint.simulate.spparks.simulation import (
    PinSites,
    ReadFile,
    RunCommand,
    SetSpins,
    Simulation,
    WritePaths,
)
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import (
    GradientApp,
    PhaseFieldApp,
    QuaternionApp,
    StrainApp,
)
from grainpaint.simulate.spparks.weld_run import run_weld

__all__ = ["run_script", "run_simulation"]


def run_script(
    path: str | Path,
    variables: dict[str, str] | None = None,
    progress: Progress = silent,
    folder: str | Path | None = None,
) -> Microstructure:
    """Run an input script of SPPARKS and return the grains at its end.

    Parameters
    ----------
    path : path
        The script (docs/spparks.md lists the supported commands).
    variables : dict, optional
        SPPARKS' ``-var``; they take precedence over variables that the script defines.
    progress : Progress
        Receives the time or the sweeps of each run.
    folder : path, optional
        Where the files that the script asks for are written, and its log; without it,
        none is.

    Returns
    -------
    Microstructure
        Grains are pieces of equal spin, connected through the neighbors of the lattice;
        one lattice constant is 1 µm.

    Raises
    ------
    InputError
        If the script has a mistake or needs what our kernels do not support (with file
        and line), runs nothing, or a file or the spins do not fit.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> text = '''
    ... seed 1
    ... app_style potts 50
    ... lattice sc/26n 1.0
    ... region box block 0 16 0 16 0 16
    ... create_box box
    ... create_sites box
    ... set site range 1 50
    ... solve_style tree
    ... run 2
    ... '''
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "in.potts")
    ...     _ = path.write_text(text)
    ...     volume = run_script(path)
    >>> volume.shape, volume.n_grains < 16**3
    ((16, 16, 16), True)
    """
    simulation = read_script(as_path(path, "a script"), variables)
    if not simulation.runs:
        raise InputError(f"{path}: no run: nothing is simulated")
    where = None if folder is None else as_path(folder, "a folder")
    ((_, volume),) = run_simulation(simulation, False, progress, where)
    return volume


def run_simulation(
    simulation: Simulation,
    all_times: bool = True,
    progress: Progress = silent,
    folder: Path | None = None,
    screen: Callable[[str], object] | None = None,
) -> Iterator[tuple[float, Microstructure]]:
    """Run a simulation; yield its grains at the times at which the script dumps them.

    Parameters
    ----------
    simulation : Simulation
        As returned by `grainpaint.simulate.spparks.read_script`.
    all_times : bool
        Whether to yield the times of the dumps, too; otherwise only the end. Of
        several simulations with ``clear`` between them the last one is meant.
    progress : Progress
        Receives the time or the sweeps of each run.
    folder : Path, optional
        Where the files that the script asks for are written; without it, none is. They
        are complete when the iterator is exhausted.
    screen : callable, optional
        Shows a line, such as one of the table of statistics, if there is a folder.

    Yields
    ------
    time : float
        SPPARKS' time.
    volume : Microstructure
        The grains, as in `run_script`.

    Raises
    ------
    InputError
        If a file does not fit the box or cannot be written, or spins lie outside 1..Q.

    Notes
    -----
    The rates are those of SPPARKS (`grainpaint.simulate.iso.rates`), but its random
    numbers are not: the same seed gives another volume of the same kind.
    """
    with nullcontext() if folder is None else closing(Log(folder, screen)) as log:
        for part in simulation.before:
            for _ in _follow(part, False, progress, log):
                pass
        yield from _follow(simulation, all_times, progress, log)


def _follow(
    simulation: Simulation, all_times: bool, progress: Progress, log: Log | None
) -> Iterator[tuple[float, Microstructure]]:
    """Execute the steps of a simulation; yield volumes."""
    sites = Sites(simulation.box)
    recorder = Recorder(simulation, sites, log) if log else None
    wanted = set(simulation.snapshots) if all_times else set()
    last = simulation.runs[-1] if simulation.runs else None
    for step in simulation.steps:
        match step:
            case SetSpins():
                sites.set_spins(step)
            case PinSites():
                pin_sites(sites, step, simulation.app)
            case ReadFile():
                sites.read_file(step)
            case Say() | OpenLog():
                if recorder:
                    recorder.message(step)
            case WritePaths():
                if recorder:
                    recorder.paths(step)
            case Shell():
                if recorder:
                    change_files(recorder.folder, step)
            case Moment():
                if recorder:
                    recorder.moment(step)
                if step.time in wanted:
                    wanted.remove(step.time)
                    yield step.time, sites.volume()
            case RunCommand():
                for moment in _run(simulation, sites, step, progress):
                    if recorder:
                        recorder.moment(moment, step)
                    ends = step is last and moment is step.moments[-1]
                    ends = ends and not (all_times and simulation.dumped_after)
                    if ends or (moment.holds_spins and moment.time in wanted):
                        wanted.discard(moment.time)
                        yield moment.time, sites.volume()


def _run(
    simulation: Simulation, sites: Sites, run: RunCommand, progress: Progress
) -> Iterator[Moment]:
    """Execute a ``run``; yield each moment once the sites have reached it."""
    app = simulation.app
    times = [moment.time for moment in run.moments]
    match app:
        case GradientApp() | QuaternionApp() | PhaseFieldApp():
            reached = run_by_law(sites, app, run, times, progress)
        case StrainApp() if run.temperature > 0:
            reached = run_by_law(sites, app, run, times, progress)
        case PottsApp():
            reached = run_potts(sites, app, run, times, progress)
        case WeldApp() | JoiningApp():
            reached = run_weld(sites, app, run, times, progress)
        case EllipsoidApp() | BezierApp() | PathWeldApp():
            reached = run_additive(sites, app, run, times, progress)
        case _:
            raise AssertionError(f"no runs of {app}")
    for moment, _ in zip(run.moments, reached, strict=True):
        if isinstance(app, WeldApp | PathWeldApp):
            melt_pool(sites, app, run, moment.n_sweeps)
        yield moment
    sites.elapsed += run.end - run.start
