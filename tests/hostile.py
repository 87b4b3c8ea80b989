"""Damaged and malicious files: how they are made, and what a reader of them may do.

A reader may return something or raise `InputError`. Everything else is a failure: other
exceptions and warnings, ten seconds, much memory, a line on standard error, a program
run, a host called, a file opened that is none of its business.
"""

import contextlib
import gzip
import io
import logging
import os
import random
import re
import signal
import sys
import tempfile
import warnings
import zipfile
import zlib
from functools import cache
from typing import Any, NamedTuple

import pytest

from grainpaint.errors import InputError, InputNote

SECONDS = 10
FREE_MB, RATIO = 300, 4  # memory that reading may take: so much, and times the file
SECRET = "no-business-of-yours"  # files of this name must stay closed
_FORBIDDEN = (
    "socket.connect",
    "socket.getaddrinfo",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "urllib.Request",
)
_guarded: list[tuple[str, ...]] = []  # what is allowed now; empty: no guard


class Escape(BaseException):
    """What no `except Exception` may swallow."""


def _guard(event, words):
    if not _guarded:
        return
    if event in _FORBIDDEN and event not in _guarded[-1]:
        raise Escape(f"{event}{words}")
    if event == "pickle.find_class" and words[0] in ("os", "posix", "subprocess"):
        raise Escape(f"{event}{words}")  # numba keeps what it has compiled as pickles
    if event == "open" and SECRET in str(words[0]):
        raise Escape(f"opened {words[0]}")


sys.addaudithook(_guard)

many = pytest.mark.parametrize(
    "n", [300, pytest.param(10_000, marks=pytest.mark.slow)], ids=["some", "all"]
)


class Outcome(NamedTuple):
    """What came of reading a file."""

    value: Any
    error: str
    notes: tuple[str, ...]

    @property
    def said(self):
        return bool(self.error or self.notes)


