"""The edges of the solids in a STEP file: whether they close loops, on their curves."""

import re

import numpy as np

from grainpaint.cad.step_text import StepText

__all__ = ["check_edges"]

_SLACK = 1e-3  # of the size, by which ends of edges may be apart, and off their curves
_NUMBERS = re.compile(rb"\$,\(([-+.\dEe,]+)\)")
_REFERENCE = re.compile(rb"#(\d+)")
_ON_SURFACES = (b"SURFACE_CURVE", b"SEAM_CURVE", b"INTERSECTION_CURVE")

Points = dict[bytes, tuple[float, ...]]


def check_edges(text: StepText, points: Points) -> None:
    """Raise InputError unless edges follow each other and end on their curves.

    Curves other than lines and circles are not looked at.

    Parameters
    ----------
    text : StepText
    points : dict
        Coordinates of the points, by number.
    """
    places = {}
    for vertex in text.of_kind(b"VERTEX_POINT"):
        (point,) = text.links[vertex][0]
        if point not in points:
            raise text.damaged(point, "is no point of three coordinates")
        places[vertex] = np.array(points[point])
    if not places:
        return
    slack = _SLACK * float(np.ptp(np.array(list(places.values())), axis=0).max())
    for edge in text.of_kind(b"EDGE_CURVE"):
        (start,), (end,), (curve,) = text.links[edge]
        for vertex in (start, end):
            if _off_curve(text, points, curve, places[vertex]) > slack:
                raise text.damaged(vertex, "(VERTEX_POINT) lies off its edge")
    for loop in text.of_kind(b"EDGE_LOOP"):
        ends = [_ends(text, edge) for edge in text.links[loop][0]]
        for (_, last), (first, _) in zip(ends, ends[1:] + ends[:1]):
            if not last or not first or last == first:
                continue
            if np.abs(places[last] - places[first]).max() > slack:
                raise text.damaged(loop, "(EDGE_LOOP) is open: an edge is missing")


def _ends(text: StepText, oriented: bytes) -> tuple[bytes, bytes]:
    """Return the vertices from and to which an edge of a loop runs, or two empty."""
    (edge,) = text.links[oriented][0]
    if text.statements[edge][0] != b"EDGE_CURVE":
        return b"", b""
    (start,), (end,) = text.links[edge][:2]
    forward = text.statements[oriented][1].endswith(b".T.")
    return (start, end) if forward else (end, start)


def _off_curve(
    text: StepText, points: Points, curve: bytes, place: np.ndarray
) -> float:
    """Return how far a place is from a line or a circle; 0 from other curves."""
    keyword, arguments = text.statements[curve]
    refers = _REFERENCE.findall(arguments)
    if keyword in _ON_SURFACES and refers:
        return _off_curve(text, points, refers[0], place)
    if keyword == b"LINE" and len(refers) == 2 and refers[0] in points:
        turned = _REFERENCE.findall(text.statements[refers[1]][1])
        along = _numbers(text, turned[0]) if turned else np.zeros(0)
        if along.size == 3 and along.any():
            way = place - points[refers[0]]
            return float(np.linalg.norm(np.cross(way, along)) / np.linalg.norm(along))
    if keyword == b"CIRCLE" and len(refers) == 1:
        center = _REFERENCE.findall(text.statements[refers[0]][1])
        radius = arguments.rpartition(b",")[2]
        if center and center[0] in points and not radius.startswith(b"#"):
            apart = float(np.linalg.norm(place - points[center[0]]))
            return abs(apart - float(radius))
    return 0.0


def _numbers(text: StepText, number: bytes) -> np.ndarray:
    """Return the numbers of a direction; empty if it is none."""
    match = _NUMBERS.fullmatch(text.statements[number][1])
    return np.array([float(n) for n in match[1].split(b",")] if match else [])
