"""The workers of a Dask cluster: finding their scheduler, and what is checked there."""

import json
import logging
import socket
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from grainpaint.errors import InputError, InputNote, brief

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connected", "read_address", "unguarded"]

_WAIT_S = 300.0  # for the first worker: a shared disk may be slow at first
_GUARDED = ("tls", "wss", "inproc")
_START = "start one with `dask scheduler` and `dask worker`"


def read_address(file: Path) -> str:
    """Return the address in a scheduler file of Dask.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        found = json.loads(file.read_bytes())
        address = found["address"]
    except OSError as error:
        raise InputError(
            f"{file}: no scheduler file ({error.strerror}): `dask scheduler "
            "--scheduler-file` writes it"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{file}: not a scheduler file of Dask") from None
    return str(address)


def unguarded(address: str) -> str | None:
    """Return what is to be said of an address that strangers may reach, if it is one.

    Examples
    --------
    >>> unguarded("tls://10.0.0.5:8786")
    >>> unguarded("tcp://127.0.0.1:8786")
    >>> unguarded("10.0.0.5:8786").partition(":")[0]
    '10.0.0.5'
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme in _GUARDED or _is_here(parts.hostname or ""):
        return None
    return (
        f"{address}: this connection is not encrypted, and whoever reaches that port "
        "can run programs in your name: use TLS, or a network that you trust "
        "(docs/cluster.md)"
    )


def _is_here(host: str) -> bool:
    """Return whether a host is this machine."""
    import psutil

    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    own = {a.address for each in psutil.net_if_addrs().values() for a in each}
    return all(a in own or a.startswith("127.") or a == "::1" for a in found)


@contextmanager
def connected(address: str, n_bytes: int, less: bool = False) -> Iterator[Executor]:
    """Yield the executor of a Dask cluster.

    Certificates, timeouts and all else are those of Dask's configuration.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://host:8786`` or ``tls://host:8786``.
    n_bytes : int
        Memory that a worker needs.
    less : bool
        Whether smaller windows, which need less, can be asked for.

    Warns
    -----
    InputNote
        If strangers may reach the address, or workers have several threads.

    Raises
    ------
    InputError
        If Dask is not installed, no scheduler or worker answers, or a worker has too
        little memory.
    """
    try:
        import distributed
        from distributed.comm import addressing
        from distributed.comm.core import CommClosedError
    except ImportError:
        raise InputError(
            "a Dask scheduler needs distributed: pip install 'grainpaint[cluster]'"
        ) from None
    _silence()
    try:
        if not address.startswith("inproc"):
            addressing.get_address_host_port(address)
    except ValueError as error:
        raise InputError(
            f"{address!r} is not the address of a scheduler, such as tcp://host:8786 "
            f"({brief(error)})"
        ) from None
    security = distributed.Security()
    if security.require_encryption and not address.startswith(_GUARDED):
        raise InputError(
            f"{address}: Dask's configuration requires encryption "
            "(distributed.comm.require-encryption): give the scheduler's tls:// "
            "address"
        )
    tls = security.get_connection_args("client")["ssl_context"]
    if address.startswith("tls") and tls is None:
        raise InputError(
            f"{address}: certificates are missing: name them in Dask's configuration "
            "(distributed.comm.tls, docs/cluster.md)"
        )
    try:
        with warnings.catch_warnings():  # what must be equal is compared by each task
            warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
            client = distributed.Client(
                address, security=security, set_as_default=False
            )
    except CommClosedError as error:
        raise InputError(
            f"{address}: what answers there hangs up ({brief(error, 80)}): it is no "
            "Dask scheduler, or one of other encryption (tls:// and tcp://)"
        ) from None
    except (OSError, RuntimeError, ImportError) as error:
        raise InputError(
            f"{address}: no Dask scheduler answers ({brief(error)}): {_START}"
        ) from None
    note = unguarded(address)
    if note is not None:
        warnings.warn(note, InputNote, stacklevel=3)
    try:
        _check_workers(client, address, n_bytes, less)
        yield client.get_executor()
    finally:
        client.close()


def _silence() -> None:
    """Keep Dask from telling, in many lines, what we tell in one."""
    loud = ("distributed", "tornado")  # and the loop on which Dask runs
    for name in [*logging.root.manager.loggerDict, "tornado.application"]:
        if name.partition(".")[0] in loud:
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _check_workers(client: "Client", address: str, n_bytes: int, less: bool) -> None:
    """Wait for a worker, then look at the memory and the threads of all."""
    known = _workers(client)
    if not known:
        start = f"`dask worker {address}`"
        print(
            f"grainpaint: {address} has no worker yet: waiting {_WAIT_S:.0f} s at most "
            f"for {start}",
            file=sys.stderr,
        )
        try:
            client.wait_for_workers(1, timeout=_WAIT_S)
        except TimeoutError:
            raise InputError(
                f"{address}: no worker came within {_WAIT_S:.0f} s: start one with "
                f"{start}"
            ) from None
        known = _workers(client)
    _check_versions(client)
    for name, worker in known.items():
        limit = worker["memory_limit"]
        if limit and limit < n_bytes:
            smaller = ", or use a smaller window" if less else ""
            raise InputError(
                f"the worker {name} may use {limit / 2**30:.1f} GiB, a window of the "
                f"base takes {n_bytes / 2**30:.1f} GiB: give workers more "
                f"(--memory-limit){smaller}"
            )
    if any(worker["nthreads"] > 1 for worker in known.values()):
        note = (
            "a worker does one task at a time, however many threads it has: `dask "
            "worker --nworkers N --nthreads 1` uses N cores"
        )
        warnings.warn(note, InputNote, stacklevel=4)


def _check_versions(client: "Client") -> None:
    """Raise if a worker has no grainpaint, or another one: it would die of a task."""
    from grainpaint import __version__

    asked = client.run(resolve_name, "grainpaint:__version__", on_error="return")
    for name, found in asked.items():
        if isinstance(found, OSError):  # of the connection
            raise InputError(
                f"the worker {name} does not answer ({brief(found, 80)}): end it, or "
                "start it again"
            )
        if found != __version__:
            has = f"grainpaint {found}" if isinstance(found, str) else "no grainpaint"
            raise InputError(
                f"the worker {name} has {has}, this machine {__version__}: install the "
                "same version on all machines"
            )


def _workers(client: "Client") -> dict[str, Any]:
    found: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    return found
