"""The text of a STEP file (ISO 10303-21): whether it is whole, and its solids are.

OpenCASCADE mends what it cannot read: of a block with one damaged point it makes one
without that corner. So the text is read here first, as far as solids are made of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grainpaint.errors import InputError, brief

__all__ = ["StepText", "step_text"]

_STRINGS = re.compile(rb"(?:'[^']*+')++")
_COMMENT = re.compile(rb"/\*.*?\*/", re.S)
_BLANKS = re.compile(rb"\s+")
_DATA = re.compile(rb"\bDATA\s*(?:\([^;]*\))?\s*;(.*?)\bENDSEC\s*;", re.S)

# Texts have become `$`, and blanks one space each. Possessive quantifiers: time grows
# with the file alone.
_NUMBER = rb"[-+]?+(?:\d++\.?+\d*+|\.\d++)(?:[Ee][-+]?+\d++)?+"
_VALUE = rb"(?:\$|\*|#\d++|\.[A-Z_]\w*+\.|" + _NUMBER + rb'|"[0-9A-F]*+")'
_OPEN = rb"(?:(?:!?[A-Z]\w*+ ?+)?+\( ?+)*+"
_ITEM = _OPEN + rb"(?:" + _VALUE + rb" ?+)?+(?:\) ?+)*+"
_NEXT = rb"(?:, ?+|(?:(?<=\))|(?<=\) ))(?=[A-Z!]))"  # a comma, or of complex entities
_INSTANCE = re.compile(
    rb" ?+#(\d++) ?+= ?+(" + _ITEM + rb"(?:" + _NEXT + _ITEM + rb")*+);", re.ASCII
)
_HEAD = re.compile(rb"([A-Z]\w*)\((.*)\)", re.S)
_GAP = re.compile(rb",[,)]|\(,")  # a value is missing
_REFERENCE = re.compile(rb"#(\d+)")

_ONE, _LIST = rb"#(\d+)", rb"\(((?:#\d+,?)+)\)"
_OPTIONAL = rb"(\$|#\d+)"
_FLAG = rb",\.[TF]\."
_DERIVED = rb"(?:\*|\$|#\d+)"
_SHELL = {b"CLOSED_SHELL", b"ORIENTED_CLOSED_SHELL"}
_FACE = {b"ADVANCED_FACE", b"FACE_SURFACE", b"ORIENTED_FACE"}
_BOUND = {b"FACE_BOUND", b"FACE_OUTER_BOUND"}
_LOOP = {b"EDGE_LOOP", b"VERTEX_LOOP", b"POLY_LOOP"}
_EDGE = {b"EDGE_CURVE", b"ORIENTED_EDGE", b"SUBEDGE"}
_DIRECTION, _AXES = {b"DIRECTION"}, {b"AXIS2_PLACEMENT_3D", b"AXIS2_PLACEMENT_2D"}
_CURVE = {
    *(b"LINE", b"CIRCLE", b"ELLIPSE", b"HYPERBOLA", b"PARABOLA", b"POLYLINE"),
    *(b"SURFACE_CURVE", b"SEAM_CURVE", b"INTERSECTION_CURVE", b"BOUNDED_CURVE"),
    *(b"TRIMMED_CURVE", b"COMPOSITE_CURVE", b"OFFSET_CURVE_3D", b"PCURVE"),
    *(b"BOUNDED_SURFACE_CURVE", b"BEZIER_CURVE", b"UNIFORM_CURVE"),
    *(b"QUASI_UNIFORM_CURVE", b"B_SPLINE_CURVE", b"B_SPLINE_CURVE_WITH_KNOTS"),
}
_VERTEX, _POINT = {b"VERTEX_POINT"}, {b"CARTESIAN_POINT"}
_SOLIDS = (b"MANIFOLD_SOLID_BREP", b"FACETED_BREP", b"BREP_WITH_VOIDS")

Kinds = set[bytes] | None  # what a reference must be; None: anything that there is

# What solids are made of: its arguments after the name, and what they must be.
_FORMS: dict[bytes, tuple[bytes, tuple[Kinds, ...]]] = {
    b"MANIFOLD_SOLID_BREP": (_ONE, (_SHELL,)),
    b"FACETED_BREP": (_ONE, (_SHELL,)),
    b"BREP_WITH_VOIDS": (_ONE + b"," + _LIST, (_SHELL, _SHELL)),
    b"CLOSED_SHELL": (_LIST, (_FACE,)),
    b"ORIENTED_CLOSED_SHELL": (_DERIVED + b"," + _ONE + _FLAG, (_SHELL,)),
    b"ADVANCED_FACE": (_LIST + b"," + _ONE + _FLAG, (_BOUND, None)),
    b"FACE_SURFACE": (_LIST + b"," + _ONE + _FLAG, (_BOUND, None)),
    b"FACE_BOUND": (_ONE + _FLAG, (_LOOP,)),
    b"FACE_OUTER_BOUND": (_ONE + _FLAG, (_LOOP,)),
    b"EDGE_LOOP": (_LIST, ({b"ORIENTED_EDGE"},)),
    b"VERTEX_LOOP": (_ONE, (_VERTEX,)),
    b"POLY_LOOP": (_LIST, (_POINT,)),
    b"ORIENTED_EDGE": (
        _DERIVED + b"," + _DERIVED + b"," + _ONE + rb",(\.[TF]\.)",
        (_EDGE,),
    ),
    b"EDGE_CURVE": (
        _ONE + b"," + _ONE + b"," + _ONE + _FLAG,
        (_VERTEX, _VERTEX, _CURVE),
    ),
    b"VERTEX_POINT": (_ONE, (_POINT,)),
    b"LINE": (_ONE + b"," + _ONE, (_POINT, {b"VECTOR"})),
    b"VECTOR": (_ONE + b"," + _NUMBER, (_DIRECTION,)),
    b"CIRCLE": (_ONE + b"," + _NUMBER, (_AXES,)),
    b"PLANE": (_ONE, (_AXES,)),
    b"CYLINDRICAL_SURFACE": (_ONE + b"," + _NUMBER, (_AXES,)),
    b"AXIS2_PLACEMENT_3D": (
        _ONE + b"," + _OPTIONAL + b"," + _OPTIONAL,
        (_POINT, _DIRECTION, _DIRECTION),
    ),
}
_ARGUMENTS = {k: re.compile(rb"\$," + form) for k, (form, _) in _FORMS.items()}


@dataclass(frozen=True)
class StepText:
    """The statements of a STEP file.

    Attributes
    ----------
    path : Path
        For messages.
    statements : dict
        Keyword and arguments of each, by its number. Arguments have no blanks, and `$`
        in place of texts; the keyword of a complex entity is empty.
    links : dict
        What the arguments of parts of solids refer to, by number: a list each.
    """

    path: Path
    statements: dict[bytes, tuple[bytes, bytes]]
    links: dict[bytes, list[list[bytes]]]

    def of_kind(self, keyword: bytes) -> list[bytes]:
        """Return the numbers of all statements with a keyword."""
        return [n for n, (kind, _) in self.statements.items() if kind == keyword]

    def damaged(self, number: bytes, why: str) -> InputError:
        """Return the error that says what is wrong with a statement."""
        return InputError(
            f"{self.path}: damaged: #{brief(number.decode(), 20)} {why}: export the "
            "part again"
        )


def step_text(path: Path, data: bytes) -> StepText:
    """Read the statements of a STEP file.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes

    Raises
    ------
    InputError
        If something in the sections DATA is not a statement, or a part of a solid is
        missing, there twice, or of another kind than is needed.
    """
    found = StepText(path, {}, {})
    keywords: dict[bytes, bytes] = {}  # one object each
    text = _STRINGS.sub(b"$", data)
    if b"/*" in text:
        text = _COMMENT.sub(b" ", text)
    for section in _DATA.finditer(text):
        for number, body in _statements(path, _BLANKS.sub(b" ", section[1])):
            if number in found.statements:
                raise found.damaged(number, "is defined twice")
            head = _HEAD.fullmatch(body)
            if not head and not body.startswith(b"("):
                raise found.damaged(number, "has no name")
            keyword, arguments = (head[1], head[2]) if head else (b"", body)
            keyword = keywords.setdefault(keyword, keyword)
            found.statements[number] = keyword, arguments
    if not found.statements:
        raise InputError(f"{path}: damaged: the STEP file has no section DATA")
    for number, (keyword, arguments) in found.statements.items():
        if keyword in _FORMS:
            found.links[number] = _links(found, number, keyword, arguments)
    _check_reached(found)
    return found


def _statements(path: Path, text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the number and the body, without blanks, of each statement."""
    at = 0
    while found := _INSTANCE.match(text, at):
        body = found[2].replace(b" ", b"")
        if body.count(b"(") != body.count(b")") or _GAP.search(body):
            break
        yield found[1], body
        at = found.end()
    rest = text[at : at + 80].strip()
    if rest:
        said = brief(rest.split(b";")[0].decode("ascii", "replace"), 60)
        raise InputError(f"{path}: damaged: this is not a statement of STEP: {said!r}")


