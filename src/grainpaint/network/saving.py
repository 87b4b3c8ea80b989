"""Tensors to a file as a whole: none is ever half-written."""

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from grainpaint.errors import InputError

__all__ = ["save_whole"]

# ENOSPC, EFBIG, EDQUOT of Linux, ENOSPC being the same elsewhere; it has no attribute.
_FULL = ("(os error 28)", "(os error 27)", "(os error 122)")


def save_whole(
    tensors: Mapping[str, Tensor], path: Path, header: Mapping[str, str] | None = None
) -> None:
    """Write tensors and a header to a `.safetensors` beside `path`, then rename it.

    Raises
    ------
    InputError
        If the disk is full; `path` is then as it was.
    """
    aside = path.with_suffix(".partial")
    try:
        aside.touch()
        mode = aside.stat().st_mode  # safetensors lets nobody else read what it writes
        save_file(dict(tensors), aside, None if header is None else dict(header))
        aside.chmod(mode)
        os.replace(aside, path)
    except SafetensorError as error:
        if not any(number in str(error) for number in _FULL):
            raise
        raise InputError(
            f"{path}: the disk is full or a quota is used up: make room and run the "
            "same command again, resuming if it trains; what was there before is kept"
        ) from None
    finally:
        aside.unlink(missing_ok=True)
