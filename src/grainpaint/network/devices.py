"""Devices that networks run on: finding them, their memory, arithmetic that repeats."""

from contextlib import AbstractContextManager, nullcontext

import torch

from grainpaint.errors import InputError, brief

__all__ = [
    "empty_cache",
    "exact",
    "find_device",
    "free_bytes",
    "is_out_of_memory",
    "n_cards",
    "peak_bytes",
    "read_device",
]

# What torch says where it asks others: cuDNN, cuBLAS, the driver, the system.
_NO_MEMORY = (
    "MPS backend out of memory",
    "CUDA error: out of memory",
    "STATUS_ALLOC_FAILED",
    "DefaultCPUAllocator: can't allocate memory",
)
_NAMES = "cpu, cuda, cuda:1, ... or mps"


def read_device(name: str) -> torch.device:
    """Return a torch device, whether it is here or not.

    Raises
    ------
    InputError
        If it is no name of a device that computes.
    """
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"the device must be {_NAMES}, got {name!r}") from None
    number = -1 if device.index is None else device.index
    # "meta" has shapes but no values; torch makes -56 of 200.
    if device.type == "meta" or number < -1 or f"{device}" != name:
        raise InputError(f"the device must be {_NAMES}, got {name!r}")
    return device


def find_device(name: str) -> torch.device:
    """Return a torch device of this machine.

    Raises
    ------
    InputError
        If torch does not know the device, or this machine does not have it.
    """
    device = read_device(name)
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"device {name!r} cannot be used here, torch finds {_found()} "
            f"({brief(error, 80)})"
        ) from None


def _found() -> str:
    """Return the devices that torch finds here, for a message."""
    names = ["cpu", *(f"cuda:{i}" for i in range(n_cards()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    return ", ".join(names) if len(names) > 1 else "cpu only"


def n_cards() -> int:
    """Return the number of CUDA cards that this process may use."""
    return torch.cuda.device_count()


def exact(device: torch.device) -> AbstractContextManager[None]:
    """Return a context in which convolutions repeat bit for bit, and float32 is meant.

    By default cuDNN convolves float32 with the 10 bits of TF32, and some of its
    algorithms add in another order each time.
    """
    if device.type != "cuda":
        return nullcontext()
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return flags


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory of a device is used up."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(s in str(error) for s in _NO_MEMORY)


def free_bytes(device: torch.device) -> int:
    """Return the memory of a card that arrays could take (CUDA)."""
    free, _ = torch.cuda.mem_get_info(device)
    cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(free) + cached


def peak_bytes(device: torch.device) -> int:
    """Return the bytes by which a card's arrays rose at most since the last call."""
    peak = torch.cuda.max_memory_allocated(device) - torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    return peak


def empty_cache(device: torch.device) -> None:
    """Give back the memory of a device that no array holds."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
