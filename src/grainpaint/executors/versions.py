"""Versions that must be equal on all machines of a run."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version

from grainpaint.errors import InputError

__all__ = ["check_versions", "versions_here"]


def versions_here(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of grainpaint and of packages that decide its results."""
    from grainpaint import __version__

    found = {name: version(name).partition("+")[0] for name in names}
    return {"grainpaint": __version__, **found}


def check_versions(names: Iterable[str], wanted: Mapping[str, str]) -> None:
    """Raise InputError if a version here is another one than that of the run."""
    for name, here in versions_here(names).items():
        if here != wanted.get(name):
            raise InputError(
                f"the worker has {name} {here}, the run {wanted.get(name)}: install "
                "the same versions on all machines"
            )