def _links(
    found: StepText, number: bytes, keyword: bytes, arguments: bytes
) -> list[list[bytes]]:
    """Return what the arguments of a part of a solid refer to; check their kinds."""
    name = keyword.decode()
    match = _ARGUMENTS[keyword].fullmatch(arguments)
    if match is None:
        raise found.damaged(number, f"is no {name} as STEP defines it")
    result = []
    for kinds, group in zip(_FORMS[keyword][1], match.groups()):
        numbers = [] if group == b"$" else group.replace(b"#", b"").split(b",")
        for other in numbers:
            kind = found.statements.get(other, (None,))[0]
            if kind is None or (kinds is not None and kind and kind not in kinds):
                why = f"({name}) refers to #{brief(other.decode(), 20)}, which is not "
                why += "what it needs"
                raise found.damaged(number, why)
        result.append(numbers)
    return result


def _check_reached(found: StepText) -> None:
    """Raise if something is missing that a solid refers to, however far below."""
    todo = [number for keyword in _SOLIDS for number in found.of_kind(keyword)]
    seen = set(todo)
    while todo:
        number = todo.pop()
        for other in _REFERENCE.findall(found.statements[number][1]):
            if other not in found.statements:
                why = f"refers to #{brief(other.decode(), 20)}, which is missing"
                raise found.damaged(number, why)
            if other not in seen:
                seen.add(other)
                todo.append(other)
