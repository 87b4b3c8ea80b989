"""Kernels compiled from other sources are not used."""

import importlib
import os
import sys

import pytest
from numba.core import caching, config

from grainpaint.freshness import forget_stale_kernels

CALLED = """import numba as nb

@nb.njit(cache=True)
def called(n):
    return n + {added}
"""
CALLER = """import numba as nb
from kernels_of_a_test.inner.called import called

@nb.njit(cache=True)
def caller(n):
    return 2 * called(n)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "kernels_of_a_test"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "called.py").write_text(CALLED.format(added=1))
    (folder / "caller.py").write_text(CALLER)
    (folder / "plain.py").write_text("N = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def answer():
    """Return what kernels give in a new process, as far as they can know."""
    for name in [n for n in sys.modules if n.startswith("kernels_of_a_test")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return importlib.import_module("kernels_of_a_test.caller").caller(3)


def indices(package):
    return sorted(path.name.split("-")[0] for path in package.rglob("*.nbi"))


def change(path, text):
    path.write_text(text)
    state = path.stat()  # clocks of files may be coarse
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 10**9))


def test_a_kernel_is_compiled_anew_when_one_that_it_calls_has_changed(
    package, monkeypatch
):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    forget_stale_kernels(package)
    assert answer() == 8
    change(package / "inner" / "called.py", CALLED.format(added=4))
    assert answer() == 8  # of numba alone
    forget_stale_kernels(package)  # its stamp is of the sources before
    assert indices(package) == []
    assert answer() == 14
    forget_stale_kernels(package)
    assert indices(package) == ["called.called", "caller.caller"]


@pytest.mark.parametrize("text", ["N = 1\n", "N = 2\n"])
def test_kernels_stay_when_nothing_changed_that_matters(package, text):
    forget_stale_kernels(package)
    answer()
    change(package / "plain.py", text)
    change(package / "caller.py", CALLER)
    forget_stale_kernels(package)
    assert len(indices(package)) == 2


def test_constants_of_other_modules_matter(package):
    text = CALLED.format(added="BIN")
    text = "from grainpaint.inner.constants import (\n    BIN,\n)\n" + text
    (package / "inner" / "reads.py").write_text(text)
    constants = package / "inner" / "constants.py"
    constants.write_text("BIN = 5\n")
    forget_stale_kernels(package)
    answer()
    change(constants, "BIN = 6\n")
    forget_stale_kernels(package)
    assert indices(package) == []


def test_kernels_of_unknown_sources_go(package):
    answer()
    forget_stale_kernels(package)
    assert indices(package) == []


@pytest.mark.parametrize("given", [True, False])
def test_kernels_elsewhere_are_where_numba_keeps_them(
    package, tmp_path, monkeypatch, given
):
    """NUMBA_CACHE_DIR, or the user's cache where the package cannot be written."""
    base = tmp_path / "elsewhere"
    if given:
        monkeypatch.setattr(config, "CACHE_DIR", str(base))
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(base))
        locator = caching.UserProvidedCacheLocator
    else:
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(base))
        monkeypatch.setattr(os, "access", lambda *_: False)
        locator = caching.UserWideCacheLocator
    found = locator(answer, str(package / "inner" / "called.py")).get_cache_path()
    forget_stale_kernels(package)
    os.makedirs(found)
    index = tmp_path / found / "called.called-3.py311.nbi"
    index.write_bytes(b"")
    forget_stale_kernels(package)
    assert index.exists()
    change(package / "caller.py", CALLER + "\n")
    forget_stale_kernels(package)
    assert not index.exists()
    assert not (package / "__pycache__").exists()


def test_what_cannot_be_written_is_let_alone(package, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "a file"))
    before = sorted(tmp_path.rglob("*"))
    forget_stale_kernels(package)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "a file").read_text() == ""
