"""The file of a model card: JSON whose meaning no two readers differ about."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError, brief

__all__ = ["card_bytes", "card_fields", "check_file", "parse_once"]

_MOST_BYTES = 4 << 20  # cards have some kilobytes; Python takes 20 times the memory


def check_file(path: Path) -> None:
    """Raise InputError unless a file of a model is there and is a file.

    A pipe or a device would be read without end.
    """
    try:
        is_there, is_file = path.exists(), path.is_file()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not is_there:
        raise InputError(f"{path}: the model lacks this file")
    if not is_file:
        raise InputError(f"{path}: this must be a file, but is a folder or a device")


def card_bytes(path: Path) -> bytes:
    """Return the bytes of a card that is a JSON object; see `card_fields`."""
    return _read(path)[0]


def card_fields(path: Path) -> dict[str, Any]:
    """Return what a card holds.

    Raises
    ------
    InputError
        If the file is missing, cannot be read or is larger than 4 MiB, or is not a JSON
        object in UTF-8 in which each key stands once.
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[bytes, dict[str, Any]]:
    check_file(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > _MOST_BYTES:
        raise InputError(f"{path}: not a grainpaint model card (larger than 4 MiB)")
    try:
        found = parse_once(data)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: not a grainpaint model card (no JSON: {brief(error)})"
        ) from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: not a grainpaint model card (no JSON object)")
    return data, found


def parse_once(data: bytes) -> Any:
    """Return what is in JSON; ValueError if a key stands twice in an object."""
    return json.loads(data.decode(), object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return pairs as a dict; raise ValueError if a key stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice[:80]!r} stands there twice")
    return found
