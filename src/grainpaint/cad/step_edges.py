"""The edges of the solids in a STEP file: whether they close loops, on their curves."""

import math
import re

from grainpaint.cad.step_text import StepText

__all__ = ["check_edges"]

_SLACK = 1e-3  # of the size, by which ends of edges may be apart, and off their curves
_NUMBERS = re.compile(rb"\$,\(([-+.\dEe,]+)\)")
_RADIUS = re.compile(rb"\$,#\d+,([-+.\dEe]+)")
_REFERENCE = re.compile(rb"#(\d+)")
_ON_SURFACES = (b"SURFACE_CURVE", b"SEAM_CURVE", b"INTERSECTION_CURVE")

Place = tuple[float, ...]
Points = dict[bytes, Place]
_NONE, _UP = (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)


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
            raise text.damaged(point, "is not a point of three coordinates")
        places[vertex] = points[point]
    if not places:
        return
    slack = _SLACK * max(max(line) - min(line) for line in zip(*places.values()))
    for edge in text.of_kind(b"EDGE_CURVE"):
        (start,), (end,), (curve,) = text.links[edge]
        for vertex in (start, end):
            if _off_curve(text, points, curve, places[vertex]) > slack:
                raise text.damaged(vertex, "(VERTEX_POINT) lies off its edge")
    for face in text.of_kind(b"ADVANCED_FACE"):
        bounds, (surface,) = text.links[face]
        loops = [text.links[bound][0][0] for bound in bounds]
        edges = [edge for loop in loops for edge in text.links.get(loop, [[]])[0]]
        for vertex in {end for edge in edges for end in _ends(text, edge)} - {b""}:
            if _off_plane(text, points, surface, places[vertex]) > slack:
                raise text.damaged(face, "(ADVANCED_FACE) does not lie in its plane")
    for loop in text.of_kind(b"EDGE_LOOP"):
        ends = [_ends(text, edge) for edge in text.links[loop][0]]
        for (_, last), (first, _) in zip(ends, ends[1:] + ends[:1]):
            if not last or not first or last == first:
                continue
            if math.dist(places[last], places[first]) > slack:
                raise text.damaged(loop, "(EDGE_LOOP) is open: an edge is missing")


def _ends(text: StepText, oriented: bytes) -> tuple[bytes, bytes]:
    """Return the vertices from and to which an edge of a loop runs, or two empty."""
    ((edge,), *_) = text.links.get(oriented, [[b""]])  # a complex entity has none
    if text.statements.get(edge, (b"",))[0] != b"EDGE_CURVE":
        return b"", b""
    (start,), (end,) = text.links[edge][:2]
    forward = text.statements[oriented][1].endswith(b".T.")
    return (start, end) if forward else (end, start)


def _off_plane(text: StepText, points: Points, surface: bytes, place: Place) -> float:
    """Return how far a place is from a plane; 0 from other surfaces."""
    keyword, arguments = text.statements[surface]
    if keyword != b"PLANE":
        return 0.0
    refers = _REFERENCE.findall(_first(text, arguments)[1])
    axis = _direction(text, refers[1]) if len(refers) > 1 else _UP
    length = math.hypot(*axis)
    if length == 0 or refers[0] not in points:
        return 0.0
    way = (a - b for a, b in zip(place, points[refers[0]]))
    return abs(sum(a * b for a, b in zip(way, axis))) / length


def _off_curve(text: StepText, points: Points, curve: bytes, place: Place) -> float:
    """Return how far a place is from a line or a circle; 0 from other curves."""
    keyword, arguments = text.statements[curve]
    if keyword in _ON_SURFACES:
        keyword, arguments = _first(text, arguments)
    refers = _REFERENCE.findall(arguments)
    if keyword == b"LINE" and len(refers) == 2 and refers[0] in points:
        turned = _REFERENCE.search(_first(text, b"#" + refers[1])[1])
        along = _direction(text, turned[1]) if turned else _NONE
        length = math.hypot(*along)
        if length > 0:
            x, y, z = (a - b for a, b in zip(place, points[refers[0]]))
            u, v, w = along
            return math.hypot(y * w - z * v, z * u - x * w, x * v - y * u) / length
    radius = _RADIUS.fullmatch(arguments)
    if keyword == b"CIRCLE" and radius:
        refers = _REFERENCE.findall(_first(text, arguments)[1])
        if refers and refers[0] not in points:
            raise text.damaged(refers[0], "is not a point of three coordinates")
        if refers:
            center = points[refers[0]]
            axis = _direction(text, refers[1]) if len(refers) > 1 else _UP
            length = math.hypot(*axis)
            if length > 0:
                way = (a - b for a, b in zip(place, center))
                above = abs(sum(a * b for a, b in zip(way, axis))) / length
                return max(above, abs(math.dist(place, center) - float(radius[1])))
    return 0.0


def _first(text: StepText, arguments: bytes) -> tuple[bytes, bytes]:
    """Return the statement that arguments refer to first; an empty one if none."""
    refers = _REFERENCE.search(arguments)
    return text.statements.get(refers[1] if refers else b"", (b"", b""))


def _direction(text: StepText, number: bytes) -> Place:
    """Return the three numbers of a direction; zeros if it is none."""
    match = _NUMBERS.fullmatch(text.statements.get(number, (b"", b""))[1])
    found = tuple(float(n) for n in match[1].split(b",")) if match else ()
    return found if len(found) == 3 else _NONE
