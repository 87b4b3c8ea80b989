"""Grains to numbers: what a volume is made of, and how far two sets lie apart."""

from typing import TYPE_CHECKING, Any

import lazy_loader

if TYPE_CHECKING:
    from grainpaint.drawing.report import report
    from grainpaint.measure.comparison import compare
    from grainpaint.measure.grain_table import table
    from grainpaint.measure.soundness import check

__all__ = ["check", "compare", "report", "table"]

# Loaded on first use, so that importing stays quick.
_load, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison": ["compare"],
        "grain_table": ["table"],
        "soundness": ["check"],
    },
)


def __getattr__(name: str) -> Any:
    """Load a function; the report lies in the room of the pictures, above this one."""
    if name == "report":
        from grainpaint.drawing.report import report

        return report
    return _load(name)


def __dir__() -> list[str]:
    return __all__
