"""Write the input script with which SPPARKS runs a simulation."""

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.applications import (
    Application,
    BezierApp,
    EllipsoidApp,
    PottsApp,
)
from grainpaint.simulate.spparks.requests import Moment, OpenLog, Say, Shell
from grainpaint.simulate.spparks.simulation import (
    LayeredScan,
    ReadFile,
    RunCommand,
    ScriptStep,
    SetSpins,
    Simulation,
)

__all__ = ["DUMP", "script_text"]

DUMP = "grainpaint"  # ID of the dump of the spins
_MOST_CHARACTERS = 2000  # of a line that SPPARKS reads


def script_text(simulation: Simulation, dump: str, n_ranks: int = 1) -> str:
    """Return the input script with which SPPARKS runs a simulation.

    Parameters
    ----------
    simulation : Simulation
        Its sites must fill the box; spins are set everywhere or read from a site file.
    dump : str
        File for the spins at the end of each run.
    n_ranks : int
        Number of processes; more than one needs sectors.

    Raises
    ------
    InputError
        If a line would be longer than SPPARKS reads, or a step cannot be written.
    """
    box = simulation.box
    a = box.spacing  # lengths of regions are in lattice constants
    corner = [o / a for o in box.origin]
    if box.lattice.startswith("sq"):
        corner[2] -= 0.5  # the sites lie in the middle
    faces = " ".join(f"{c:g} {c + n:g}" for c, n in zip(corner, box.shape))
    first = simulation.runs[0]
    sectors = n_ranks > 1 or first.sectors
    sweep = "sweep raster" if first.raster else "sweep random"
    lines = [
        f"seed {first.seed}",
        *_app(simulation.app),
        f"dimension {3 if box.lattice.startswith('sc') else 2}",
        f"lattice {box.lattice} {a:g}",
        f"boundary {' '.join('p' if p else 'n' for p in box.periodic)}",
        f"region box block {faces}",
        "create_box box",
        "create_sites box",
        *(_scan(simulation.scan) if simulation.scan else []),
        f"sector {'yes' if sectors else 'no'}",
        sweep if first.rejection else "solve_style tree",
        "diag_style energy",
        f"stats {simulation.runs[-1].stop / 100:g}",
        f"dump {DUMP} text 1e20 {dump} id site x y z",
        f"dump_modify {DUMP} delay 1e20",
        *(line for step in simulation.steps for line in _step(step)),
    ]
    for line in lines:
        if len(line) > _MOST_CHARACTERS:
            raise InputError(
                f"SPPARKS cannot read lines of {len(line):,} characters: "
                f"{line[:60]} ..."
            )
    return "\n".join(lines) + "\n"


def _app(app: Application) -> list[str]:
    """Return the lines of the application."""
    match app:
        case PottsApp(n_spins, neighbors_only):
            return [f"app_style potts{'/neighonly' * neighbors_only} {n_spins}"]
        case EllipsoidApp():
            pool = (app.width, app.tail, app.depth, app.cap)
            zone = (app.haz_width, app.haz_tail, app.haz_depth, app.haz_cap, app.decay)
            return [f"app_style am/ellipsoid {app.n_spins} {_words(pool + zone)}"]
        case BezierApp():
            words = (app.width, app.depth, app.haz, app.haz_tail, app.power)
            points = (("x", app.x), ("y", app.y), ("z", app.z))
            return [
                f"app_style potts/am/bezier {app.n_spins} {_words(words)}",
                *(f"potts/am/bezier control_points {a} {_words(p)}" for a, p in points),
                f"potts/am/bezier beta {_words(app.beta)}",
            ]
    raise InputError(f"this application cannot be written into a script: {app}")


def _words(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{n:.10g}" for n in numbers)


def _scan(scan: LayeredScan) -> list[str]:
    """Return the lines of a scan, each track as a path."""
    lines = []
    path_id = 0
    for layer_id, (tracks, thickness) in enumerate(scan.layers, 1):
        first = path_id + 1
        for start, end, speed in tracks:
            path_id += 1
            lines.append(
                f"am path {path_id} start {_words(start)} end {_words(end)} "
                f"speed {speed:.10g}"
            )
        ids = " ".join(str(i) for i in range(first, path_id + 1))
        lines.append(
            f"am path_layer {layer_id} num_paths {len(tracks)} path_ids {ids} "
            f"thickness {thickness:g}"
        )
    return [*lines, f"am build start {scan.start:g} num_layers {scan.n_layers}"]


def _step(step: ScriptStep) -> list[str]:
    """Return the lines of a step."""
    match step:
        case Say() | OpenLog() | Shell() | Moment():
            return []  # what a script writes is not part of the simulation
        case ReadFile(path, None):
            return [f"read_sites {path}"]
        case SetSpins(low, high) if step == SetSpins(low, high, seed=step.seed):
            return [f"set site range {low} {high}"]
        case RunCommand():
            return [
                f"temperature {step.temperature:.10g}",
                f"run {step.stop:.10g} upto",
                f"dump_one {DUMP}",
            ]
    raise InputError(f"this step cannot be written into a script: {step}")
