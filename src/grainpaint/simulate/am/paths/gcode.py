"""Paths in G-code: straight moves G0 and G1, and when the beam is on in them."""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am.paths.file_path import FilePath
from grainpaint.simulate.am.paths.gcode_words import NO_CALLS, Program, read_words

__all__ = ["LaserRule", "read_gcode", "write_gcode"]

LaserRule = Literal["power", "motion", "extrusion"]

_NO_MOTION = (4, 10, 28, 29, 30, 92)  # their words X, Y, Z, E, S are no places
_ARCS = (2, 3, 5, 5.1, 5.2, 5.3, 91.1)
_TWISTED = (7, 7.1, 12.1, 16, 51, 51.1, 52, 68, 68.2, 107, 112)  # what X, Y, Z mean
_FRAMES = (54, 54.1, 55, 56, 57, 58, 59, 59.1, 59.2, 59.3)  # origins
_AXES = "XYZ"


class _Move(NamedTuple):
    """What a program says line by line (arrays of length n, places in µm)."""

    place: np.ndarray  # after the line, shape (n, 3)
    moves: np.ndarray
    rapid: np.ndarray  # G0 rather than G1
    feed: np.ndarray  # µm/s, NaN before the first F
    fed: np.ndarray  # whether F stands in the line
    power: np.ndarray  # S, NaN before the first
    lit: np.ndarray  # after M3 or M4, before M5
    extruded: np.ndarray  # what E adds
    switches: bool  # whether there is an S, M3 or M4


def read_gcode(
    data: bytes, edge: float | None = None, laser: LaserRule = "power"
) -> FilePath:
    """Return the path of a G-code program.

    Parameters
    ----------
    data : bytes
        G0 and G1 with X, Y, Z, F (per minute), S, E; G20, G21, G90, G91, G92 of E,
        G28; M3, M4, M5, M82, M83. Words hold until they change. Other commands of M and
        T are passed over; the program ends at M2, M30 or a second %.
    edge : float, optional
        µm per unit of length before G20 or G21, by default 1000.
    laser : "power", "motion" or "extrusion"
        When the beam is on: in G1 between M3 or M4 and M5 with S above 0 (a program
        that never says M3, or never S, is asked for the other one only), in every G1,
        or where E grows.

    Returns
    -------
    FilePath
        G0 takes no time and is no track, unless F stands in its line.

    Raises
    ------
    InputError
        If a line cannot be read or does what is not supported, such as arcs, the
        units differ from those given, or the rule finds no track that burns.
    """
    program = read_words(data)
    move = _follow(program, edge)
    before = np.vstack([np.zeros(3), move.place[:-1]])
    if laser == "power":
        on = ~move.rapid & move.lit & ~(move.power <= 0) & move.switches
    elif laser == "motion":
        on = ~move.rapid
    else:
        on = move.extruded > 0
    chosen = move.moves & (~move.rapid | move.fed)
    if not (on & chosen).any():
        raise InputError(
            f"no move burns by the rule laser = {laser!r}: power wants G1 with S above "
            "0 or after M3, motion takes every G1, extrusion wants E to grow; choose "
            "another rule"
        )
    slow = chosen & (move.feed <= 0)
    if slow.any():
        line = int(np.flatnonzero(slow)[0])
        raise InputError(f"line {line + 1:,}: the feed F must be above 0 in a move")
    return FilePath(before[chosen], move.place[chosen], move.feed[chosen], on[chosen])