def _peak():
    """Return the largest memory of this process since `_reset_peak`, bytes."""
    with open("/proc/self/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) << 10


def _reset_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _too_long(*_):
    raise Escape(f"more than {SECONDS} s")


@contextlib.contextmanager
def watched(n_bytes, allowed=()):
    """Raise unless what is done to a file of some size is harmless."""
    sys.stderr.flush()
    kept, handlers = os.dup(2), logging.root.handlers
    with tempfile.TemporaryFile() as noise, contextlib.redirect_stderr(io.StringIO()):
        os.dup2(noise.fileno(), 2)
        logging.root.handlers = []  # so that Python prints what has no handler
        before = signal.signal(signal.SIGALRM, _too_long)
        measured = os.path.exists("/proc/self/clear_refs")
        if measured:
            _reset_peak()
            start = _peak()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        _guarded.append(allowed)
        try:
            yield
        finally:
            _guarded.pop()
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            logging.root.handlers = handlers
            os.dup2(kept, 2)
            os.close(kept)
        printed = sys.stderr.getvalue()
        noise.seek(0)
        printed += noise.read().decode(errors="replace")
        assert not printed, printed
        if measured:
            grown = _peak() - start
            assert grown < RATIO * n_bytes + (FREE_MB << 20), f"{grown >> 20} MB"


def outcome(read, path, allowed=()):
    """Read a file and return what came of it; raise if that is not harmless."""
    n_bytes = path.stat().st_size if path.is_file() else 0
    value, error = None, ""
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("error")
        warnings.simplefilter("always", InputNote)
        with watched(n_bytes, allowed):
            try:
                value = read(path)
            except InputError as raised:
                error = str(raised) or "nothing said"
    assert "\n" not in error, error
    assert " at 0x" not in error, error  # an object of the reader's own
    assert len(error) < 600 + len(str(path)), error
    return Outcome(value, error, tuple(str(note.message) for note in notes))


def refused(read, path, data=None, allowed=()):
    """Return the one line with which a file is refused; fail if it is read.

    Data that take a while to make are a function that returns them.
    """
    if data is not None:
        path.write_bytes(data() if callable(data) else data)
    found = outcome(read, path, allowed)
    assert found.error, f"accepted: {found.value!r}"
    return found.error


_NUMBER = re.compile(rb"-?\d[\d.]*(?:[eE][-+]?\d+)?")
_WORDS = (
    b"", b"0", b"-1", b"1", b"7", b"nan", b"inf", b"1e308", b"-1e-320", b"1e15", b"0x7",
    b"2147483648", b"4294967295", b"9223372036854775808", b"4611686018427387904",
    b"99999999999999999999999", b"1" * 5000, b"\xff\xfe", b"1.5", b"\0", b"\xd9\xa3",
    b"../../x", b"/etc/passwd", b"\n", b"<", b'"', b"[", b"{", b"(", b"#", b"$x", b"%n",
)  # fmt: skip
_BYTES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80")


def mutated(data, rng):
    """Return bytes that are cut, flipped, lost, added, moved, or another number."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not data:
            break
        at = rng.randrange(len(data))
        if rng.random() < 0.4:  # heads matter more
            at %= 600
        kind = rng.randrange(10)
        if kind == 0:
            del data[at + 1 :]
        elif kind == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del data[at : at + rng.randrange(1, 40)]
        elif kind == 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 20))
        elif kind == 4:
            data[at] = rng.randrange(32, 127)
        elif kind == 5:
            there = rng.randrange(len(data))
            data[there : there + 8] = data[at : at + 8]
        elif kind == 6:
            n = rng.choice((4, 8))
            data[at : at + n] = (rng.choice(_BYTES) * 2)[:n]
        elif kind == 7:
            data = bytearray(_lines_moved(bytes(data), rng))
        else:
            number = _NUMBER.search(data, at)
            if number:
                data[number.start() : number.end()] = rng.choice(_WORDS)
    return bytes(data)


def _lines_moved(data, rng):
    lines = data.split(b"\n")
    at, there = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(3)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(there, lines[at])
    else:
        lines[at], lines[there] = lines[there], lines[at]
    return b"\n".join(lines)


def mutations(data, n, name):
    """Yield n damaged versions of some bytes, the same ones for a name."""
    for number in range(n):
        rng = random.Random(f"{name} {number}")
        yield number, mutated(data, rng)


def survives(read, path, data, n, same=None, allowed=()):
    """Read n damaged versions of a file.

    `same`, if the format can tell damage, returns whether a value is what the whole
    file holds: nothing else may be read without a word.
    """
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputNote)
        read(path)  # what is loaded and compiled is not the file's doing
    whole = outcome(read, path, allowed)
    assert not whole.error
    n_refused = 0
    for number, damaged in mutations(data, n, path.name):
        path.write_bytes(damaged)
        try:
            found = outcome(read, path, allowed)
            assert same is None or found.said or same(whole.value, found.value)
        except BaseException as error:
            error.add_note(f"mutation {number} of {path.name}, which is kept there")
            raise
        n_refused += bool(found.error)
    assert n < 100 or n_refused > n / 20  # the damage was real
    return n_refused


def zipped(members, level=zipfile.ZIP_DEFLATED):
    """Return a zip archive of (name, bytes)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", level) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)  # of no time
            archive.writestr(info, data, level)
    return buffer.getvalue()


def members(data):
    """Return the (name, bytes) of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def with_member(data, name, change):
    """Return an archive in which a member is `change` of what it was, None without."""
    new = [(n, change(d) if n == name else d) for n, d in members(data)]
    return zipped([(n, d) for n, d in new if d is not None])


def zeros_deflated(n_bytes, head=b""):
    """Return a head and so many zeros, deflated raw: a thousandth of that."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = pack.compress(head) + pack.flush(zlib.Z_FULL_FLUSH)
    return start + _piece() * (n_bytes >> 24) + pack.flush()


@cache
def _piece():
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    return pack.compress(bytes(1 << 24)) + pack.flush(zlib.Z_FULL_FLUSH)


def zeros_gz(n_bytes, head=b""):
    """Return a .gz of a head and so many zeros, of a wrong checksum."""
    return b"\x1f\x8b\x08" + bytes(7) + zeros_deflated(n_bytes, head) + bytes(8)


def gz(data):
    return gzip.compress(data, 1)


def swapped(data, *pairs):
    """Return bytes in which each first of a pair is replaced; it must be there."""
    for old, new in pairs:
        assert old in data, old
        data = data.replace(old, new, 1)
    return data


def table(entries):
    """Parametrize a test by a dict of cases, named by their keys."""
    return pytest.mark.parametrize("case", entries.values(), ids=list(entries))
