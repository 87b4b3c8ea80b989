"""What slicers say about the meshes of a 3MF file: some do not belong to the part.

Modifiers and places of supports are meshes like others; only a file of settings beside
the model tells. That of PrusaSlicer and SuperSlicer names ranges of triangles of an
object, that of Bambu Studio and OrcaSlicer components. Cura says it in the object.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError, brief

__all__ = ["SETTINGS", "Roles", "is_no_part", "read_roles"]

SETTINGS = ("Metadata/Slic3r_PE_model.config", "Metadata/model_settings.config")
_PARTS = ("ModelPart", "normal_part", "")
_NO_PART = ("support", "solidsupport", "other")  # types of objects
_OF_CURA = ("infill_mesh", "cutting_mesh", "support_mesh", "anti_overhang_mesh")
_CUTS = ("NegativeVolume", "negative_part")


@dataclass
class Roles:
    """What of the objects of a main model does not belong to the part.

    Parameters
    ----------
    triangles : dict
        First and last triangles of ranges, by the object's id.
    components : set
        Pairs of ids: of an object, and of one that it holds.
    n_parts : dict
        In how many bodies the triangles of an object are parts, by its id.
    """

    triangles: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    components: set[tuple[str, str]] = field(default_factory=set)
    n_parts: dict[str, int] = field(default_factory=dict)


def is_no_part(element: Any) -> bool:
    """Return whether an object says itself that it is a support or a modifier."""
    if element.get("type", "model") in _NO_PART:
        return True
    groups = (c for c in element if c.tag.rpartition("}")[2] == "metadatagroup")
    return any(
        said.get("name", "").rpartition(":")[2] in _OF_CURA
        and (said.text or "").strip().lower() in ("true", "1")
        for group in groups
        for said in group
    )


def read_roles(path: Path, settings: Any, roles: Roles) -> None:
    """Add what a file of settings says.

    Parameters
    ----------
    path : Path
        For messages.
    settings : Element
        Root of the file.
    roles : Roles

    Raises
    ------
    InputError
        If a mesh is to be cut out of another one.
    LookupError, ValueError
        If the settings are damaged.
    """
    for thing in settings.iter("object"):
        number = thing.get("id", "")
        for volume in thing.iter("volume"):
            if _is_part(path, number, _role(volume)):
                roles.n_parts[number] = roles.n_parts.get(number, 0) + 1
                continue
            span = int(volume.attrib["firstid"]), int(volume.attrib["lastid"])
            roles.triangles.setdefault(number, []).append(span)
        for part in thing.iter("part"):
            if not _is_part(path, number, part.get("subtype", "")):
                roles.components.add((number, part.attrib["id"]))


def _role(volume: Any) -> str:
    """Return what PrusaSlicer takes a volume for."""
    said = {m.get("key"): m.get("value", "") for m in volume.iter("metadata")}
    modifies = "ParameterModifier" if said.get("modifier") == "1" else ""
    return str(said.get("volume_type", modifies))


def _is_part(path: Path, number: str, role: str) -> bool:
    """Return whether a mesh with a role is part of the object."""
    if role in _CUTS:
        raise InputError(
            f"{path}: the slicer cuts a negative volume out of object {brief(number)}, "
            "and here nothing is cut: let it do so (mesh boolean), and export the part "
            "again"
        )
    return role in _PARTS