def _follow(program: Program, edge: float | None) -> _Move:
    """Return where a program goes, line by line."""
    g, g_line = program.codes("G")
    m, m_line = program.codes("M")
    n = program.n_lines
    _refuse(program, g, g_line)
    calls = m_line[np.isin(m, (97, 98))]
    if calls.size:
        raise InputError(f"line {calls[0] + 1:,}: {NO_CALLS}")
    factor = _factor(g, g_line, n, edge)
    relative = _mode(g, g_line, n, {90: 0.0, 91: 1.0}, 0.0) == 1
    motion = _mode(g, g_line, n, {0: 0.0, 1: 1.0}, np.nan)
    own = _lines(g_line[np.isin(g, _NO_MOTION)], n)
    home = _lines(g_line[g == 28], n)
    given = np.stack([program.column(axis) for axis in _AXES], axis=1)
    named = ~np.isnan(given)
    moves = named.any(axis=1) & ~own
    if (moves & np.isnan(motion)).any():
        line = int(np.flatnonzero(moves & np.isnan(motion))[0])
        raise InputError(f"line {line + 1:,}: a move before any G0 or G1")
    # Homing: the axes that are named, or all of them, go to 0.
    homed = home[:, None] & (named | ~named.any(axis=1, keepdims=True))
    given[own] = np.nan
    given *= factor[:, None]
    given[homed] = 0
    place = np.stack([_places(given[:, i], relative & ~home) for i in range(3)], axis=1)
    feed = program.column("F") * factor / 60
    power = program.column("S")
    power[_lines(g_line[g == 4], n)] = np.nan  # how long a pause lasts
    lit = _mode(m, m_line, n, {3: 1.0, 4: 1.0, 5: 0.0}, 0.0) == 1
    switched, powered = np.isin(m, (3, 4)).any(), not np.isnan(power).all()
    lit |= not switched
    power = _held(power)
    if powered:
        power = np.nan_to_num(power, nan=0.0)
    e = program.column("E")
    e[own & ~_lines(g_line[g == 92], n)] = np.nan
    counts = _mode(m, m_line, n, {82: 0.0, 83: 1.0}, np.nan)
    by_e = np.where(np.isnan(counts), relative, counts == 1) & ~own
    extruded = np.diff(_places(e, by_e), prepend=0.0)
    fed = ~np.isnan(feed)
    switches = bool(switched or powered)
    rapid = motion == 0
    return _Move(place, moves, rapid, _held(feed), fed, power, lit, extruded, switches)


def _refuse(program: Program, g: np.ndarray, line: np.ndarray) -> None:
    """Raise InputError for what would lead elsewhere."""
    axes = np.isin(program.letter, np.frombuffer(b"XYZ", np.uint8))
    shifted = line[np.isin(g, (10, 92)) & np.isin(line, program.line[axes])]
    frames = np.isin(g, _FRAMES)
    moved = line[frames][g[frames] != g[frames][:1]]
    if frames.any() and g[frames][0] != 54:  # which holds where none is told
        first = line[frames][0]
        placed = np.setdiff1d(program.line[axes], line[np.isin(g, _NO_MOTION)])
        moved = np.append(moved, [first] if (placed < first).any() else [])
        moved = np.sort(moved).astype(np.int64)
    machine = np.intersect1d(line[g == 53], program.line[axes])
    turned = program.line[np.isin(program.letter, np.frombuffer(b"ABCUVW", np.uint8))]
    cycles = ((g >= 33) & (g < 39)) | ((g >= 73) & (g < 90) & (g != 80))
    for lines, what in (
        (line[cycles], "threads, probing and cycles are not read: write G0 and G1"),
        (line[np.isin(g, _ARCS)], "arcs are not read: write them as straight moves"),
        (line[g == 93], "feeds as inverse times (G93) are not read: use G94"),
        (line[np.isin(g, (95, 96))], "only feeds per minute are read: use G94"),
        (line[np.isin(g, _TWISTED)], "coordinates that are polar, scaled, turned or "
         "moved are not read: write them as they are"),
        (line[np.isin(g, (41, 42))], "paths beside those of the program (G41, G42) "
         "are not read: write them as they are"),
        (line[np.isin(g, (65, 66))], NO_CALLS),
        (moved, "a second origin (G54 to G59, G54 if none is told) is not read: write "
         "all in one"),
        (machine, "coordinates of the machine (G53) are not read: write all in one "
         "origin"),
        (shifted, "G92 and G10 shift the coordinates: write them without"),
        (turned, "other axes than X, Y and Z are not read"),
    ):  # fmt: skip
        if lines.size:
            raise InputError(f"line {lines[0] + 1:,}: {what}")


