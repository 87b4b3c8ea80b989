"""Float32 or bfloat16: which of them this device computes faster, found by trying."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from time import perf_counter, thread_time
from typing import Literal

import torch
from torch.nn.functional import conv3d

from grainpaint.errors import InputError

__all__ = [
    "DTYPES",
    "Precision",
    "autocast",
    "find_device",
    "has_onednn",
    "resolve",
    "slow_note",
]

Precision = Literal["float32", "bfloat16"]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_CHANNELS, _EDGE, _TRIES = 32, 8, 4  # of the convolution that is timed
_HOPELESS = 5.0  # times as slow as float32: one try tells


def find_device(name: str) -> torch.device:
    """Return a torch device.

    Raises
    ------
    InputError
        If torch knows no such device, or this machine has none.
    """
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used here ({reason})") from None


def has_onednn(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether oneDNN convolves on this device in this precision."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if dtype == torch.float32:
        return True
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _seconds(device: torch.device, precision: Precision) -> float:
    """Return the time of one small convolution: on the CPU, of this thread alone."""
    dtype = DTYPES[precision]
    shape = (1, _CHANNELS, _EDGE, _EDGE, _EDGE)
    x = torch.ones(shape, dtype=dtype, device=device)
    x = x.to(memory_format=torch.channels_last_3d)
    weight = torch.ones(_CHANNELS, _CHANNELS, 3, 3, 3, dtype=dtype, device=device)
    clock = thread_time if device.type == "cpu" else perf_counter
    start = clock()
    conv3d(x, weight).sum().item()  # the item waits for the device
    return clock() - start


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute with one thread: on a busy machine two wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache
def _fastest(device: torch.device) -> Precision:
    """Time both precisions in turn and return the one of the shorter time."""
    best: dict[Precision, float] = {"float32": float("inf"), "bfloat16": float("inf")}
    with torch.inference_mode(), _one_thread():
        for number in range(_TRIES):
            for precision in best:
                try:
                    seconds = _seconds(device, precision)
                except (RuntimeError, NotImplementedError):  # not on this device
                    return "float32"
                if number > 0:  # kernels are made in the first round
                    best[precision] = min(best[precision], seconds)
            if best["bfloat16"] > _HOPELESS * best["float32"]:
                break
    return "bfloat16" if best["bfloat16"] < best["float32"] else "float32"


def resolve(wanted: str, device: str | torch.device = "cpu") -> Precision:
    """Return the precision that networks are evaluated in.

    Parameters
    ----------
    wanted : {'auto', 'float32', 'bfloat16'}
        'auto' takes the faster one on this device, from the time of a small
        convolution in either: where bfloat16 is emulated it is hundreds of times slower
        than float32, and processors are too many to list.
    device : str
        A torch device.

    Raises
    ------
    InputError
        If the precision is another one, or there is no such device.
    """
    place = find_device(str(device))
    if wanted == "auto":
        return _fastest(place)
    if wanted == "float32":
        return "float32"
    if wanted == "bfloat16":
        return "bfloat16"
    raise InputError(f"the precision is auto, float32 or bfloat16, got {wanted!r}")


def slow_note(precision: Precision, device: str = "cpu") -> str | None:
    """Return a line for the user if the other precision is faster here, else None."""
    if precision == "float32" or _fastest(find_device(device)) == precision:
        return None
    return f"{precision} is slow on this machine: float32 would be faster"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Return a context in which networks in training compute in this precision."""
    enabled = precision != "float32"
    return torch.autocast(device.type, DTYPES["bfloat16"], enabled=enabled)
