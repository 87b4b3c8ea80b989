"""How the functions that numba compiles are decorated, where its own way is slow."""

from typing import Any

import numba as nb

__all__ = ["inner"]


def inner(**options: Any) -> Any:
    """Return numba's decorator for functions that compiled ones alone call.

    They go without the code that unpacks Python's arguments: with many arrays it takes
    longer to compile than most kernels.
    """
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return nb.njit(cache=True, **options)