def _factor(g: np.ndarray, line: np.ndarray, n: int, edge: float | None) -> np.ndarray:
    """Return µm per unit of length in each line."""
    said = {20: 25_400.0, 21: 1000.0}
    for code, factor in said.items():
        if edge is not None and edge != factor and (g == code).any():
            raise InputError(
                f"line {line[g == code][0] + 1:,}: G{code} says "
                f"{'inch' if code == 20 else 'mm'}, and another unit is given: leave "
                "`unit` out"
            )
    return _mode(g, line, n, said, 1000.0 if edge is None else edge)


def _lines(line: np.ndarray, n: int) -> np.ndarray:
    """Return whether each of n lines is listed (bool, shape (n,))."""
    listed = np.zeros(n, bool)
    listed[line] = True
    return listed


def _mode(
    code: np.ndarray, line: np.ndarray, n: int, values: dict[int, float], first: float
) -> np.ndarray:
    """Return the value of the latest code in each line (float, shape (n,)).

    Raises
    ------
    InputError
        If codes of a line contradict each other.
    """
    known = np.isin(code, list(values))
    told = np.array([values[c] for c in code[known].tolist()])
    odd = (np.diff(line[known]) == 0) & (np.diff(told) != 0)
    if odd.any():
        at = int(np.flatnonzero(odd)[0])
        a, b = code[known][at : at + 2]
        raise InputError(
            f"line {line[known][at] + 1:,}: codes {a:g} and {b:g} in one line "
            "contradict each other: write one of them"
        )
    column = np.full(n, np.nan)
    column[:1] = first
    for number, value in values.items():
        column[line[code == number]] = value
    return _held(column)


def _held(column: np.ndarray) -> np.ndarray:
    """Return a column in which values hold until the next one."""
    latest = np.where(np.isnan(column), 0, np.arange(len(column)))
    held: np.ndarray = column[np.maximum.accumulate(latest)]
    return held


def _places(given: np.ndarray, relative: np.ndarray) -> np.ndarray:
    """Return the coordinate after each line, from 0: absolute, or added up."""
    known = ~np.isnan(given)
    run = np.cumsum(np.where(known & relative, given, 0))
    latest = np.where(known & ~relative, np.arange(1, len(given) + 1), 0)
    latest = np.maximum.accumulate(latest)
    base = np.append(0, np.where(known, given, 0))[latest]
    places: np.ndarray = base + (run - np.append(0, run)[latest])
    return places


def write_gcode(path: FilePath, file: Path) -> None:
    """Write G-code in mm, rounded to nanometers: S1 burns, S0 does not, G0 jumps."""
    place = np.round(np.stack([path.start, path.end]) / 1e3, 6)
    jumps = np.append(True, (place[0, 1:] != place[1, :-1]).any(axis=1))
    starts, ends = place.tolist()
    feeds = (path.speed * 60 / 1e3).tolist()
    out = [
        "; written by grainpaint: mm, mm/min, S1 = beam on, S0 = off",
        "G21 G90",
        "M3",
    ]
    for start, end, feed, on, jump in zip(
        starts, ends, feeds, path.on.tolist(), jumps.tolist()
    ):
        if jump:
            out.append("G0 X%.6f Y%.6f Z%.6f" % tuple(start))  # noqa: UP031
        out.append("G1 X%.6f Y%.6f Z%.6f F%.12g S%d" % (*end, feed, on))  # noqa: UP031
    out.append("M5")
    file.write_text("\n".join(out) + "\n", encoding="ascii")
