"""Run SPPARKS' input scripts with our own kernels."""

from collections.abc import Iterator
from pathlib import Path

from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent
from grainpaint.simulate.spparks.additive_run import run_additive
from grainpaint.simulate.spparks.potts_run import run_potts
from grainpaint.simulate.spparks.script.reader import read_script
from grainpaint.simulate.spparks.simulation import (
    PottsApp,
    ReadFile,
    RunCommand,
    SetSpins,
    Simulation,
)
from grainpaint.simulate.spparks.sites import Sites

__all__ = ["run_script", "run_simulation"]


def run_script(
    path: str | Path,
    variables: dict[str, str] | None = None,
    progress: Progress = silent,
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

    Returns
    -------
    Microstructure
        Grains are pieces of equal spin, connected through the neighbors of the lattice;
        one lattice constant is 1 µm.

    Raises
    ------
    InputError
        If the script has a mistake or needs what our kernels do not support (with file
        and line), or a file or the spins do not fit.

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
    simulation = read_script(Path(path), variables)
    ((_, volume),) = run_simulation(simulation, all_times=False, progress=progress)
    return volume


def run_simulation(
    simulation: Simulation, all_times: bool = True, progress: Progress = silent
) -> Iterator[tuple[float, Microstructure]]:
    """Run a simulation; yield its grains at the times at which the script dumps them.

    Parameters
    ----------
    simulation : Simulation
        As returned by `grainpaint.simulate.spparks.read_script`.
    all_times : bool
        Whether to yield the times of the dumps, too; otherwise only the end.
    progress : Progress
        Receives the time or the sweeps of each run.

    Yields
    ------
    time : float
        SPPARKS' time.
    volume : Microstructure
        The grains, as in `run_script`.

    Raises
    ------
    InputError
        If a file does not fit the box, or spins lie outside 1..Q.

    Notes
    -----
    The rates are those of SPPARKS (`grainpaint.simulate.iso.rates`), but its random
    numbers are not: the same seed gives another volume of the same kind.
    """
    sites = Sites(simulation.box)
    last = simulation.runs[-1]
    for step in simulation.steps:
        match step:
            case SetSpins():
                sites.set_spins(step)
            case ReadFile():
                sites.read_file(step)
            case RunCommand():
                times = set(step.snapshots) if all_times else set()
                if step is last:
                    times.add(step.stop)
                # The state at the end of a run is needed in any case.
                stops = sorted({*times, step.stop})
                for time in _run(simulation, sites, step, stops, progress):
                    if time in times:
                        yield time, sites.volume()


def _run(
    simulation: Simulation,
    sites: Sites,
    run: RunCommand,
    times: list[float],
    progress: Progress,
) -> Iterator[float]:
    """Execute a ``run``; yield each time once the spins have reached it."""
    app, scan = simulation.app, simulation.scan
    if isinstance(app, PottsApp):
        yield from run_potts(sites, app, run, times, progress)
    else:
        assert scan is not None
        yield from run_additive(sites, app, scan, run, times, progress)
    sites.elapsed += run.stop - run.start
