"""Precisions: float32 or bfloat16, whichever is measured to be faster on a device."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from time import perf_counter, thread_time
from typing import Literal

import torch
from torch.nn.functional import conv3d

from grainpaint.errors import InputError, brief
from grainpaint.network.devices import exact, find_device, read_device

__all__ = [
    "DTYPES",
    "Precision",
    "autocast",
    "has_onednn",
    "resolve",
    "slow_note",
]

Precision = Literal["float32", "bfloat16"]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

# The convolution that is timed; a card would not notice that of a processor.
_CHANNELS, _EDGE, _CARD_CHANNELS, _CARD_EDGE = 32, 8, 96, 48
_TRIES = 4
_HOPELESS = 5.0  # this many times slower than float32: one try is enough


def has_onednn(device: torch.device, dtype: torch.dtype) -> bool:
    """Return whether oneDNN can convolve on this device in this precision."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if dtype == torch.float32:
        return True
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _seconds(device: torch.device, precision: Precision) -> float:
    """Return the time of a small convolution; on the CPU, the time of this thread."""
    dtype, here = DTYPES[precision], device.type == "cpu"
    channels, edge = (_CHANNELS, _EDGE) if here else (_CARD_CHANNELS, _CARD_EDGE)
    x = torch.ones((1, channels, edge, edge, edge), dtype=dtype, device=device)
    x = x.to(memory_format=torch.channels_last_3d)
    weight = torch.ones(channels, channels, 3, 3, 3, dtype=dtype, device=device)
    clock = thread_time if here else perf_counter
    x[0, 0, 0, 0, 0].item()  # waits for the device
    start = clock()
    with exact(device):
        conv3d(x, weight).sum().item()
    return clock() - start


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute with one thread: on a busy machine, threads wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache
def _fastest(device: torch.device) -> Precision:
    """Time both precisions in turn and return the faster one."""
    best: dict[Precision, float] = {"float32": float("inf"), "bfloat16": float("inf")}
    with torch.inference_mode(), _one_thread():
        for number in range(_TRIES):
            for precision in best:
                try:
                    seconds = _seconds(device, precision)
                except (RuntimeError, NotImplementedError) as error:
                    if precision == "float32":
                        raise InputError(
                            f"device {str(device)!r} cannot convolve volumes "
                            f"({brief(error, 80)}): use cpu"
                        ) from None
                    return "float32"
                if number > 0:  # the first round builds kernels
                    best[precision] = min(best[precision], seconds)
            if best["bfloat16"] > _HOPELESS * best["float32"]:
                break
    return "bfloat16" if best["bfloat16"] < best["float32"] else "float32"


def resolve(wanted: str, device: str | torch.device = "cpu") -> Precision:
    """Return the precision to evaluate networks in.

    Parameters
    ----------
    wanted : {'auto', 'float32', 'bfloat16'}
        'auto' times a small convolution in both precisions on this device and takes the
        faster one: emulated bfloat16 is hundreds of times slower than float32, and
        there are too many processors to list.
    device : str
        A torch device. It must be here only for 'auto'.

    Raises
    ------
    InputError
        If there is no such precision or device, or the device cannot convolve.
    """
    read_device(str(device))
    if wanted == "auto":
        return _fastest(find_device(str(device)))
    if wanted == "float32":
        return "float32"
    if wanted == "bfloat16":
        return "bfloat16"
    raise InputError(f"the precision must be auto, float32 or bfloat16, got {wanted!r}")


def slow_note(precision: Precision, device: str = "cpu") -> str | None:
    """Return a note for the user if another precision is faster here, else None.

    A device that is not here may be that of workers elsewhere: nothing is said of it.
    """
    try:
        if precision == "float32" or _fastest(find_device(device)) == precision:
            return None
    except InputError:
        return None
    return f"{precision} is slow on this machine: float32 would be faster"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Return a context in which training computes in this precision."""
    enabled = precision != "float32"
    return torch.autocast(device.type, DTYPES["bfloat16"], enabled=enabled)
